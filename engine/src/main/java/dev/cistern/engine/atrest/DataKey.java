package dev.cistern.engine.atrest;

import java.util.UUID;

/**
 * One version of a key: what files are sealed with and opened by. Never shown.
 *
 * @param secret {@link #SECRET_BYTES} bytes from which each file's own keys are derived; nobody changes them
 */
@SuppressWarnings("ArrayRecordComponent") // it is compared by its id and version alone, and nobody does
public record DataKey(UUID id, int version, byte[] secret) {
    public static final int SECRET_BYTES = 32;

    public DataKey {
        if (secret.length != SECRET_BYTES || version < 1) {
            throw new IllegalArgumentException("key " + id + " has a version that is none");
        }
    }

    @Override
    public String toString() {
        return "version " + version + " of key " + id;
    }
}
