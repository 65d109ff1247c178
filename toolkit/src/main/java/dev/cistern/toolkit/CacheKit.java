package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;
import dev.cistern.toolkit.backend.Breaker;
import dev.cistern.toolkit.backend.GuardedBackend;
import dev.cistern.toolkit.backend.MemcachedBackend;
import dev.cistern.toolkit.backend.NearBackend;
import dev.cistern.toolkit.backend.RedisBackend;
import dev.cistern.toolkit.backend.ShardedBackend;
import dev.cistern.toolkit.backend.Tls;
import dev.cistern.toolkit.codec.Codec;
import dev.cistern.toolkit.codec.Codecs;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The way to the cache servers, from which caches are built. One per application; closing it closes the connections.
 *
 * <pre>{@code
 * try (CacheKit kit = CacheKit.connect("redis://localhost:6379")) {
 *     LoadingCache<Long, User> users = kit.cache("users", Long.class, User.class)
 *             .ttl(Duration.ofHours(1)).jitter(0.1)
 *             .build(dao::find);
 *     User user = users.get(7L);
 * }
 * }</pre>
 */
public final class CacheKit implements AutoCloseable {

    static final String TAG = "tag";

    private final KitParts parts;
    private final List<AutoCloseable> closedWithKit;
    private final List<NearBackend> nears = new CopyOnWriteArrayList<>();

    private CacheKit(KitParts parts, List<AutoCloseable> closedWithKit) {
        this.parts = parts;
        this.closedWithKit = closedWithKit;
    }

    /**
     * A kit with every setting as it comes, over the servers at {@code uri}; see {@link Builder#servers} for its forms.
     * Nothing is connected before the first call, and nothing fails here because the servers are down.
     */
    public static CacheKit connect(String uri) {
        return builder().servers(uri).build();
    }

    /** A kit with settings of your own. */
    public static Builder builder() {
        return new Builder();
    }

    /** A cache of JSON (or of plain text or bytes, if that is the class). */
    public <K, V> CacheBuilder<K, V> cache(String name, Class<K> keys, Class<V> values) {
        return cache(name, keys, Codecs.of(values));
    }

    /** A cache with a codec of its own, for instance of a generic type. */
    public <K, V> CacheBuilder<K, V> cache(String name, Class<K> keys, Codec<V> values) {
        return new CacheBuilder<>(parts, nears::add, name, values);
    }

    /** Fragments inside fragments, each cached under its version. */
    public Dolls dolls(String name) {
        return new Dolls(this, parts, Keys.requireName(name));
    }

    /** Invalidates every entry with one of these tags, in whatever cache it is. */
    public void invalidateTags(String... tags) {
        parts.settle(bump(List.of(tags)));
    }

    /** Twin of {@link #invalidateTags}. */
    public CompletableFuture<Void> invalidateTagsAsync(Collection<String> tags) {
        return parts.settled(bump(tags));
    }

    private CompletableFuture<Void> bump(Collection<String> tags) {
        List<String> keys = parts.versionKeys(TAG, tags);
        // The server tells the near caches too, but a moment later than this method returns.
        return parts.backend().delete(keys).whenComplete((done, failure) -> nears.forEach(near -> near.changed(keys)));
    }

    @Override
    public void close() {
        nears.forEach(NearBackend::close);
        for (AutoCloseable part : closedWithKit) {
            try {
                part.close();
            } catch (Exception e) {
                throw new IllegalStateException("could not close " + part, e);
            }
        }
    }

    /** Settings of a kit. */
    public static final class Builder {

        private static final int FAILURES_TO_OPEN = 5;
        private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
        private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

        private @Nullable Supplier<Backend> servers;
        private List<String> readers = List.of();
        private String prefix = "";
        private Duration timeLimit = Duration.ofMillis(250);
        private Duration discoveryInterval = Duration.ofSeconds(60);
        private int failuresToOpen = FAILURES_TO_OPEN;
        private Duration firstPause = FIRST_PAUSE;
        private Tls tls = Tls.PLATFORM;
        private InstantSource clock = InstantSource.system();
        private Supplier<? extends RandomGenerator> random = ThreadLocalRandom::current;
        private CacheListener listener = CacheListener.NONE;
        private Consumer<List<String>> onTopologyChange = names -> {};
        private @Nullable Executor executor;
        private boolean failWhenCacheDown;

        private Builder() {}

        /**
         * Where the cache is:
         *
         * <pre>
         *   redis://host:6379, valkey://…              a server, or the primary endpoint of a replication group
         *   rediss://:token@host:6379, valkeys://…     the same, encrypted
         *   redis+cluster://host:6379, rediss+cluster  cluster mode, by its configuration endpoint
         *   memcached://host1:11211,host2:11211        Memcached nodes on a ketama ring
         *   memcached://name.cfg.region:11211          … those that the configuration endpoint tells
         *   memcached+discovery://host:11211           … the same for an endpoint of another name
         *   memcacheds://…                             any of these three, encrypted
         * </pre>
         */
        public Builder servers(String uri) {
            String scheme = uri.substring(0, Math.max(0, uri.indexOf("://")));
            String rest = uri.substring(uri.indexOf("://") + 3);
            servers = switch (scheme) {
                case "redis", "rediss", "valkey", "valkeys" -> () -> redis(uri);
                case "redis+cluster", "rediss+cluster", "valkey+cluster", "valkeys+cluster" -> () -> guard(rest,
                        RedisBackend.cluster(tls, uri.replace("+cluster", "")));
                case "memcached" -> () -> memcached(rest, rest.contains(".cfg."), null);
                case "memcacheds" -> () -> memcached(rest, rest.contains(".cfg."), tls);
                case "memcached+discovery" -> () -> memcached(rest, true, null);
                case "memcacheds+discovery" -> () -> memcached(rest, true, tls);
                default -> throw new IllegalArgumentException("not the address of a cache: " + uri);
            };
            return this;
        }

        /** Reader endpoints of the replication group, for reads that say {@link Freshness#REPLICA_OK}. */
        public Builder readers(String... uris) {
            readers = List.of(uris);
            return this;
        }

        /** Several stand-alone Redis or Valkey groups, each key on the one where the ketama ring puts it. */
        public Builder shards(String... uris) {
            servers = () -> {
                Map<String, Backend> shards = new LinkedHashMap<>();
                for (String uri : uris) {
                    URI address = URI.create(uri);
                    shards.put(address.getHost() + ":" + address.getPort(), redis(uri));
                }
                return new ShardedBackend(shards);
            };
            return this;
        }

        /** Servers of your own making. They are used as they are, without a time limit or a breaker. */
        public Builder backend(Backend own) {
            servers = () -> own;
            return this;
        }

        /** What every key begins with; applications that share servers need different ones. */
        public Builder prefix(String text) {
            prefix = Keys.requireName(text);
            return this;
        }

        /** How long one call to a server may take before it counts as failed; 250 ms if nothing is said. */
        public Builder timeLimit(Duration perCall) {
            timeLimit = perCall;
            return this;
        }

        /**
         * The circuit breaker of each server: after so many failures in a row it is not asked for {@code pause}, which
         * doubles up to 30 seconds while it stays away. 5 and a second if nothing is said.
         */
        public Builder breaker(int failures, Duration pause) {
            failuresToOpen = failures;
            firstPause = pause;
            return this;
        }

        /** The certificate authority that encrypted connections trust, as a PEM file, instead of the platform's. */
        public Builder trust(Path authority) {
            tls = new Tls(authority);
            return this;
        }

        /** Business code hears of a cache that is down, by {@link CacheUnavailableException}. */
        public Builder failWhenCacheDown() {
            failWhenCacheDown = true;
            return this;
        }

        /** Who hears what the caches do. */
        public Builder listener(CacheListener hears) {
            listener = hears;
            return this;
        }

        /** Where asynchronous loads and refreshes run; a pool of the kit's own if nothing is said. */
        public Builder executor(Executor runs) {
            executor = runs;
            return this;
        }

        /** What time it is; for tests. */
        public Builder clock(InstantSource source) {
            clock = source;
            return this;
        }

        /** Where jitter comes from; for tests, which give a seeded one that threads may share. */
        public Builder random(RandomGenerator source) {
            random = () -> source;
            return this;
        }

        /** How often a Memcached configuration endpoint is asked; a minute if nothing is said. */
        public Builder discoveryInterval(Duration interval) {
            discoveryInterval = interval;
            return this;
        }

        /** Hears the ring names of the Memcached nodes after each change of membership. */
        public Builder onTopologyChange(Consumer<List<String>> hears) {
            onTopologyChange = hears;
            return this;
        }

        /** The kit. */
        public CacheKit build() {
            if (servers == null) {
                throw new IllegalStateException("say where the cache is: servers(...)");
            }
            Backend backend = servers.get();
            List<AutoCloseable> closedWithKit = new ArrayList<>();
            Executor runs = executor;
            if (runs == null) {
                ThreadPoolExecutor pool = pool();
                closedWithKit.add(pool::shutdown);
                runs = pool;
            }
            closedWithKit.add(backend);
            return new CacheKit(new KitParts(backend, prefix, clock, random, runs, listener, failWhenCacheDown),
                    closedWithKit);
        }

        private Backend redis(String uri) {
            URI address = URI.create(uri);
            return guard(address.getHost() + ":" + address.getPort(), RedisBackend.standalone(tls, uri, readers));
        }

        private Backend memcached(String rest, boolean discover, @Nullable Tls encrypted) {
            return discover
                    ? MemcachedBackend.discovering(rest, discoveryInterval, encrypted, clock, this::guard,
                            onTopologyChange)
                    : MemcachedBackend.of(List.of(rest.split(",", -1)), encrypted, clock, this::guard);
        }

        private GuardedBackend guard(String name, Backend server) {
            return new GuardedBackend(name, server, new Breaker(clock, failuresToOpen, firstPause, LONGEST_PAUSE),
                    timeLimit.toMillis(), listener);
        }

        /** Loaders block, so there are more threads than cores; they end when idle. */
        private static ThreadPoolExecutor pool() {
            int threads = Math.max(8, 4 * Runtime.getRuntime().availableProcessors());
            AtomicInteger number = new AtomicInteger();
            ThreadPoolExecutor pool = new ThreadPoolExecutor(threads, threads, 30, TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(), task -> {
                        Thread thread = new Thread(task, "cistern-cache-" + number.incrementAndGet());
                        thread.setDaemon(true);
                        return thread;
                    });
            pool.allowCoreThreadTimeOut(true);
            return pool;
        }
    }
}
