package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.ReplyTooLongException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/** Chance for the commands that choose elements of a collection by it. Stateless; any thread. */
final class Sampling {
    /** New random bits at every call. */
    static final LongSupplier RANDOM = () -> ThreadLocalRandom.current().nextLong();

    /** How often to draw for one different element, when few are wanted of many. */
    static final long TRIES = 10;

    /** Below this share of packed collections' usual sizes a walk over all is cheaper than not to draw one twice. */
    private static final long DRAWN_FROM = 1024;
    private static final long SMALL_SHARE = 3;

    /** Whoever may get the same again can ask for any number: more would be drawn for seconds, and a loop serves others. */
    private static final long MOST_REPEATED = 1 << 24;

    private Sampling() {}

    /** Ends the session that wants so many that may be the same, if drawing them took too long. */
    static void requireEnd(long count) {
        if (count > MOST_REPEATED) {
            throw new ReplyTooLongException(count);
        }
    }

    /** A number from 0 to {@code bound - 1}, each as likely as another. */
    static long below(long bound) {
        return Math.unsignedMultiplyHigh(RANDOM.getAsLong(), bound);
    }

    /** Whether {@code count} different elements of {@code size} are so few that one draws them, instead of walking over all. */
    static boolean isSmallShare(long count, long size) {
        return size >= DRAWN_FROM && count < size / SMALL_SHARE;
    }
}
