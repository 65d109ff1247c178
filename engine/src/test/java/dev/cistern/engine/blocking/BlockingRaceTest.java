package dev.cistern.engine.blocking;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Many who wait, on several loops. */
@Timeout(180)
final class BlockingRaceTest {
    private static final int WAITERS = 200;
    private static final int CONSUMERS = 5;
    private static final int PRODUCERS = 3;
    private static final int KEYS = 4;
    private static final int ELEMENTS = 400 * Integer.getInteger("cistern.effort", 1);

    /** Waiters come one after the other, so their order is known; elements come in batches, from two clients. */
    @Test
    void twoHundredAreServedInTheOrderInWhichTheyCame() {
        List<TestClient> waiters = new ArrayList<>();
        try (TestServer.Cistern server = (TestServer.Cistern) TestServer.cistern();
                TestClient one = server.connect();
                TestClient other = server.connect()) {
            for (int i = 0; i < WAITERS; i++) {
                TestClient waiter = server.connect();
                waiter.write(i % 3 == 0
                        ? new String[]{"BLPOP", "unused", "queue", "0"}
                        : i % 3 == 1
                                ? new String[]{"BLMOVE", "queue", "done", "LEFT", "RIGHT", "0"}
                                : new String[]{"BLMPOP", "0", "1", "queue", "LEFT"});
                waiters.add(waiter);
                while (server.node().node().sessions().all().stream().filter(each -> each.isBlocked()).count() <= i) {
                    Thread.onSpinWait();
                }
            }
            for (int i = 0; i < WAITERS; i += 4) {
                (i % 8 == 0 ? one : other).send("RPUSH", "queue", "" + i, "" + (i + 1), "" + (i + 2), "" + (i + 3));
            }
            for (int i = 0; i < WAITERS; i++) {
                assertThat(element(waiters.get(i).read())).isEqualTo("" + i);
            }
            assertThat(one.send("EXISTS", "queue").text()).isEqualTo("0");
            assertThat(server.node().node().blockedKeys().keys()).isZero();
            waiters.forEach(TestClient::close);
        }
        assertThat(Memory.heldBytes(MemoryTag.SESSION)).isZero();
    }

    private static String element(WireReply reply) {
        return reply instanceof WireReply.Array array ? element(array.members().getLast()) : reply.text();
    }

    /** Random producers and consumers on few keys: what was pushed was had once, or is still there. */
    @DisplayName("Use-after-free class in blocked clients")
    @Test
    void nothingIsLostOrHadTwice() throws Exception {
        try (TestServer.Cistern server = (TestServer.Cistern) TestServer.cistern();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            ConcurrentLinkedQueue<String> had = new ConcurrentLinkedQueue<>();
            List<Future<?>> consuming = new ArrayList<>();
            for (int i = 0; i < CONSUMERS; i++) {
                SplittableRandom random = new SplittableRandom(i);
                consuming.add(threads.submit(() -> consume(server, random, had)));
            }
            List<Future<?>> producing = new ArrayList<>();
            for (int i = 0; i < PRODUCERS; i++) {
                SplittableRandom random = new SplittableRandom(100 + i);
                String name = "p" + i + ":";
                producing.add(threads.submit(() -> produce(server, random, name)));
            }
            for (Future<?> each : producing) {
                each.get();
            }
            try (TestClient client = server.connect()) {
                while (had.size() < PRODUCERS * ELEMENTS && leftOver(client) > 0) {
                    Thread.onSpinWait();
                }
                for (int i = 0; i < CONSUMERS; i++) {
                    client.send("RPUSH", "key0", "stop");
                }
            }
            for (Future<?> each : consuming) {
                each.get();
            }
            assertThat(had).hasSize(PRODUCERS * ELEMENTS).doesNotHaveDuplicates();
            assertThat(server.node().node().blockedKeys().keys()).isZero();
        }
    }

    private static long leftOver(TestClient client) {
        long sum = 0;
        for (int i = 0; i < KEYS; i++) {
            sum += Long.parseLong(client.send("LLEN", "key" + i).text());
        }
        return sum;
    }

    private static void produce(TestServer server, SplittableRandom random, String name) {
        try (TestClient client = server.connect()) {
            for (int i = 0; i < ELEMENTS; i++) {
                String key = "key" + random.nextInt(KEYS);
                switch (random.nextInt(3)) {
                    case 0 -> client.send("RPUSH", key, name + i);
                    case 1 -> {
                        client.send("MULTI");
                        client.send("RPUSH", key, name + i);
                        client.send("LLEN", "key" + random.nextInt(KEYS));
                        client.send("EXEC");
                    }
                    default -> {
                        client.send("RPUSH", "staging" + name, name + i);
                        client.send("LMOVE", "staging" + name, key, "LEFT", "RIGHT");
                    }
                }
            }
        }
    }

    /** All keys are waited for now and then, so that nothing stays in one that nobody looks at. */
    private static void consume(TestServer server, SplittableRandom random, ConcurrentLinkedQueue<String> had) {
        try (TestClient client = server.connect()) {
            while (true) {
                String from = "key" + random.nextInt(KEYS);
                String to = "key" + random.nextInt(KEYS);
                WireReply reply = switch (random.nextInt(4)) {
                    case 0 -> client.send("BLPOP", "key3", "key2", "key1", "key0", "0");
                    case 1 -> client.send("BRPOP", from, "0.005");
                    case 2 -> client.send("BLMPOP", "0.01", "2", from, "key0", "RIGHT");
                    default -> {
                        // Only carries it on: somebody has it later.
                        client.send("BLMOVE", from, to, "LEFT", "RIGHT", "0.002");
                        yield WireReply.nilArray();
                    }
                };
                if (reply.equals(WireReply.nilArray())) {
                    continue;
                }
                String element = element(reply);
                if (element.equals("stop")) {
                    return;
                }
                had.add(element);
            }
        }
    }
}
