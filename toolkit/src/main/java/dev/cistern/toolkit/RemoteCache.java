package dev.cistern.toolkit;

import dev.cistern.toolkit.CachePolicy.Age;
import dev.cistern.toolkit.backend.Backend;
import dev.cistern.toolkit.codec.Codec;
import dev.cistern.toolkit.codec.Envelope;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A cache on a backend: looks, judges what it found by age, loads what is missing once, and stores it.
 *
 * <p>A read is one round trip: the entry and the versions of its tags together. The order that keeps it right is: read
 * the versions, then load, then store under those versions; a change that happens meanwhile makes the stored entry
 * worthless instead of wrong.
 */
final class RemoteCache<K, V> implements LoadingCache<K, V> {

    /** Longer than any sane load: what waits on it then loads for itself, and two loads that wait on each other end. */
    private static final long WAIT_LIMIT_MILLIS = 30_000;

    private static final long LEASE_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Spec<K, V> spec;
    private final KitParts kit;
    private final Backend backend;
    private final CachePolicy policy;
    private final Freshness freshness;
    private final Flights<Optional<V>> flights;
    private final Versions versions;
    private final Leases leases;

    /** What the builder collected about one cache. */
    record Spec<K, V>(String name, Function<? super K, String> keyText, Codec<V> codec, CachePolicy policy,
            @Nullable Function<? super K, ? extends Collection<String>> tags, Predicate<? super Throwable> staleOn,
            Loader<? super K, ? extends V> loader, @Nullable Writer<? super K, ? super V> writer) {}

    /** One key on its way: its spelling on the servers, the versions it depends on, and the ticket it took. */
    private record Request<K, V>(K key, String text, List<String> versionKeys, long ticket,
            Loader<? super K, ? extends V> loader) {}

    /** What the servers had: bytes, and the stamp of the versions now. */
    private record Raw(byte[] bytes, long stamp) {}

    /** What the servers had, understood. Without a value and an age that answers, it is the mark of absence. */
    private record Found<V>(Age age, Optional<V> value, long stamp) {

        boolean answers() {
            return age == Age.FRESH || age == Age.AGING || age == Age.STALE;
        }

        boolean wantsRefresh() {
            return age == Age.AGING || age == Age.STALE;
        }

        Outcome outcome() {
            return switch (age) {
                case FRESH, AGING -> value.isPresent() ? Outcome.HIT : Outcome.ABSENT;
                case STALE -> Outcome.STALE;
                case FALLBACK, GONE -> Outcome.MISS;
            };
        }
    }

    RemoteCache(Spec<K, V> spec, KitParts kit, Freshness freshness) {
        this(spec, kit, freshness, new Flights<>());
    }

    private RemoteCache(Spec<K, V> spec, KitParts kit, Freshness freshness, Flights<Optional<V>> flights) {
        this.spec = spec;
        this.kit = kit;
        this.backend = kit.backend();
        this.policy = spec.policy();
        this.freshness = freshness;
        this.flights = flights;
        this.versions = new Versions(backend, () -> kit.random().get().nextLong());
        this.leases = new Leases(backend, kit.prefix() + "~lease:", policy.leaseMillis());
    }

    @Override
    public String name() {
        return spec.name();
    }

    @Override
    public LoadingCache<K, V> reading(Freshness wanted) {
        return wanted == freshness ? this : new RemoteCache<>(spec, kit, wanted, flights);
    }

    // Reading.

    @Override
    public @Nullable V getIfPresent(K key) {
        Found<V> found = look(request(key, spec.loader()));
        told(found.outcome());
        return found.answers() ? found.value().orElse(null) : null;
    }

    @Override
    public @Nullable V get(K key) {
        return get(key, spec.loader());
    }

    @Override
    public @Nullable V get(K key, Loader<? super K, ? extends V> loader) {
        Request<K, V> request = request(key, loader);
        if (freshness == Freshness.SOURCE) {
            return fromSource(request).orElse(null);
        }
        Found<V> found = look(request);
        if (found.answers()) {
            return answer(request, found).orElse(null);
        }
        told(found.outcome());
        try {
            return await(load(request, found), request, found).orElse(null);
        } catch (RuntimeException e) {
            return fallback(found, e).orElse(null);
        }
    }

    @Override
    public CompletableFuture<@Nullable V> getIfPresentAsync(K key) {
        return lookAsync(request(key, spec.loader())).thenApply(found -> {
            told(found.outcome());
            return found.answers() ? found.value().orElse(null) : null;
        });
    }

    @Override
    public CompletableFuture<@Nullable V> getAsync(K key) {
        return getAsync(key, spec.loader());
    }

    @Override
    public CompletableFuture<@Nullable V> getAsync(K key, Loader<? super K, ? extends V> loader) {
        Request<K, V> request = request(key, loader);
        if (freshness == Freshness.SOURCE) {
            return CompletableFuture.supplyAsync(() -> fromSource(request).orElse(null), kit.executor());
        }
        return lookAsync(request).thenCompose(found -> {
            if (found.answers()) {
                return CompletableFuture.completedFuture(answer(request, found));
            }
            told(found.outcome());
            return load(request, found).exceptionally(failure -> fallback(found, visible(failure)));
        }).thenApply(value -> value.orElse(null));
    }

    @Override
    public CompletableFuture<@Nullable V> refresh(K key) {
        Request<K, V> request = request(key, spec.loader());
        return flights.join(request.text(), request.ticket(), kit.executor(), flight -> loadAndStore(request, none(),
                flight::isForgotten)).thenApply(value -> value.orElse(null));
    }

    private Optional<V> answer(Request<K, V> request, Found<V> found) {
        told(found.outcome());
        if (found.wantsRefresh()) {
            var unused = flights.join(request.text(), request.ticket(), kit.executor(),
                    flight -> refresh(request, found, flight));
        }
        return found.value();
    }

    private Optional<V> fallback(Found<V> found, RuntimeException failure) {
        Throwable cause = failure instanceof LoadException && failure.getCause() != null ? failure.getCause() : failure;
        if (found.age() != Age.FALLBACK || !spec.staleOn().test(cause)) {
            throw failure;
        }
        told(Outcome.STALE_ON_ERROR);
        return found.value();
    }

    private Optional<V> fromSource(Request<K, V> request) {
        told(Outcome.SOURCE);
        flights.forget(request.text());
        return quietly(() -> loadAndStore(request, none(), () -> false));
    }

    private Request<K, V> request(K key, Loader<? super K, ? extends V> loader) {
        String text = textOf(key);
        return new Request<>(key, text, versionKeysOf(key), flights.ticket(text), loader);
    }

    private Found<V> look(Request<K, V> request) {
        try {
            return understand(fetch(request).join());
        } catch (CompletionException e) {
            return unavailable(e);
        }
    }

    private CompletableFuture<Found<V>> lookAsync(Request<K, V> request) {
        return fetch(request).handleAsync((raw, failure) -> failure == null ? understand(raw) : unavailable(failure),
                kit.executor());
    }

    private CompletableFuture<Raw> fetch(Request<K, V> request) {
        if (request.versionKeys().isEmpty()) {
            return backend.get(request.text(), freshness).thenApply(bytes -> new Raw(bytes, Versions.NONE));
        }
        List<String> keys = new ArrayList<>(request.versionKeys());
        keys.add(request.text());
        return backend.getAll(keys, freshness).thenApply(read -> rawOf(request.text(), request.versionKeys(), read));
    }

    private static Raw rawOf(String text, List<String> versionKeys, Map<String, byte[]> read) {
        long stamp = versionKeys.isEmpty() ? Versions.NONE : Versions.stampOf(versionKeys, read);
        return new Raw(read.getOrDefault(text, Backend.ABSENT), stamp);
    }

    private Found<V> unavailable(Throwable failure) {
        if (kit.failWhenCacheDown()) {
            throw KitParts.unavailable(failure);
        }
        told(Outcome.UNAVAILABLE);
        return none();
    }

    private static <V> Found<V> none() {
        return new Found<>(Age.GONE, Optional.empty(), Versions.NONE);
    }

    private Found<V> understand(Raw raw) {
        Found<V> gone = new Found<>(Age.GONE, Optional.empty(), raw.stamp());
        Optional<Envelope> read = Envelope.parse(raw.bytes());
        if (read.isEmpty()) {
            return gone;
        }
        Envelope envelope = read.get();
        if (envelope.schema() != policy.schema() || !isOfNow(envelope, raw.stamp())) {
            return gone;
        }
        Age age = policy.ageOf(envelope, kit.clock().millis());
        if (age == Age.GONE || envelope.absent()) {
            return new Found<>(age, Optional.empty(), raw.stamp());
        }
        try {
            return new Found<>(age, Optional.of(spec.codec().decode(envelope.payload())), raw.stamp());
        } catch (RuntimeException e) {
            // Written by something that used this key for another shape: for us it is not there.
            return gone;
        }
    }

    /** Whether the entry was made under the versions that its tags have now. */
    private boolean isOfNow(Envelope envelope, long stamp) {
        return spec.tags() == null || (stamp != Versions.NONE && stamp == envelope.stamp());
    }

    // Loading.

    private CompletableFuture<Optional<V>> load(Request<K, V> request, Found<V> found) {
        return flights.join(request.text(), request.ticket(), Runnable::run, flight -> {
            if (flight.mustLookAgain()) {
                Found<V> landed = look(request);
                if (landed.answers()) {
                    return landed.value();
                }
            }
            return policy.leaseMillis() > 0
                    ? loadUnderLease(request, found, flight)
                    : loadAndStore(request, found, flight::isForgotten);
        });
    }

    /** Waits in line among all JVMs; whoever comes to the front finds the value of the one before, or loads it. */
    private Optional<V> loadUnderLease(Request<K, V> request, Found<V> found, Flights.Flight<Optional<V>> flight)
            throws Exception {
        long giveUpNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(policy.leaseMillis());
        Optional<Leases.Lease> lease = leases.tryTake(request.text());
        while (lease.isEmpty() && System.nanoTime() < giveUpNanos) {
            LockSupport.parkNanos(LEASE_PAUSE_NANOS);
            Found<V> landed = look(request);
            if (landed.answers()) {
                return landed.value();
            }
            lease = leases.tryTake(request.text());
        }
        if (lease.isEmpty()) {
            return loadAndStore(request, found, flight::isForgotten);
        }
        Leases.Lease mine = lease.get();
        try {
            Found<V> landed = look(request);
            return landed.answers()
                    ? landed.value()
                    : loadAndStore(request, landed, () -> flight.isForgotten() || !leases.isHeld(mine));
        } finally {
            leases.release(mine);
        }
    }

    /** In the background: if another JVM has the lease, it refreshes, and nothing is left to do here. */
    private Optional<V> refresh(Request<K, V> request, Found<V> found, Flights.Flight<Optional<V>> flight)
            throws Exception {
        if (policy.leaseMillis() == 0) {
            return loadAndStore(request, found, flight::isForgotten);
        }
        Optional<Leases.Lease> lease = leases.tryTake(request.text());
        if (lease.isEmpty()) {
            return found.value();
        }
        Leases.Lease mine = lease.get();
        try {
            Found<V> landed = look(request);
            return landed.age() == Age.FRESH
                    ? landed.value()
                    : loadAndStore(request, landed, () -> flight.isForgotten() || !leases.isHeld(mine));
        } finally {
            leases.release(mine);
        }
    }

    private Optional<V> loadAndStore(Request<K, V> request, Found<V> found, BooleanSupplier mustNotStore)
            throws Exception {
        long stamp = found.stamp() != Versions.NONE ? found.stamp() : stampOf(request.versionKeys());
        Optional<V> value = Optional.ofNullable(timed(() -> request.loader().load(request.key())));
        if (mustNotStore.getAsBoolean()) {
            return value;
        }
        if (value.isPresent() || policy.absentMillis() > 0) {
            kit.settle(store(request.text(), value, stamp));
        } else if (found.age() != Age.GONE) {
            kit.settle(backend.delete(List.of(request.text())));
        }
        if (mustNotStore.getAsBoolean()) {
            // Written or invalidated between the question above and the store: what we stored may be the older one.
            kit.settle(backend.delete(List.of(request.text())));
        }
        return value;
    }

    private <T> T timed(Callable<T> load) throws Exception {
        long start = System.nanoTime();
        try {
            T loaded = load.call();
            kit.listener().onLoad(spec.name(), System.nanoTime() - start, null);
            return loaded;
        } catch (Throwable e) {
            kit.listener().onLoad(spec.name(), System.nanoTime() - start, e);
            throw e;
        }
    }

    /** The versions' stamp, or none when the servers cannot tell it; then nothing may be stored. */
    private long stampOf(List<String> versionKeys) {
        if (versionKeys.isEmpty()) {
            return Versions.NONE;
        }
        try {
            return versions.ensure(versionKeys, Freshness.PRIMARY).join();
        } catch (CompletionException e) {
            return Versions.NONE;
        }
    }

    private CompletableFuture<Void> store(String text, Optional<V> value, long stamp) {
        if (spec.tags() != null && stamp == Versions.NONE) {
            return backend.delete(List.of(text));
        }
        boolean absent = value.isEmpty();
        long fresh = policy.freshMillis(absent, kit.random().get());
        byte[] payload = absent ? Backend.ABSENT : spec.codec().encode(value.get());
        byte[] bytes = new Envelope(policy.schema(), absent, kit.clock().millis(), fresh, stamp, payload)
                .toBytes(policy.compressFromBytes());
        return backend.set(text, bytes, policy.keptMillis(absent, fresh));
    }

    private Optional<V> await(CompletableFuture<Optional<V>> load, Request<K, V> request, Found<V> found) {
        try {
            return load.get(WAIT_LIMIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return quietly(() -> loadAndStore(request, found, () -> false));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CompletionException(e);
        } catch (ExecutionException e) {
            throw visible(e);
        }
    }

    private static <T> T quietly(Callable<T> call) {
        try {
            return call.call();
        } catch (Exception e) {
            throw LoadException.unchecked(e);
        }
    }

    private static RuntimeException visible(Throwable failure) {
        boolean wrapped = failure instanceof CompletionException || failure instanceof ExecutionException;
        Throwable cause = failure.getCause();
        return LoadException.unchecked(wrapped && cause != null ? cause : failure);
    }

    // Many at once.

    @Override
    public Map<K, V> getAll(Collection<? extends K> keys) {
        return getAll(keys, this::oneByOne);
    }

    @Override
    public Map<K, V> getAll(Collection<? extends K> keys, BulkLoader<K, V> loader) {
        Map<K, Request<K, V>> requests = requests(keys);
        try {
            return answerAll(requests, fetchAll(requests).join(), loader);
        } catch (CompletionException e) {
            return answerAll(requests, nothingFrom(e), loader);
        }
    }

    @Override
    public CompletableFuture<Map<K, V>> getAllAsync(Collection<? extends K> keys, BulkLoader<K, V> loader) {
        Map<K, Request<K, V>> requests = requests(keys);
        return fetchAll(requests).handleAsync((read, failure) -> answerAll(requests, failure == null
                ? read
                : nothingFrom(failure), loader), kit.executor());
    }

    private Map<K, Request<K, V>> requests(Collection<? extends K> keys) {
        Map<K, Request<K, V>> requests = new LinkedHashMap<>();
        keys.forEach(key -> requests.put(key, request(key, spec.loader())));
        return requests;
    }

    private CompletableFuture<Map<String, byte[]>> fetchAll(Map<K, Request<K, V>> requests) {
        if (freshness == Freshness.SOURCE || requests.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        Set<String> wanted = new HashSet<>();
        for (Request<K, V> request : requests.values()) {
            wanted.add(request.text());
            wanted.addAll(request.versionKeys());
        }
        return backend.getAll(wanted, freshness);
    }

    private Map<String, byte[]> nothingFrom(Throwable failure) {
        unavailable(failure);
        return Map.of();
    }

    private Map<K, V> answerAll(Map<K, Request<K, V>> requests, Map<String, byte[]> read, BulkLoader<K, V> loader) {
        Map<K, V> answers = new LinkedHashMap<>();
        Map<K, Found<V>> missing = new LinkedHashMap<>();
        Map<K, Found<V>> aging = new LinkedHashMap<>();
        requests.forEach((key, request) -> {
            Found<V> found = understand(rawOf(request.text(), request.versionKeys(), read));
            told(freshness == Freshness.SOURCE ? Outcome.SOURCE : found.outcome());
            if (!found.answers()) {
                missing.put(key, found);
            } else {
                found.value().ifPresent(value -> answers.put(key, value));
                if (found.wantsRefresh()) {
                    aging.put(key, found);
                }
            }
        });
        if (!aging.isEmpty()) {
            kit.executor().execute(() -> loadAll(requests, aging, loader));
        }
        if (!missing.isEmpty()) {
            answers.putAll(loadAll(requests, missing, loader));
        }
        return answers;
    }

    private Map<K, V> loadAll(Map<K, Request<K, V>> requests, Map<K, Found<V>> wanted, BulkLoader<K, V> loader) {
        Map<K, Long> stamps = new LinkedHashMap<>();
        wanted.forEach((key, found) -> {
            Request<K, V> request = request(requests, key);
            stamps.put(key, found.stamp() != Versions.NONE ? found.stamp() : stampOf(request.versionKeys()));
        });
        Map<K, V> loaded;
        try {
            loaded = timed(() -> loader.load(wanted.keySet()));
        } catch (Exception e) {
            return fallbacks(wanted, LoadException.unchecked(e));
        }
        List<CompletableFuture<Void>> stores = new ArrayList<>();
        stamps.forEach((key, stamp) -> {
            Optional<V> value = Optional.ofNullable(loaded.get(key));
            if (value.isPresent() || policy.absentMillis() > 0) {
                stores.add(store(request(requests, key).text(), value, stamp));
            }
        });
        kit.settle(CompletableFuture.allOf(stores.toArray(CompletableFuture[]::new)));
        return loaded;
    }

    private Map<K, V> fallbacks(Map<K, Found<V>> wanted, RuntimeException failure) {
        Map<K, V> old = new LinkedHashMap<>();
        wanted.forEach((key, found) -> fallback(found, failure).ifPresent(value -> old.put(key, value)));
        return old;
    }

    private Map<K, V> oneByOne(Set<K> keys) throws Exception {
        Map<K, V> loaded = new LinkedHashMap<>();
        for (K key : keys) {
            V value = spec.loader().load(key);
            if (value != null) {
                loaded.put(key, value);
            }
        }
        return loaded;
    }

    private static <K, V> Request<K, V> request(Map<K, Request<K, V>> requests, K key) {
        Request<K, V> request = requests.get(key);
        if (request == null) {
            throw new IllegalStateException("no request for " + key);
        }
        return request;
    }

    // Writing.

    @Override
    public void put(K key, V value) {
        Writer<? super K, ? super V> writer = spec.writer();
        if (writer != null) {
            try {
                writer.write(key, value);
            } catch (Exception e) {
                throw LoadException.unchecked(e);
            }
        }
        kit.listener().onWrite(spec.name());
        String text = textOf(key);
        flights.forget(text);
        kit.settle(store(text, Optional.of(value), stampOf(versionKeysOf(key))));
    }

    @Override
    public CompletableFuture<Void> putAsync(K key, V value) {
        return CompletableFuture.runAsync(() -> put(key, value), kit.executor());
    }

    @Override
    public void invalidate(K key) {
        kit.settle(forget(List.of(key)));
    }

    @Override
    public void invalidateAll(Collection<? extends K> keys) {
        kit.settle(forget(keys));
    }

    @Override
    public CompletableFuture<Void> invalidateAsync(K key) {
        return kit.settled(forget(List.of(key)));
    }

    private CompletableFuture<Void> forget(Collection<? extends K> keys) {
        kit.listener().onWrite(spec.name());
        List<String> texts = new ArrayList<>();
        for (K key : keys) {
            texts.add(textOf(key));
        }
        texts.forEach(flights::forget);
        if (policy.leaseMillis() > 0) {
            // Who is loading the old value just now, in whatever JVM, loses the right to store it.
            texts.addAll(leases.keysFor(List.copyOf(texts)));
        }
        return backend.delete(texts);
    }

    private String textOf(K key) {
        return Keys.text(kit.prefix(), spec.name(), spec.keyText().apply(key));
    }

    private List<String> versionKeysOf(K key) {
        Function<? super K, ? extends Collection<String>> tags = spec.tags();
        return tags == null ? List.of() : kit.versionKeys(CacheKit.TAG, tags.apply(key));
    }

    private void told(Outcome outcome) {
        kit.listener().onGet(spec.name(), outcome);
    }
}
