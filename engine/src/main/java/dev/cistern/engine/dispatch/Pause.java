package dev.cistern.engine.dispatch;

/** Until when CLIENT PAUSE holds back which commands. Set by any loop, read by all. */
final class Pause {

    private record Span(long untilMillis, boolean writesOnly) {}

    private static final int WRITING = Flag.WRITE.bit() | Flag.MAY_REPLICATE.bit();

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

    /** Whether a command with these flags has to wait. */
    boolean holdsBack(int flags, long nowMillis) {
        Span present = span;
        if (nowMillis >= present.untilMillis()) {
            return false;
        }
        return !present.writesOnly() || (flags & WRITING) != 0;
    }
}
