package dev.cistern.engine.tracking;

import java.util.Arrays;
import java.util.List;

/**
 * What one session asked for with CLIENT TRACKING. Immutable; any thread.
 *
 * @param redirect the id of the session that gets the messages; 0 for this one
 * @param broadcast of all keys with one of the prefixes, and not of those that were read
 * @param choice which reads count: all, those after CACHING yes, or all but those after CACHING no
 * @param noLoop not of what the session itself changes
 * @param prefixes beginnings of keys, none of them the beginning of another
 */
public record Tracking(long redirect, boolean broadcast, Choice choice, boolean noLoop, List<byte[]> prefixes) {

    /** Which reads are remembered. */
    public enum Choice {
        ALL, OPT_IN, OPT_OUT
    }

    public Tracking {
        prefixes = List.copyOf(prefixes);
    }

    /** Whether a read is remembered, when CLIENT CACHING was given before it or not. */
    public boolean remembers(boolean cachingGiven) {
        return !broadcast && switch (choice) {
            case ALL -> true;
            case OPT_IN -> cachingGiven;
            case OPT_OUT -> !cachingGiven;
        };
    }

    /** Whether one is the beginning of the other. */
    public static boolean overlap(byte[] one, byte[] other) {
        int shorter = Math.min(one.length, other.length);
        return Arrays.equals(one, 0, shorter, other, 0, shorter);
    }
}
