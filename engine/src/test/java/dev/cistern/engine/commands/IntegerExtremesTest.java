package dev.cistern.engine.commands;

import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.commands.NumericRequests.Data;
import dev.cistern.engine.commands.NumericRequests.Documented;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every number of every command at the ends of 32 and 64 bits, beside and beyond them: the node answers as the original does,
 * has the same data afterwards, and goes on.
 */
@DisplayName("Integer overflow")
final class IntegerExtremesTest {
    private static final List<String> NUMBERS = List.of("0", "1", "-1", "2147483646", "2147483647", "2147483648",
            "-2147483647", "-2147483648", "-2147483649", "4294967295", "4294967296", "4611686018427387904",
            "-4611686018427387904", "9223372036854775806", "9223372036854775807", "9223372036854775808",
            "-9223372036854775807", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
            "18446744073709551616", "-18446744073709551616", "340282366920938463463374607431768211456");

    /** An endless reply ends there, in the original as well; no string gets longer, and few elements are many. */
    private static final String[] LIMITS = {"client-output-buffer-limit", "normal 1048576 0 0", "proto-max-bulk-len",
            "1048576", "hash-max-listpack-entries", "8", "zset-max-listpack-entries", "8", "set-max-intset-entries",
            "8",
            "list-max-listpack-size", "8", "stream-node-max-entries", "3"};

    /** They hold up or take over the session that sends them, or make it another one. */
    private static final Pattern NOT_SENT = Pattern
            .compile("client[|]pause|psync|debug.*|shutdown|replicaof|slaveof|failover");
    private static final String CLOSED = "the connection ends";
    private static final String NEVER = "the reply never comes";

    private final Set<String> failures = new LinkedHashSet<>();
    private int sent;

    /** One of the servers, with a session that is replaced when it ends. */
    private static final class Side implements AutoCloseable {
        private final TestServer server;
        private TestClient client;

        Side(TestServer server) {
            this.server = server;
            this.client = server.connect();
            client.send("FUNCTION", "LOAD",
                    "#!lua name=l\nredis.register_function{function_name='f', callback=function(keys) return #keys end, "
                            + "flags={'no-writes'}}");
            client.send("SCRIPT", "LOAD", "return #KEYS");
        }

        /** The reply to the request, and what the key and the target hold then. */
        List<WireReply> answers(List<String[]> before, String[] request, String key) {
            List<String[]> after = List.of(new String[]{"SELECT", "0"},
                    new String[]{"DEBUG", "DIGEST-VALUE", key, NumericRequests.TARGET},
                    new String[]{"PEXPIRETIME", key},
                    new String[]{"PEXPIRETIME", NumericRequests.TARGET}, new String[]{"DBSIZE"});
            try {
                write(before);
                before.forEach(_ -> client.read());
                List<WireReply> answers = new ArrayList<>(List.of(client.send(request)));
                write(after);
                client.read();
                after.stream().skip(1).forEach(_ -> answers.add(client.read()));
                return answers;
            } catch (UncheckedIOException closed) {
                client.close();
                client = server.connect();
                return List.of(status(closed.getCause() instanceof SocketTimeoutException ? NEVER : CLOSED));
            }
        }

        private void write(List<String[]> requests) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            requests.forEach(request -> bytes.writeBytes(TestClient.encode(request)));
            client.raw(bytes.toByteArray());
        }

        Map<String, Documented> commands() {
            return NumericRequests.documented(client);
        }

        long bugs() {
            return client.send("INFO", "stats").text().lines()
                    .filter(line -> line.startsWith("unexpected_error_replies:"))
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1))).sum();
        }

        @Override
        public void close() {
            client.close();
            server.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void noneIsAnsweredByABug(Data data) {
        try (Side ours = new Side(TestServer.cistern(LIMITS))) {
            ours.commands().values().forEach(command -> eachRequest(command, (request, _) -> {
                WireReply answer = ours.answers(NumericRequests.fill(data), request, command.key()).getFirst();
                if (answer.toString().contains("internal error") || answer.equals(status(NEVER))) {
                    failures.add(Arrays.toString(request) + ": " + answer);
                }
            }));
            assertThat(failures).isEmpty();
            assertThat(ours.bugs()).isZero();
            assertThat(sent).isGreaterThan(5_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachIsAnsweredLikeTheOriginalDoes(Data data) {
        try (Side ours = new Side(TestServer.cistern(LIMITS)); Side original = new Side(original(LIMITS))) {
            compare(ours, original, data, "cluster.*|cistern.*");
        }
    }

    /** The slots' commands, where there are slots. Nodes do not meet by the cluster bus here. */
    @Test
    void inACluster() {
        String[] settings = {"cluster-enabled", "yes"};
        try (Side ours = new Side(TestServer.cistern(settings)); Side original = new Side(original(settings))) {
            compare(ours, original, Data.PLAIN, "(?!cluster).*|cluster[|]meet");
        }
    }

    private static TestServer original(String... settings) {
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        return TestServer.original(program, settings);
    }

    private void compare(Side ours, Side original, Data data, String leftOut) {
        AcceptedExtremes accepted = new AcceptedExtremes();
        Map<String, Documented> theirs = original.commands();
        ours.commands().values().stream().filter(command -> theirs.containsKey(command.name()))
                .filter(command -> !command.name().matches(leftOut))
                .forEach(command -> eachRequest(command, (request, number) -> {
                    if (isRace(command, number)) {
                        return;
                    }
                    List<String[]> before = NumericRequests.fill(data);
                    List<WireReply> our = ours.answers(before, request, command.key());
                    List<WireReply> their = original.answers(before, request, command.key());
                    if (!accepted.areAlike(request, number, our, their)) {
                        failures.add(Arrays.toString(request) + "\n  ours   " + our + "\n  theirs " + their);
                    }
                }));
        accepted.met().forEach((reason, count) -> System.out.println(count + " of " + sent + ": " + reason));
        assertThat(failures).isEmpty();
    }

    /** A millisecond may be over on one server before it is on the other. */
    private static boolean isRace(Documented command, String number) {
        return number.equals("1")
                && command.name().matches("pexpire|psetex|set|getex|restore.*|xclaim|xautoclaim|xpending");
    }

    private void eachRequest(Documented command, BiConsumer<String[], String> use) {
        if (NOT_SENT.matcher(command.name()).matches()) {
            return;
        }
        for (String number : NUMBERS) {
            Set<List<String>> requests = new LinkedHashSet<>();
            for (List<String> request : command.requests()) {
                requests.add(List.of(NumericRequests.with(request, number)));
                if (!command.mayWait()) {
                    requests.add(List.of(NumericRequests.withAll(request, number)));
                }
            }
            requests.forEach(request -> {
                sent++;
                use.accept(request.toArray(String[]::new), number);
            });
        }
    }

    /** What the control plane says to a node, by a user of its own. */
    @Test
    void amongTheOrdersOfTheControlPlane() {
        NodeOptions options = NodeOptions.onPort("n", 0).withInternalUser("inner", "hidden");
        List<Documented> orders;
        try (TestServer server = TestServer.cistern(options); TestClient client = insider(server)) {
            orders = NumericRequests.documented(client).values().stream()
                    .filter(command -> command.name().startsWith("cistern")).toList();
        }
        for (Documented order : orders) {
            // What one of them changes stays: so each has a node of its own.
            try (TestServer server = TestServer.cistern(options)) {
                eachRequest(order, (request, _) -> {
                    try (TestClient client = insider(server)) {
                        assertThat(client.send(request).toString()).as(Arrays.toString(request))
                                .doesNotContain("internal error");
                    }
                });
                try (TestClient client = insider(server)) {
                    client.send("PING").expect(status("PONG"));
                }
            }
        }
        assertThat(sent).isGreaterThan(100);
    }

    private static TestClient insider(TestServer server) {
        TestClient client = server.connect();
        client.send("AUTH", "inner", "hidden");
        return client;
    }
}
