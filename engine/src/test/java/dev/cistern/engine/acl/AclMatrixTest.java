package dev.cistern.engine.acl;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every command that both servers know, with many arguments, under many rules: ACL DRYRUN must answer alike.
 *
 * <p>The arguments are random and often wrong, since keys are found before a command complains. Rules are random too:
 * they must be refused or taken alike, and told alike but for the commands, which Redis 7.0 tells by a shorter text of
 * its own making and Valkey as they were given; of those the effect is compared.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AclMatrixTest {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int RANDOM_USERS = 60 * EFFORT;
    private static final int ARGUMENT_LISTS = 6;
    private static final String USER = CommandMatrix.USER;

    private TestServer ours;
    private TestServer original;
    private TestClient ourClient;
    private TestClient originalClient;
    private List<CommandMatrix.Row> shared;
    private int compared;

    @BeforeAll
    void start() {
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        ours = TestServer.cistern();
        original = TestServer.original(program);
        ourClient = ours.connect();
        originalClient = original.connect();
        shared = CommandMatrix.shared(ourClient, originalClient);
    }

    @AfterAll
    void stop() throws Exception {
        System.out.println("ACL DRYRUN: " + compared + " requests compared");
        for (AutoCloseable part : new AutoCloseable[]{ourClient, originalClient, ours, original}) {
            if (part != null) {
                part.close();
            }
        }
    }

    @DisplayName("ACL bypass: every command under every rule")
    @Test
    void everyCommandUnderEveryRuleIsJudgedAlike() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        List<String> differences = new ArrayList<>();
        for (String[] rules : CommandMatrix.RULES) {
            set(rules);
            differences.addAll(compareAll(random, rules));
        }
        assertThat(differences).as("seed " + seed).isEmpty();
    }

    private void set(String[] rules) {
        String[] request = CommandMatrix.setUser(List.of(rules));
        ourClient.send(request).expect(originalClient.send(request));
    }

    private List<String> compareAll(SplittableRandom random, String[] rules) {
        List<String[]> requests = new ArrayList<>();
        for (CommandMatrix.Row command : shared) {
            for (int i = 0; i < ARGUMENT_LISTS; i++) {
                requests.add(CommandMatrix.dryRun(CommandMatrix.request(random, command)));
            }
        }
        requests.forEach(ourClient::write);
        requests.forEach(originalClient::write);
        List<String> differences = new ArrayList<>();
        compared += requests.size();
        for (String[] request : requests) {
            String our = normal(ourClient.read());
            String their = normal(originalClient.read());
            if (!our.equals(their)) {
                differences.add(Arrays.toString(rules) + " " + Arrays.toString(request) + "\n  ours   " + our
                        + "\n  theirs " + their);
            }
        }
        return differences;
    }

    private static String normal(WireReply reply) {
        return reply.text().replace("This user has", "User " + USER + " has");
    }

    // --- rules at random ---

    @Test
    void randomRulesAreReadAndToldAlike() {
        long seed = Long.getLong("cistern.seed", 1);
        for (int i = 0; i < RANDOM_USERS; i++) {
            SplittableRandom random = new SplittableRandom(seed + i);
            String[] first = {"ACL", "SETUSER", USER, "reset"};
            ourClient.send(first).expect(originalClient.send(first));
            List<String> history = new ArrayList<>();
            for (int step = 0; step < 4; step++) {
                String[] request = randomRules(random);
                history.add(Arrays.toString(request));
                String as = "seed " + (seed + i) + ": " + history;
                WireReply answer = ourClient.send(request);
                // Of two selectors that do not end, Redis 7.0 complains about the second, Valkey about the first.
                if (answer.text().startsWith("ERR Unmatched parenthesis")) {
                    assertThat(originalClient.send(request).text()).as(as).startsWith("ERR Unmatched parenthesis");
                } else {
                    assertThat(answer).as(as).isEqualTo(originalClient.send(request));
                }
                assertThat(told(ourClient)).as(as).isEqualTo(told(originalClient));
            }
            assertThat(compareAll(random, history.toArray(String[]::new))).as("seed " + (seed + i)).isEmpty();
        }
    }

    private static List<WireReply> told(TestClient client) {
        List<WireReply> facts = new ArrayList<>(client.send("ACL", "GETUSER", USER).members());
        List<WireReply> told = new ArrayList<>(withoutCommands(facts.subList(0, facts.size() - 1)));
        facts.getLast().members().forEach(selector -> told.addAll(withoutCommands(selector.members())));
        return told;
    }

    private static List<WireReply> withoutCommands(List<WireReply> pairs) {
        List<WireReply> kept = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            boolean isCommands = pairs.get(i).equals(WireReply.bulk("commands"));
            if (isCommands) {
                i++;
            } else {
                kept.add(pairs.get(i));
            }
        }
        return kept;
    }

    private String[] randomRules(SplittableRandom random) {
        List<String> words = new ArrayList<>(List.of("ACL", "SETUSER", USER));
        for (int left = 1 + random.nextInt(4); left > 0; left--) {
            words.add(randomRule(random, true));
        }
        return words.toArray(String[]::new);
    }

    private String randomRule(SplittableRandom random, boolean atTop) {
        String command = shared.get(random.nextInt(shared.size())).name();
        return switch (random.nextInt(atTop ? 22 : 13)) {
            case 0, 1 -> "+" + command;
            case 2 -> "-" + command;
            case 3 -> "+" + pick(random, "@read", "@write", "@string", "@all", "@admin", "@fast", "@Dangerous", "@nope",
                    "get|x",
                    "config", "client", "config|get|x", "nope", "get|", "config|", "config|nope", "nope|x", "");
            case 4 -> "-" + pick(random, "@read", "@write", "@string", "@all", "@slow", "@keyspace", "@nope", "nope",
                    "config",
                    "get|x", "client|nope", "");
            case 5 -> "~" + pick(random, "a", "b*", "*", "", "a b", "[a-c]?", "\\*");
            case 6 -> "%" + pick(random, "R~a", "W~a", "RW~a", "wr~b", "r~*", "~a", "R", "RR~a", "X~a", "RW~*", "");
            case 7 -> "&" + pick(random, "a", "news*", "*", "", "a b");
            case 8 -> pick(random, "allkeys", "resetkeys", "RESETKEYS");
            case 9 -> pick(random, "allchannels", "resetchannels");
            case 10 -> pick(random, "allcommands", "nocommands");
            case 11 -> pick(random, "nonsense", "", "=", "^x", "on2");
            case 12 -> "+" + command.toUpperCase(java.util.Locale.ROOT);
            case 13 -> pick(random, "on", "off", "ON");
            case 14 -> pick(random, "nopass", "resetpass", "sanitize-payload", "skip-sanitize-payload");
            case 15 -> ">" + pick(random, "p1", "p2", "");
            case 16 -> "<" + pick(random, "p1", "p2", "p3");
            case 17 -> pick(random, "#", "!")
                    + pick(random, "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
                            "5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8", "abc", "");
            case 18 -> pick(random, "clearselectors", "reset");
            default -> selector(random);
        };
    }

    private String selector(SplittableRandom random) {
        StringBuilder text = new StringBuilder("(");
        for (int left = random.nextInt(4); left > 0; left--) {
            text.append(randomRule(random, false)).append(left > 1 ? " " : "");
        }
        return text + pick(random, ")", ")", ")", ")", "", " )");
    }

    private static String pick(SplittableRandom random, String... words) {
        return words[random.nextInt(words.length)];
    }
}
