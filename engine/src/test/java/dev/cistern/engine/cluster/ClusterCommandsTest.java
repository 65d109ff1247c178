package dev.cistern.engine.cluster;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** One node as a whole cluster: what it tells of itself, and what it refuses, beside the original in cluster mode. */
final class ClusterCommandsTest {
    private static final WireReply OK = new WireReply.Status("OK");
    private static final String ON = "cluster-enabled";
    private static final String UNKNOWN = "0123456789012345678901234567890123456789";

    /** Gives the node all slots and waits until it says that it is well: the original takes a while. */
    private static void takeAll(TestClient client) {
        assertThat(client.send("CLUSTER", "ADDSLOTSRANGE", "0", "16383")).isEqualTo(OK);
        await(client, "cluster_state:ok");
    }

    private static void await(TestClient client, String state) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!client.send("CLUSTER", "INFO").text().contains(state)) {
            assertThat(System.nanoTime()).as("still not " + state).isLessThan(deadline);
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(2);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String error(TestClient client, String... arguments) {
        return client.send(arguments).text();
    }

    @WireTest
    void aNodeThatStandsAloneIsNoCluster(TestClient client) {
        String refusal = "ERR This instance has cluster support disabled";
        assertThat(error(client, "CLUSTER", "INFO")).isEqualTo(refusal);
        assertThat(error(client, "CLUSTER", "SLOTS")).isEqualTo(refusal);
        assertThat(error(client, "CLUSTER", "SETSLOT", "1", "STABLE")).isEqualTo(refusal);
        assertThat(error(client, "ASKING")).isEqualTo(refusal);
        assertThat(error(client, "READONLY")).isEqualTo(refusal);
        assertThat(error(client, "READWRITE")).isEqualTo(refusal);
        assertThat(client.send("INFO", "cluster").text()).contains("cluster_enabled:0");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void aNewNodeHasNoSlots(TestClient client) {
        assertThat(client.send("CLUSTER", "INFO").text().lines().toList()).containsSubsequence("cluster_state:fail",
                "cluster_slots_assigned:0", "cluster_slots_ok:0", "cluster_known_nodes:1", "cluster_current_epoch:0");
        assertThat(client.send("CLUSTER", "SLOTS").members()).isEmpty();
        assertThat(error(client, "SET", "a", "1")).isEqualTo("CLUSTERDOWN Hash slot not served");
        assertThat(client.send("CLUSTER", "MYID").text()).matches("[0-9a-f]{40}");
        assertThat(client.send("PING").text()).isEqualTo("PONG");
        assertThat(client.send("INFO", "cluster").text()).contains("cluster_enabled:1");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void tellsNodesSlotsAndShards(TestClient client, TestServer server) {
        takeAll(client);
        String id = client.send("CLUSTER", "MYID").text();
        assertThat(client.send("CLUSTER", "NODES").text()).startsWith(id + " ")
                .containsPattern(":" + server.port() + "@\\d+ myself,master - 0 0 0 connected 0-16383\n$");
        List<WireReply> range = client.send("CLUSTER", "SLOTS").members().getFirst().members();
        assertThat(range.subList(0, 2)).containsExactly(new WireReply.Int(0), new WireReply.Int(16_383));
        List<WireReply> node = range.get(2).members();
        assertThat(node.get(1)).isEqualTo(new WireReply.Int(server.port()));
        assertThat(node.get(2).text()).isEqualTo(id);
        assertThat(node.get(3).members()).isEmpty();
        List<WireReply> shard = client.send("CLUSTER", "SHARDS").members().getFirst().members();
        assertThat(shard.get(1).members()).containsExactly(new WireReply.Int(0), new WireReply.Int(16_383));
        assertThat(names(shard.get(3).members().getFirst())).isEqualTo(
                Set.of("id", "port", "ip", "endpoint", "role", "replication-offset", "health"));
        assertThat(client.send("CLUSTER", "LINKS").members()).isEmpty();
        assertThat(client.send("CLUSTER", "REPLICAS", id).members()).isEmpty();
        assertThat(client.send("CLUSTER", "COUNT-FAILURE-REPORTS", id)).isEqualTo(new WireReply.Int(0));
        assertThat(error(client, "CLUSTER", "REPLICAS", "abc")).isEqualTo("ERR Unknown node abc");
        assertThat(error(client, "CLUSTER", "COUNT-FAILURE-REPORTS", "abc")).isEqualTo("ERR Unknown node abc");
    }

    private static Set<String> names(WireReply flat) {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < flat.members().size(); i += 2) {
            names.add(flat.members().get(i).text());
        }
        return names;
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void tellsMapsInResp3(TestClient client) {
        takeAll(client);
        client.send("HELLO", "3");
        assertThat(client.send("CLUSTER", "SHARDS").members().getFirst()).isInstanceOf(WireReply.MapReply.class);
        assertThat(client.send("CLUSTER", "NODES")).isInstanceOf(WireReply.Verbatim.class);
        assertThat(client.send("CLUSTER", "INFO")).isInstanceOf(WireReply.Verbatim.class);
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void findsKeysBySlot(TestClient client) {
        takeAll(client);
        for (int i = 0; i < 100; i++) {
            client.send("SET", "{tag}" + i, "x");
            client.send("SET", "other" + i, "x");
        }
        String slot = client.send("CLUSTER", "KEYSLOT", "{tag}").text();
        assertThat(client.send("CLUSTER", "COUNTKEYSINSLOT", slot)).isEqualTo(new WireReply.Int(100));
        assertThat(client.send("CLUSTER", "GETKEYSINSLOT", slot, "7").texts()).hasSize(7).doesNotHaveDuplicates();
        List<String> all = client.send("CLUSTER", "GETKEYSINSLOT", slot, "1000").texts();
        assertThat(all).hasSize(100).doesNotHaveDuplicates().allMatch(key -> key.startsWith("{tag}"));
        for (int left = 100; left > 0; left -= 10) {
            List<String> some = client.send("CLUSTER", "GETKEYSINSLOT", slot, "10").texts();
            assertThat(some).hasSize(10).doesNotHaveDuplicates();
            some.forEach(key -> client.send("DEL", key));
        }
        assertThat(client.send("CLUSTER", "COUNTKEYSINSLOT", slot)).isEqualTo(new WireReply.Int(0));
        assertThat(client.send("CLUSTER", "GETKEYSINSLOT", slot, "10").members()).isEmpty();
        assertThat(error(client, "CLUSTER", "COUNTKEYSINSLOT", "16384")).isEqualTo("ERR Invalid slot");
        assertThat(error(client, "CLUSTER", "COUNTKEYSINSLOT", "x"))
                .isEqualTo("ERR value is not an integer or out of range");
        assertThat(error(client, "CLUSTER", "GETKEYSINSLOT", "1", "-1"))
                .isEqualTo("ERR Invalid slot or number of keys");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void countsKeysBySlotWhateverHappensToThem(TestClient client) {
        takeAll(client);
        String slot = client.send("CLUSTER", "KEYSLOT", "{a}").text();
        client.send("SET", "{a}1", "x");
        client.send("RENAME", "{a}1", "{a}2");
        client.send("COPY", "{a}2", "{a}3");
        client.send("RPUSH", "{a}l", "1", "2");
        client.send("SADD", "{a}s", "1", "2");
        client.send("SINTERSTORE", "{a}t", "{a}s", "{a}s");
        assertThat(client.send("CLUSTER", "COUNTKEYSINSLOT", slot)).isEqualTo(new WireReply.Int(5));
        client.send("LPOP", "{a}l", "2");
        client.send("EXPIRE", "{a}s", "-1");
        assertThat(client.send("CLUSTER", "COUNTKEYSINSLOT", slot)).isEqualTo(new WireReply.Int(3));
        client.send("FLUSHALL");
        assertThat(client.send("CLUSTER", "COUNTKEYSINSLOT", slot)).isEqualTo(new WireReply.Int(0));
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void keysOfOneRequestAreInOneSlot(TestClient client) {
        takeAll(client);
        String crossing = "CROSSSLOT Keys in request don't hash to the same slot";
        assertThat(error(client, "MSET", "a", "1", "b", "2")).isEqualTo(crossing);
        assertThat(error(client, "EVAL", "return 1", "2", "a", "b")).isEqualTo(crossing);
        assertThat(error(client, "SSUBSCRIBE", "a", "b")).isEqualTo(crossing);
        assertThat(error(client, "SORT", "a", "STORE", "b")).isEqualTo(crossing);
        assertThat(client.send("MSET", "{a}1", "1", "{a}2", "2")).isEqualTo(OK);
        client.send("MULTI");
        assertThat(client.send("SET", "{a}1", "3").text()).isEqualTo("QUEUED");
        assertThat(error(client, "MGET", "a", "b")).isEqualTo(crossing);
        assertThat(error(client, "EXEC")).isEqualTo("EXECABORT Transaction discarded because of previous errors.");
        client.send("MULTI");
        assertThat(client.send("SET", "a", "3").text()).isEqualTo("QUEUED");
        assertThat(client.send("SET", "b", "3").text()).isEqualTo("QUEUED");
        assertThat(error(client, "EXEC")).isEqualTo(crossing);
        assertThat(error(client, "EXEC")).isEqualTo("ERR EXEC without MULTI");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void thereIsOneDatabase(TestClient client) {
        takeAll(client);
        assertThat(error(client, "SELECT", "1")).isEqualTo("ERR SELECT is not allowed in cluster mode");
        assertThat(client.send("SELECT", "0")).isEqualTo(OK);
        assertThat(error(client, "SWAPDB", "0", "1")).isEqualTo("ERR SWAPDB is not allowed in cluster mode");
        assertThat(error(client, "MOVE", "a", "1")).isEqualTo("ERR MOVE is not allowed in cluster mode");
        assertThat(error(client, "COPY", "{a}1", "{a}2", "DB", "1"))
                .isEqualTo("ERR Copying to another database is not allowed in cluster mode");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void scriptsStayWithinTheNode(TestClient client) {
        takeAll(client);
        client.send("SET", "a", "1");
        assertThat(client.send("EVAL", "return redis.call('GET', KEYS[1])", "1", "a").text()).isEqualTo("1");
        assertThat(error(client, "EVAL", "return redis.call('MGET', 'a', 'b')", "0"))
                .startsWith("ERR Script attempted to access a non local key in a cluster node");
        assertThat(client.send("EVAL", "return {redis.call('SET', 'a', '2'), redis.call('GET', 'b')}", "1", "a")
                .members()).hasSize(2);
        String crossing = "#!lua\nreturn {redis.call('SET', 'a', '2'), redis.call('GET', 'b')}";
        assertThat(error(client, "EVAL", crossing, "0"))
                .startsWith("ERR Script attempted to access keys that do not hash to the same slot");
        assertThat(client.send("EVAL", crossing.replace("lua", "lua flags=allow-cross-slot-keys"), "1", "a").members())
                .hasSize(2);
        assertThat(error(client, "EVAL", "#!lua flags=no-cluster\nreturn 1", "0"))
                .isEqualTo("ERR Can not run script on cluster, 'no-cluster' flag is set.");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void slotsAreGivenAndTakenByHand(TestClient client) {
        takeAll(client);
        assertThat(error(client, "CLUSTER", "ADDSLOTS", "5")).isEqualTo("ERR Slot 5 is already busy");
        assertThat(error(client, "CLUSTER", "DELSLOTS", "5", "5")).isEqualTo("ERR Slot 5 specified multiple times");
        assertThat(client.send("CLUSTER", "DELSLOTS", "5")).isEqualTo(OK);
        assertThat(error(client, "CLUSTER", "DELSLOTS", "5")).isEqualTo("ERR Slot 5 is already unassigned");
        await(client, "cluster_state:fail");
        assertThat(error(client, "GET", "a")).isEqualTo("CLUSTERDOWN The cluster is down");
        client.send("CONFIG", "SET", "cluster-allow-reads-when-down", "yes");
        assertThat(client.send("GET", "a")).isEqualTo(new WireReply.Null('$'));
        assertThat(error(client, "SET", "a", "1"))
                .isEqualTo("CLUSTERDOWN The cluster is down and only accepts read commands");
        assertThat(client.send("CONFIG", "SET", "cluster-allow-reads-when-down", "no")).isEqualTo(OK);
        assertThat(error(client, "CLUSTER", "ADDSLOTSRANGE", "5", "4"))
                .isEqualTo("ERR start slot number 5 is greater than end slot number 4");
        assertThat(error(client, "CLUSTER", "ADDSLOTSRANGE", "4", "5", "6"))
                .isEqualTo("ERR wrong number of arguments for 'cluster|addslotsrange' command");
        assertThat(error(client, "CLUSTER", "ADDSLOTS", "16384")).isEqualTo("ERR Invalid or out of range slot");
        assertThat(client.send("CLUSTER", "ADDSLOTS", "5")).isEqualTo(OK);
        assertThat(client.send("CLUSTER", "SET-CONFIG-EPOCH", "5")).isEqualTo(OK);
        assertThat(error(client, "CLUSTER", "SET-CONFIG-EPOCH", "6"))
                .isEqualTo("ERR Node config epoch is already non-zero");
        assertThat(client.send("CLUSTER", "BUMPEPOCH").text()).isEqualTo("STILL 5");
        assertThat(client.send("CLUSTER", "SAVECONFIG")).isEqualTo(OK);
        assertThat(client.send("CLUSTER", "FLUSHSLOTS")).isEqualTo(OK);
        assertThat(client.send("CLUSTER", "RESET")).isEqualTo(OK);
        assertThat(error(client, "CLUSTER", "RESET", "X")).isEqualTo("ERR syntax error");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void slotsAreOpenedByHand(TestClient client) {
        takeAll(client);
        String id = client.send("CLUSTER", "MYID").text();
        assertThat(error(client, "CLUSTER", "SETSLOT", "5", "MIGRATING", UNKNOWN))
                .isEqualTo("ERR I don't know about node " + UNKNOWN);
        assertThat(error(client, "CLUSTER", "SETSLOT", "5", "IMPORTING", id))
                .isEqualTo("ERR I'm already the owner of hash slot 5");
        assertThat(error(client, "CLUSTER", "SETSLOT", "5", "NODE", UNKNOWN)).isEqualTo("ERR Unknown node " + UNKNOWN);
        assertThat(error(client, "CLUSTER", "SETSLOT", "5", "AWAY")).isEqualTo(
                "ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
        assertThat(client.send("CLUSTER", "SETSLOT", "5", "STABLE")).isEqualTo(OK);
        client.send("CLUSTER", "DELSLOTS", "5");
        assertThat(error(client, "CLUSTER", "SETSLOT", "5", "MIGRATING", UNKNOWN))
                .isEqualTo("ERR I'm not the owner of hash slot 5");
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void blockedAndListeningClientsHearThatASlotLeft(TestClient client, TestClient blocked, TestClient listener) {
        takeAll(client);
        client.send("CONFIG", "SET", "cluster-require-full-coverage", "no");
        String slot = client.send("CLUSTER", "KEYSLOT", "k").text();
        listener.send("SSUBSCRIBE", "k");
        blocked.write("BLPOP", "k", "0");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!client.send("INFO", "clients").text().contains("blocked_clients:1")) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            pause();
        }
        assertThat(client.send("CLUSTER", "DELSLOTS", slot)).isEqualTo(OK);
        assertThat(listener.read().texts()).containsExactly("sunsubscribe", "k", "0");
        assertThat(blocked.read().text()).isEqualTo("CLUSTERDOWN Hash slot not served");
        assertThat(client.send("CONFIG", "SET", "cluster-require-full-coverage", "yes")).isEqualTo(OK);
    }

    @WireTest(settings = {ON, "yes"}, shared = true)
    void shardChannelsHaveSlots(TestClient client, TestClient listener) {
        takeAll(client);
        assertThat(listener.send("SSUBSCRIBE", "{a}1", "{a}2").texts()).containsExactly("ssubscribe", "{a}1", "1");
        assertThat(listener.read().texts()).containsExactly("ssubscribe", "{a}2", "2");
        assertThat(client.send("SPUBLISH", "{a}1", "hello")).isEqualTo(new WireReply.Int(1));
        assertThat(listener.read().texts()).containsExactly("smessage", "{a}1", "hello");
    }

    @WireTest(settings = {ON, "yes"}, shared = true, notOnOriginal = "Valkey 8 has it, Redis 7 does not")
    void tellsStatisticsOfSlots(TestClient client) {
        takeAll(client);
        client.send("SET", "{a}1", "x");
        client.send("SET", "{a}2", "x");
        client.send("SET", "b", "x");
        String slot = client.send("CLUSTER", "KEYSLOT", "a").text();
        List<WireReply> top = client.send("CLUSTER", "SLOT-STATS", "ORDERBY", "KEY-COUNT", "LIMIT", "2").members();
        assertThat(top).hasSize(2);
        assertThat(top.getFirst().members().getFirst().text()).isEqualTo(slot);
        assertThat(top.getFirst().members().get(1).texts()).containsExactly("key-count", "2");
        assertThat(client.send("CLUSTER", "SLOT-STATS", "SLOTSRANGE", slot, slot).members()).hasSize(1);
        assertThat(client.send("CLUSTER", "MYSHARDID").text()).matches("[0-9a-f]{40}");
    }
}
