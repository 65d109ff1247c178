package dev.cistern.engine;

import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Fact;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.store.Memory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A node's life: starting, several in one process, stopping, and what it leaves behind. */
final class CacheNodeTest {

    @Test
    void portInUseIsAClearError() throws IOException {
        try (EventLoops loops = EventLoops.start(Transport.preferred(), 1);
                CacheNode first = CacheNode.start(NodeOptions.onPort("first", 0), loops)) {
            assertThatThrownBy(() -> CacheNode.start(NodeOptions.onPort("second", first.port()), loops))
                    .isInstanceOf(IOException.class).hasMessageContaining("127.0.0.1:" + first.port())
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void wrongSettingsAreRefused() {
        try (EventLoops loops = EventLoops.start(Transport.preferred(), 1)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CacheNode.start(NodeOptions.onPort("n", 0).with("colour", "red"), loops))
                    .withMessage("setting 'colour': unknown setting");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CacheNode.start(NodeOptions.onPort("n", 0).with("maxclients", "0"), loops))
                    .withMessageContaining("maxclients");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void everyTransportServes(Transport transport) throws IOException {
        Assumptions.assumeTrue(transport.isAvailable(), () -> "this machine does not offer " + transport);
        long held = Memory.heldBytes();
        try (EventLoops loops = EventLoops.start(transport, 2);
                CacheNode node = CacheNode.start(NodeOptions.onPort("n", 0), loops)) {
            String value = "v".repeat(3 << 20);
            for (int i = 0; i < 4; i++) {
                try (TestClient client = new TestClient(node.port())) {
                    client.send("SET", "small", "x").expect(ok());
                    client.send("SET", "large", value).expect(ok());
                    client.write("GET", "large");
                    client.write("GET", "small");
                    assertThat(client.read().text()).isEqualTo(value);
                    client.read().expect(bulk("x"));
                }
            }
        }
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    @Test
    void nodesOfOneProcessShareLoopsAndNothingElse() throws IOException {
        long held = Memory.heldBytes();
        try (EventLoops loops = EventLoops.start(Transport.preferred(), 2)) {
            List<CacheNode> nodes = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                nodes.add(CacheNode.start(NodeOptions.onPort("n" + i, 0), loops));
            }
            for (CacheNode node : nodes) {
                try (TestClient client = new TestClient(node.port())) {
                    client.send("GET", "name").expect(nil());
                    client.send("SET", "name", "" + node.port()).expect(ok());
                }
            }
            nodes.removeFirst().close();
            for (CacheNode node : nodes) {
                try (TestClient client = new TestClient(node.port())) {
                    client.send("GET", "name").expect(bulk("" + node.port()));
                }
            }
            nodes.forEach(CacheNode::close);
        }
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    @Test
    void stoppingLosesNoReply() throws Exception {
        try (EventLoops loops = EventLoops.start(Transport.preferred(), 1)) {
            CacheNode node = CacheNode.start(NodeOptions.onPort("n", 0), loops);
            try (TestClient client = new TestClient(node.port())) {
                String value = "v".repeat(10 << 20);
                client.send("SET", "large", value).expect(ok());
                client.write("GET", "large");
                // The reply is on its way: its first byte has come, its last one does not fit into the sockets.
                client.socket().getInputStream();
                assertThat(client.isSilentFor(5000)).isFalse();
                Thread stopper = Thread.ofPlatform().start(node::close);
                assertThat(client.read().text()).isEqualTo(value);
                assertThat(client.isClosedByServer()).isTrue();
                stopper.join();
            }
        }
    }

    @Test
    void shutdownIsTheEmbeddersToCarryOut() throws Exception {
        try (EventLoops loops = EventLoops.start(Transport.preferred(), 1);
                CacheNode node = CacheNode.start(NodeOptions.onPort("n", 0), loops);
                TestClient client = new TestClient(node.port())) {
            CountDownLatch asked = new CountDownLatch(1);
            node.onShutdown(asked::countDown);
            client.write("SHUTDOWN", "NOSAVE");
            asked.await();
            assertThat(client.isClosedByServer()).isTrue();
        }
    }

    @Test
    void theControlPlanesUserIsHidden() throws IOException {
        NodeOptions options = NodeOptions.onPort("n", 0).with("requirepass", "secret")
                .withInternalUser("cistern-internal", "hidden");
        try (TestServer server = TestServer.cistern(options);
                TestClient internal = server.connect();
                TestClient customer = server.connect()) {
            internal.send("AUTH", "cistern-internal", "wrong").expect(
                    error("WRONGPASS invalid username-password pair or user is disabled."));
            internal.send("AUTH", "cistern-internal", "hidden").expect(ok());
            internal.send("PING").expect(status("PONG"));
            customer.send("AUTH", "secret").expect(ok());
            assertThat(customer.send("CLIENT", "LIST").text()).doesNotContain("cistern-internal").hasLineCount(1);
            assertThat(internal.send("CLIENT", "LIST").text()).contains("cistern-internal").hasLineCount(2);
            customer.send("CLIENT", "KILL", "USER", "cistern-internal").expect(
                    error("ERR No such user 'cistern-internal'"));
            customer.send("CLIENT", "PAUSE", "100000", "ALL").expect(ok());
            internal.send("CLIENT", "UNPAUSE").expect(ok());
            customer.send("PING").expect(status("PONG"));
        }
    }

    @Test
    void aBugIsAnsweredCountedAndEndsOnlyThatConnection() throws IOException {
        CommandIndex commands = new CommandIndex(List.of(CommandTable.of("test",
                command("BUGGY", 1, new Fact[0]).runs((_, _, reply) -> {
                    reply.array(2);
                    throw new IllegalStateException("on purpose");
                }),
                command("PING", 1, new Fact[0]).runs((_, _, reply) -> reply.status("PONG")))));
        try (EventLoops loops = EventLoops.start(Transport.preferred(), 1);
                CacheNode node = CacheNode.start(NodeOptions.onPort("n", 0), loops, commands);
                TestClient unlucky = new TestClient(node.port());
                TestClient other = new TestClient(node.port())) {
            unlucky.raw("PING\r\nBUGGY\r\nPING\r\n");
            unlucky.read().expect(status("PONG"));
            unlucky.read().expect(error("ERR internal error"));
            assertThat(unlucky.isClosedByServer()).isTrue();
            other.send("PING").expect(status("PONG"));
            assertThat(node.node().counters().bugs.sum()).isEqualTo(1);
        }
    }

    @Test
    void operatingSystemIsWhatItWasTold() {
        try (TestServer server = TestServer.cistern(
                NodeOptions.onPort("n", 0).withOperatingSystem("Amazon ElastiCache"));
                TestClient client = server.connect()) {
            assertThat(client.send("INFO", "server").text()).contains("\r\nos:Amazon ElastiCache\r\n");
        }
    }
}
