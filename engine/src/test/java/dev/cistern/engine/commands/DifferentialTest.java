package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import static org.junit.jupiter.api.Assertions.fail;

/**
 * The same random commands on a Cistern node and on the original: every reply must be equal, or differ in a way that
 * {@link AcceptedDifferences} lists. Histories go in both protocols, one by one, as a pipeline, and cut at random bytes.
 *
 * <p>When one is not, the history that led to it is shortened as far as it still shows the difference, and printed with
 * the seed. {@code -Dcistern.effort=20} runs twenty times as many.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DifferentialTest {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int HISTORIES = 100 * EFFORT;
    private static final int HISTORY_LENGTH = 300;
    private static final int SUMS = 5_000 * EFFORT;

    private final AcceptedDifferences accepted = new AcceptedDifferences();
    private TestServer ours;
    private TestServer original;
    private TestClient ourClient;
    private TestClient originalClient;

    @BeforeAll
    void start() {
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        ours = TestServer.cistern();
        original = TestServer.original(program);
        ourClient = ours.connect();
        originalClient = original.connect();
        // Few elements are enough then to see collections change their encodings.
        for (TestClient client : List.of(ourClient, originalClient)) {
            client.send("CONFIG", "SET", "hash-max-listpack-entries", "12", "hash-max-listpack-value", "30",
                    "set-max-intset-entries", "12");
        }
        ourClient.send("CONFIG", "SET", "set-max-listpack-entries", "12", "set-max-listpack-value", "30");
    }

    @AfterAll
    void stop() {
        accepted.met().forEach((reason, count) -> System.out.println(count + " times: " + reason));
        for (AutoCloseable part : new AutoCloseable[]{ourClient, originalClient, ours, original}) {
            if (part != null) {
                try {
                    part.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    @Test
    void randomCommandsAreAnsweredAlike() {
        compareHistories(seed -> new RandomCommands(seed)::next);
    }

    @Test
    void randomCommandsOnStreamsAreAnsweredAlike() {
        // Nodes of few entries, so that there are many.
        String[] small = {"CONFIG", "SET", "stream-node-max-entries", "7"};
        ourClient.send(small).expect(originalClient.send(small));
        compareHistories(seed -> new RandomStreamCommands(seed)::next);
    }

    @Test
    void randomSessionsAreAnsweredAlike() {
        compareHistories(seed -> new RandomSessionCommands(seed, new RandomCommands(seed)::next)::next);
    }

    /** How a history gets to the servers: in which protocol, and in which pieces. */
    private enum Way {
        PIPELINED_2(2), ONE_BY_ONE_2(2), CUT_2(2), PIPELINED_3(3), ONE_BY_ONE_3(3), CUT_3(3);

        private final int protocol;

        Way(int protocol) {
            this.protocol = protocol;
        }

        static Way of(long seed) {
            return values()[Math.floorMod(seed, values().length)];
        }

        boolean isOneByOne() {
            return this == ONE_BY_ONE_2 || this == ONE_BY_ONE_3;
        }

        boolean isCut() {
            return this == CUT_2 || this == CUT_3;
        }
    }

    private static final int MOST_EXPLAINED = 12;

    private void compareHistories(LongFunction<Supplier<String[]>> commands) {
        long seed = Long.getLong("cistern.seed", 1);
        List<String> differences = new ArrayList<>();
        for (int history = 0; history < HISTORIES; history++) {
            Supplier<String[]> next = commands.apply(seed + history);
            Way way = Way.of(seed + history);
            List<String[]> made = new ArrayList<>();
            for (int i = 0; i < HISTORY_LENGTH; i++) {
                made.add(next.get());
            }
            if (firstDifference(made, way) >= 0) {
                differences.add(explained(seed + history, shortest(made, way), way));
                if (differences.size() == MOST_EXPLAINED) {
                    break;
                }
            }
        }
        if (!differences.isEmpty()) {
            fail(String.join("\n", differences));
        }
    }

    /** The index of the first command that is answered differently, or -1. */
    private int firstDifference(List<String[]> commands, Way way) {
        List<WireReply> ourReplies = replies(ourClient, commands, way);
        List<WireReply> originalReplies = replies(originalClient, commands, way);
        List<String[]> queued = new ArrayList<>();
        for (int i = 0; i < commands.size(); i++) {
            String[] command = plain(commands.get(i));
            if (!isEqual(command, ourReplies.get(i), originalReplies.get(i), queued)) {
                return i;
            }
            if (originalReplies.get(i).equals(WireReply.status("QUEUED"))) {
                queued.add(command);
            } else if (Set.of("MULTI", "EXEC", "DISCARD").contains(command[0])) {
                queued.clear();
            }
        }
        return -1;
    }

    /** The command that is run: of a script that runs one, that one; with its name in capitals. */
    private static String[] plain(String[] command) {
        String[] run = command[0].startsWith("EVAL") && command.length > 3
                ? Arrays.copyOfRange(command, 3, command.length)
                : command.clone();
        run[0] = run[0].toUpperCase(Locale.ROOT);
        return run;
    }

    private boolean isEqual(String[] command, WireReply ours, WireReply theirs, List<String[]> queued) {
        boolean both = ours instanceof WireReply.Array && theirs instanceof WireReply.Array;
        if (!command[0].equals("EXEC") || !both || ours.members().size() != theirs.members().size()
                || ours.members().size() != queued.size()) {
            return accepted.areAlike(command, ours, theirs);
        }
        for (int i = 0; i < queued.size(); i++) {
            if (!accepted.areAlike(queued.get(i), ours.members().get(i), theirs.members().get(i))) {
                return false;
            }
        }
        return true;
    }

    private static List<WireReply> replies(TestClient client, List<String[]> commands, Way way) {
        client.send("RESET");
        client.send("HELLO", Integer.toString(way.protocol));
        client.send("FLUSHALL").expect(WireReply.ok());
        List<WireReply> replies = new ArrayList<>();
        if (way.isOneByOne()) {
            commands.forEach(command -> replies.add(client.send(command)));
            return replies;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String[] command : commands) {
            out.writeBytes(TestClient.encode(command));
        }
        write(client, out.toByteArray(), way);
        for (int i = 0; i < commands.size(); i++) {
            replies.add(client.read());
        }
        return replies;
    }

    /** In one piece, or cut wherever chance has it, as the same history is cut again. */
    private static void write(TestClient client, byte[] bytes, Way way) {
        SplittableRandom random = new SplittableRandom(bytes.length);
        int at = 0;
        while (at < bytes.length) {
            int end = way.isCut() ? Math.min(bytes.length, at + random.nextInt(1, 400)) : bytes.length;
            client.raw(Arrays.copyOfRange(bytes, at, end));
            at = end;
        }
    }

    /** Leaves out one command after the other, as long as the last one is still answered differently. */
    private List<String[]> shortest(List<String[]> commands, Way way) {
        List<String[]> kept = new ArrayList<>(commands.subList(0, firstDifference(commands, way) + 1));
        for (int step = Math.max(1, kept.size() / 2); step >= 1; step /= 2) {
            for (int i = kept.size() - 1 - step; i >= 0; i -= step) {
                List<String[]> without = new ArrayList<>(kept.subList(0, i));
                without.addAll(kept.subList(i + step, kept.size()));
                if (firstDifference(without, way) == without.size() - 1) {
                    kept = without;
                    i = Math.min(i, kept.size() - 1);
                }
            }
        }
        return kept;
    }

    private String explained(long seed, List<String[]> history, Way way) {
        StringBuilder text = new StringBuilder("seed " + seed + ", " + way + ":\n");
        history.forEach(command -> text.append("  ").append(Arrays.toString(command)).append('\n'));
        text.append("Cistern:  ").append(replies(ourClient, history, way).getLast()).append('\n');
        text.append("original: ").append(replies(originalClient, history, way).getLast());
        return escaped(text.toString());
    }

    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            boolean plain = letter == '\n' || (letter >= ' ' && letter < 0x7f);
            escaped.append(plain ? Character.toString(letter) : String.format("\\x%02x", (int) letter));
        }
        return escaped.toString();
    }

    @Test
    void sumsOfFloatsHaveTheSameDigits() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        List<String[]> commands = new ArrayList<>();
        for (int i = 0; i < SUMS; i++) {
            commands.add(new String[]{"SET", "f" + i, number(random)});
            commands.add(new String[]{"INCRBYFLOAT", "f" + i, number(random)});
        }
        int different = firstDifference(commands, Way.PIPELINED_2);
        if (different >= 0) {
            fail(explained(seed, commands.subList(different - 1, different + 1), Way.PIPELINED_2));
        }
    }

    private static String number(SplittableRandom random) {
        String sign = random.nextInt(3) == 0 ? "-" : "";
        return sign + switch (random.nextInt(6)) {
            case 0 -> Long.toString(random.nextLong() >>> random.nextInt(64));
            case 1 -> random.nextInt(1000) + "." + random.nextInt(100_000);
            case 2 -> Double.toString(random.nextDouble());
            case 3 -> Double.toString(Math.abs(Double.longBitsToDouble(random.nextLong())));
            case 4 -> random.nextLong(1L << 62) + "." + random.nextLong(1L << 62) + "e" + random.nextInt(-40, 40);
            default -> "0x" + Long.toHexString(random.nextLong()) + "." + Integer.toHexString(random.nextInt())
                    + "p" + random.nextInt(-100, 40);
        };
    }
}
