package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Versions of named things, kept on the cache servers, by which many entries are invalidated at once: an entry
 * remembers the versions it was made under, and counts only while they are the same.
 *
 * <p>A version is a random number that is made when it is missing, never a counter: a counter that was evicted would
 * begin again, and old entries would come back to life. To bump is therefore to delete.
 */
final class Versions {

    /** Long against the life of entries; when it ends, entries are reloaded once. Memcached's largest relative time. */
    private static final long KEPT_MILLIS = 30L * 24 * 60 * 60 * 1_000;

    /** The stamp of something that depends on no version, and the answer when a version is missing. */
    static final long NONE = 0;

    private final Backend backend;
    private final LongSupplier randomLong;

    Versions(Backend backend, LongSupplier randomLong) {
        this.backend = backend;
        this.randomLong = randomLong;
    }

    /** The versions' fingerprint as far as {@code read} knows them; {@link #NONE} if one is missing. */
    static long stampOf(List<String> versionKeys, Map<String, byte[]> read) {
        long stamp = 1;
        for (String key : versionKeys) {
            byte[] version = read.get(key);
            if (version == null || version.length != Long.BYTES) {
                return NONE;
            }
            stamp = mix(stamp * 31 + ByteBuffer.wrap(version).getLong());
        }
        return stamp == NONE ? 1 : stamp;
    }

    /** The versions' fingerprint, after making those that are missing. */
    CompletableFuture<Long> ensure(List<String> versionKeys, Freshness freshness) {
        return backend.getAll(versionKeys, freshness).thenCompose(read -> {
            List<CompletableFuture<Boolean>> made = new ArrayList<>();
            for (String key : versionKeys) {
                if (!read.containsKey(key)) {
                    made.add(backend.add(key, fresh(), KEPT_MILLIS));
                }
            }
            if (made.isEmpty()) {
                return CompletableFuture.completedFuture(stampOf(versionKeys, read));
            }
            return CompletableFuture.allOf(made.toArray(CompletableFuture[]::new))
                    .thenCompose(done -> backend.getAll(versionKeys, Freshness.PRIMARY))
                    .thenApply(all -> stampOf(versionKeys, all));
        });
    }

    /** Makes everything that was stored under the present versions count no more. */
    CompletableFuture<Void> bump(Collection<String> versionKeys) {
        return backend.delete(versionKeys);
    }

    private byte[] fresh() {
        return ByteBuffer.allocate(Long.BYTES).putLong(randomLong.getAsLong()).array();
    }

    /** MurmurHash3's 64-bit finalizer: each input bit moves about half of the output bits. */
    private static long mix(long value) {
        long mixed = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ mixed >>> 33;
    }
}
