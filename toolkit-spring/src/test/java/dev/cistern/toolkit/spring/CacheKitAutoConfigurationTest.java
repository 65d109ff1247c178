package dev.cistern.toolkit.spring;

import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.CacheListener;
import dev.cistern.toolkit.Freshness;
import dev.cistern.toolkit.backend.Backend;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.CachePut;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** An application context with annotated methods, over a server in a map. */
@NullUnmarked
final class CacheKitAutoConfigurationTest {

    private static final MapBackend SERVER = new MapBackend();

    /** The server; remembers the time to live that each key was stored with. */
    private static final class MapBackend implements Backend {

        private final Map<String, byte[]> values = new ConcurrentHashMap<>();
        private final Map<String, Long> ttls = new ConcurrentHashMap<>();

        @Override
        public CompletableFuture<byte[]> get(String key, Freshness freshness) {
            return CompletableFuture.completedFuture(values.getOrDefault(key, ABSENT));
        }

        @Override
        public CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness) {
            Map<String, byte[]> found = new ConcurrentHashMap<>(values);
            found.keySet().retainAll(keys);
            return CompletableFuture.completedFuture(found);
        }

        @Override
        public CompletableFuture<Void> set(String key, byte[] value, long ttlMillis) {
            values.put(key, value);
            ttls.put(key, ttlMillis);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis) {
            return CompletableFuture.completedFuture(values.putIfAbsent(key, value) == null);
        }

        @Override
        public CompletableFuture<Void> delete(Collection<String> keys) {
            values.keySet().removeAll(keys);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected) {
            return CompletableFuture
                    .completedFuture(Arrays.equals(values.get(key), expected) && values.remove(key) != null);
        }

        @Override
        public void reconnect() {}

        @Override
        public void close() {}
    }

    record User(long id, String name) {}

    /** The application. */
    static class Users {

        private final AtomicInteger calls = new AtomicInteger();

        public int calls() {
            return calls.get();
        }

        @Cacheable("users")
        @Expire(ttl = "10m", jitter = 0.5)
        public User find(long id) {
            return new User(id, "call " + calls.incrementAndGet());
        }

        @Cacheable("lists")
        public List<User> all(String a, String b) {
            return List.of(new User(calls.incrementAndGet(), a + "-" + b));
        }

        @Cacheable("maybe")
        public Optional<User> maybe(long id) {
            calls.incrementAndGet();
            return id > 0 ? Optional.of(new User(id, "there")) : Optional.empty();
        }

        @Cacheable(cacheNames = "synced", sync = true)
        public User synced(long id) {
            if (id < 0) {
                throw new IllegalArgumentException("no user " + id);
            }
            return new User(id, "call " + calls.incrementAndGet());
        }

        @Cacheable("later")
        public CompletableFuture<User> later(long id) {
            return CompletableFuture.completedFuture(new User(id, "call " + calls.incrementAndGet()));
        }

        @CachePut(cacheNames = "users", key = "#user.id()")
        public User save(User user) {
            return user;
        }

        @CacheEvict(cacheNames = "users", allEntries = true)
        public void forgetAll() {}

        @CacheEvict("users")
        public void forget(long id) {}
    }

    @Configuration(proxyBeanMethods = false)
    @EnableCaching
    static class Application {

        @Bean
        Users users() {
            return new Users();
        }

        @Bean
        CacheKit kit() {
            return CacheKit.builder().backend(SERVER).random(new Random(5)).build();
        }
    }

    private static void run(Consumer<Users> test) {
        SERVER.values.clear();
        new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(CacheKitAutoConfiguration.class))
                .withUserConfiguration(Application.class).withPropertyValues("cistern.cache.servers=redis://unused",
                        "cistern.cache.ttl=2h", "cistern.cache.caches.maybe.ttl=30s")
                .run(context -> test.accept(
                        context.getBean(Users.class)));
    }

    @Test
    void aMethodIsCalledOnceAndItsValueComesBackAsItsType() {
        run(users -> {
            assertThat(users.find(7)).isEqualTo(new User(7, "call 1"));
            assertThat(users.find(7)).isEqualTo(new User(7, "call 1"));
            assertThat(users.find(8)).isEqualTo(new User(8, "call 2"));
            assertThat(users.all("a", "b")).isEqualTo(users.all("a", "b")).first().isInstanceOf(User.class);
        });
    }

    @Test
    void annotationAndPropertiesSayForHowLong() {
        run(users -> {
            for (long id = 0; id < 50; id++) {
                users.find(id);
            }
            long least = SERVER.ttls.entrySet().stream().filter(ttl -> ttl.getKey().startsWith("users:")).mapToLong(
                    Map.Entry::getValue).min().orElseThrow();
            long most = SERVER.ttls.entrySet().stream().filter(ttl -> ttl.getKey().startsWith("users:")).mapToLong(
                    Map.Entry::getValue).max().orElseThrow();
            assertThat(least).isBetween(300_000L, 360_000L);
            assertThat(most).isBetween(840_000L, 900_000L);
            users.maybe(1);
            assertThat(SERVER.ttls.get("maybe:1")).isEqualTo(30_000);
            users.synced(1);
            assertThat(SERVER.ttls.get("synced:1")).isEqualTo(Duration.ofHours(2).toMillis());
        });
    }

    @Test
    void absenceIsCachedAsSpringDoes() {
        run(users -> {
            assertThat(users.maybe(-1)).isEmpty();
            assertThat(users.maybe(-1)).isEmpty();
            assertThat(users.maybe(1)).contains(new User(1, "there"));
            assertThat(users.maybe(1)).contains(new User(1, "there"));
            assertThat(users.calls()).isEqualTo(2);
        });
    }

    @Test
    void putEvictAndClearAreSeen() {
        run(users -> {
            users.save(new User(7, "saved"));
            assertThat(users.find(7).name()).isEqualTo("saved");
            users.forget(7);
            assertThat(users.find(7).name()).isEqualTo("call 1");
            users.find(8);
            users.synced(1);
            users.forgetAll();
            assertThat(users.find(7).name()).isEqualTo("call 4");
            assertThat(users.synced(1).name()).as("another cache").isEqualTo("call 3");
        });
    }

    @Test
    void parametersThatLookAlikeAreToldApart() {
        run(users -> {
            assertThat(users.all("a,b", "c")).isNotEqualTo(users.all("a", "b,c"));
            assertThat(users.all("1|1", "x")).isNotEqualTo(users.all("1", "1|x"));
        });
    }

    @Test
    void aFailureIsTheMethodsOwn() {
        run(users -> assertThatThrownBy(() -> users.synced(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no user -1"));
    }

    @Test
    void futuresAreCachedByWhatTheyHold() {
        run(users -> {
            assertThat(users.later(1).join()).isEqualTo(new User(1, "call 1"));
            assertThat(users.later(1).join()).isEqualTo(new User(1, "call 1"));
        });
    }

    @Test
    void nothingHappensWithoutServersAndMetersComeWithARegistry() {
        ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(
                CacheKitAutoConfiguration.class));
        runner.run(context -> assertThat(context).doesNotHaveBean(CacheManager.class));
        runner.withPropertyValues("cistern.cache.servers=redis://127.0.0.1:1").run(context -> {
            assertThat(context).hasSingleBean(KitCacheManager.class).doesNotHaveBean(CacheListener.class);
            assertThat(context.getBean(CacheManager.class).getCacheNames()).isEmpty();
        });
        runner.withPropertyValues("cistern.cache.servers=redis://127.0.0.1:1").withBean(MeterRegistry.class,
                SimpleMeterRegistry::new).run(context -> assertThat(context).hasSingleBean(CacheListener.class));
    }
}
