package dev.cistern.engine.dispatch;

import org.jspecify.annotations.Nullable;

/** Until when CLIENT PAUSE holds back which commands. Set by any loop, read by all. */
final class Pause {

    private record Span(long untilMillis, boolean writesOnly) {}

    private volatile Span span = new Span(0, true);

    /** A pause on top of one that lasts: the later end and the wider reach count, as in the original. */
    synchronized void begin(long nowMillis, long untilMillis, boolean writesOnly) {
        boolean fresh = span.untilMillis() <= nowMillis;
        span = new Span(Math.max(untilMillis, span.untilMillis()), writesOnly && (fresh || span.writesOnly()));
    }

    synchronized void end() {
        span = new Span(0, true);
    }

    long untilMillis() {
        return span.untilMillis();
    }

    boolean holdsBack(@Nullable Command command, long nowMillis) {
        Span present = span;
        if (nowMillis >= present.untilMillis()) {
            return false;
        }
        return !present.writesOnly()
                || (command != null && (command.is(Flag.WRITE) || command.is(Flag.MAY_REPLICATE)));
    }
}
