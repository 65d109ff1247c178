package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeUser;
import dev.cistern.control.resource.ClusterSecurityGroups;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Nodes that are redis-server and memcached. */
final class OriginalRuntimeTest extends OutlivingRuntimeContract {

    private static final ProtocolCommand FETCH = () -> "FETCH".getBytes(StandardCharsets.UTF_8);

    private static int nextPort = 31_000 + (int) (ProcessHandle.current().pid() % 40) * 40;

    @BeforeAll
    static void areThere() throws InterruptedException {
        assumeTrue(Programs.works("redis-server", "--version"), "redis-server is not installed");
        assumeTrue(Programs.works("memcached", "--version"), "memcached is not installed");
    }

    @Override
    NodeRuntime open() {
        return ProcessRuntime.ofOriginals();
    }

    @Test
    void usersAreKeptFromWhatIsNotForThem() throws IOException {
        NodeSpec spec = spec("a", false, Map.of());
        start(spec);
        List<String> last = runtime().lastRules(spec);
        assertThat(last).contains("-config", "-acl|setuser", "-replicaof").doesNotContain("-cistern");
        admin(spec).setUsers(List.of(
                new NodeUser("default", List.of("reset", "off")).endingWith(last),
                new NodeUser("ann", List.of("reset", "on", "nopass", "~a:*", "+@all", "(~b:* +@all)"))
                        .endingWith(last)));
        try (Jedis ann = client(spec)) {
            ann.auth("ann", "any");
            assertThat(ann.set("a:1", "x")).isEqualTo("OK");
            assertThat(ann.set("b:1", "x")).isEqualTo("OK");
            assertThatThrownBy(() -> ann.set("c:1", "x")).isInstanceOf(JedisDataException.class);
            assertThatThrownBy(() -> ann.configGet("*")).isInstanceOf(JedisDataException.class)
                    .hasMessageContaining("NOPERM");
            assertThatThrownBy(() -> ann.aclSetUser("me")).isInstanceOf(JedisDataException.class);
            assertThat(ann.aclWhoAmI()).isEqualTo("ann");
        }
    }

    @Test
    void renamedCommandsHaveTheirOtherName() throws IOException {
        NodeSpec spec = spec("a", true, Map.of("rename-commands", "get fetch keys blocked"));
        start(spec);
        try (Jedis client = client(spec)) {
            client.set("key", "value");
            assertThatThrownBy(() -> client.get("key")).hasMessageContaining("unknown command");
            assertThat(new String((byte[]) client.sendCommand(FETCH, "key"), StandardCharsets.UTF_8))
                    .isEqualTo("value");
            assertThatThrownBy(() -> client.keys("*")).isInstanceOf(JedisDataException.class);
        }
    }

    /** By itself it would say so once a second: not that often before the patience of this test ends. */
    @Test
    void aReplicaThatIsAskedSaysHowFarItIs() throws IOException {
        NodeSpec primary = spec("a");
        NodeSpec replica = spec("b");
        start(primary);
        start(replica);
        admin(replica).setPrimaryCredential(primary.admin());
        admin(replica).follow(new NodeAddress("127.0.0.1", primary.port()));
        Probe.await(() -> admin(replica).place().isLinked());
        try (Jedis client = client(primary)) {
            long before = acknowledgements(client);
            for (int i = 0; i < 500; i++) {
                admin(replica).acknowledge();
            }
            Probe.await(() -> acknowledgements(client) >= before + 500);
        }
    }

    /** The calls of REPLCONF, of which a linked replica makes none for anything else. */
    private static long acknowledgements(Jedis primary) {
        return primary.info("commandstats").lines().filter(line -> line.startsWith("cmdstat_replconf:"))
                .mapToLong(line -> Long.parseLong(line.replaceFirst("cmdstat_replconf:calls=(\\d+).*", "$1"))).sum();
    }

    @Test
    void thePortsOfARoleFollowTheRole() throws IOException {
        NodeSpec one = spec("a");
        NodeSpec two = spec("b");
        int primaryPort = nextPort++;
        int readerPort = nextPort++;
        start(one);
        start(two);
        admin(two).setPrimaryCredential(one.admin());
        admin(two).follow(new NodeAddress("127.0.0.1", one.port()));
        runtime().listenByRole(one, admin(one), primaryPort, readerPort);
        runtime().listenByRole(two, admin(two), primaryPort, readerPort);
        Probe.await(() -> answers(primaryPort) && answers(readerPort));
        try (Jedis primary = new Jedis("127.0.0.1", primaryPort); Jedis reader = new Jedis("127.0.0.1", readerPort)) {
            primary.set("key", "value".repeat(100_000));
            Probe.await(() -> "value".repeat(100_000).equals(reader.get("key")));
            assertThatThrownBy(() -> reader.set("key", "other")).hasMessageContaining("READONLY");

            process(one).destroyForcibly();
            assertThatThrownBy(primary::ping).isInstanceOf(JedisConnectionException.class);
            Probe.await(() -> exits.contains("a"));
            admin(two).lead();
            assertThatThrownBy(() -> Probe.await(() -> reader.ping().isEmpty()))
                    .as("its connections end with the role").isInstanceOf(JedisConnectionException.class);
        }
        Probe.await(() -> answers(primaryPort));
        try (Jedis primary = new Jedis("127.0.0.1", primaryPort)) {
            assertThat(primary.set("key", "new")).isEqualTo("OK");
        }
        assertThat(answers(readerPort)).isFalse();
        runtime().stop(two);
        assertThat(answers(primaryPort)).isFalse();
    }

    /** It looks at nobody's address, so the ports of its role do it in its place. */
    @Test
    void theAddressesOfARuleComeInAndNoOthers() throws IOException {
        NodeSpec spec = spec("a", true, Map.of("allow-from", "127.0.0.2,10.0.0.0/8"));
        int port = nextPort++;
        start(spec);
        runtime().listenByRole(spec, admin(spec), port, 0);
        Probe.await(() -> Probe.says(port, "127.0.0.2").equals("+PONG"));
        assertThat(Probe.says(port, "127.0.0.3")).isEmpty();
        runtime().admit(spec.withParameters(Map.of("allow-from", "127.0.0.3/32")));
        assertThat(Probe.says(port, "127.0.0.2")).isEmpty();
        assertThat(Probe.says(port, "127.0.0.3")).isEqualTo("+PONG");
        runtime().admit(spec.withParameters(Map.of("allow-from", ClusterSecurityGroups.NOBODY)));
        assertThat(Probe.says(port, "127.0.0.3")).isEmpty();
    }

    /** Where others reach this machine its own port is not its own: it would let in everybody. */
    @Test
    void onANetworkItsOwnPortLooksAtWhoComesToo() throws Exception {
        Elsewhere.assumePossible();
        try (Elsewhere elsewhere = Elsewhere.enter(2)) {
            for (String address : List.of("0.0.0.0", elsewhere.here())) {
                NodeSpec redis = boundTo(address, spec("r" + address.length(), true, NOBODY));
                NodeSpec memcached = boundTo(address, memcached("m" + address.length()))
                        .withParameters(Map.of("allow_from", ClusterSecurityGroups.NOBODY));
                start(redis);
                start(memcached);
                assertThat(heard(elsewhere, redis, "PING")).isEmpty();
                assertThat(heard(elsewhere, memcached, "version")).isEmpty();
                runtime().admit(redis.withParameters(Map.of("allow-from", elsewhere.there() + "/32")));
                runtime().admit(memcached.withParameters(Map.of("allow_from", elsewhere.there() + "/32")));
                assertThat(heard(elsewhere, redis, "PING")).startsWith("+PONG");
                assertThat(heard(elsewhere, memcached, "version")).startsWith("VERSION");
                runtime().admit(redis);
                assertThat(heard(elsewhere, redis, "PING")).isEmpty();
                try (Jedis here = new Jedis(elsewhere.here(), redis.port())) {
                    assertThat(here.ping()).as("whoever runs it").isEqualTo("PONG");
                }
                process(redis).destroyForcibly();
                Probe.await(() -> exits.contains(redis.nodeId()));
                start(redis);
                assertThat(heard(elsewhere, redis, "PING")).isEmpty();
                runtime().stop(redis);
                runtime().stop(memcached);
            }
        }
    }

    private static final Map<String, String> NOBODY = Map.of("allow-from", ClusterSecurityGroups.NOBODY);

    private static NodeSpec boundTo(String address, NodeSpec spec) {
        return new NodeSpec(spec.nodeId(), spec.engine(), spec.engineVersion(), address, spec.port(),
                spec.maxMemoryBytes(), spec.parameters(), spec.open(), spec.admin(), spec.dataDirectory());
    }

    /** What a node answers to a word from there. */
    private static String heard(Elsewhere elsewhere, NodeSpec node, String word) throws Exception {
        return elsewhere.bash("(exec 3<>/dev/tcp/" + elsewhere.here() + "/" + node.port() + " && printf '" + word
                + "\\r\\n' >&3 && head -n 1 <&3) 2>/dev/null; true");
    }

    @Test
    void aReaderPortTakesTurns() throws IOException {
        NodeSpec primary = spec("a");
        NodeSpec[] replicas = {spec("b"), spec("c")};
        int readerPort = nextPort++;
        start(primary);
        for (NodeSpec replica : replicas) {
            start(replica);
            admin(replica).setPrimaryCredential(primary.admin());
            admin(replica).follow(new NodeAddress("127.0.0.1", primary.port()));
            runtime().listenByRole(replica, admin(replica), 0, readerPort);
        }
        Probe.await(() -> run(readerPort).equals(admin(replicas[0]).report().runId()));
        Probe.await(() -> run(readerPort).equals(admin(replicas[1]).report().runId()));
    }

    private static String run(int port) {
        try (Jedis client = new Jedis("127.0.0.1", port)) {
            return client.info("server").lines().filter(line -> line.startsWith("run_id:")).findFirst().orElse("")
                    .substring("run_id:".length());
        } catch (JedisConnectionException e) {
            return "";
        }
    }

    private static boolean answers(int port) {
        try (Jedis client = new Jedis("127.0.0.1", port)) {
            return client.ping().equals("PONG");
        } catch (JedisConnectionException e) {
            return false;
        }
    }
}
