package dev.cistern.engine.cluster;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.store.KeySlot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** CLUSTERSCAN over slots, nodes and moves. */
@Timeout(120)
final class ClusterScanTest {
    private static final int MAX_CALLS = 20_000;

    private static WireReply scan(TestClient client, String cursor, String... options) {
        List<String> request = new ArrayList<>(List.of("CLUSTERSCAN", cursor));
        request.addAll(List.of(options));
        return client.send(request.toArray(String[]::new));
    }

    private static String cursor(WireReply reply) {
        return reply.members().getFirst().text();
    }

    private static List<String> keys(WireReply reply) {
        return reply.members().getLast().texts();
    }

    /** Follows the cursor through the cluster as a client does, by its tag. */
    private static List<String> walk(TestCluster cluster, int nodes, String... options) {
        List<String> found = new ArrayList<>();
        String cursor = "0";
        for (int calls = 0; calls < MAX_CALLS; calls++) {
            WireReply reply = WireReply.nil();
            for (int node = 0; node < nodes; node++) {
                reply = scan(cluster.admin(node), cursor, options);
                if (!(reply instanceof WireReply.ErrorLine)) {
                    break;
                }
                assertThat(reply.text()).startsWith("MOVED");
            }
            found.addAll(keys(reply));
            cursor = cursor(reply);
            if (cursor.equals("0")) {
                return found;
            }
        }
        throw new AssertionError("no end after " + MAX_CALLS + " calls: " + cursor);
    }

    @Test
    void everySlotHasATagOfItsOwn() {
        Set<String> tags = new HashSet<>();
        for (int slot = 0; slot < KeySlot.COUNT; slot++) {
            String tag = SlotTags.of(slot);
            assertThat(Cluster.slotOf(tag.getBytes(StandardCharsets.US_ASCII))).isEqualTo(slot);
            tags.add(tag);
        }
        assertThat(tags).hasSize(KeySlot.COUNT);
        assertThat(List.of(SlotTags.of(0), SlotTags.of(1), SlotTags.of(2))).containsExactly("06S", "Qi", "5L5");
    }

    @Test
    void aWalkSeesEveryKeyOfAllNodesOnce() {
        try (TestCluster cluster = new TestCluster(3, 3)) {
            Set<String> expected = new HashSet<>();
            for (int i = 0; i < 500; i++) {
                String key = "key" + i;
                int slot = Cluster.slotOf(key.getBytes(StandardCharsets.US_ASCII));
                int node = 0;
                while (!cluster.slots(node).get(slot)) {
                    node++;
                }
                cluster.admin(node).send("SET", key, "v");
                expected.add(key);
            }
            assertThat(walk(cluster, 3)).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(expected);
            assertThat(walk(cluster, 3, "COUNT", "1")).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(walk(cluster, 3, "MATCH", "*99", "TYPE", "string")).containsExactlyInAnyOrder("key99", "key199",
                    "key299", "key399", "key499");
            assertThat(walk(cluster, 3, "TYPE", "hash")).isEmpty();
        }
    }

    @Test
    void slotsAndPatternsKeepToTheirSlot() {
        try (TestCluster cluster = new TestCluster(1, 1)) {
            TestClient client = cluster.admin(0);
            for (int i = 0; i < 100; i++) {
                client.send("SET", "{06S}" + i, "v");
                client.send("SET", "{Qi}" + i, "v");
            }
            assertThat(scan(client, "0", "SLOT", "1").members()).containsExactly(WireReply.bulk("0-{Qi}-0"),
                    WireReply.array());
            assertThat(walk(cluster, 1, "SLOT", "1")).hasSize(100).allMatch(key -> key.startsWith("{Qi}"));
            assertThat(walk(cluster, 1, "MATCH", "{06S}*")).hasSize(100);
            WireReply some = scan(client, "0-{Qi}-0", "COUNT", "30", "SLOT", "1");
            assertThat(keys(some)).hasSizeBetween(2, 99);
            assertThat(cursor(some)).matches("[0-9a-f]+-\\{Qi}-[0-9]+");
            // A mark of another node: the slot begins again.
            assertThat(keys(scan(client, "0-{Qi}-77777", "COUNT", "1000", "SLOT", "1"))).hasSize(100);
            assertThat(cursor(scan(client, "0", "SLOT", "0", "MATCH", "{Qi}*"))).isEqualTo("0");
            assertThat(cursor(scan(client, "0-{06S}-0", "MATCH", "{Qi}*"))).isEqualTo("0-{Qi}-0");
            assertThat(cursor(scan(client, "0-{Qi}-0", "MATCH", "{06S}*"))).isEqualTo("0");
            assertThat(cursor(scan(client, "0-{06S}-0", "COUNT", "100"))).startsWith("0-{Qi}");
        }
    }

    @Test
    void wrongRequestsAreRefused() {
        try (TestServer alone = TestServer.cistern(); TestClient client = alone.connect()) {
            assertThat(scan(client, "0").text()).isEqualTo("ERR This instance has cluster support disabled");
        }
        try (TestCluster cluster = new TestCluster(2, 2)) {
            TestClient client = cluster.admin(0);
            for (String wrong : List.of("x", "abc-def-ghi", "0-", "0-{0}", "0-{0}-x", "-{0}-0")) {
                assertThat(scan(client, wrong).text()).as(wrong).isEqualTo("ERR Invalid cursor");
            }
            String begin = "0-{06S}-0";
            assertThat(scan(client, begin, "FOO", "1").text()).isEqualTo("ERR syntax error");
            assertThat(scan(client, begin, "COUNT").text()).isEqualTo("ERR syntax error");
            assertThat(scan(client, begin, "COUNT", "0").text()).isEqualTo("ERR syntax error");
            assertThat(scan(client, begin, "COUNT", "x").text()).startsWith("ERR value is not an integer");
            assertThat(scan(client, begin, "TYPE", "x").text()).isEqualTo("ERR unknown type name 'x'");
            assertThat(scan(client, begin, "SLOT", "1").text()).isEqualTo("ERR Cursor slot mismatch");
            assertThat(scan(client, begin, "SLOT", "20000").text()).isEqualTo("ERR Invalid or out of range slot");
            assertThat(scan(client, begin, "SLOT", "0", "SLOT", "0").text())
                    .isEqualTo("ERR SLOT option can only be specified once");
            assertThat(scan(cluster.admin(1), begin).text()).startsWith("MOVED 0 ");
            assertThat(scan(client, "0").members().getFirst().text()).isEqualTo(begin);
            client.send("MULTI");
            client.send("SET", "{06S}a", "1");
            scan(client, begin);
            assertThat(client.send("EXEC").members().getLast().members().getLast().texts()).containsExactly("{06S}a");
        }
    }

    @Test
    void migrationsBeginAndAreListedAndSlotsAreFlushed() {
        try (TestCluster cluster = new TestCluster(2, 2)) {
            TestClient from = cluster.admin(0);
            TestClient to = cluster.admin(1);
            String target = TestCluster.id(1);
            for (int i = 0; i < 50; i++) {
                from.send("SET", "{Qi}" + i, "v");
            }
            assertThat(from.send("CLUSTER", "CANCELSLOTMIGRATIONS").text()).isEqualTo("ERR No migrations ongoing");
            assertThat(from.send("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "x", "NODE", target).text())
                    .isEqualTo("ERR Invalid or out of range slot");
            assertThat(from.send("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "9000", "9000", "NODE", target).text())
                    .isEqualTo("ERR Slots are not served by this node.");
            assertThat(from.send("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "1", "1", "2", "NODE", target).text())
                    .isEqualTo("ERR Slot 1 specified multiple times");
            from.send("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "1", "5", "5", "NODE", target)
                    .expect(WireReply.ok());
            assertThat(cluster.awaitEnd(0, 1)).startsWith("done");
            List<WireReply> migration = from.send("CLUSTER", "GETSLOTMIGRATIONS").members().getFirst().members();
            assertThat(migration.get(5).text()).isEqualTo("0-1 5-5");
            assertThat(migration.get(7).text()).isEqualTo(target);
            assertThat(migration.get(17).text()).isEqualTo("success");
            assertThat(to.send("CLUSTER", "COUNTKEYSINSLOT", "1").number()).isEqualTo(50);
            assertThat(from.send("CLUSTER", "FLUSHSLOT", "1").text()).startsWith("MOVED 1 ");
            assertThat(to.send("CLUSTER", "FLUSHSLOT", "1", "NOW").text()).isEqualTo("ERR syntax error");
            to.send("CLUSTER", "FLUSHSLOT", "1", "SYNC").expect(WireReply.ok());
            assertThat(to.send("CLUSTER", "COUNTKEYSINSLOT", "1").number()).isZero();
            BitSet moved = SlotRanges.parse("0-1,5");
            cluster.slots(0).andNot(moved);
            cluster.slots(1).or(moved);
            cluster.publish();
            assertThat(from.send("GET", "{Qi}1").text()).startsWith("MOVED 1 ");
        }
    }
}
