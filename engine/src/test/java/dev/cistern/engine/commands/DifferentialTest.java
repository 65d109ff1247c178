package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
 * The same random commands on a Cistern node and on the original: every reply must be equal.
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

    private void compareHistories(LongFunction<Supplier<String[]>> commands) {
        long seed = Long.getLong("cistern.seed", 1);
        for (int history = 0; history < HISTORIES; history++) {
            Supplier<String[]> next = commands.apply(seed + history);
            List<String[]> made = new ArrayList<>();
            for (int i = 0; i < HISTORY_LENGTH; i++) {
                made.add(next.get());
            }
            if (firstDifference(made) >= 0) {
                explain(seed + history, shortest(made));
            }
        }
    }

    /** The index of the first command that is answered differently, or -1. */
    private int firstDifference(List<String[]> commands) {
        List<WireReply> ourReplies = replies(ourClient, commands);
        List<WireReply> originalReplies = replies(originalClient, commands);
        for (int i = 0; i < commands.size(); i++) {
            if (!isEqual(commands.get(i), ourReplies.get(i), originalReplies.get(i))) {
                return i;
            }
        }
        return -1;
    }

    private static List<WireReply> replies(TestClient client, List<String[]> commands) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(TestClient.encode("FLUSHALL"));
        for (String[] command : commands) {
            out.writeBytes(TestClient.encode(command));
        }
        client.raw(out.toByteArray());
        client.read();
        List<WireReply> replies = new ArrayList<>();
        for (int i = 0; i < commands.size(); i++) {
            replies.add(client.read());
        }
        return replies;
    }

    private static boolean isEqual(String[] command, WireReply ours, WireReply theirs) {
        // The last entry's id has a sign since 7.4.
        if (command[0].startsWith("XREAD") && Arrays.asList(command).contains("+")) {
            return true;
        }
        if (ours instanceof WireReply.ErrorLine || theirs instanceof WireReply.ErrorLine) {
            return ours.equals(theirs);
        }
        return switch (command[0]) {
            case "KEYS", "HKEYS", "HVALS", "SMEMBERS", "SINTER", "SUNION", "SDIFF", "HRANDFIELD", "SRANDMEMBER" ->
                sorted(ours).equals(sorted(theirs));
            case "SPOP" -> command.length == 2 ? ours.equals(theirs) : sorted(ours).equals(sorted(theirs));
            case "SCAN", "SSCAN", "ZSCAN" ->
                sorted(ours.members().getLast()).equals(sorted(theirs.members().getLast()));
            case "HGETALL" -> pairs(ours).equals(pairs(theirs));
            case "HSCAN" -> pairs(ours.members().getLast()).equals(pairs(theirs.members().getLast()));
            // Redis 7.0 has no packed sets of strings.
            case "OBJECT" -> ours.equals(theirs)
                    || (ours.equals(WireReply.bulk("listpack")) && theirs.equals(WireReply.bulk("hashtable")));
            case "XGROUP" -> ours.equals(theirs) || command[1].equals("CREATECONSUMER");
            case "XPENDING", "XINFO" -> withoutTimes(ours).equals(withoutTimes(theirs));
            default -> ours.equals(theirs);
        };
    }

    private static List<String> pairs(WireReply flat) {
        List<String> texts = flat.texts();
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < texts.size(); i += 2) {
            pairs.add(texts.get(i) + "=" + texts.get(i + 1));
        }
        return pairs.stream().sorted().toList();
    }

    /** What tells of the moment, of how an index is made, or came after 7.0. */
    private static final Set<String> NOT_COMPARED = Set.of("idle", "inactive", "seen-time", "active-time",
            "radix-tree-nodes");
    /** Since 7.2 a consumer is made even if there is nothing for it: so those without anything pending do not count. */
    private static final Set<String> OF_CONSUMERS = Set.of("idle", "seen-time");
    /** An age is below it in a test, and a time of the day above; ids and counts lie between. */
    private static final long LEAST_TIME = 1_500_000_000_000L;

    private static WireReply withoutTimes(WireReply reply) {
        if (!(reply instanceof WireReply.Array array)) {
            return reply;
        }
        List<WireReply> kept = new ArrayList<>();
        List<WireReply> members = array.members();
        for (int i = 0; i < members.size(); i++) {
            WireReply member = members.get(i);
            if (member instanceof WireReply.Bulk word && (NOT_COMPARED.contains(word.text())
                    || (word.text().equals("consumers") && members.get(i + 1) instanceof WireReply.Int))) {
                i++;
            } else if (!isIdleConsumer(member) && !isAge(members, i)
                    && !(member instanceof WireReply.Int number && number.value() > LEAST_TIME)) {
                kept.add(withoutTimes(member));
            }
        }
        return new WireReply.Array(kept);
    }

    private static boolean isIdleConsumer(WireReply reply) {
        List<WireReply> members = reply instanceof WireReply.Array array ? array.members() : List.of();
        return OF_CONSUMERS.stream().anyMatch(word -> members.contains(WireReply.bulk(word)))
                && (hasNone(members, "pel-count") || hasNone(members, "pending"));
    }

    private static boolean hasNone(List<WireReply> members, String word) {
        int at = members.indexOf(WireReply.bulk(word));
        return at >= 0 && members.get(at + 1).equals(WireReply.integer(0));
    }

    /** XPENDING's lines are an id, a consumer, an age and a count. */
    private static boolean isAge(List<WireReply> members, int index) {
        return index == 2 && members.size() == 4 && members.get(1) instanceof WireReply.Bulk
                && members.get(2) instanceof WireReply.Int && members.get(3) instanceof WireReply.Int;
    }

    private static List<String> sorted(WireReply keys) {
        return keys.texts().stream().sorted().toList();
    }

    /** Leaves out one command after the other, as long as the last one is still answered differently. */
    private List<String[]> shortest(List<String[]> commands) {
        List<String[]> kept = new ArrayList<>(commands.subList(0, firstDifference(commands) + 1));
        for (int step = Math.max(1, kept.size() / 2); step >= 1; step /= 2) {
            for (int i = kept.size() - 1 - step; i >= 0; i -= step) {
                List<String[]> without = new ArrayList<>(kept.subList(0, i));
                without.addAll(kept.subList(i + step, kept.size()));
                if (firstDifference(without) == without.size() - 1) {
                    kept = without;
                    i = Math.min(i, kept.size() - 1);
                }
            }
        }
        return kept;
    }

    private void explain(long seed, List<String[]> history) {
        StringBuilder text = new StringBuilder("seed " + seed + ":\n");
        history.forEach(command -> text.append("  ").append(Arrays.toString(command)).append('\n'));
        text.append("Cistern:  ").append(replies(ourClient, history).getLast()).append('\n');
        text.append("original: ").append(replies(originalClient, history).getLast());
        fail(escaped(text.toString()));
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
        int different = firstDifference(commands);
        if (different >= 0) {
            explain(seed, commands.subList(different - 1, different + 1));
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
