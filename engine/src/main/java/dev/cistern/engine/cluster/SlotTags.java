package dev.cistern.engine.cluster;

import dev.cistern.store.KeySlot;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * For each slot a hash tag that leads to it: the shortest text, and of those the first in the order of {@link #LETTERS},
 * so that all nodes and the original agree. Found once, at the first question; any thread.
 */
final class SlotTags {
    private static final String LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    /** Enough for every slot to have one. */
    private static final int LONGEST = 3;
    private static final @Nullable String[] TAGS = find();

    private SlotTags() {}

    static String of(int slot) {
        return Objects.requireNonNull(TAGS[slot]);
    }

    private static @Nullable String[] find() {
        @Nullable
        String[] tags = new @Nullable String[KeySlot.COUNT];
        long text = Memory.allocate(MemoryTag.SESSION, LONGEST);
        try {
            for (int length = 1; length <= LONGEST; length++) {
                findFrom(tags, text, 0, length);
            }
        } finally {
            Memory.free(MemoryTag.SESSION, text, LONGEST);
        }
        return tags;
    }

    /** Tries every text of this length that begins with the letters before {@code at}. */
    private static void findFrom(@Nullable String[] tags, long text, int at, int length) {
        if (at == length) {
            int slot = KeySlot.of(text, length);
            if (tags[slot] == null) {
                byte[] letters = new byte[length];
                Memory.copy(text, letters, 0, length);
                tags[slot] = new String(letters, StandardCharsets.US_ASCII);
            }
            return;
        }
        for (int i = 0; i < LETTERS.length(); i++) {
            Memory.putByte(text + at, (byte) LETTERS.charAt(i));
            findFrom(tags, text, at + 1, length);
        }
    }
}
