package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestCertificate;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Ports that follow a role from node to node. */
final class RolePortsTest {
    private final List<AutoCloseable> open = new ArrayList<>();

    private <T extends AutoCloseable> T keep(T opened) {
        open.add(opened);
        return opened;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private TestClient node(String... settings) {
        return keep(keep(TestServer.cistern(settings)).connect());
    }

    private static void order(TestClient node, int primary, int reader) {
        node.send("CISTERN", "ROLE-PORTS", "PRIMARY", "" + primary, "READER", "" + reader).expect(ok());
    }

    private static int portOf(TestClient node) {
        return Integer.parseInt(ReplicationNodes.fact(node, "tcp_port"));
    }

    private static void follow(TestClient replica, TestClient primary) {
        replica.send("REPLICAOF", "127.0.0.1", "" + portOf(primary)).expect(ok());
        ReplicationNodes.await("link up", () -> ReplicationNodes.fact(replica, "master_link_status").equals("up"));
    }

    private static boolean isListening(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void awaitListening(int port) {
        ReplicationNodes.await("somebody listens on " + port, () -> isListening(port));
    }

    private static void expectEnd(TestClient client) {
        assertThatThrownBy(() -> {
            client.send("PING");
            client.send("PING");
        }).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void thePrimarysPortGoesWithTheRole() {
        int port = TestServer.freePort();
        TestClient one = node();
        TestClient two = node();
        follow(two, one);
        order(two, port, 0);
        assertThat(isListening(port)).isFalse();
        order(one, port, 0);
        TestClient client = keep(new TestClient(port));
        client.send("SET", "key", "1").expect(ok());
        client.send("WAIT", "1", "0").expect(integer(1));

        two.send("REPLICAOF", "NO", "ONE").expect(ok());
        one.send("REPLICAOF", "127.0.0.1", "" + portOf(two)).expect(ok());
        expectEnd(client);
        awaitListening(port);
        ReplicationNodes.await("the new primary has the port", () -> {
            try (TestClient fresh = new TestClient(port)) {
                return fresh.send("CISTERN", "ROLE-PORTS").equals(two.send("CISTERN", "ROLE-PORTS"))
                        && fresh.send("INCR", "key").equals(integer(2));
            } catch (UncheckedIOException notYet) {
                return false;
            }
        });
    }

    @Test
    void replicasShareTheirPortAndLeaveItWithTheirRole() {
        int port = TestServer.freePort();
        TestClient primary = node();
        List<TestClient> replicas = List.of(node(), node());
        primary.send("SET", "key", "value").expect(ok());
        order(primary, 0, port);
        replicas.forEach(each -> order(each, 0, port));
        assertThat(isListening(port)).isFalse();
        replicas.forEach(each -> follow(each, primary));
        replicas.forEach(each -> order(each, 0, port));

        Set<String> found = new HashSet<>();
        ReplicationNodes.await("both are found", () -> {
            TestClient client = keep(new TestClient(port));
            client.send("GET", "key").expect(bulk("value"));
            return found.add(ReplicationNodes.fact(client, "run_id")) && found.size() == 2;
        });

        TestClient reader = keep(new TestClient(port));
        String id = ReplicationNodes.fact(reader, "run_id");
        replicas.forEach(each -> {
            if (ReplicationNodes.fact(each, "run_id").equals(id)) {
                each.send("REPLICAOF", "NO", "ONE").expect(ok());
            }
        });
        expectEnd(reader);
        ReplicationNodes.await("the other one has it", () -> {
            try (TestClient other = new TestClient(port)) {
                return !ReplicationNodes.fact(other, "run_id").equals(id);
            } catch (UncheckedIOException queued) {
                // The one that left had this connection in its queue when it closed the port: that ends it.
                return false;
            }
        });
    }

    @Test
    void aPortThatSomebodyHasIsTakenWhenItIsFree() throws IOException {
        TestClient node = node();
        int port;
        try (ServerSocket stranger = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = stranger.getLocalPort();
            WireReply refused = node.send("CISTERN", "ROLE-PORTS", "PRIMARY", "" + port, "READER", "0");
            assertThat(refused.toString()).contains("cannot listen on 127.0.0.1:" + port);
        }
        ReplicationNodes.await("the node has the port", () -> {
            try (TestClient client = new TestClient(port)) {
                return client.send("PING").equals(new WireReply.Status("PONG"));
            } catch (UncheckedIOException notYet) {
                return false;
            }
        });
        order(node, 0, 0);
        ReplicationNodes.await("nobody listens", () -> !isListening(port));
    }

    @Test
    void anotherPortTakesThePlaceOfTheFirst() {
        TestClient node = node();
        int first = TestServer.freePort();
        order(node, first, 0);
        TestClient client = keep(new TestClient(first));
        int second = TestServer.freePort();
        order(node, second, 0);
        expectEnd(client);
        assertThat(isListening(second)).isTrue();
        assertThat(isListening(first)).isFalse();
    }

    @Test
    void theirDoorsAreAsTheNodesOwn(@TempDir Path folder) throws Exception {
        TestCertificate certificate = TestCertificate.make(folder, "ours");
        int own = TestServer.freePort();
        TestServer server = keep(TestServer.cistern("port", "0", "tls-port", "" + own, "tls-cert-file",
                certificate.certificate().toString(), "tls-key-file", certificate.key().toString(), "tls-auth-clients",
                "no"));
        TestClient admin = keep(new TestClient(certificate.clientContext().getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), server.port())));
        int port = TestServer.freePort();
        order(admin, port, 0);
        TestClient client = keep(new TestClient(certificate.clientContext().getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), port)));
        client.send("SET", "key", "value").expect(ok());
        expectEnd(keep(new TestClient(port)));

        admin.send("CONFIG", "SET", "allow-from", "10.0.0.0/8").expect(ok());
        assertThatThrownBy(() -> keep(new TestClient(certificate.clientContext().getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), port))).send("PING"))
                .isInstanceOf(UncheckedIOException.class);
        client.send("GET", "key").expect(bulk("value"));
    }
}
