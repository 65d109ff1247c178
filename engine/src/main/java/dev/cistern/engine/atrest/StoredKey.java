package dev.cistern.engine.atrest;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key as the keystore has it: one id for all its versions, of which the newest seals and every one opens.
 *
 * @param region where it is, for its Amazon Resource Name
 * @param account whose it is, twelve digits
 * @param isOwn whether Cistern made it for itself, as AWS has keys of its own for who names none
 * @param description in the words of who made it; one line
 * @param versions the oldest first; never empty
 */
public record StoredKey(UUID id, String region, String account, long createdMillis, State state, boolean isOwn,
        String description, List<Version> versions) {

    /** What it may be used for. The names are persisted. */
    public enum State {
        /** Seals and opens. */
        ENABLED,
        /** Only opens: nobody can choose it. */
        DISABLED
    }

    /** When it was made, and what it is. */
    public record Version(long createdMillis, DataKey key) {}

    public StoredKey {
        versions = List.copyOf(versions);
        boolean isOneLine = description.lines().count() <= 1;
        if (versions.isEmpty() || !region.matches("[a-z0-9-]+") || !account.matches("[0-9]{12}") || !isOneLine) {
            throw new IllegalArgumentException("key " + id + " is incomplete");
        }
    }

    /** As KMS names its keys. */
    public String arn() {
        return "arn:aws:kms:" + region + ":" + account + ":key/" + id;
    }

    /** What seals. */
    public DataKey newest() {
        return versions.getLast().key();
    }

    @Nullable
    DataKey version(int number) {
        for (Version version : versions) {
            if (version.key().version() == number) {
                return version.key();
            }
        }
        return null;
    }

    StoredKey withVersion(Version version) {
        List<Version> more = new ArrayList<>(versions);
        more.add(version);
        return new StoredKey(id, region, account, createdMillis, state, isOwn, description, more);
    }

    StoredKey withState(State value) {
        return new StoredKey(id, region, account, createdMillis, value, isOwn, description, versions);
    }
}
