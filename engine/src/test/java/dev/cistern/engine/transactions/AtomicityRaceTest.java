package dev.cistern.engine.transactions;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Commands on several keys, by several clients on several loops: what they promise together holds at every moment. */
@Timeout(120)
final class AtomicityRaceTest {
    private static final int CLIENTS = 8;
    private static final int ROUNDS = 300 * Integer.getInteger("cistern.effort", 1);
    private static final int LISTS = 4;
    private static final int TOKENS = 20;

    private interface Round {
        /** Answers how often something was wrong. */
        int run(TestClient client, SplittableRandom random, String me);
    }

    private static int violations(TestServer server, Round round) throws Exception {
        int violations = 0;
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                String me = "client" + i;
                SplittableRandom random = new SplittableRandom(i);
                results.add(threads.submit(() -> {
                    int wrong = 0;
                    try (TestClient client = server.connect()) {
                        for (int at = 0; at < ROUNDS; at++) {
                            wrong += round.run(client, random, me);
                        }
                    }
                    return wrong;
                }));
            }
            for (Future<Integer> result : results) {
                violations += result.get();
            }
        }
        return violations;
    }

    /** Tokens go from list to list; whoever counts them all at once counts them all. */
    @Test
    void movedElementsAreNeverInBetween() throws Exception {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            for (int i = 0; i < TOKENS; i++) {
                client.send("RPUSH", "list0", "token" + i);
            }
            assertThat(violations(server, (mine, random, me) -> {
                String from = "list" + random.nextInt(LISTS);
                String to = "list" + random.nextInt(LISTS);
                switch (random.nextInt(4)) {
                    case 0 -> mine.send("LMOVE", from, to, "LEFT", "RIGHT");
                    case 1 -> mine.send("BLMOVE", from, to, "RIGHT", "LEFT", "0.001");
                    case 2 -> mine.send("RENAMENX", from, to);
                    default -> {
                        mine.send("MULTI");
                        for (int i = 0; i < LISTS; i++) {
                            mine.send("LLEN", "list" + i);
                        }
                        long sum = mine.send("EXEC").members().stream()
                                .mapToLong(each -> Long.parseLong(each.text())).sum();
                        return sum == TOKENS ? 0 : 1;
                    }
                }
                return 0;
            })).isZero();
        }
    }

    /** Who sets both keys owns them until it deletes them; nobody sets one of two. */
    @Test
    void msetnxSetsAllOrNothing() throws Exception {
        try (TestServer server = TestServer.cistern()) {
            assertThat(violations(server, (mine, random, me) -> {
                if (mine.send("MSETNX", "a", me, "b", me, "c", me).equals(WireReply.integer(0))) {
                    return 0;
                }
                boolean mineAlone = mine.send("MGET", "a", "b", "c").texts().equals(List.of(me, me, me));
                return mine.send("DEL", "a", "b", "c").equals(WireReply.integer(3)) && mineAlone ? 0 : 1;
            })).isZero();
        }
    }
}
