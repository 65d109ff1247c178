package dev.cistern.engine.attacks;

import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.acl.CommandMatrix;
import dev.cistern.engine.acl.CommandMatrix.Row;
import dev.cistern.engine.dispatch.CommandView;
import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Attacks by way of the protocol, each row of the list in a class of its name. Rows that are not here are display names of tests
 * beside what they attack.
 */
final class ProtocolAttacksTest {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final String[] WORDS = {"a", "b", "0", "1", "x"};

    @Nested
    @DisplayName("Commands before AUTH, replication/internal commands by clients")
    final class CommandsBeforeAuth {

        /** Only what proves who one is, or ends the conversation. */
        private static final List<String> OPEN = List.of("auth", "hello", "quit", "reset");

        @Test
        void theWholeTableIsClosedToWhoHasNotSaidWhoHeIs() {
            try (TestServer server = TestServer.cistern("requirepass", "secret"); TestClient known = server.connect()) {
                known.send("AUTH", "secret").expect(ok());
                List<Row> rows = CommandMatrix.all(known);
                try (TestClient stranger = server.connect()) {
                    assertThat(answered(stranger, rows, "NOAUTH")).containsExactlyInAnyOrderElementsOf(OPEN);
                }
            }
        }

        @Test
        void theWholeTableIsClosedToWhoHasNoRights() {
            try (TestServer server = TestServer.cistern(); TestClient admin = server.connect()) {
                admin.send("ACL", "SETUSER", "nobody", "on", "nopass").expect(ok());
                List<Row> rows = CommandMatrix.all(admin);
                try (TestClient nobody = server.connect()) {
                    nobody.send("AUTH", "nobody", "any").expect(ok());
                    assertThat(answered(nobody, rows, "NOPERM")).containsExactlyInAnyOrderElementsOf(OPEN);
                }
            }
        }

        /** Which are answered by something else than that refusal; of those that end the session nothing is asked. */
        private static Set<String> answered(TestClient client, List<Row> rows, String refusal) {
            SplittableRandom random = new SplittableRandom(SEED);
            Set<String> answered = new TreeSet<>(List.of("quit", "reset"));
            for (Row row : rows) {
                if (!row.name().matches("quit|reset")
                        && !client.send(request(random, row)).text().startsWith(refusal + " ")) {
                    answered.add(row.name());
                }
            }
            // A greeting is refused by a text of its own.
            answered.add("hello");
            return answered;
        }

        /** No longer than a stranger's may be. */
        private static String[] request(SplittableRandom random, Row row) {
            String[] request;
            do {
                request = CommandMatrix.request(random, row, WORDS);
            } while (request.length > 10);
            return request;
        }
    }

    @Nested
    @DisplayName("Reply injection")
    final class ReplyInjection {

        private static final String[] EVIL = {"x\r\n+OK\r\n", "\r\n", "\n", "a\rb", "-ERR\r\n$3\r\nabc\r\n", "key", "1",
                "\0\r\n*1\r\n"};

        /** Whatever a request says, and however wrong it is, it has one reply. */
        @Test
        void noArgumentOfAnyCommandMakesTwoRepliesOfOne() {
            SplittableRandom random = new SplittableRandom(SEED);
            try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
                List<Row> rows = CommandMatrix.all(client).stream().filter(Row::isHarmless).toList();
                for (int round = 0; round < 4 * EFFORT; round++) {
                    List<String[]> requests = rows.stream()
                            .map(row -> CommandMatrix.request(random, row, EVIL)).toList();
                    requests.forEach(request -> {
                        client.write(request);
                        client.write("ECHO", request[0]);
                    });
                    for (String[] request : requests) {
                        whole(client.read());
                        client.read().expect(bulk(request[0]));
                    }
                }
                for (String evil : EVIL) {
                    for (String[] request : new String[][]{{evil}, {"CONFIG", evil}, {"ACL", evil, evil},
                            {evil, evil}}) {
                        whole(client.send(request));
                    }
                }
                client.send("ECHO", "end").expect(bulk("end"));
            }
        }

        private static void whole(WireReply reply) {
            if (reply instanceof WireReply.ErrorLine || reply instanceof WireReply.Status) {
                assertThat(reply.text()).doesNotContain("\r", "\n");
            }
        }
    }

    @Nested
    @DisplayName("Cross-protocol scripting (browser or SSRF sends HTTP)")
    final class CrossProtocolScripting {

        private static final List<String> FOREIGN = List.of(
                "POST / HTTP/1.1\r\nHost: cache\r\nContent-Length: 99\r\n\r\n%s",
                "GET / HTTP/1.1\r\nHost: cache\r\n\r\n%s", "Host: cache\r\n%s",
                "PUT /a HTTP/1.1\r\nhost: cache\r\n\r\n%s");

        /** They are no HTTP, and hold no line that would be a command. */
        private static final List<String> RUBBISH = List.of("SSH-2.0-OpenSSH_9.2\r\n",
                "\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003" + "\u00aa".repeat(32));

        @Test
        void aNodeHangsUpAndRunsNothing() {
            try (TestServer server = TestServer.cistern(); TestClient admin = server.connect()) {
                for (String words : FOREIGN) {
                    try (TestClient client = server.connect()) {
                        client.raw(words.formatted("SET evil 1\r\n"));
                        assertThat(isHungUp(client)).as(words).isTrue();
                    }
                }
                for (String words : RUBBISH) {
                    try (TestClient client = server.connect()) {
                        client.raw(words);
                    }
                }
                admin.send("DBSIZE").expect(integer(0));
            }
        }

        @Test
        void aMemcachedNodeHangsUpAndStoresNothing() throws IOException {
            try (EventLoops loops = EventLoops.start();
                    MemcachedNode node = MemcachedNode.start(MemcachedOptions.onPort("m", 0), loops)) {
                for (String words : FOREIGN.subList(0, 2)) {
                    try (TestClient client = new TestClient(node.port())) {
                        client.raw(words.formatted("set evil 0 0 1\r\n1\r\n"));
                        assertThat(isHungUp(client)).as(words).isTrue();
                    }
                }
                for (String words : RUBBISH) {
                    try (TestClient client = new TestClient(node.port())) {
                        client.raw(words);
                    }
                }
                try (TestClient client = new TestClient(node.port())) {
                    client.raw("get evil\r\n");
                    assertThat(client.readUntil("\r\n")).isEqualTo("END\r\n");
                }
            }
        }

        private static boolean isHungUp(TestClient client) {
            try {
                client.readUntil("there is no such text");
                return false;
            } catch (UncheckedIOException end) {
                return true;
            }
        }
    }

    @Nested
    @DisplayName("Restricted commands")
    final class RestrictedCommands {

        private static final List<String> WHOLE = List.of("bgrewriteaof", "bgsave", "config", "debug", "migrate",
                "replicaof", "save", "slaveof", "shutdown", "sync");

        @Test
        void theyAreUnknownHoweverTheyAreCalled() {
            NodeOptions options = NodeOptions.onPort("n", 0).withInternalUser("inner", "pw")
                    .withCustomerView(CommandView.ELASTICACHE);
            try (TestServer server = TestServer.cistern(options); TestClient client = server.connect()) {
                assertThat(CommandView.ELASTICACHE.hidden()).containsAll(WHOLE);
                client.send("FUNCTION", "LOAD", "#!lua name=way\nredis.register_function('run', function(_, words) "
                        + "return redis.pcall(unpack(words)) end)").expect(bulk("way"));
                for (String hidden : CommandView.ELASTICACHE.hidden()) {
                    List<String> words = new ArrayList<>(List.of(hidden.split("\\|")));
                    words.addAll(List.of("a", "b", "c"));
                    for (int spelling = 0; spelling < 3; spelling++) {
                        words.set(0, spelled(words.getFirst(), spelling));
                        refusedEverywhere(client, words);
                    }
                }
                client.send("PING").expect(WireReply.status("PONG"));
            }
        }

        private static void refusedEverywhere(TestClient client, List<String> words) {
            refused(client.send(words.toArray(String[]::new)), words);
            client.send("MULTI").expect(ok());
            refused(client.send(words.toArray(String[]::new)), words);
            assertThat(client.send("EXEC").text()).startsWith("EXECABORT");
            for (List<String> way : List.of(List.of("EVAL", "return redis.pcall(unpack(ARGV))", "0"),
                    List.of("EVAL", "return redis.call(unpack(ARGV))", "0"), List.of("FCALL", "run", "0"))) {
                List<String> call = new ArrayList<>(way);
                call.addAll(words);
                refused(client.send(call.toArray(String[]::new)), call);
            }
        }

        private static void refused(WireReply reply, List<String> words) {
            assertThat(reply).as(words.toString()).isInstanceOf(WireReply.ErrorLine.class);
            assertThat(reply.text()).as(words.toString()).containsIgnoringCase("unknown");
        }

        private static String spelled(String word, int spelling) {
            return switch (spelling) {
                case 0 -> word.toUpperCase(Locale.ROOT);
                case 1 -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1).toLowerCase(Locale.ROOT);
                default -> word.toLowerCase(Locale.ROOT);
            };
        }
    }

    @Nested
    @DisplayName("Memcached specifics")
    final class MemcachedSpecifics {

        /** Another program may have the same port by UDP: nobody of ours does. */
        @Test
        void nothingListensByUdp() throws IOException {
            try (EventLoops loops = EventLoops.start();
                    MemcachedNode node = MemcachedNode.start(MemcachedOptions.onPort("m", 0), loops);
                    var free = new java.net.DatagramSocket(null)) {
                free.setReuseAddress(false);
                free.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
                assertThat(free.isBound()).isTrue();
            }
        }
    }

    @Nested
    @DisplayName("Replication and internal links")
    final class InternalLinks {

        /** Whoever poses as a primary can say what he likes: the node follows nobody by it, keeps its data, and goes on. */
        @Test
        void aPrimaryThatTalksNonsenseDoesNoHarm() throws IOException {
            SplittableRandom random = new SplittableRandom(SEED);
            List<String> openings = List.of("", "+PONG\r\n",
                    "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " + "a".repeat(40)
                            + " 0\r\n$2000000000\r\nREDIS0011",
                    "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " + "b".repeat(40)
                            + " 0\r\n$40\r\nREDIS0009",
                    "-ERR no\r\n", "$-5\r\n", "*100000000\r\n", "+CONTINUE\r\n");
            try (TestServer server = TestServer.cistern();
                    TestClient admin = server.connect();
                    ServerSocket evil = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
                admin.send("SET", "key", "value").expect(ok());
                evil.setSoTimeout(10_000);
                for (int round = 0; round < 24 * EFFORT; round++) {
                    admin.send("REPLICAOF", "127.0.0.1", Integer.toString(evil.getLocalPort())).expect(ok());
                    try (Socket link = evil.accept()) {
                        byte[] rubbish = new byte[random.nextInt(2_000)];
                        random.nextBytes(rubbish);
                        link.getOutputStream().write(openings.get(round % openings.size())
                                .getBytes(StandardCharsets.ISO_8859_1));
                        link.getOutputStream().write(rubbish);
                    } catch (java.net.SocketException hungUp) {
                        // It has heard enough.
                    }
                    admin.send("REPLICAOF", "NO", "ONE").expect(ok());
                }
                admin.send("SET", "other", "value").expect(ok());
                admin.send("GET", "key").expect(bulk("value"));
            }
        }
    }
}
