package dev.cistern.engine.acl;

import dev.cistern.engine.acl.CommandMatrix.Row;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every command on every way to its execution, under many rules: what the original's ACL DRYRUN forbids is refused on each, and
 * what it allows on none.
 *
 * <p>Commands that the original does not know are judged by our own DRYRUN, which {@link AclMatrixTest} compares with the
 * original's. What is forbidden is always sent; what is allowed, unless it would end the node, the session or the test.
 */
@DisplayName("ACL bypass")
final class AclPathsTest {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int WAIT_SECONDS = 20;
    private static final int AT_ONCE = 40;

    /** By which the user comes to the ways that are no command of its own. */
    private static final List<String> WAYS = List.of("on", "nopass", "+multi", "+exec", "+discard", "+eval", "+fcall");

    private static final Pattern REFUSED = Pattern.compile("^(NOPERM|ERR ACL failure in script)");

    /** A script may call none of these, whoever runs it; a transaction none of those. */
    private static final Pattern NOT_HERE = Pattern.compile("not allowed from script|not allowed inside a transaction"
            + "|not allowed in scripts|isn't allowed|not allowed in transactions|inside a transaction");

    private TestServer ours;
    private TestServer original;
    private TestClient admin;
    private TestClient oracle;
    private List<Row> rows;
    private final Set<String> known = new HashSet<>();
    private final Map<String, Integer> judgedBy = new TreeMap<>();
    private final SplittableRandom random = new SplittableRandom(SEED);

    @SuppressWarnings("NullAway.Init") // each test starts with start()
    AclPathsTest() {}

    @BeforeEach
    void start() {
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        ours = TestServer.cistern();
        original = TestServer.original(program);
        admin = ours.connect();
        oracle = original.connect();
        rows = CommandMatrix.all(admin);
        CommandMatrix.shared(admin, oracle).forEach(row -> known.add(row.name()));
        admin.send("FUNCTION", "LOAD", "#!lua name=way\nredis.register_function('run', function(_, words) return "
                + "redis.pcall(unpack(words)) end)");
    }

    @AfterEach
    void stop() throws Exception {
        judgedBy.forEach((way, count) -> System.out.println(way + ": " + count + " requests of " + rows.size()
                + " commands under " + CommandMatrix.RULES.length + " sets of rules"));
        for (AutoCloseable part : new AutoCloseable[]{admin, oracle, ours, original}) {
            if (part != null) {
                part.close();
            }
        }
    }

    /** A request and whether the user may send it. */
    private record Case(Row row, List<String> words, boolean allowed) {

        String[] request() {
            return words.toArray(String[]::new);
        }

        boolean mayBeSent() {
            return !allowed || row.isHarmless();
        }
    }

    private void set(String... rules) {
        String[] request = CommandMatrix.setUser(Stream.concat(Arrays.stream(rules), WAYS.stream()).toList());
        admin.send(request).expect(ok());
        oracle.send(request).expect(ok());
    }

    /** One request or more of every command, judged under the rules that are set. */
    private List<Case> judged() {
        List<String[]> requests = new ArrayList<>();
        for (Row row : rows) {
            for (int i = 0; i < EFFORT; i++) {
                String[] request = CommandMatrix.request(random, row);
                requests.add(request);
                (known.contains(row.name()) ? oracle : admin).write(CommandMatrix.dryRun(request));
            }
        }
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            Row row = rows.get(i / EFFORT);
            WireReply verdict = (known.contains(row.name()) ? oracle : admin).read();
            cases.add(new Case(row, List.of(requests.get(i)), verdict.equals(ok())));
        }
        return cases;
    }

    private TestClient user() {
        TestClient client = ours.connect();
        client.send("AUTH", CommandMatrix.USER, "any").expect(ok());
        return client;
    }

    private static String error(WireReply reply) {
        return reply instanceof WireReply.ErrorLine line ? line.text() : "";
    }

    private void judge(List<String> mismatches, String way, String[] rules, Case each, WireReply reply) {
        judgedBy.merge(way, 1, Integer::sum);
        boolean refused = REFUSED.matcher(error(reply)).find();
        boolean neverHere = !way.equals("direct") && NOT_HERE.matcher(error(reply)).find();
        if (refused == each.allowed && !neverHere) {
            mismatches.add(way + " " + Arrays.toString(rules) + " " + each.words + ": "
                    + (each.allowed ? "allowed" : "forbidden") + ", and answered " + reply);
        }
    }

    @Test
    void directAndQueuedAndByScript() {
        List<String> mismatches = new ArrayList<>();
        int judged = 0;
        for (String[] rules : CommandMatrix.RULES) {
            set(rules);
            List<Case> cases = judged();
            List<Case> sent = cases.stream().filter(Case::mayBeSent).toList();
            judged += sent.size();
            try (TestClient client = user()) {
                sent.forEach(each -> client.write(each.request()));
                sent.forEach(each -> judge(mismatches, "direct", rules, each, client.read()));
            }
            try (TestClient client = user()) {
                client.send("MULTI").expect(ok());
                List<Case> queued = cases.stream().filter(each -> !each.row.name()
                        .matches("multi|exec|discard|quit|reset|watch")).toList();
                queued.forEach(each -> client.write(each.request()));
                queued.forEach(each -> judge(mismatches, "MULTI", rules, each, client.read()));
                client.send("DISCARD").expect(ok());
            }
            try (TestClient client = user()) {
                sent.forEach(each -> client.write(script(each.words, true)));
                sent.forEach(each -> judge(mismatches, "EVAL", rules, each, client.read()));
                sent.forEach(each -> client.write(script(each.words, false)));
                sent.forEach(each -> judge(mismatches, "FCALL", rules, each, client.read()));
            }
        }
        assertThat(mismatches).as("seed " + SEED).isEmpty();
        assertThat(judged).isGreaterThan(CommandMatrix.RULES.length * 100);
    }

    private static String[] script(List<String> words, boolean eval) {
        List<String> request = new ArrayList<>(eval
                ? List.of("EVAL", "return redis.pcall(unpack(ARGV))", "0")
                : List.of("FCALL", "run", "0"));
        request.addAll(words);
        return request.toArray(String[]::new);
    }

    /** Rights are asked again when a transaction is executed. */
    @Test
    void queuedUnderOtherRules() {
        List<String> mismatches = new ArrayList<>();
        for (String[] rules : CommandMatrix.RULES) {
            set(rules);
            List<Case> cases = judged().stream().filter(Case::mayBeSent)
                    .filter(each -> !each.row.name().matches("multi|exec|discard|quit|reset|watch")).toList();
            set("+@all", "~*", "&*");
            try (TestClient client = user()) {
                client.send("MULTI").expect(ok());
                List<Case> queued = new ArrayList<>();
                cases.forEach(each -> client.write(each.request()));
                cases.forEach(each -> {
                    if (client.read().equals(WireReply.status("QUEUED"))) {
                        queued.add(each);
                    }
                });
                client.send("DISCARD").expect(ok());
                client.send("MULTI").expect(ok());
                queued.forEach(each -> client.write(each.request()));
                queued.forEach(each -> client.read().expect(WireReply.status("QUEUED")));
                set(rules);
                List<WireReply> replies = client.send("EXEC").members();
                for (int i = 0; i < queued.size(); i++) {
                    judge(mismatches, "EXEC", rules, queued.get(i), replies.get(i));
                }
            }
        }
        assertThat(mismatches).as("seed " + SEED).isEmpty();
    }

    // --- who waits ---

    private record Wait(List<String> request, List<String> feed) {}

    private static List<Wait> waits(String key) {
        List<String> list = List.of("RPUSH", key, "x");
        List<String> sorted = List.of("ZADD", key, "1", "x");
        return List.of(new Wait(List.of("BLPOP", key, "0"), list), new Wait(List.of("BRPOP", "other", key, "0"), list),
                new Wait(List.of("BLMOVE", key, "b", "LEFT", "RIGHT", "0"), list),
                new Wait(List.of("BRPOPLPUSH", key, "b", "0"), list),
                new Wait(List.of("BLMPOP", "0", "1", key, "LEFT"), list),
                new Wait(List.of("BZPOPMIN", key, "0"), sorted), new Wait(List.of("BZPOPMAX", key, "0"), sorted),
                new Wait(List.of("BZMPOP", "0", "1", key, "MIN"), sorted),
                new Wait(List.of("XREAD", "BLOCK", "0", "STREAMS", key, "$"), List.of("XADD", key, "*", "f", "x")),
                new Wait(List.of("XREADGROUP", "GROUP", "g", "me", "BLOCK", "0", "STREAMS", key, ">"),
                        List.of("XADD", key, "*", "f", "x")));
    }

    private TestClient waiting(Wait wait, String key) {
        admin.send("DEL", key, "b", "other");
        if (wait.feed.getFirst().equals("XADD")) {
            admin.send("XGROUP", "CREATE", key, "g", "$", "MKSTREAM");
        }
        TestClient client = user();
        client.write(wait.request.toArray(String[]::new));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (!admin.send("INFO", "clients").text().contains("blocked_clients:1\r\n")) {
            assertThat(System.nanoTime()).as("never waits: " + wait).isLessThan(deadline);
        }
        return client;
    }

    @Test
    void blockedThenUnblocked() {
        List<String> mismatches = new ArrayList<>();
        for (String[] rules : CommandMatrix.RULES) {
            String key = rules.length % 2 == 0 ? "a" : "b1";
            for (Wait wait : waits(key)) {
                set("+@all", "~*");
                try (TestClient client = waiting(wait, key)) {
                    set(rules);
                    Case asked = new Case(new Row(wait.request.getFirst(), 0), wait.request, oracle
                            .send(CommandMatrix.dryRun(wait.request.toArray(String[]::new))).equals(ok()));
                    admin.send(wait.feed.toArray(String[]::new));
                    judge(mismatches, "blocked", rules, asked, client.read());
                }
            }
        }
        assertThat(mismatches).isEmpty();
    }

    // --- who is no more ---

    @Test
    void afterDeletionOfTheUser() {
        for (int first = 0; first < rows.size(); first += AT_ONCE) {
            set("+@all", "~*", "&*");
            List<Row> some = rows.subList(first, Math.min(rows.size(), first + AT_ONCE));
            List<TestClient> clients = new ArrayList<>();
            List<TestClient> queued = new ArrayList<>();
            for (Row row : some) {
                clients.add(user());
                TestClient transaction = user();
                transaction.send("MULTI").expect(ok());
                transaction.send("SET", "written", row.name()).expect(WireReply.status("QUEUED"));
                queued.add(transaction);
            }
            admin.send("ACL", "DELUSER", CommandMatrix.USER).expect(integer(1));
            // A user of the same name is another one.
            set("+@all", "~*", "&*");
            for (int i = 0; i < some.size(); i++) {
                assertGone(clients.get(i), CommandMatrix.request(random, some.get(i)));
                assertGone(queued.get(i), "EXEC");
                judgedBy.merge("after deletion", 1, Integer::sum);
            }
        }
        admin.send("EXISTS", "written").expect(integer(0));
    }

    @Test
    void blockedThenDeleted() {
        for (Wait wait : waits("a")) {
            set("+@all", "~*");
            try (TestClient client = waiting(wait, "a")) {
                admin.send("ACL", "DELUSER", CommandMatrix.USER).expect(integer(1));
                admin.send(wait.feed.toArray(String[]::new));
                assertThat(client.isClosedByServer()).as(wait.toString()).isTrue();
                assertThat(admin.send("TYPE", "a").text()).as("nothing was taken").isNotEqualTo("none");
            }
        }
    }

    private static void assertGone(TestClient client, String... words) {
        try (client) {
            try {
                client.write(words);
            } catch (java.io.UncheckedIOException closed) {
                return;
            }
            assertThat(client.isClosedByServer()).as(Arrays.toString(words)).isTrue();
        }
    }
}
