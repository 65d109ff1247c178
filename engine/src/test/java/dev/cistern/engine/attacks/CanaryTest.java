package dev.cistern.engine.attacks;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.network.TlsOptions;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A canary in every secret place of a node, and a search for each in everything that a node tells anybody. The same is done
 * with the original, and what it shows of itself stands in {@link #SHOWN}.
 */
@DisplayName("Secrets in logs, events, SLOWLOG, MONITOR, crash dumps, heap")
final class CanaryTest {
    private static final String END = "the-end-of-what-is-watched";

    /** Where a secret is shown, by the original as well: to whoever asks for the setting by name, or got a word wrong. */
    private static final List<String> SHOWN = List.of("CONFIG GET <- requirepass", "CONFIG GET <- masterauth",
            "CONFIG GET <- masteruser",
            // What is no command, no setting and no rule has no secret places.
            "SLOWLOG GET -1 <- unknown setting", "reply <- unknown command", "reply <- unknown rule",
            // Who names a rule that cannot be is told which.
            "reply <- password in a selector", "reply <- password that is taken away");

    /** The same words as in SLOWLOG, in lists that Redis 7.0 does not have. */
    private static final List<String> SHOWN_AGAIN = List.of("COMMANDLOG GET -1 slow <- unknown setting",
            "COMMANDLOG GET -1 large-request <- unknown setting", "COMMANDLOG GET -1 large-reply <- unknown setting");

    /** Words that hold a canary, by what the canary is. */
    private final Map<String, String> planted = new LinkedHashMap<>();

    private String canary(String what) {
        return planted.computeIfAbsent(what, _ -> "canary" + planted.size() + "x5f2b17");
    }

    @Test
    void oursShowsNothingButWhatTheOriginalShows() {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger root = ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(Logger.ROOT_LOGGER_NAME);
        Level before = root.getLevel();
        root.setLevel(Level.TRACE);
        log.setContext(root.getLoggerContext());
        log.start();
        root.addAppender(log);
        NodeOptions options = NodeOptions.onPort("n", 0).with("enable-debug-command", "yes")
                .withInternalUser("inner", canary("internal user's password"))
                .with("tls-key-file-pass", canary("key's password"));
        try (TestServer server = TestServer.cistern(options)) {
            Map<String, String> told = told(server);
            log.stop();
            told.put("log", String.join("\n", log.list.stream().map(CanaryTest::text).toList()));
            told.put("toString", options + " " + options.internalUser());
            assertThat(told.get("log")).contains("accepts");
            Set<String> hits = hits(told);
            assertThat(hits.remove("CONFIG GET <- key's password")).as("it is a setting like requirepass").isTrue();
            assertThat(hits.removeAll(SHOWN_AGAIN)).isTrue();
            assertThat(hits).containsExactlyInAnyOrderElementsOf(SHOWN);
        } finally {
            root.detachAppender(log);
            root.setLevel(before);
        }
    }

    @Test
    void theOriginalShowsAllOfThat() {
        Optional<Path> program = TestServer.original();
        Assumptions.assumeTrue(program.isPresent(), "no redis-server or valkey-server is installed to compare with");
        try (TestServer server = TestServer.original(program.get())) {
            assertThat(hits(told(server))).containsAll(SHOWN);
        }
    }

    /** What holds a secret hides it when it is told as a text: logs and exceptions do that. */
    @Test
    void noTextOfOptionsHoldsASecret() {
        String canary = canary("option");
        assertThat(List.of(NodeOptions.onPort("n", 1).with("requirepass", canary).withInternalUser("u", canary),
                MemcachedOptions.onPort("n", 1).with("manager_password", canary),
                new TlsOptions(Path.of("a"), Path.of("b"), canary, List.of(), TlsOptions.Clients.NO, List.of(),
                        List.of(), List.of(), false, false, 0, 0))
                .toString()).doesNotContain(canary);
    }

    private static String text(ILoggingEvent event) {
        StringBuilder text = new StringBuilder(event.getFormattedMessage());
        for (var cause = event.getThrowableProxy(); cause != null; cause = cause.getCause()) {
            text.append(' ').append(cause.getMessage());
        }
        return text.toString();
    }

    private Set<String> hits(Map<String, String> told) {
        Set<String> hits = new TreeSet<>();
        told.forEach((where, text) -> planted.forEach((what, canary) -> {
            if (text.contains(canary)) {
                hits.add(where + " <- " + what);
            }
        }));
        return hits;
    }

    /** Everything that the server says to anybody while and after the canaries are planted, by where it says so. */
    private Map<String, String> told(TestServer server) {
        Map<String, String> told = new LinkedHashMap<>();
        try (TestClient admin = server.connect();
                TestClient watcher = server.connect();
                TestClient customer = server.connect()) {
            admin.send("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "10000");
            if (server.isOurs()) {
                admin.send("CONFIG", "SET", "commandlog-request-larger-than", "0", "commandlog-reply-larger-than", "0",
                        "commandlog-large-request-max-len", "10000", "commandlog-large-reply-max-len", "10000");
            }
            watcher.send("MONITOR");
            List<WireReply> replies = new ArrayList<>();
            plant(admin, customer, replies);
            if (server.isOurs()) {
                plantOurs(server, admin, replies);
            }
            admin.send("ECHO", END);
            told.put("MONITOR", watcher.readUntil(END + "\"\r\n"));
            told.put("reply", replies.toString());
            for (String question : List.of("SLOWLOG GET -1", "ACL LOG", "ACL LIST", "ACL GETUSER ann",
                    "INFO everything",
                    "CLIENT LIST", "CLIENT INFO", "CONFIG GET *", "LATENCY DOCTOR", "MEMORY STATS",
                    "COMMANDLOG GET -1 slow",
                    "COMMANDLOG GET -1 large-request", "COMMANDLOG GET -1 large-reply", "SCRIPT SHOW x", "CLUSTER INFO",
                    "CONFIG GET tls-key-file-pass")) {
                told.merge(question.startsWith("CONFIG GET") ? "CONFIG GET" : question,
                        admin.send(question.split(" ")).toString(), String::concat);
            }
            assertThat(told.get("SLOWLOG GET -1")).contains("setuser");
            assertThat(told.get("MONITOR")).contains("\"AUTH\" \"(redacted)\"", "\"MIGRATE\"");
        }
        return told;
    }

    /** Each secret once where it belongs, and once where it may be put by mistake. */
    private void plant(TestClient admin, TestClient customer, List<WireReply> replies) {
        String first = canary("password");
        replies.add(admin.send("acl", "setuser", "ann", "on", ">" + first, ">" + canary("second password"), "~*",
                "+@all"));
        replies.add(admin.send("ACL", "SETUSER", "ann", "<" + canary("password that is taken away")));
        replies.add(admin.send("ACL", "SETUSER", "ann", "(+get >" + canary("password in a selector") + ")"));
        admin.raw("ACL SETUSER bob on >" + canary("inline password") + "\r\n");
        replies.add(admin.read());
        replies.add(admin.send("ACL", "SETUSER", "ann", canary("unknown rule")));
        replies.add(admin.send("CONFIG", "SET", "requirepass", canary("requirepass"), "masterauth",
                canary("masterauth"), "masteruser", canary("masteruser")));
        replies.add(admin.send("CONFIG", "SET", "masterauth", canary("refused masterauth"), "maxmemory", "nonsense"));
        replies.add(admin.send("CONFIG", "SET", "tls-key-file-pass", canary("refused key's password"), "maxmemory",
                "nonsense"));
        replies.add(admin.send("CONFIG", "SET", "requirepas", canary("unknown setting")));
        replies.add(admin.send("MULTI"));
        replies.add(admin.send("ACL", "SETUSER", "ann", ">" + canary("queued password")));
        replies.add(admin.send("AUTH", "ann", canary("queued password")));
        replies.add(admin.send("AUTH", canary("requirepass")));
        replies.add(admin.send("EXEC"));
        replies.add(admin.send("MIGRATE", "127.0.0.1", "1", "", "0", "1", "AUTH", canary("target's password"), "KEYS",
                "k"));
        replies.add(admin.send("MIGRATE", "127.0.0.1", "1", "", "0", "1", "AUTH2", "u", canary("target's user"), "KEYS",
                "k"));
        for (String[] login : new String[][]{{"AUTH", canary("wrong password")}, {"AUTH", "ann", canary("wrong")},
                {"AUTH", "nobody", canary("stranger's")}, {"AUTH", "a", canary("one word too many"), "b"},
                {"HELLO", "3", "AUTH", "ann", canary("wrong hello")}, {"HELLO", "9", "AUTH", "ann", first},
                {"AUHT", canary("unknown command")}, {"AUTH", canary("requirepass")}, {"AUTH", "ann", first},
                {"HELLO", "2", "AUTH", "ann", first}, {"ACL", "WHOAMI"}}) {
            replies.add(customer.send(login));
        }
    }

    /** What only a node of ours is told. */
    private void plantOurs(TestServer server, TestClient admin, List<WireReply> replies) {
        try (TestClient inner = server.connect()) {
            replies.add(inner.send("AUTH", "inner", canary("internal user's password")));
            replies.add(
                    inner.send("CISTERN", "LOGIN-TOKENS", "shop", "-", "us-east-1", "USERS", "1", "ann", "KEYS", "1",
                            "CSTN1", "20261122", "00ff".repeat(16)));
            replies.add(inner.send("CISTERN", "MOVE-SLOTS", "0", "x", "AUTH2", "u", canary("slots' password")));
        }
        replies.add(admin.send("CISTERN", "LOGIN-TOKENS", "shop", "-", "us-east-1", "USERS", "1", "ann", "KEYS", "1",
                "CSTN1", "20261122", canary("signing key")));
        replies.add(admin.send("CISTERN", "MOVE-SLOTS", "0", "x", "AUTH2", "u", canary("slots' other password")));
        replies.add(admin.send("AUTH", "ann", "shop/?Action=connect&User=ann&X-Amz-Signature=" + canary("token")));
    }
}
