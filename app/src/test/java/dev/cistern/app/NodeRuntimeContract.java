package dev.cistern.app;

import dev.cistern.control.node.AdminCredential;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.node.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What {@link NodeRuntime} promises, asked of each runtime over real sockets. */
abstract class NodeRuntimeContract {

    private static final Secret PASSWORD = new Secret("swordfish-of-the-admin");

    /** Far from those of another JVM whose tests run at the same time: what one frees for a moment, it may take. */
    private static final AtomicInteger NEXT_PORT = new AtomicInteger(
            20_000 + (int) (ProcessHandle.current().pid() % 100) * 100);

    @TempDir
    Path nodes;

    final Queue<String> exits = new ConcurrentLinkedQueue<>();
    private final Map<String, NodeSpec> started = new HashMap<>();
    private NodeRuntime runtime;

    /** A runtime of the kind that is tested. */
    abstract NodeRuntime open();

    /** The engine whose nodes it runs. */
    EngineType engine() {
        return EngineType.REDIS;
    }

    @BeforeEach
    void openFirst() {
        reopen();
    }

    @AfterEach
    void endAll() {
        started.values().forEach(runtime::remove);
        runtime.close();
    }

    final NodeRuntime runtime() {
        return runtime;
    }

    /** As a control plane that was killed and started again: nothing was closed. */
    final void reopen() {
        runtime = open();
        runtime.onExit(exits::add);
    }

    @Test
    void aNodeListensServesItsAdminAndStops() throws IOException {
        NodeSpec spec = spec("a");
        assertThat(runtime.inspect(spec)).isEqualTo(NodeState.STOPPED);
        NodeAddress address = start(spec);
        assertThat(address).isEqualTo(new NodeAddress("127.0.0.1", spec.port()));
        assertThat(runtime.inspect(spec)).isEqualTo(NodeState.RUNNING);
        Probe.await(admin(spec)::answers);
        try (Jedis client = client(spec)) {
            assertThat(client.set("key", "value")).isEqualTo("OK");
        }
        runtime.stop(spec);
        assertThat(runtime.inspect(spec)).isEqualTo(NodeState.STOPPED);
        requireFree(spec.port());
        runtime.stop(spec);
        assertThat(exits).as("who was stopped did not end by itself").isEmpty();

        start(spec);
        try (Jedis client = client(spec)) {
            assertThat(client.get("key")).as("by itself it never saves").isNull();
        }
    }

    @Test
    void startedTwiceItIsOneNode() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        String run = admin(spec).report().runId();
        start(spec);
        assertThat(admin(spec).report().runId()).isEqualTo(run);
    }

    @Test
    void manyAtOnce() throws Exception {
        NodeSpec[] specs = {spec("a"), spec("b"), spec("c")};
        Thread[] threads = new Thread[specs.length];
        for (int i = 0; i < specs.length; i++) {
            NodeSpec spec = specs[i];
            started.put(spec.nodeId(), spec);
            threads[i] = Thread.ofVirtual().start(() -> runtime.start(spec));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (NodeSpec spec : specs) {
            assertThat(admin(spec).answers()).isTrue();
        }
    }

    @Test
    void aTakenPortIsToldAndLeavesNothingBehind() throws IOException {
        NodeSpec spec = spec("a");
        try (ServerSocket other = new ServerSocket(spec.port(), 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> start(spec)).isInstanceOf(NodeRuntimeException.class)
                    .hasMessageContaining("a cannot start");
            assertThat(runtime.inspect(spec)).isEqualTo(NodeState.STOPPED);
            assertThat(other.isBound()).isTrue();
        }
        start(spec);
        assertThat(admin(spec).answers()).isTrue();
    }

    @Test
    void oneThatIsNotOpenLetsInNobodyButItsAdmin() throws IOException {
        NodeSpec spec = spec("a", false, Map.of());
        start(spec);
        try (Jedis client = client(spec)) {
            assertThatThrownBy(client::ping).isInstanceOf(JedisDataException.class).hasMessageContaining("NOAUTH");
        }
        assertThat(admin(spec).answers()).isTrue();
    }

    @Test
    void parametersAreSetAndThoseOfOtherEnginesLeftOut() throws IOException {
        NodeSpec spec = spec("a", true, Map.of("hash-max-listpack-entries", "7", "close-on-replica-write", "yes",
                "notify-keyspace-events", "", "databases", "3", "no-such-setting", "x",
                "client-output-buffer-limit", "normal 0 0 0 slave 1000 500 60 pubsub 33554432 8388608 7"));
        start(spec);
        try (Jedis node = new Jedis("127.0.0.1", spec.port())) {
            node.auth(AdminCredential.USER, PASSWORD.reveal());
            assertThat(node.configGet("hash-max-listpack-entries")).containsValue("7");
            assertThat(node.configGet("maxmemory")).containsValue("100000000");
            assertThat(node.configGet("databases")).containsValue("3");
            assertThat(node.configGet("client-output-buffer-limit").get("client-output-buffer-limit"))
                    .contains("slave 1000 500 60", "pubsub 33554432 8388608 7");
        }
    }

    @Test
    void customersDoNotSeeTheAdminNorRestrictedCommands() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        try (Jedis client = client(spec)) {
            assertThatThrownBy(() -> client.configGet("*")).isInstanceOf(JedisDataException.class);
            assertThatThrownBy(client::bgsave).isInstanceOf(JedisDataException.class);
            assertThatThrownBy(() -> client.aclSetUser("me", "on", "nopass", "+@all"))
                    .isInstanceOf(JedisDataException.class);
            assertThatThrownBy(() -> client.replicaof("127.0.0.1", 1)).isInstanceOf(JedisDataException.class);
            assertThat(client.aclWhoAmI()).isEqualTo("default");
            assertThat(client.info()).contains("run_id");
        }
    }

    @Test
    void aSnapshotInItsFolderIsLoaded() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        try (Jedis client = client(spec)) {
            client.set("key", "value");
        }
        admin(spec).beginSave();
        Probe.await(() -> Files.exists(spec.snapshotFile()) && !admin(spec).report().isSaving());
        runtime.stop(spec);
        assertThat(Files.size(spec.snapshotFile())).isPositive();
        start(spec);
        Probe.await(admin(spec)::answers);
        try (Jedis client = client(spec)) {
            assertThat(client.get("key")).isEqualTo("value");
        }
    }

    @Test
    void itsEndIsTold() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        shutDown(spec);
        Probe.await(() -> exits.contains("a"));
        assertThat(runtime.inspect(spec)).isEqualTo(NodeState.STOPPED);
        assertThat(exits).hasSize(1);
        start(spec);
        assertThat(admin(spec).answers()).isTrue();
    }

    @Test
    void oneThatNeverWasCanBeStoppedAndRemoved() throws IOException {
        NodeSpec spec = spec("a");
        runtime.stop(spec);
        runtime.remove(spec);
        assertThat(runtime.inspect(spec)).isEqualTo(NodeState.STOPPED);
    }

    @Test
    void aMemcachedNode() throws IOException {
        NodeSpec spec = memcached("m");
        start(spec);
        assertThat(runtime.inspect(spec)).isEqualTo(NodeState.RUNNING);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), spec.port())) {
            socket.getOutputStream().write("set k 0 0 1\r\nv\r\nget k\r\nquit\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("STORED\r\nVALUE k 0 1\r\nv\r\nEND\r\n");
        }
        runtime.stop(spec);
        assertThat(runtime.inspect(spec)).isEqualTo(NodeState.STOPPED);
    }

    final NodeAddress start(NodeSpec spec) {
        started.put(spec.nodeId(), spec);
        return runtime.start(spec);
    }

    /** Ends the node from within. */
    final void shutDown(NodeSpec spec) {
        try (Jedis node = new Jedis("127.0.0.1", spec.port())) {
            node.auth(AdminCredential.USER, PASSWORD.reveal());
            node.shutdown();
        } catch (JedisConnectionException e) {
            // That is its answer.
        }
    }

    final NodeSpec spec(String nodeId) throws IOException {
        return spec(nodeId, true, Map.of());
    }

    final NodeSpec spec(String nodeId, boolean open, Map<String, String> parameters) throws IOException {
        return spec(nodeId, engine(), "7.1.0", open, parameters);
    }

    final NodeSpec memcached(String nodeId) throws IOException {
        return spec(nodeId, EngineType.MEMCACHED, "1.6.22", true, Map.of("max_item_size", "2097152"));
    }

    private NodeSpec spec(String nodeId, EngineType engine, String version, boolean open,
            Map<String, String> parameters) throws IOException {
        return new NodeSpec(nodeId, engine, version, "127.0.0.1", freePort(), 100_000_000, parameters, open,
                new AdminCredential(AdminCredential.USER, PASSWORD), Files.createDirectories(nodes.resolve(nodeId)));
    }

    static NodeAdmin admin(NodeSpec spec) {
        return new NodeAdmin(new NodeAddress("127.0.0.1", spec.port()), spec.admin());
    }

    static Jedis client(NodeSpec spec) {
        return new Jedis("127.0.0.1", spec.port());
    }

    /** Below those that the kernel gives to whoever connects: a node that is started again needs its old one. */
    private static int freePort() {
        while (true) {
            int port = NEXT_PORT.getAndIncrement();
            try {
                requireFree(port);
                return port;
            } catch (IOException taken) {
                // The next one.
            }
        }
    }

    private static void requireFree(int port) throws IOException {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        }
    }
}
