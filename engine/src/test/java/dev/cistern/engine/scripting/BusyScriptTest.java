package dev.cistern.engine.scripting;

import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** Scripts without end: others hear that the node is busy, on whatever loop they are, and may end them. */
final class BusyScriptTest {
    private static final String BUSY = "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or "
            + "SHUTDOWN NOSAVE.";
    private static final int MANY_CLIENTS = 6;

    /** Connections made while the script runs, one after the other, so that every loop gets some. */
    private static void expectBusyThenKill(TestServer server, String... kill) {
        List<TestClient> others = new ArrayList<>();
        try {
            for (int i = 0; i < MANY_CLIENTS; i++) {
                TestClient other = server.connect();
                others.add(other);
                awaitBusy(other);
            }
            others.getLast().send(kill).expect(ok());
        } finally {
            others.forEach(TestClient::close);
        }
    }

    private static void awaitBusy(TestClient client) {
        WireReply reply = client.send("GET", "k");
        while (!(reply instanceof WireReply.ErrorLine)) {
            reply = client.send("GET", "k");
        }
        assertThat(Texts.of(reply)).startsWith("BUSY Valkey is busy running a script.");
    }

    private static void expectKilled(WireReply reply, String how) {
        assertThat(reply.text()).startsWith("ERR Script killed by user with " + how + ".");
    }

    @DisplayName("Script denial of service: time")
    @WireTest(settings = {"busy-reply-threshold", "50"})
    void endlessScriptsAreKilled(TestClient client, TestServer server) {
        client.send("SET", "k", "v");
        for (String script : new String[]{"while true do end",
                "while true do pcall(function() while true do end end) end",
                "redis.call('get', 'k') while true do redis.call('ping') end",
                "while true do pcall(redis.call, 'nosuch') end"}) {
            client.write("EVAL", script, "1", "k");
            client.write("PING");
            expectBusyThenKill(server, "SCRIPT", "KILL");
            expectKilled(client.read(), "SCRIPT KILL");
            client.read().expect(status("PONG"));
            client.send("GET", "k").expect(bulk("v"));
        }
    }

    @WireTest(settings = {"busy-reply-threshold", "50"})
    void endlessFunctionsAreKilled(TestClient client, TestServer server) {
        client.send("FUNCTION", "LOAD", "#!lua name=endless\n"
                + "redis.register_function('endless', function() while true do end end)");
        client.write("FCALL", "endless", "0");
        try (TestClient other = server.connect()) {
            awaitBusy(other);
            assertThat(Texts.of(other.send("SCRIPT", "KILL"))).contains("You can only call FUNCTION KILL");
            List<WireReply> running = other.send("FUNCTION", "STATS").members().get(1).members();
            assertThat(running.get(1)).isEqualTo(bulk("endless"));
            assertThat(running.get(3).texts()).containsExactly("FCALL", "endless", "0");
        }
        expectBusyThenKill(server, "FUNCTION", "KILL");
        expectKilled(client.read(), server.isOurs() ? "FUNCTION KILL" : "SCRIPT KILL");
        client.send("FUNCTION", "KILL").expect(error("NOTBUSY No scripts in execution right now."));
    }

    @WireTest(settings = {"busy-reply-threshold", "50"})
    void aTransactionsScriptIsKilled(TestClient client, TestServer server) {
        client.send("MULTI");
        client.send("EVAL", "while true do end", "0");
        client.write("EXEC");
        expectBusyThenKill(server, "SCRIPT", "KILL");
        expectKilled(client.read().members().getFirst(), "SCRIPT KILL");
    }

    @WireTest(settings = {"busy-reply-threshold", "50"})
    void whatWroteIsNotKilled(TestClient client, TestServer server) {
        // Ends by itself, after a while that is long enough to be asked in.
        client.write("EVAL", "redis.call('set', 'k', 'v') for i = 1, 60000000 do end return 'done'", "0");
        try (TestClient other = server.connect()) {
            awaitBusy(other);
            assertThat(other.send("SCRIPT", "KILL").text()).startsWith("UNKILLABLE ");
        }
        client.read().expect(bulk("done"));
        client.send("GET", "k").expect(bulk("v"));
    }

    @WireTest(settings = {"busy-reply-threshold", "50"})
    void whatIsAllowedMeanwhile(TestClient client, TestServer server) {
        client.write("EVAL", "while true do end", "0");
        try (TestClient other = server.connect()) {
            awaitBusy(other);
            assertThat(Texts.of(other.send("EVAL", "return 1", "0"))).isEqualTo(BUSY);
            assertThat(Texts.of(other.send("FLUSHALL"))).isEqualTo(BUSY);
            other.send("MULTI").expect(ok());
            assertThat(Texts.of(other.send("GET", "k"))).isEqualTo(BUSY);
            other.send("DISCARD").expect(ok());
            other.send("RESET").expect(status("RESET"));
            other.send("SCRIPT", "KILL").expect(ok());
        }
        expectKilled(client.read(), "SCRIPT KILL");
    }

    @WireTest(settings = {"busy-reply-threshold", "50"})
    void itsOwnClientMayLeave(TestServer server, TestClient other) {
        for (int i = 0; i < 3; i++) {
            try (TestClient leaving = server.connect()) {
                leaving.write("EVAL", "while true do end", "0");
                leaving.write("PING");
                awaitBusy(other);
            }
            awaitBusy(other);
            other.send("SCRIPT", "KILL").expect(ok());
            WireReply reply = other.send("PING");
            while (!reply.equals(status("PONG"))) {
                reply = other.send("PING");
            }
        }
    }

    @WireTest(settings = {"busy-reply-threshold", "50"})
    void aWaitingPipelineIsRefusedInOrder(TestClient client, TestClient other) {
        client.write("EVAL", "while true do end", "1", "k");
        awaitBusy(other);
        for (int i = 0; i < 100; i++) {
            other.write("SET", "k", "v");
        }
        other.write("SCRIPT", "KILL");
        for (int i = 0; i < 100; i++) {
            assertThat(Texts.of(other.read())).isEqualTo(BUSY);
        }
        other.read().expect(ok());
        expectKilled(client.read(), "SCRIPT KILL");
        other.send("SET", "k", "v").expect(ok());
    }

    /** A node must end though a script does not, and though it wrote. */
    @Test
    void theNodeEndsInTheMiddleOfAScript() {
        try (TestServer server = TestServer.cistern(NodeOptions.onPort("ending", 0).with("busy-reply-threshold", "20"));
                TestClient client = server.connect();
                TestClient other = server.connect()) {
            client.write("EVAL", "redis.call('set', 'k', 'v') while true do end", "0");
            awaitBusy(other);
        }
    }
}
