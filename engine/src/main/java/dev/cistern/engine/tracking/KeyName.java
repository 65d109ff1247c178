package dev.cistern.engine.tracking;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The bytes of a key's name as a key of maps. Immutable. */
final class KeyName {
    private final byte[] bytes;
    private final int hash;

    /** The bytes are not copied. */
    KeyName(byte[] bytes) {
        this.bytes = bytes;
        this.hash = Arrays.hashCode(bytes);
    }

    byte[] bytes() {
        return bytes;
    }

    boolean startsWith(byte[] prefix) {
        return bytes.length >= prefix.length
                && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof KeyName name && hash == name.hash && Arrays.equals(bytes, name.bytes);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
