package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;

import static dev.cistern.engine.replication.ReplicationNodes.await;
import static dev.cistern.engine.replication.ReplicationNodes.fact;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** FAILOVER with replicas that do not take over, in whatever way; {@link ReplicationTest} has those that do. */
final class FailoverTest {

    private static LogFollower follower(TestClient client, TestServer server, int ownPort) {
        LogFollower follower = new LogFollower(server.port(), ownPort);
        await("online", () -> fact(client, "slave0").contains("port=" + ownPort + ",state=online"));
        return follower;
    }

    private static void awaitEnd(TestClient client) {
        await("the end", () -> fact(client, "master_failover_state").equals("no-failover"));
        assertThat(fact(client, "role")).isEqualTo("master");
        await("nobody follows", () -> fact(client, "connected_slaves").equals("0"));
    }

    @WireTest
    void complains(TestClient client, TestServer server) {
        client.send("FAILOVER", "ABORT").expect(error("ERR No failover in progress."));
        client.send("FAILOVER").expect(error("ERR FAILOVER requires connected replicas."));
        client.send("FAILOVER", "TIMEOUT", "0").expect(error("ERR FAILOVER timeout must be greater than 0"));
        client.send("FAILOVER", "SOON").expect(error("ERR syntax error"));
        client.send("FAILOVER", "TO", "127.0.0.1").expect(error("ERR syntax error"));
        client.send("FAILOVER", "ABORT", "FORCE").expect(error("ERR syntax error"));
        try (LogFollower _ = follower(client, server, 7)) {
            client.send("FAILOVER", "TO", "127.0.0.1", "8").expect(error(
                    "ERR FAILOVER target HOST and PORT is not a replica."));
            String forced = "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
            client.send("FAILOVER", "FORCE").expect(error(forced));
            client.send("FAILOVER", "TO", "127.0.0.1", "7", "FORCE").expect(error(forced));
            client.send("FAILOVER", "FORCE", "TIMEOUT", "1").expect(error(forced));
        }
        awaitEnd(client);
    }

    @WireTest
    void isAborted(TestClient client, TestServer server, TestClient writer) {
        try (LogFollower _ = follower(client, server, 7)) {
            client.send("SET", "key", "before").expect(ok());
            client.send("FAILOVER", "TO", "127.0.0.1", "7", "TIMEOUT", "600000").expect(ok());
            assertThat(fact(client, "master_failover_state")).isEqualTo("waiting-for-sync");
            writer.write("SET", "key", "after");
            client.send("FAILOVER").expect(error("ERR FAILOVER already in progress."));
            client.send("REPLICAOF", "127.0.0.1", "1").expect(error("ERR REPLICAOF not allowed while failing over."));
            assertThat(client.send("GET", "key").text()).isEqualTo("before");
            client.send("FAILOVER", "ABORT").expect(ok());
            writer.read().expect(ok());
        }
        awaitEnd(client);
    }

    @WireTest
    void endsWhenNobodyCatchesUpInTime(TestClient client, TestServer server, TestClient writer) {
        try (LogFollower _ = follower(client, server, 7)) {
            client.send("SET", "key", "value").expect(ok());
            client.send("FAILOVER", "TIMEOUT", "30").expect(ok());
            writer.send("SET", "key", "after").expect(ok());
        }
        awaitEnd(client);
    }

    /** Also one that is behind: whoever asks for that with FORCE knows that it loses something. */
    @WireTest
    void theOneThatShouldTakeOverMayRefuse(TestClient client, TestServer server, TestClient writer)
            throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            int port = listener.getLocalPort();
            String history;
            try (LogFollower _ = follower(client, server, port)) {
                client.send("SET", "key", "before").expect(ok());
                history = fact(client, "master_replid");
                client.send("FAILOVER", "TO", "127.0.0.1", "" + port, "FORCE", "TIMEOUT", "30").expect(ok());
                assertThat(refuse(listener)).startsWith("PSYNC", history).endsWith("FAILOVER");
                writer.send("SET", "key", "after").expect(ok());
            }
            awaitEnd(client);
            assertThat(fact(client, "master_replid2")).isEqualTo(history);
            assertThat(client.send("GET", "key").text()).isEqualTo("after");
        }
    }

    /** Listens to a former primary until it asks to be followed, and refuses that; answers how it asked. */
    private static List<String> refuse(ServerSocket listener) throws IOException {
        try (TestClient primary = new TestClient(listener.accept())) {
            while (true) {
                List<String> words = primary.read().texts();
                if (words.getFirst().equals("PSYNC")) {
                    primary.raw("-ERR not now\r\n");
                    return words;
                }
                primary.raw(words.getFirst().equals("PING") ? "+PONG\r\n" : "+OK\r\n");
            }
        }
    }
}
