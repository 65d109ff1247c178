package dev.cistern.toolkit;

import dev.cistern.toolkit.codec.Codecs;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Every pattern over a fake server and a fake clock. Background work is queued, and done when the test says so. */
@NullUnmarked
final class RemoteCacheTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final FakeClock clock = new FakeClock();
    private final FakeBackend server = new FakeBackend(clock);
    private final Queue<Runnable> background = new ConcurrentLinkedQueue<>();
    private final List<Outcome> outcomes = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger loads = new AtomicInteger();
    private final CacheKit kit = kit().build();

    private CacheKit.Builder kit() {
        return CacheKit.builder().backend(server).prefix("t:").clock(clock).random(new Random(7)).executor(
                background::add).listener(new CacheListener() {
                    @Override
                    public void onGet(String cache, Outcome outcome) {
                        outcomes.add(outcome);
                    }
                });
    }

    record User(long id, String name) {}

    private User find(Long id) {
        loads.incrementAndGet();
        return new User(id, "user " + id + " load " + loads.get());
    }

    private CacheBuilder<Long, User> users() {
        return kit.cache("users", Long.class, User.class);
    }

    private void runBackground() {
        while (!background.isEmpty()) {
            background.remove().run();
        }
    }

    @Test
    void loadsOncePerMissAndNeverPerHit() {
        LoadingCache<Long, User> users = users().build(this::find);
        assertThat(users.get(1L)).isEqualTo(new User(1, "user 1 load 1"));
        assertThat(users.get(1L)).isEqualTo(new User(1, "user 1 load 1"));
        assertThat(users.getIfPresent(1L)).isNotNull();
        assertThat(users.getIfPresent(2L)).isNull();
        assertThat(outcomes).containsExactly(Outcome.MISS, Outcome.HIT, Outcome.HIT, Outcome.MISS);
    }

    @Test
    void livesAnHourUnlessToldOtherwise() {
        users().build(this::find).get(1L);
        assertThat(server.ttlMillis("t:users:1")).isEqualTo(Duration.ofHours(1).toMillis());
        kit.cache("short", Long.class, User.class).ttl(MINUTE).build(this::find).get(1L);
        assertThat(server.ttlMillis("t:short:1")).isEqualTo(60_000);
        kit.cache("ever", Long.class, User.class).noExpiry().build(this::find).get(1L);
        assertThat(server.ttlMillis("t:ever:1")).isGreaterThan(Duration.ofDays(10_000).toMillis());
    }

    @Test
    void jitterSpreadsWhatIsStoredTogether() {
        LoadingCache<Long, User> users = users().ttl(MINUTE).jitter(0.1).build(this::find);
        TreeSet<Long> expiries = new TreeSet<>();
        for (long id = 0; id < 200; id++) {
            users.get(id);
            expiries.add(server.ttlMillis("t:users:" + id));
        }
        assertThat(expiries.first()).isBetween(54_000L, 55_000L);
        assertThat(expiries.last()).isBetween(65_000L, 66_000L);
        assertThat(expiries).hasSizeGreaterThan(190);
    }

    @Test
    void tenThousandKeysStoredTogetherExpireEvenlyOverTheWindow() {
        LoadingCache<Long, User> users = users().ttl(MINUTE).jitter(0.1).build(this::find);
        int[] expiries = new int[40];
        for (long id = 0; id < 10_000; id++) {
            users.get(id);
            long ttlMillis = server.ttlMillis("t:users:" + id);
            assertThat(ttlMillis).isBetween(54_000L, 66_000L);
            expiries[(int) Math.min(39, (ttlMillis - 54_000) / 300)]++;
        }
        assertThat(ChiSquare.of(expiries)).isLessThan(ChiSquare.ONCE_IN_A_THOUSAND_OF_40);
    }

    /** A thousand requests a second for a minute. */
    @Test
    void fiveSecondBandAidLoadsOncePerFiveSeconds() {
        List<Long> loadedAtMillis = new ArrayList<>();
        LoadingCache<Long, User> users = users().ttl(Duration.ofSeconds(5)).build(id -> {
            loadedAtMillis.add(clock.millis());
            return find(id);
        });
        for (int request = 0; request < 60_000; request++) {
            assertThat(users.get(1L)).isNotNull();
            clock.pass(Duration.ofMillis(1));
        }
        assertThat(loadedAtMillis).hasSize(12);
        for (int load = 1; load < loadedAtMillis.size(); load++) {
            assertThat(loadedAtMillis.get(load) - loadedAtMillis.get(load - 1)).isGreaterThanOrEqualTo(5_000);
        }
    }

    @Test
    void absenceIsRememberedForItsOwnTimeOnlyIfAsked() {
        LoadingCache<Long, User> forgets = users().build(id -> {
            loads.incrementAndGet();
            return null;
        });
        assertThat(forgets.get(1L)).isNull();
        assertThat(forgets.get(1L)).isNull();
        assertThat(loads).hasValue(2);

        LoadingCache<Long, User> remembers = users().cacheAbsent(Duration.ofSeconds(30)).build(id -> {
            loads.incrementAndGet();
            return null;
        });
        assertThat(remembers.get(1L)).isNull();
        assertThat(remembers.get(1L)).isNull();
        assertThat(loads).hasValue(3);
        clock.pass(Duration.ofSeconds(30));
        assertThat(remembers.get(1L)).isNull();
        assertThat(loads).hasValue(4);
        assertThat(outcomes).contains(Outcome.ABSENT);
    }

    @Test
    void staleIsServedWhileItIsRefreshed() {
        LoadingCache<Long, User> users = users().ttl(MINUTE).staleWhileRevalidate(MINUTE).build(this::find);
        users.get(1L);
        clock.pass(Duration.ofSeconds(61));
        assertThat(users.get(1L).name()).endsWith("load 1");
        assertThat(users.get(1L).name()).endsWith("load 1");
        assertThat(loads).hasValue(1);
        assertThat(background).as("one refresh for two stale reads").hasSize(1);
        runBackground();
        assertThat(users.get(1L).name()).endsWith("load 2");
        clock.pass(Duration.ofSeconds(121));
        assertThat(users.get(1L).name()).as("too old to be served").endsWith("load 3");
        assertThat(outcomes).containsExactly(Outcome.MISS, Outcome.STALE, Outcome.STALE, Outcome.HIT, Outcome.MISS);
    }

    @Test
    void staleIsServedWhenTheLoaderFails() {
        LoadingCache<Long, User> users = users().ttl(MINUTE).staleIfError(Duration.ofHours(1)).build(id -> {
            if (loads.incrementAndGet() > 1) {
                throw new IOException("the database is away");
            }
            return new User(id, "old");
        });
        users.get(1L);
        clock.pass(Duration.ofMinutes(30));
        assertThat(users.get(1L).name()).isEqualTo("old");
        assertThat(outcomes).contains(Outcome.STALE_ON_ERROR);
        clock.pass(Duration.ofMinutes(31));
        assertThatThrownBy(() -> users.get(1L)).isInstanceOf(LoadException.class).cause().hasMessage(
                "the database is away");
    }

    @Test
    void refreshAheadHappensBeforeTheEndAndOnlyWhenRead() {
        LoadingCache<Long, User> users = users().ttl(MINUTE).refreshAhead(0.8).build(this::find);
        users.get(1L);
        clock.pass(Duration.ofSeconds(47));
        users.get(1L);
        assertThat(background).isEmpty();
        clock.pass(Duration.ofSeconds(2));
        assertThat(users.get(1L).name()).endsWith("load 1");
        runBackground();
        assertThat(users.get(1L).name()).endsWith("load 2");
        clock.pass(MINUTE);
        assertThat(loads).as("nobody read, nothing was refreshed").hasValue(2);
    }

    @Test
    void writeThroughStoresFirstAndCachesAfter() {
        List<String> log = new ArrayList<>();
        Cache<Long, User> users = users().writer((id, user) -> log.add("stored " + id + " while cached: "
                + (server.ttlMillis("t:users:" + id) >= 0))).build();
        users.put(1L, new User(1, "new"));
        assertThat(log).containsExactly("stored 1 while cached: false");
        assertThat(users.getIfPresent(1L).name()).isEqualTo("new");
    }

    @Test
    void aFailedWriteLeavesTheCacheAsItWas() {
        LoadingCache<Long, User> users = users().writer((id, user) -> {
            throw new IOException("disk full");
        }).build(this::find);
        users.get(1L);
        assertThatThrownBy(() -> users.put(1L, new User(1, "new"))).isInstanceOf(LoadException.class);
        assertThat(users.getIfPresent(1L).name()).endsWith("load 1");
    }

    @Test
    void invalidatedIsLoadedAgain() {
        LoadingCache<Long, User> users = users().build(this::find);
        users.get(1L);
        users.get(2L);
        users.invalidate(1L);
        assertThat(users.get(1L).name()).endsWith("load 3");
        users.invalidateAll(List.of(1L, 2L));
        assertThat(server.size()).isZero();
    }

    @Test
    void sourceAsksTheLoaderAndStoresForTheOthers() {
        LoadingCache<Long, User> users = users().build(this::find);
        users.get(1L);
        assertThat(users.reading(Freshness.SOURCE).get(1L).name()).endsWith("load 2");
        assertThat(users.get(1L).name()).endsWith("load 2");
        assertThat(outcomes).containsExactly(Outcome.MISS, Outcome.SOURCE, Outcome.HIT);
    }

    @Test
    void manyAreReadInOneRoundTripAndLoadedInOneCall() {
        LoadingCache<Long, User> users = users().build(this::find);
        users.put(1L, new User(1, "one"));
        List<Object> asked = new ArrayList<>();
        server.roundTrips = 0;
        Map<Long, User> all = users.getAll(List.of(1L, 2L, 3L), keys -> {
            asked.addAll(keys);
            return Map.of(2L, new User(2, "two"));
        });
        assertThat(asked).containsExactly(2L, 3L);
        assertThat(all).containsOnlyKeys(1L, 2L);
        assertThat(server.roundTrips).as("one read, one write").isEqualTo(2);
        assertThat(users.getAll(List.of(1L, 2L), keys -> {
            throw new AssertionError("all are there");
        })).hasSize(2);
        assertThat(users.getAll(List.of(5L, 6L))).hasSize(2);
    }

    @Test
    void tagsInvalidateManyEntriesOfManyCaches() {
        LoadingCache<Long, User> users = users().taggedBy(id -> List.of("team:" + id % 2, "all")).build(this::find);
        for (long id = 0; id < 4; id++) {
            users.get(id);
        }
        assertThat(loads).hasValue(4);
        server.roundTrips = 0;
        users.get(0L);
        assertThat(server.roundTrips).as("entry and tags in one").isEqualTo(1);
        kit.invalidateTags("team:1");
        for (long id = 0; id < 4; id++) {
            users.get(id);
        }
        assertThat(loads).as("1 and 3 again").hasValue(6);
        kit.invalidateTags("all");
        users.getAll(List.of(0L, 1L, 2L, 3L));
        assertThat(loads).hasValue(10);
        users.put(0L, new User(0, "put"));
        assertThat(users.get(0L).name()).isEqualTo("put");
    }

    @Test
    void aTagBumpedDuringTheLoadMakesWhatWasLoadedWorthless() {
        LoadingCache<Long, User> users = users().taggedBy(id -> List.of("t")).build(id -> {
            User loaded = find(id);
            if (loads.get() == 1) {
                kit.invalidateTags("t");
            }
            return loaded;
        });
        assertThat(users.get(1L).name()).endsWith("load 1");
        assertThat(users.get(1L).name()).endsWith("load 2");
        assertThat(users.get(1L).name()).endsWith("load 2");
    }

    @Test
    void anInvalidationDuringTheLoadKeepsTheOldValueOut() {
        List<Cache<Long, User>> self = new ArrayList<>();
        LoadingCache<Long, User> users = users().build(id -> {
            User loaded = find(id);
            if (loads.get() == 1) {
                self.get(0).invalidate(id);
            }
            return loaded;
        });
        self.add(users);
        assertThat(users.get(1L).name()).endsWith("load 1");
        assertThat(server.size()).isZero();
        assertThat(users.get(1L).name()).endsWith("load 2");
    }

    @Test
    void anotherSchemaOrAStrangersValueIsAMiss() {
        users().build(this::find).get(1L);
        assertThat(users().schemaVersion(1).build().getIfPresent(1L)).isNull();
        server.putRaw("t:users:2", "not ours at all, but long enough".getBytes(UTF_8));
        assertThat(users().build(this::find).get(2L).name()).endsWith("load 2");
    }

    @Test
    void keysThatMemcachedWouldRefuseAreHashed() {
        Cache<String, String> texts = kit.cache("texts", String.class, String.class).build();
        for (String key : List.of("with space", "ü", "#x", "x".repeat(300), "")) {
            texts.put(key, "value of " + key);
            assertThat(texts.getIfPresent(key)).isEqualTo("value of " + key);
        }
        assertThat(Keys.text("t:", "texts", "with space")).matches("t:texts:#[0-9a-f]{64}");
        assertThat(Keys.text("t:", "texts", "plain/1")).isEqualTo("t:texts:plain/1");
        assertThat(Keys.text("t:", "n".repeat(60), "k".repeat(300)).length()).isLessThan(250);
    }

    @Test
    void aCacheThatIsDownIsAMissAndASilentWrite() {
        LoadingCache<Long, User> users = users().taggedBy(id -> List.of("t")).staleIfError(MINUTE).build(this::find);
        server.down = true;
        assertThat(users.get(1L).name()).endsWith("load 1");
        assertThat(users.getAll(List.of(1L, 2L))).hasSize(2);
        users.put(1L, new User(1, "put"));
        users.invalidate(1L);
        kit.invalidateTags("t");
        assertThat(users.getIfPresent(1L)).isNull();
        assertThat(outcomes).contains(Outcome.UNAVAILABLE);
        server.down = false;
        assertThat(users.get(3L)).isNotNull();
    }

    @Test
    void aStrictKitSaysThatTheCacheIsDown() {
        LoadingCache<Long, User> users = kit().failWhenCacheDown().build().cache("users", Long.class, User.class)
                .build(this::find);
        server.down = true;
        assertThatThrownBy(() -> users.get(1L)).isInstanceOf(CacheUnavailableException.class);
        assertThatThrownBy(() -> users.invalidate(1L)).isInstanceOf(CacheUnavailableException.class);
        assertThatThrownBy(() -> users.put(1L, new User(1, "x"))).isInstanceOf(CacheUnavailableException.class);
        assertThat(loads).hasValue(0);
    }

    @Test
    void aLoaderMayAskForItsOwnKey() {
        List<LoadingCache<Long, User>> self = new ArrayList<>();
        LoadingCache<Long, User> users = users().build(id -> loads.incrementAndGet() == 1
                ? self.get(0).get(id)
                : new User(id, "inner"));
        self.add(users);
        assertThat(users.get(1L).name()).isEqualTo("inner");
    }

    @Test
    void aHundredThreadsLoadOnce() throws Exception {
        CountDownLatch inLoader = new CountDownLatch(1);
        LoadingCache<Long, User> users = kit.cache("users", Long.class, User.class).build(id -> {
            inLoader.await(10, TimeUnit.SECONDS);
            return find(id);
        });
        ExecutorService threads = Executors.newFixedThreadPool(100);
        try {
            CountDownLatch started = new CountDownLatch(100);
            List<Future<User>> answers = new ArrayList<>();
            for (int n = 0; n < 100; n++) {
                answers.add(threads.submit(() -> {
                    started.countDown();
                    return users.get(1L);
                }));
            }
            started.await();
            inLoader.countDown();
            for (Future<User> answer : answers) {
                assertThat(answer.get(20, TimeUnit.SECONDS).name()).endsWith("load 1");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aFailedLoadFailsForAllWhoWaitAndIsTriedAgainByTheNext() {
        LoadingCache<Long, User> users = users().build(id -> {
            if (loads.incrementAndGet() == 1) {
                throw new IllegalStateException("first");
            }
            return new User(id, "second");
        });
        assertThatThrownBy(() -> users.get(1L)).isInstanceOf(IllegalStateException.class).hasMessage("first");
        assertThat(users.get(1L).name()).isEqualTo("second");
    }

    @Test
    void asyncTwinsDoTheSame() {
        LoadingCache<Long, User> users = users().build(this::find);
        CompletableFuture<User> first = users.getAsync(1L);
        runBackground();
        assertThat(first.join().name()).endsWith("load 1");
        CompletableFuture<Map<Long, User>> all = users.getAllAsync(List.of(1L, 2L), keys -> Map.of(2L, new User(2,
                "bulk")));
        runBackground();
        assertThat(all.join()).containsOnlyKeys(1L, 2L);
        CompletableFuture<Void> put = users.putAsync(3L, new User(3, "put"));
        runBackground();
        put.join();
        CompletableFuture<User> present = users.getIfPresentAsync(3L);
        runBackground();
        assertThat(present.join().name()).isEqualTo("put");
        users.invalidateAsync(3L).join();
        assertThat(users.getIfPresent(3L)).isNull();
        CompletableFuture<User> refreshed = users.refresh(1L);
        runBackground();
        assertThat(refreshed.join().name()).endsWith("load 2");
    }

    @Test
    void touchingACommentMakesItsStoryAndPageNewAndSparesTheSiblings() {
        Dolls dolls = kit.dolls("news");
        List<String> rendered = new ArrayList<>();
        LoadingCache<Doll, String> html = dolls.fragments(Codecs.TEXT).build(doll -> {
            rendered.add(doll.id());
            return "<" + doll.id() + ">";
        });
        Doll page = Doll.of("page", 7);
        Doll story = Doll.of("story", 3).inside(page);
        Doll sibling = Doll.of("story", 4).inside(page);
        Doll comment = Doll.of("comment", 5).inside(story);
        List<Doll> all = List.of(page, story, sibling, comment);
        all.forEach(html::get);
        all.forEach(html::get);
        assertThat(rendered).hasSize(4);
        rendered.clear();
        dolls.touch(comment);
        all.forEach(html::get);
        assertThat(rendered).containsExactly("page/7", "story/3", "comment/5");
    }

    @Test
    void compressedValuesComeBack() {
        Cache<String, String> texts = kit.cache("texts", String.class, String.class).compressFrom(100).build();
        String page = "<li>the same</li>".repeat(1_000);
        texts.put("page", page);
        assertThat(texts.getIfPresent("page")).isEqualTo(page);
    }
}
