package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;
import dev.cistern.toolkit.backend.NearBackend;
import dev.cistern.toolkit.codec.Codec;
import dev.cistern.toolkit.codec.Envelope;

import java.time.Duration;
import java.util.Collection;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Describes one cache, in the manner of Caffeine's builder. What is not said: entries live an hour, expire as written,
 * and a key is loaded once per JVM at a time.
 */
public final class CacheBuilder<K, V> {

    private static final Duration DEFAULT_TTL = Duration.ofHours(1);
    private static final Duration DEFAULT_LEASE = Duration.ofSeconds(10);

    private final KitParts kit;
    private final Consumer<NearBackend> closedWithKit;
    private final String name;
    private final Codec<V> codec;
    private Function<? super K, String> keyText = String::valueOf;
    private long ttlMillis = DEFAULT_TTL.toMillis();
    private Jitter jitter = Jitter.NONE;
    private long staleWhileRevalidateMillis;
    private long staleIfErrorMillis;
    private long absentMillis;
    private double refreshAhead = 1;
    private long leaseMillis;
    private int schema;
    private int compressFromBytes = Envelope.NO_COMPRESSION;
    private Freshness freshness = Freshness.PRIMARY;
    private @Nullable Function<? super K, ? extends Collection<String>> tags;
    private @Nullable Writer<? super K, ? super V> writer;
    private Predicate<? super Throwable> staleOn = failure -> false;
    private long nearEntries;
    private Duration nearAge = Duration.ZERO;

    CacheBuilder(KitParts kit, Consumer<NearBackend> closedWithKit, String name, Codec<V> codec) {
        this.kit = kit;
        this.closedWithKit = closedWithKit;
        this.name = Keys.requireName(name);
        this.codec = codec;
    }

    /** How long a value counts as fresh after it was stored. An hour if nothing is said. */
    public CacheBuilder<K, V> ttl(Duration ttl) {
        this.ttlMillis = positive(ttl);
        return this;
    }

    /** Values live until they are written again, invalidated or evicted. Forgetting to invalidate is then for ever. */
    public CacheBuilder<K, V> noExpiry() {
        this.ttlMillis = Backend.NO_EXPIRY;
        return this;
    }

    /** Spreads the time to live both ways by a share of it: 0.1 makes an hour 54 to 66 minutes. */
    public CacheBuilder<K, V> jitter(double share) {
        this.jitter = Jitter.ofShare(share, false);
        return this;
    }

    /** Spreads the time to live both ways by up to {@code spread}. */
    public CacheBuilder<K, V> jitter(Duration spread) {
        this.jitter = Jitter.ofMillis(spread.toMillis(), false);
        return this;
    }

    /** Lengthens the time to live by up to a share of it. */
    public CacheBuilder<K, V> jitterUp(double share) {
        this.jitter = Jitter.ofShare(share, true);
        return this;
    }

    /** Lengthens the time to live by up to {@code spread}. */
    public CacheBuilder<K, V> jitterUp(Duration spread) {
        this.jitter = Jitter.ofMillis(spread.toMillis(), true);
        return this;
    }

    /** Remembers for so long that a key has no value. */
    public CacheBuilder<K, V> cacheAbsent(Duration ttl) {
        this.absentMillis = positive(ttl);
        return this;
    }

    /** For so long after its time a value is still served at once, while it is refreshed in the background. */
    public CacheBuilder<K, V> staleWhileRevalidate(Duration extra) {
        this.staleWhileRevalidateMillis = positive(extra);
        return this;
    }

    /** For so long after its time a value is kept to be served when the loader fails. */
    public CacheBuilder<K, V> staleIfError(Duration extra) {
        return staleIfError(extra, failure -> true);
    }

    /** The same for failures of some kinds only; the caller hears of the others. */
    public CacheBuilder<K, V> staleIfError(Duration extra, Predicate<? super Throwable> failures) {
        this.staleIfErrorMillis = positive(extra);
        this.staleOn = failures;
        return this;
    }

    /** Refreshes in the background what is read after this share of its time: 0.8 of an hour is minute 48. */
    public CacheBuilder<K, V> refreshAhead(double share) {
        if (!(share > 0) || share > 1) {
            throw new IllegalArgumentException("refresh ahead is a share of the time to live: " + share);
        }
        this.refreshAhead = share;
        return this;
    }

    /** Loads a missing key once among all JVMs: {@link #singleFlightAcrossJvms(Duration)} with 10 seconds. */
    public CacheBuilder<K, V> singleFlightAcrossJvms() {
        return singleFlightAcrossJvms(DEFAULT_LEASE);
    }

    /**
     * Loads a missing key once among all JVMs, by a lease that must outlast the load: when it ends, by time or by the
     * death of its owner, another may load.
     */
    public CacheBuilder<K, V> singleFlightAcrossJvms(Duration lease) {
        this.leaseMillis = positive(lease);
        return this;
    }

    /** Stores values that are put where they really live, before the cache: write-through. */
    public CacheBuilder<K, V> writer(Writer<? super K, ? super V> storeFirst) {
        this.writer = storeFirst;
        return this;
    }

    /** The tags of a key's entry, by which {@link CacheKit#invalidateTags} invalidates it among many. */
    public CacheBuilder<K, V> taggedBy(Function<? super K, ? extends Collection<String>> tagsOfKey) {
        this.tags = tagsOfKey;
        return this;
    }

    /** How keys are spelled; {@code String.valueOf} if nothing is said. Different keys need different spellings. */
    public CacheBuilder<K, V> keyText(Function<? super K, String> spelling) {
        this.keyText = spelling;
        return this;
    }

    /** The version of the value's shape, 0 to 255; entries of another version are misses. */
    public CacheBuilder<K, V> schemaVersion(int version) {
        if (version < 0 || version > 255) {
            throw new IllegalArgumentException("a schema version is 0 to 255: " + version);
        }
        this.schema = version;
        return this;
    }

    /** Compresses values of at least so many bytes. */
    public CacheBuilder<K, V> compressFrom(int bytes) {
        this.compressFromBytes = bytes;
        return this;
    }

    /** What reads ask for when they say nothing; {@link Freshness#PRIMARY} unless this or {@link #near} is used. */
    public CacheBuilder<K, V> freshness(Freshness usual) {
        this.freshness = usual;
        return this;
    }

    /**
     * Keeps copies in this JVM, dropped when the server announces a change; {@code maxAge} bounds what a lost
     * announcement could do. Needs Redis or Valkey 6 or newer.
     */
    public CacheBuilder<K, V> near(long maxEntries, Duration maxAge) {
        this.nearEntries = maxEntries;
        this.nearAge = maxAge;
        this.freshness = Freshness.REPLICA_OK;
        return this;
    }

    /** A cache whose loader is given per call. */
    public Cache<K, V> build() {
        return create(key -> null);
    }

    /** A cache that knows its loader. */
    public LoadingCache<K, V> build(Loader<? super K, ? extends V> loader) {
        return create(loader);
    }

    private RemoteCache<K, V> create(Loader<? super K, ? extends V> loader) {
        CachePolicy policy = new CachePolicy(ttlMillis, jitter, staleWhileRevalidateMillis, staleIfErrorMillis,
                absentMillis, refreshAhead, leaseMillis, schema, compressFromBytes);
        RemoteCache.Spec<K, V> spec = new RemoteCache.Spec<>(name, keyText, codec, policy, tags, staleOn, loader,
                writer);
        if (nearEntries == 0) {
            return new RemoteCache<>(spec, kit, freshness);
        }
        NearBackend near = new NearBackend(kit.backend(), nearEntries, nearAge);
        closedWithKit.accept(near);
        return new RemoteCache<>(spec, kit.over(near), freshness);
    }

    private static long positive(Duration duration) {
        if (duration.isNegative() || duration.toMillis() == 0) {
            throw new IllegalArgumentException("expected a time of at least a millisecond: " + duration);
        }
        return duration.toMillis();
    }

}
