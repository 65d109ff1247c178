package dev.cistern.engine.transactions;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Transactions of several clients on several loops at once: whole or not at all, and never based on stale reads. */
@Timeout(120)
final class TransactionRaceTest {
    private static final int CLIENTS = 6;
    private static final int ROUNDS = 150 * Integer.getInteger("cistern.effort", 1);
    private static final int ACCOUNTS = 6;
    private static final WireReply ABORTED = WireReply.nilArray();

    private interface Work {
        long run(TestClient client, SplittableRandom random);
    }

    private static long sumOf(TestServer server, Work work) throws ExecutionException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        List<Future<Long>> results = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            Callable<Long> task = () -> {
                try (TestClient client = server.connect()) {
                    return work.run(client, random);
                }
            };
            results.add(threads.submit(task));
        }
        long sum = 0;
        for (Future<Long> result : results) {
            sum += result.get();
        }
        threads.shutdown();
        return sum;
    }

    /** Read, watch, write back: as many increments as EXECs that were answered. */
    @Test
    void optimisticIncrementsAreNeverLost() throws Exception {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            client.send("SET", "counter", "0");
            long done = sumOf(server, (mine, random) -> {
                long increments = 0;
                for (int i = 0; i < ROUNDS; i++) {
                    mine.send("WATCH", "counter");
                    long value = Long.parseLong(mine.send("GET", "counter").text());
                    mine.send("MULTI");
                    mine.send("SET", "counter", Long.toString(value + 1));
                    increments += mine.send("EXEC").equals(ABORTED) ? 0 : 1;
                }
                return increments;
            });
            assertThat(Long.parseLong(client.send("GET", "counter").text())).isEqualTo(done).isPositive();
        }
    }

    /** Each watches one key and writes the other: both succeed only if one saw what the other had written. */
    @Test
    void twoThatWatchEachOthersKeysCannotBothSucceed() throws Exception {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            client.send("MSET", "a", "0", "b", "0");
            long broken = sumOf(server, (mine, random) -> {
                long bothSet = 0;
                for (int i = 0; i < ROUNDS; i++) {
                    boolean first = random.nextBoolean();
                    String read = first ? "a" : "b";
                    String write = first ? "b" : "a";
                    bothSet += mine.send("MGET", "a", "b").texts().equals(List.of("1", "1")) ? 1 : 0;
                    mine.send("WATCH", read);
                    boolean free = mine.send("GET", read).text().equals("0");
                    mine.send("MULTI");
                    mine.send("SET", write, free ? "1" : "0");
                    mine.send("EXEC");
                }
                return bothSet;
            });
            assertThat(broken).isZero();
        }
    }

    /** Transfers inside EXEC, sums inside EXEC: no sum sees half a transfer. */
    @Test
    void transfersAreSeenWhole() throws Exception {
        try (TestServer server = TestServer.cistern()) {
            long wrongSums = sumOf(server, (mine, random) -> {
                long wrong = 0;
                for (int i = 0; i < ROUNDS; i++) {
                    mine.send("MULTI");
                    if (random.nextInt(3) > 0) {
                        mine.send("DECRBY", "account" + random.nextInt(ACCOUNTS), "5");
                        mine.send("INCRBY", "account" + random.nextInt(ACCOUNTS), "5");
                        mine.send("EXEC");
                        continue;
                    }
                    for (int account = 0; account < ACCOUNTS; account++) {
                        mine.send("INCRBY", "account" + account, "0");
                    }
                    long sum = mine.send("EXEC").members().stream().mapToLong(each -> Long.parseLong(each.text()))
                            .sum();
                    wrong += sum == 0 ? 0 : 1;
                }
                return wrong;
            });
            assertThat(wrongSums).isZero();
        }
    }

    @Test
    void nothingStaysBehind() throws Exception {
        try (TestServer.Cistern server = (TestServer.Cistern) TestServer.cistern()) {
            long unused = sumOf(server, (mine, random) -> {
                for (int i = 0; i < ROUNDS; i++) {
                    mine.send("WATCH", "k" + random.nextInt(10), "k" + random.nextInt(10));
                    mine.send("SET", "k" + random.nextInt(10), "1");
                    mine.send("MULTI");
                    mine.send("SET", "k" + random.nextInt(10), "x".repeat(random.nextInt(2000)));
                    mine.send(random.nextBoolean() ? "EXEC" : "DISCARD");
                }
                mine.send("WATCH", "left", "behind");
                return 0;
            });
            assertThat(unused).isZero();
            while (server.node().node().sessions().count() > 0) {
                Thread.onSpinWait();
            }
            assertThat(server.node().node().watchedKeys().count()).isZero();
        }
        assertThat(Memory.heldBytes(MemoryTag.SESSION)).isZero();
    }
}
