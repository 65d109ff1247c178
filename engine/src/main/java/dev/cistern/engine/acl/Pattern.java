package dev.cistern.engine.acl;

import dev.cistern.engine.protocol.Glob;
import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/**
 * A pattern of keys or channels, made ready once so that a match allocates nothing.
 *
 * <p>Most patterns are a plain name, or a beginning with a star: those are compared, not interpreted. The rest goes
 * through {@link Glob}, which wants its pattern off-heap. Rules live as long as some session looks at them, which only
 * the collector knows: so these few bytes are its to free, unlike all other memory of a node. Immutable; any thread.
 */
final class Pattern {

    private enum Shape {
        LITERAL, PREFIX, GLOB
    }

    private final byte[] bytes;
    private final Shape shape;
    /** What a literal or a prefix is compared with: the length of it. */
    private final int plainLength;
    private final MemorySegment offHeap;

    /** The text stands for bytes, one a character. */
    Pattern(String text) {
        bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        int firstSpecial = firstSpecial(bytes);
        boolean prefix = firstSpecial > 0 && firstSpecial == bytes.length - 1 && bytes[firstSpecial] == '*';
        shape = firstSpecial == bytes.length ? Shape.LITERAL : prefix ? Shape.PREFIX : Shape.GLOB;
        plainLength = firstSpecial;
        offHeap = shape == Shape.GLOB ? copy(bytes) : MemorySegment.NULL;
    }

    private static int firstSpecial(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            switch (bytes[i]) {
                case '*', '?', '[', '\\' -> {
                    return i;
                }
                default -> {
                }
            }
        }
        return bytes.length;
    }

    private static MemorySegment copy(byte[] bytes) {
        MemorySegment segment = Arena.ofAuto().allocate(bytes.length);
        Memory.copy(bytes, 0, segment.address(), bytes.length);
        return segment;
    }

    boolean matches(Bytes name) {
        return switch (shape) {
            case LITERAL -> name.contentEquals(bytes);
            case PREFIX -> beginsWithPrefix(name);
            case GLOB -> matchesGlob(name);
        };
    }

    private boolean beginsWithPrefix(Bytes name) {
        if (name.length() < plainLength) {
            return false;
        }
        for (int i = 0; i < plainLength; i++) {
            if (name.byteAt(i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean matchesGlob(Bytes name) {
        try {
            return Glob.matches(offHeap.address(), bytes.length, name.address(), name.length());
        } finally {
            Reference.reachabilityFence(offHeap);
        }
    }

    /** Whether the bytes are this pattern itself, as PSUBSCRIBE has to name it. */
    boolean isSpelled(Bytes pattern) {
        return pattern.contentEquals(bytes);
    }
}
