package dev.cistern.engine.commands;

import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireTest;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** MONITOR: the lines that watchers get, and what they must not get. */
final class MonitorCommandTest {

    /** The next line, without its time and with the port of the client replaced. */
    private static String line(TestClient monitor) {
        String line = monitor.read().text();
        assertThat(line).matches("(?s)[0-9]{10}\\.[0-9]{6} \\[[0-9]+ (127\\.0\\.0\\.1:[0-9]+|lua)\\] .*");
        return line.substring(line.indexOf(' ') + 1).replaceFirst("127\\.0\\.0\\.1:[0-9]+", "client");
    }

    @WireTest
    void everyCommandIsTold(TestClient monitor, TestClient client) {
        monitor.send("MONITOR").expect(ok());
        client.send("SET", "a b\n\r\t\u0007\b\u0001\u00ff\\\"", "").expect(ok());
        assertThat(line(monitor)).isEqualTo("[0 client] \"SET\" \"a b\\n\\r\\t\\a\\b\\x01\\xff\\\\\\\"\" \"\"");
        client.send("select", "3").expect(ok());
        assertThat(line(monitor)).isEqualTo("[3 client] \"select\" \"3\"");
        client.send("GET");
        client.send("NOPE");
        client.send("CONFIG", "GET", "port");
        client.send("INCR", "text");
        assertThat(line(monitor)).isEqualTo("[3 client] \"INCR\" \"text\"");
        client.send("MULTI").expect(ok());
        client.send("SET", "q", "text").expect(status("QUEUED"));
        client.send("INCR", "q").expect(status("QUEUED"));
        client.send("EXEC");
        assertThat(line(monitor)).isEqualTo("[3 client] \"MULTI\"");
        assertThat(line(monitor)).isEqualTo("[3 client] \"SET\" \"q\" \"text\"");
        assertThat(line(monitor)).isEqualTo("[3 client] \"INCR\" \"q\"");
        assertThat(line(monitor)).isEqualTo("[3 client] \"EXEC\"");
    }

    @WireTest
    void scriptsAreToldBeforeWhatTheyRun(TestClient monitor, TestClient client) {
        monitor.send("MONITOR").expect(ok());
        client.send("EVAL", "return redis.call('get', KEYS[1])", "1", "k");
        client.send("PING").expect(status("PONG"));
        assertThat(line(monitor)).isEqualTo("[0 client] \"EVAL\" \"return redis.call('get', KEYS[1])\" \"1\" \"k\"");
        assertThat(line(monitor)).isEqualTo("[0 lua] \"get\" \"k\"");
        assertThat(line(monitor)).isEqualTo("[0 client] \"PING\"");
    }

    @WireTest
    void secretsAreNotTold(TestClient monitor, TestClient client) {
        monitor.send("MONITOR").expect(ok());
        client.send("AUTH", "canary");
        client.send("AUTH", "someone", "canary");
        client.send("HELLO", "2", "AUTH", "someone", "canary", "SETNAME", "n");
        client.send("ACL", "SETUSER", "someone", ">canary").expect(ok());
        client.send("CONFIG", "SET", "requirepass", "").expect(ok());
        client.send("ACL", "DELUSER", "someone");
        client.send("PING").expect(status("PONG"));
        assertThat(line(monitor)).isEqualTo("[0 client] \"AUTH\" \"(redacted)\"");
        assertThat(line(monitor)).isEqualTo("[0 client] \"AUTH\" \"(redacted)\" \"(redacted)\"");
        assertThat(line(monitor)).isEqualTo(
                "[0 client] \"HELLO\" \"2\" \"AUTH\" \"(redacted)\" \"(redacted)\" \"SETNAME\" \"n\"");
        assertThat(line(monitor)).isEqualTo("[0 client] \"PING\"");
    }

    @WireTest
    void watchersTouchNoKeysUntilReset(TestClient monitor, TestClient client) {
        monitor.send("MONITOR").expect(ok());
        assertThat(client.send("CLIENT", "LIST").text()).contains(" flags=O ");
        monitor.send("GET", "a").expect(error("ERR Replica can't interact with the keyspace"));
        monitor.send("RESET").expect(status("RESET"));
        client.send("SET", "a", "b").expect(ok());
        monitor.send("GET", "a").expect(bulk("b"));
        assertThat(monitor.isSilentFor(50)).isTrue();
    }

    @WireTest
    void itIsNotForTransactions(TestClient client) {
        client.send("MULTI").expect(ok());
        client.send("MONITOR").expect(status("QUEUED"));
        assertThat(client.send("EXEC").members()).containsExactly(
                error("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }

    @WireTest
    void aWatcherThatIsGoneCostsNothing(TestServer server, TestClient client) {
        try (TestClient monitor = server.connect()) {
            monitor.send("MONITOR").expect(ok());
            client.send("SET", "a", "b").expect(ok());
            line(monitor);
        }
        for (int i = 0; i < 100; i++) {
            client.send("SET", "a", "b").expect(ok());
        }
    }

    @Test
    void theControlPlaneIsNotWatched() {
        try (TestServer server = TestServer.cistern(NodeOptions.onPort("n", 0).withInternalUser("inner", "pw"));
                TestClient monitor = server.connect();
                TestClient inner = server.connect();
                TestClient client = server.connect()) {
            inner.send("AUTH", "inner", "pw").expect(ok());
            monitor.send("MONITOR").expect(ok());
            inner.send("SET", "a", "b").expect(ok());
            client.send("PING").expect(status("PONG"));
            assertThat(line(monitor)).isEqualTo("[0 client] \"PING\"");
        }
    }
}
