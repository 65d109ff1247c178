package dev.cistern.engine.cluster;

import dev.cistern.engine.testing.TestCertificate;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Slots that go from node to node, by hand and by themselves, as one who looks closely sees it. */
final class SlotMoveTest {
    private static final WireReply OK = new WireReply.Status("OK");

    private static String slot(TestClient client, String key) {
        return client.send("CLUSTER", "KEYSLOT", key).text();
    }

    private static BitSet slots(String one) {
        BitSet slots = new BitSet();
        slots.set(Integer.parseInt(one));
        return slots;
    }

    @Test
    void aTopologyMustBeNewer() {
        try (TestCluster cluster = new TestCluster(2, 2)) {
            TestClient admin = cluster.admin(0);
            assertThat(admin.send("CISTERN", "SET-TOPOLOGY", cluster.text(1, TestCluster.id(0)))).isEqualTo(OK);
            String other = cluster.text(1, TestCluster.id(0)).replace("primary", "replica");
            assertThat(admin.send("CISTERN", "SET-TOPOLOGY", other).text())
                    .isEqualTo("STALEEPOCH this node's topology is of epoch 1");
            assertThat(admin.send("CISTERN", "SET-TOPOLOGY", cluster.text(3, TestCluster.id(0)), "AFTER", "2").text())
                    .startsWith("STALEEPOCH");
            assertThat(admin.send("CISTERN", "SET-TOPOLOGY", cluster.text(3, TestCluster.id(0)), "AFTER", "1"))
                    .isEqualTo(OK);
            assertThat(admin.send("CISTERN", "TOPOLOGY").text()).isEqualTo(cluster.text(3, TestCluster.id(0)));
            assertThat(admin.send("CISTERN", "SET-TOPOLOGY", "nonsense").text())
                    .isEqualTo("ERR no line of a topology: nonsense");
        }
    }

    @Test
    void keysOfOthersAreMoved() {
        try (TestCluster cluster = new TestCluster(2, 2)) {
            // foo is in slot 12182, bar in 5061.
            assertThat(cluster.admin(0).send("SET", "foo", "x").text())
                    .isEqualTo("MOVED 12182 127.0.0.1:" + cluster.port(1));
            assertThat(cluster.admin(1).send("SET", "foo", "x")).isEqualTo(OK);
            assertThat(cluster.admin(1).send("GET", "bar").text())
                    .isEqualTo("MOVED 5061 127.0.0.1:" + cluster.port(0));
            cluster.admin(0).send("MULTI");
            assertThat(cluster.admin(0).send("SET", "foo", "x").text()).startsWith("MOVED 12182");
            assertThat(cluster.admin(0).send("EXEC").text())
                    .isEqualTo("EXECABORT Transaction discarded because of previous errors.");
        }
    }

    /** Who is redirected may ask for it each time. */
    @Test
    void theMapStaysShortWhileSlotsMove() {
        try (TestCluster cluster = new TestCluster(2, 1)) {
            TestClient source = cluster.admin(0);
            assertThat(source.send("DEBUG", "POPULATE", "20000")).isEqualTo(OK);
            long move = Long.parseLong(source.send("CISTERN", "MOVE-SLOTS", "0-16383", TestCluster.id(1)).text());
            Set<Integer> lengths = new HashSet<>();
            while (!source.send("DBSIZE").text().equals("0")) {
                lengths.add(source.send("CLUSTER", "SLOTS").members().size());
            }
            assertThat(cluster.awaitEnd(0, move)).startsWith("done");
            assertThat(lengths).contains(2).isSubsetOf(1, 2);
        }
    }

    @Test
    void byHandKeyByKeyWithAsk() {
        try (TestCluster cluster = new TestCluster(2, 2)) {
            TestClient source = cluster.admin(0);
            TestClient target = cluster.admin(1);
            String slot = slot(source, "{bar}");
            source.send("MSET", "{bar}1", "one", "{bar}2", "two", "{bar}3", "three");
            assertThat(target.send("CLUSTER", "SETSLOT", slot, "IMPORTING", TestCluster.id(0))).isEqualTo(OK);
            assertThat(source.send("CLUSTER", "SETSLOT", slot, "MIGRATING", TestCluster.id(1))).isEqualTo(OK);
            assertThat(source.send("CLUSTER", "NODES").text())
                    .contains("[" + slot + "->-" + TestCluster.id(1) + "]");
            assertThat(target.send("CLUSTER", "NODES").text())
                    .contains("[" + slot + "-<-" + TestCluster.id(0) + "]");
            assertThat(source.send("MIGRATE", "127.0.0.1", Integer.toString(cluster.port(1)), "", "0", "1000", "KEYS",
                    "{bar}1")).isEqualTo(OK);
            String ask = "ASK " + slot + " 127.0.0.1:" + cluster.port(1);
            assertThat(source.send("GET", "{bar}1").text()).isEqualTo(ask);
            assertThat(source.send("GET", "{bar}2").text()).isEqualTo("two");
            assertThat(source.send("SET", "{bar}new", "x").text()).isEqualTo(ask);
            String tryAgain = "TRYAGAIN Multiple keys request during rehashing of slot";
            assertThat(source.send("MGET", "{bar}1", "{bar}2").text()).isEqualTo(tryAgain);
            assertThat(target.send("GET", "{bar}1").text()).startsWith("MOVED " + slot);
            assertThat(target.send("ASKING")).isEqualTo(OK);
            assertThat(target.send("GET", "{bar}1").text()).isEqualTo("one");
            assertThat(target.send("GET", "{bar}1").text()).startsWith("MOVED " + slot);
            target.send("ASKING");
            assertThat(target.send("MGET", "{bar}1", "{bar}2").text()).isEqualTo(tryAgain);
            target.send("ASKING");
            target.send("MULTI");
            assertThat(target.send("SET", "{bar}1", "1").text()).isEqualTo("QUEUED");
            assertThat(target.send("EXEC").members()).containsExactly(OK);
            assertThat(source.send("CLUSTER", "SETSLOT", slot, "NODE", TestCluster.id(1)).text()).startsWith(
                    "ERR Can't assign hashslot " + slot + " to a different node while I still hold keys");
            source.send("MIGRATE", "127.0.0.1", Integer.toString(cluster.port(1)), "", "0", "1000", "KEYS", "{bar}2",
                    "{bar}3");
            assertThat(target.send("CLUSTER", "SETSLOT", slot, "NODE", TestCluster.id(1))).isEqualTo(OK);
            assertThat(source.send("CLUSTER", "SETSLOT", slot, "NODE", TestCluster.id(1))).isEqualTo(OK);
            assertThat(source.send("GET", "{bar}1").text())
                    .isEqualTo("MOVED " + slot + " 127.0.0.1:" + cluster.port(1));
            assertThat(target.send("MGET", "{bar}1", "{bar}2", "{bar}3").texts()).containsExactly("1", "two", "three");
        }
    }

    @Test
    void byItselfWithAllThatIsInIt() {
        try (TestCluster cluster = new TestCluster(2, 2);
                TestClient listener = cluster.server(0).connect();
                TestClient blocked = cluster.server(0).connect()) {
            TestClient source = cluster.admin(0);
            TestClient target = cluster.admin(1);
            String slot = slot(source, "{bar}");
            for (int i = 0; i < 1000; i++) {
                source.send("SET", "{bar}" + i, "value " + i);
                source.send("SET", "other" + i, "x");
            }
            source.send("SADD", "{bar}set", "1", "2", "3");
            source.send("SET", "{bar}timed", "x", "PX", "1000000");
            long others = Long.parseLong(source.send("DBSIZE").text()) - 1002;
            listener.send("SSUBSCRIBE", "{bar}channel");
            blocked.write("BLPOP", "{bar}waited", "0");
            cluster.move(0, 1, slots(slot));
            assertThat(source.send("GET", "{bar}1").text())
                    .isEqualTo("MOVED " + slot + " 127.0.0.1:" + cluster.port(1));
            assertThat(target.send("CLUSTER", "COUNTKEYSINSLOT", slot)).isEqualTo(new WireReply.Int(1002));
            assertThat(source.send("CLUSTER", "COUNTKEYSINSLOT", slot)).isEqualTo(new WireReply.Int(0));
            assertThat(source.send("DBSIZE")).isEqualTo(new WireReply.Int(others));
            assertThat(target.send("GET", "{bar}999").text()).isEqualTo("value 999");
            assertThat(target.send("SCARD", "{bar}set")).isEqualTo(new WireReply.Int(3));
            assertThat(Long.parseLong(target.send("PTTL", "{bar}timed").text())).isBetween(1L, 1_000_000L);
            assertThat(listener.read().texts()).containsExactly("sunsubscribe", "{bar}channel", "0");
            assertThat(blocked.read().text()).isEqualTo("MOVED " + slot + " 127.0.0.1:" + cluster.port(1));
        }
    }

    @Test
    void byTlsWhereNothingElseIsTold(@TempDir Path folder) {
        try (TestCluster cluster = new TestCluster(2, 2, TestCertificate.make(folder, "nodes"))) {
            TestClient source = cluster.admin(0);
            String slot = slot(source, "{bar}");
            source.send("MSET", "{bar}1", "one", "{bar}2", "two");
            cluster.move(0, 1, slots(slot));
            assertThat(source.send("GET", "{bar}1").text())
                    .isEqualTo("MOVED " + slot + " 127.0.0.1:" + cluster.tlsPort(1));
            assertThat(cluster.admin(1).send("MGET", "{bar}1", "{bar}2").texts()).containsExactly("one", "two");
        }
    }

    @Test
    void aMoveThatIsRefusedLeavesEverythingWhereItWas() {
        try (TestCluster cluster = new TestCluster(2, 2)) {
            TestClient source = cluster.admin(0);
            String slot = slot(source, "{bar}");
            source.send("SET", "{bar}", "x".repeat(100_000));
            cluster.admin(1).send("SET", "foo", "x".repeat(100));
            cluster.admin(1).send("CONFIG", "SET", "maxmemory", "1");
            long move = Long.parseLong(source.send("CISTERN", "MOVE-SLOTS", slot, TestCluster.id(1)).text());
            assertThat(cluster.awaitEnd(0, move)).startsWith("failed the other node answered to a key: OOM");
            assertThat(source.send("STRLEN", "{bar}")).isEqualTo(new WireReply.Int(100_000));
            cluster.admin(1).send("CONFIG", "SET", "maxmemory", "0");
            assertThat(cluster.admin(1).send("DBSIZE")).isEqualTo(new WireReply.Int(1));
            assertThat(cluster.admin(1).send("CLUSTER", "NODES").text()).doesNotContain("[");
            cluster.move(0, 1, slots(slot));
            assertThat(cluster.admin(1).send("STRLEN", "{bar}")).isEqualTo(new WireReply.Int(100_000));
        }
    }

    @Test
    void aMoveToNobodyIsTriedAndGivenUp() {
        try (TestCluster cluster = new TestCluster(2, 2)) {
            TestClient source = cluster.admin(0);
            source.send("SET", "bar", "x");
            cluster.server(1).close();
            long move = Long.parseLong(source.send("CISTERN", "MOVE-SLOTS", "0-8191", TestCluster.id(1)).text());
            assertThat(source.send("GET", "bar").text()).isEqualTo("x");
            assertThat(source.send("CISTERN", "CANCEL-MOVE", Long.toString(move))).isEqualTo(OK);
            assertThat(cluster.awaitEnd(0, move)).startsWith("cancelled");
            assertThat(source.send("GET", "bar").text()).isEqualTo("x");
            assertThat(source.send("CISTERN", "CANCEL-MOVE", Long.toString(move)).text()).startsWith("ERR");
        }
    }

    @Test
    void nobodyIsAskedForWhatMakesNoSense() {
        try (TestCluster cluster = new TestCluster(2, 2)) {
            TestClient source = cluster.admin(0);
            assertThat(source.send("CISTERN", "MOVE-SLOTS", "8192-9000,16383", "nobody").text())
                    .isEqualTo("ERR Unknown node nobody");
            assertThat(source.send("CISTERN", "MOVE-SLOTS", "16384", TestCluster.id(1)).text())
                    .isEqualTo("ERR no slot: '16384'");
            assertThat(source.send("CISTERN", "MOVE-SLOTS", "1", TestCluster.id(0)).text())
                    .isEqualTo("ERR the slots would stay in their shard");
            assertThat(cluster.admin(1).send("CISTERN", "DROP-SLOTS", "8192").text())
                    .isEqualTo("ERR some of these slots are this node's own");
            assertThat(cluster.admin(1).send("CISTERN", "TAKE-SLOTS", "1", TestCluster.id(0), "1").text())
                    .startsWith("ERR these slots are not on their way");
        }
    }

    @Test
    void aNodeRemembersItsCluster(@TempDir Path folder) {
        String before;
        try (TestServer server = TestServer.cistern("cluster-enabled", "yes", "dir", folder.toString());
                TestClient client = server.connect()) {
            client.send("CLUSTER", "ADDSLOTSRANGE", "0", "100");
            before = client.send("CISTERN", "TOPOLOGY").text();
        }
        try (TestServer server = TestServer.cistern("cluster-enabled", "yes", "dir", folder.toString());
                TestClient client = server.connect()) {
            String after = client.send("CISTERN", "TOPOLOGY").text();
            assertThat(after.replaceAll(" - \\d+ 0", "")).isEqualTo(before.replaceAll(" - \\d+ 0", ""));
            assertThat(client.send("CLUSTER", "NODES").text()).contains(":" + server.port() + "@").contains(" 0-100");
        }
    }
}
