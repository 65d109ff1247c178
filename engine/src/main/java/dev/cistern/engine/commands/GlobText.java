package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.Glob;
import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Matches a pattern against a name of ours, whatever the case of the letters: {@link Glob} on a short-lived copy. */
public final class GlobText {

    private GlobText() {}

    public static boolean matches(Bytes pattern, String name) {
        byte[] folded = pattern.toString().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
        byte[] text = name.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
        long bytes = (long) folded.length + text.length;
        long copy = Memory.allocate(MemoryTag.SESSION, bytes);
        try {
            Memory.copy(folded, 0, copy, folded.length);
            Memory.copy(text, 0, copy + folded.length, text.length);
            return Glob.matches(copy, folded.length, copy + folded.length, text.length);
        } finally {
            Memory.free(MemoryTag.SESSION, copy, bytes);
        }
    }
}
