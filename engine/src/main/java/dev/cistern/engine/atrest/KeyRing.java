package dev.cistern.engine.atrest;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** All keys that files can be opened with. Immutable. */
public record KeyRing(List<StoredKey> keys) {
    /** Opens nothing but what is not sealed. */
    public static final KeyRing NONE = new KeyRing(List.of());

    public KeyRing {
        keys = List.copyOf(keys);
    }

    public boolean isEmpty() {
        return keys.isEmpty();
    }

    /** The key of that id; null if there is none. */
    public @Nullable StoredKey find(UUID id) {
        for (StoredKey key : keys) {
            if (key.id().equals(id)) {
                return key;
            }
        }
        return null;
    }

    /** That version of that key, in whatever state the key is: what was sealed with it can be read. */
    public @Nullable DataKey find(UUID id, int version) {
        StoredKey key = find(id);
        return key == null ? null : key.version(version);
    }

    /** A key by its id or its Amazon Resource Name; null if there is none, or it is neither. */
    public @Nullable StoredKey named(String idOrArn) {
        for (StoredKey key : keys) {
            if (key.arn().equals(idOrArn) || key.id().toString().equals(idOrArn)) {
                return key;
            }
        }
        return null;
    }
}
