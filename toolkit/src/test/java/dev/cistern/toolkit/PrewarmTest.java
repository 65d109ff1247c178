package dev.cistern.toolkit;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Prewarming from keys, URLs and a query; its pace, its progress, and going on after an interruption. */
final class PrewarmTest {

    private final FakeBackend server = new FakeBackend(new FakeClock());
    private final CacheKit kit = CacheKit.builder().backend(server).random(new Random(1)).build();
    private final Set<Long> loaded = ConcurrentHashMap.newKeySet();
    private final LoadingCache<Long, String> cache = kit.cache("c", Long.class, String.class).build(key -> {
        loaded.add(key);
        if (key % 10 == 9) {
            throw new IllegalStateException("no " + key);
        }
        return "value " + key;
    });

    private static List<Long> keys(long count) {
        return LongStream.range(0, count).boxed().toList();
    }

    @Test
    void everyKeyIsLoadedAndFailuresAreCounted() {
        List<Prewarm.Progress> progress = new CopyOnWriteArrayList<>();
        Prewarm.Progress end = Prewarm.keys(keys(100), cache).parallel(8).onProgress(progress::add).run();
        assertThat(end).isEqualTo(new Prewarm.Progress(100, 90, 10));
        assertThat(progress).hasSize(100);
        assertThat(loaded).hasSize(100);
        loaded.clear();
        assertThat(cache.get(1L)).isEqualTo("value 1");
        assertThat(loaded).isEmpty();
    }

    @Test
    void thePaceIsKept() {
        List<Long> sleeps = new ArrayList<>();
        Prewarm.keys(keys(20), cache).rate(0.001).sleeper(sleeps::add).run();
        assertThat(sleeps).as("the first at once").hasSize(19);
        for (int n = 0; n < sleeps.size(); n++) {
            // Piece n + 1 is due n + 1 thousand seconds after the start, less the little that has passed.
            assertThat(sleeps.get(n)).isBetween((n + 1) * 1_000_000_000_000L - 900_000_000_000L,
                    (n + 1) * 1_000_000_000_000L);
        }
    }

    @Test
    void anInterruptedRunGoesOnWhereItWas(@TempDir Path folder) throws Exception {
        Path checkpoint = folder.resolve("prewarm");
        Iterable<Long> breaksOff = () -> {
            Iterator<Long> keys = keys(1_000).iterator();
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return true;
                }

                @Override
                public Long next() {
                    if (loaded.size() >= 300) {
                        throw new IllegalStateException("pulled the plug");
                    }
                    return keys.next();
                }
            };
        };
        assertThatThrownBy(() -> Prewarm.keys(breaksOff, cache).resumable(checkpoint).run()).hasMessage(
                "pulled the plug");
        long position = Long.parseLong(Files.readString(checkpoint));
        assertThat(position).isBetween(200L, 310L);
        loaded.clear();
        Prewarm.Progress end = Prewarm.keys(keys(1_000), cache).resumable(checkpoint).run();
        assertThat(end.position()).isEqualTo(1_000);
        assertThat(end.done() + end.failed()).isEqualTo(1_000 - position);
        assertThat(checkpoint).doesNotExist();
    }

    @Test
    void urlsAreRead() throws Exception {
        AtomicInteger hits = new AtomicInteger();
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/", exchange -> {
            hits.incrementAndGet();
            exchange.sendResponseHeaders(exchange.getRequestURI().getPath().equals("/broken") ? 500 : 200, -1);
            exchange.close();
        });
        http.start();
        try {
            String base = "http://127.0.0.1:" + http.getAddress().getPort();
            Prewarm.Progress end = Prewarm.urls(List.of(URI.create(base + "/a"), URI.create(base + "/b"), URI.create(
                    base + "/broken"))).run();
            assertThat(end).isEqualTo(new Prewarm.Progress(3, 2, 1));
            assertThat(hits).hasValue(3);
        } finally {
            http.stop(0);
        }
    }

    @Test
    void aQueryTellsTheKeys() throws Exception {
        JdbcDataSource database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:prewarm;DB_CLOSE_DELAY=-1");
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("create table users (id bigint primary key, visits int)");
            statement.execute("insert into users values (1, 5), (2, 500), (3, 50)");
        }
        Prewarm.query(database, "select id from users where visits > 10 order by id", row -> row.getLong(1), cache)
                .run();
        assertThat(loaded).containsExactlyInAnyOrder(2L, 3L);
    }
}
