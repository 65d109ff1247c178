package dev.cistern.gateway.wire;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A defect's types and places without its messages: a message may quote what a client sent, a password included (a
 * database driver's lists the bound values). The messages are at debug level only.
 */
public final class Defect {

    private static final int MAX_FRAMES = 24;

    private Defect() {}

    public static String describe(Throwable defect) {
        StringBuilder text = new StringBuilder();
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        @Nullable
        Throwable cause = defect;
        while (cause != null && seen.add(cause)) {
            text.append(seen.size() == 1 ? "" : "\nCaused by: ").append(cause.getClass().getName());
            StackTraceElement[] frames = cause.getStackTrace();
            for (int i = 0; i < Math.min(frames.length, MAX_FRAMES); i++) {
                text.append("\n\tat ").append(frames[i]);
            }
            cause = cause.getCause();
        }
        return text.toString();
    }
}
