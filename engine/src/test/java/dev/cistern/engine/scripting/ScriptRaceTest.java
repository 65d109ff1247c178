package dev.cistern.engine.scripting;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
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

/** Scripts of several clients on several loops at once, with declared keys and without: nobody sees what is between. */
@Timeout(120)
final class ScriptRaceTest {
    private static final int CLIENTS = 6;
    private static final int ROUNDS = 300 * Integer.getInteger("cistern.effort", 1);
    private static final int ACCOUNTS = 8;
    private static final int FORTUNE = 1000;

    /** Moves money between two accounts, which it was told of as keys or as arguments. */
    private static final String TRANSFER = """
            local from, to = KEYS[1] or ARGV[1], KEYS[2] or ARGV[2]
            local amount = tonumber(ARGV[#ARGV])
            local balance = tonumber(redis.call('get', from))
            if from == to or balance < amount then return 0 end
            redis.call('set', from, balance - amount)
            redis.call('set', to, tonumber(redis.call('get', to)) + amount)
            return 1
            """;
    private static final String SUM = """
            local sum = 0
            for i = 1, #ARGV do sum = sum + tonumber(redis.call('get', ARGV[i])) end
            return sum
            """;

    private interface Work {
        void run(TestClient client, SplittableRandom random);
    }

    private static void everybody(TestServer server, Work work) throws ExecutionException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        List<Future<Boolean>> results = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            Callable<Boolean> task = () -> {
                try (TestClient client = server.connect()) {
                    work.run(client, random);
                    return true;
                }
            };
            results.add(threads.submit(task));
        }
        for (Future<Boolean> result : results) {
            assertThat(result.get()).isTrue();
        }
        threads.shutdown();
    }

    private static String account(SplittableRandom random) {
        return "account" + random.nextInt(ACCOUNTS);
    }

    private static String[] sum(String... start) {
        List<String> request = new ArrayList<>(List.of(start));
        for (int i = 0; i < ACCOUNTS; i++) {
            request.add("account" + i);
        }
        return request.toArray(String[]::new);
    }

    private static void fill(TestClient client) {
        for (int i = 0; i < ACCOUNTS; i++) {
            client.send("SET", "account" + i, Integer.toString(FORTUNE));
        }
    }

    private static long moved(TestClient client) {
        return client.send(sum("EVAL", SUM, "0")).number();
    }

    /** Transfers by scripts that declare both keys, one or none, beside transactions and plain commands. */
    @Test
    void moneyIsNeitherMadeNorLost() throws Exception {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            fill(client);
            everybody(server, (mine, random) -> {
                for (int i = 0; i < ROUNDS; i++) {
                    String from = account(random);
                    String to = account(random);
                    String amount = Integer.toString(random.nextInt(1, 50));
                    switch (random.nextInt(6)) {
                        case 0 -> mine.send("EVAL", TRANSFER, "2", from, to, amount);
                        case 1 -> mine.send("EVAL", TRANSFER, "0", from, to, amount);
                        case 2 -> mine.send("EVAL", TRANSFER, "1", from, "unused", to, amount);
                        case 3 -> {
                            mine.send("MULTI");
                            mine.send("DECRBY", from, amount);
                            mine.send("EVAL", "return redis.call('incrby', ARGV[1], ARGV[2])", "0", to, amount);
                            mine.send("EXEC");
                        }
                        case 4 -> assertThat(moved(mine)).isEqualTo((long) ACCOUNTS * FORTUNE);
                        default -> mine.send("MGET", from, to);
                    }
                }
            });
            assertThat(moved(client)).isEqualTo((long) ACCOUNTS * FORTUNE);
        }
    }

    /** A function's library counts in a variable of its own, in step with a key. */
    @Test
    void functionsShareOneMachine() throws Exception {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            client.send("FUNCTION", "LOAD", """
                    #!lua name=counting
                    local n = 0
                    redis.register_function('count', function(keys)
                      n = n + 1
                      local counted = redis.call('incr', keys[1] or 'counted')
                      return n == counted and 1 or redis.error_reply('WRONG ' .. n .. ' and ' .. counted)
                    end)
                    """);
            everybody(server, (mine, random) -> {
                for (int i = 0; i < ROUNDS; i++) {
                    if (random.nextBoolean()) {
                        assertThat(mine.send("FCALL", "count", "1", "counted").number()).isEqualTo(1);
                    } else if (random.nextBoolean()) {
                        assertThat(mine.send("FCALL", "count", "0").number()).isEqualTo(1);
                    } else {
                        mine.send("MULTI");
                        mine.send("FCALL", "count", "0");
                        assertThat(mine.send("EXEC").members().getFirst().number()).isEqualTo(1);
                    }
                }
            });
        }
    }

    /** Scripts are cached, evicted and forgotten while all loops run them. */
    @Test
    void theCacheChangesMeanwhile() throws Exception {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            everybody(server, (mine, random) -> {
                for (int i = 0; i < ROUNDS; i++) {
                    int number = random.nextInt(700);
                    assertThat(mine.send("EVAL", "return " + number, "0").number()).isEqualTo(number);
                    if (random.nextInt(100) == 0) {
                        mine.send("SCRIPT", "FLUSH");
                    }
                }
            });
            assertThat(client.send("EVAL", "return 'end'", "0").text()).isEqualTo("end");
        }
    }

    /** Writers that touch keys in opposite orders, after having written: no two of them wait for one another. */
    @Test
    void oppositeOrdersDoNotLockUp() throws Exception {
        try (TestServer server = TestServer.cistern()) {
            everybody(server, (mine, random) -> {
                for (int i = 0; i < ROUNDS; i++) {
                    String first = "k" + random.nextInt(40);
                    String second = "k" + random.nextInt(40);
                    if (random.nextInt(3) == 0) {
                        mine.send("MSET", second, "1", first, "2");
                    } else {
                        mine.send("EVAL", "redis.call('incr', KEYS[1]) redis.call('incr', ARGV[1])"
                                + " return redis.call('dbsize')", "1", first, second);
                    }
                }
            });
        }
    }
}
