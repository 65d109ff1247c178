package dev.cistern.engine.histories;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Eight clients at once on a few keys, for every family of commands that promise to happen as one: their replies must be
 * those of some order. {@code -Dcistern.effort=60} plays each family for about a minute.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class HistoriesTest {
    private static final int SECONDS = Integer.getInteger("cistern.effort", 1);
    private static final int CLIENTS = 8;
    /** A history has so many operations of each client; then come other keys, so that none gets too long to check. */
    private static final int OPERATIONS = 30;

    /** How commands are run as one. */
    private enum Way {
        ALONE, TRANSACTION,
        /** A value is read, and written in a transaction that only happens if nobody else wrote it since. */
        WATCHED, SCRIPT, SCRIPT_WITHOUT_KEYS
    }

    /** Which commands, on how many keys, run in which way. */
    enum Family {
        REGISTER, COUNTER, APPENDING, LIST, SET, SEVERAL_KEYS, TRANSACTION, SCRIPT, HAND_OVER;

        int keys() {
            return switch (this) {
                case REGISTER, COUNTER, APPENDING -> 1;
                case LIST, SET, HAND_OVER -> 2;
                case SEVERAL_KEYS, TRANSACTION, SCRIPT -> 3;
            };
        }

        /** How many commands go together, at most, unless alone. */
        int most() {
            return this == TRANSACTION || this == SCRIPT ? 3 : 1;
        }

        private List<Way> ways() {
            return switch (this) {
                case TRANSACTION -> List.of(Way.TRANSACTION, Way.TRANSACTION, Way.WATCHED, Way.ALONE);
                case SCRIPT -> List.of(Way.SCRIPT, Way.SCRIPT_WITHOUT_KEYS, Way.TRANSACTION, Way.ALONE);
                case HAND_OVER -> List.of(Way.ALONE, Way.ALONE, Way.TRANSACTION);
                default -> List.of(Way.ALONE);
            };
        }

        private List<String> commands() {
            return switch (this) {
                case REGISTER -> List.of("GET k", "GET k", "SET k v", "SET k v IFEQ v", "SETNX k v", "GETSET k v",
                        "GETDEL k", "DEL k");
                case COUNTER -> List.of("INCRBY k 1", "INCRBY k -3", "GET k");
                case APPENDING -> List.of("APPEND k v", "GET k");
                case LIST -> List.of("RPUSH k v", "RPUSH k v v", "LRANGE k 0 -1", "LPOP k", "LLEN k",
                        "LMOVE k k LEFT RIGHT", "RENAMENX k k", "SORT k ALPHA STORE k");
                case SET -> List.of("SADD k v", "SREM k v", "SISMEMBER k v", "SCARD k", "SMEMBERS k", "SMOVE k k v");
                case SEVERAL_KEYS -> List.of("MSET k v k v", "MSETNX k v k v", "MGET k k k", "DEL k k",
                        "EXISTS k k", "RENAMENX k k", "SET k v");
                case TRANSACTION, SCRIPT -> List.of("INCRBY k 1", "GET k", "MGET k k k", "DEL k", "MSET k 1 k 2",
                        "RENAMENX k k");
                case HAND_OVER -> List.of("RPUSH k v", "RPUSH k v v", "BLPOP k k 0.003", "BLPOP k 0.003",
                        "BLMOVE k k LEFT RIGHT 0.003", "LPOP k", "LRANGE k 0 -1");
            };
        }

        /** Each k stands for one of the keys, each v for a value. */
        List<String> command(SplittableRandom random, String[] names) {
            List<String> command = new ArrayList<>();
            for (String word : oneOf(random, commands()).split(" ")) {
                command.add(switch (word) {
                    case "k" -> names[random.nextInt(keys())];
                    case "v" -> "v" + random.nextInt(this == LIST || this == HAND_OVER ? 1000 : 4);
                    default -> word;
                });
            }
            return command;
        }

        private static <T> T oneOf(SplittableRandom random, List<T> choices) {
            return choices.get(random.nextInt(choices.size()));
        }

        private Way way(SplittableRandom random) {
            return oneOf(random, ways());
        }
    }

    /** Runs what it is told as commands of three parts: how many words, then these. */
    private static final String SCRIPT = """
            local replies, at = {}, 1
            while ARGV[at] do
              local count = tonumber(ARGV[at])
              replies[#replies + 1] = redis.pcall(unpack(ARGV, at + 1, at + count))
              at = at + count + 1
            end
            return replies
            """;

    @ParameterizedTest
    @EnumSource(Family.class)
    void repliesAreThoseOfSomeOrder(Family family) throws Exception {
        long seed = Long.getLong("cistern.seed", 1);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int histories = 0;
        try (TestServer server = TestServer.cistern("maxmemory", "0");
                ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(server.connect());
            }
            do {
                List<Operation> history = play(family, seed + histories, clients, threads);
                assertThat(Linearizability.holds(history))
                        .as(() -> "seed " + seed + ":\n" + history.stream().map(Operation::toString)
                                .sorted().reduce("", (all, line) -> all + line + "\n"))
                        .isTrue();
                histories++;
            } while (System.nanoTime() < end);
            clients.forEach(TestClient::close);
        }
        System.out.println(family + ": " + histories + " histories of " + CLIENTS * OPERATIONS
                + " operations, all explained");
    }

    private static List<Operation> play(Family family, long seed, List<TestClient> clients, ExecutorService threads)
            throws Exception {
        String[] names = new String[family.keys()];
        for (int i = 0; i < names.length; i++) {
            names[i] = "key:" + seed + ":" + i;
        }
        List<Callable<List<Operation>>> tasks = new ArrayList<>();
        for (int i = 0; i < clients.size(); i++) {
            TestClient client = clients.get(i);
            SplittableRandom random = new SplittableRandom(seed * CLIENTS + i);
            tasks.add(() -> {
                List<Operation> mine = new ArrayList<>();
                for (int done = 0; done < OPERATIONS; done++) {
                    mine.add(operate(family, client, random, names));
                }
                return mine;
            });
        }
        List<Operation> all = new ArrayList<>();
        for (Future<List<Operation>> task : threads.invokeAll(tasks)) {
            all.addAll(task.get());
        }
        return all;
    }

    private static Operation operate(Family family, TestClient client, SplittableRandom random, String[] names) {
        Way way = family.way(random);
        int count = way == Way.ALONE ? 1 : random.nextInt(1, family.most() + 1);
        List<List<String>> commands = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            commands.add(family.command(random, names));
        }
        return switch (way) {
            case ALONE -> alone(client, commands);
            case TRANSACTION -> transaction(client, commands);
            case WATCHED -> watched(client, names[random.nextInt(names.length)], "" + random.nextInt(1000));
            case SCRIPT -> script(client, commands, names);
            case SCRIPT_WITHOUT_KEYS -> script(client, commands, new String[0]);
        };
    }

    private static Operation alone(TestClient client, List<List<String>> commands) {
        long called = System.nanoTime();
        WireReply reply = client.send(commands.getFirst().toArray(String[]::new));
        return new Operation(commands, List.of(reply), called, System.nanoTime());
    }

    private static Operation transaction(TestClient client, List<List<String>> commands) {
        client.send("MULTI");
        commands.forEach(command -> client.send(command.toArray(String[]::new)));
        long called = System.nanoTime();
        List<WireReply> replies = client.send("EXEC").members();
        return new Operation(commands, replies, called, System.nanoTime());
    }

    /** When it happened, the value was still the one that was read; when it did not, nothing is claimed. */
    private static Operation watched(TestClient client, String key, String value) {
        client.send("WATCH", key);
        WireReply read = client.send("GET", key);
        client.send("MULTI");
        client.send("SET", key, value);
        long called = System.nanoTime();
        WireReply reply = client.send("EXEC");
        long returned = System.nanoTime();
        return reply instanceof WireReply.Null
                ? new Operation(List.of(), List.of(), called, returned)
                : new Operation(List.of(List.of("GET", key), List.of("SET", key, value)),
                        List.of(read, reply.members().getFirst()), called, returned);
    }

    private static Operation script(TestClient client, List<List<String>> commands, String[] keys) {
        List<String> request = new ArrayList<>(List.of("EVAL", SCRIPT, Integer.toString(keys.length)));
        request.addAll(List.of(keys));
        for (List<String> command : commands) {
            request.add(Integer.toString(command.size()));
            request.addAll(command);
        }
        long called = System.nanoTime();
        List<WireReply> replies = client.send(request.toArray(String[]::new)).members();
        return new Operation(commands, replies, called, System.nanoTime());
    }
}
