package dev.cistern.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;

/** Snapshot, delete, restore: every key, type and time to live is as it was, also into another node type and by a file. */
final class BackupTest extends CisternTest {

    /** Keys that a database is filled with. */
    private static final int KEYS = 18;

    @Test
    void everyTypeComesBackFromAFinalSnapshot() throws IOException {
        client.createReplicationGroup(r -> r.replicationGroupId("shop").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro"));
        Map<String, String> before;
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "shop"))) {
            fill(jedis);
            before = contents(jedis);
        }
        client.deleteReplicationGroup(r -> r.replicationGroupId("shop").finalSnapshotIdentifier("last"));
        Probe.await(() -> client.describeReplicationGroups().replicationGroups().isEmpty());

        client.createReplicationGroup(r -> r.replicationGroupId("again").replicationGroupDescription("d")
                .engine("valkey").snapshotName("last").cacheNodeType("cache.m7g.large"));
        sameAs(before, Probe.awaitAvailable(client, "again"));
        assertThat(Probe.group(client, "again").cacheNodeType()).isEqualTo("cache.m7g.large");

        Files.createDirectories(state.resolve("buckets/exports"));
        client.copySnapshot(r -> r.sourceSnapshotName("last").targetSnapshotName("out").targetBucket("exports"));
        Probe.await(() -> client.describeSnapshots(r -> r.snapshotName("last")).snapshots().getFirst().snapshotStatus()
                .equals("available"));
        client.createReplicationGroup(r -> r.replicationGroupId("from-file").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.small").snapshotArns("arn:aws:s3:::exports/out-0001.rdb"));
        sameAs(before, Probe.awaitAvailable(client, "from-file"));
    }

    @Test
    void aNodeThatIsRestartedDoesNotComeBackWithASnapshotsData() {
        client.createCacheCluster(r -> r.cacheClusterId("alone").engine("redis").numCacheNodes(1)
                .cacheNodeType("cache.t4g.micro"));
        Endpoint endpoint = awaitCluster("alone");
        try (Jedis jedis = Probe.connect(endpoint)) {
            jedis.set("a", "1");
        }
        client.createSnapshot(r -> r.cacheClusterId("alone").snapshotName("s"));
        awaitCluster("alone");
        client.rebootCacheCluster(r -> r.cacheClusterId("alone").cacheNodeIdsToReboot("0001"));
        awaitCluster("alone");
        try (Jedis jedis = Probe.connect(endpoint)) {
            assertThat(jedis.dbSize()).isZero();
        }
    }

    @Test
    void filesAreVerifiedAndTheStatusIsTold() throws IOException {
        client.createCacheCluster(r -> r.cacheClusterId("alone").engine("redis").numCacheNodes(1)
                .cacheNodeType("cache.t4g.micro"));
        Endpoint endpoint = awaitCluster("alone");
        try (Jedis jedis = Probe.connect(endpoint)) {
            fill(jedis);
        }
        client.createSnapshot(r -> r.cacheClusterId("alone").snapshotName("nightly"));
        awaitCluster("alone");
        assertThat(run(ExitCode.OK, "snapshot", "verify", "nightly", "--state-dir", state.toString()))
                .contains("nightly 0001: well, ", 2 * KEYS + " keys", "All can be restored.");
        assertThat(run(ExitCode.OK, "status", "--endpoint", cistern.url()))
                .containsPattern("cache cluster +alone +available +127\\.0\\.0\\.1:" + endpoint.port())
                .containsPattern("snapshot +nightly +available");
        assertThat(run(ExitCode.OK, "watch", "--rounds", "1", "--endpoint", cistern.url())).contains("alone");

        Path file = state.resolve("snapshots/000000000000/us-east-1/nightly/0001.rdb");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThat(run(ExitCode.OTHER, "snapshot", "verify", "--state-dir", state.toString()))
                .contains("nightly 0001: DAMAGED: it is not what was saved", "Not all can be restored.");
        assertThat(run(ExitCode.OTHER, "snapshot", "verify", file.toString()))
                .contains("DAMAGED: the checksum is wrong");
        Files.delete(file);
        assertThat(run(ExitCode.OTHER, "snapshot", "verify", "--state-dir", state.toString())).contains("MISSING");
    }

    private static String run(int code, String... words) {
        StringWriter out = new StringWriter();
        CommandLine line = Cistern.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
        assertThat(line.execute(words)).as(String.join(" ", words) + ": " + out).isEqualTo(code);
        return out.toString();
    }

    private Endpoint awaitCluster(String id) {
        Probe.await(() -> client.describeCacheClusters(r -> r.cacheClusterId(id)).cacheClusters().getFirst()
                .cacheClusterStatus().equals("available"));
        return client.describeCacheClusters(r -> r.cacheClusterId(id).showCacheNodeInfo(true)).cacheClusters()
                .getFirst().cacheNodes().getFirst().endpoint();
    }

    static void sameAs(Map<String, String> before, Endpoint endpoint) {
        try (Jedis jedis = Probe.connect(endpoint)) {
            assertThat(contents(jedis)).isEqualTo(before);
        }
    }

    /** Small and large values of each type, with and without time to live, in two databases. */
    static void fill(Jedis jedis) {
        for (int database = 0; database < 2; database++) {
            jedis.select(database);
            jedis.set("string", "text");
            jedis.set("number", "12345");
            jedis.set("long", "x".repeat(100_000));
            jedis.set(new byte[]{0, (byte) 0xff, '\r', '\n'}, new byte[]{1, 0, (byte) 0x80});
            jedis.set("fading", "text", SetParams.setParams().px(100_000_000L));
            jedis.setbit("bits", 1_000, true);
            jedis.pfadd("many", "a", "b", "c");
            for (int i = 0; i < 1_000; i++) {
                jedis.rpush("list", "element " + i);
                jedis.sadd("set", "member " + i);
                jedis.zadd("sorted", i / 3.0, "member " + i);
                jedis.hset("hash", "field " + i, "value " + i);
            }
            jedis.rpush("small-list", "a", "1");
            jedis.sadd("numbers", "1", "2", "70000");
            jedis.sadd("words", "a", "b");
            jedis.zadd("small-sorted", Map.of("a", 1.5, "b", Double.NEGATIVE_INFINITY));
            jedis.hset("small-hash", Map.of("a", "1", "b", "2"));
            jedis.geoadd("places", 13.361389, 38.115556, "Palermo");
            jedis.pexpire("hash", 200_000_000L);
            for (int i = 0; i < 200; i++) {
                jedis.xadd("stream", XAddParams.xAddParams().id(i + 1, 0), Map.of("n", "" + i));
            }
            jedis.xgroupCreate("stream", "readers", new StreamEntryID(0, 0), false);
            jedis.xreadGroup("readers", "ann", XReadGroupParams.xReadGroupParams().count(3),
                    Map.of("stream", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
        }
    }

    /** Each key with its type, the moment it expires at, and a digest of its value. */
    static Map<String, String> contents(Jedis jedis) {
        Map<String, String> contents = new TreeMap<>();
        for (int database = 0; database < 2; database++) {
            jedis.select(database);
            for (byte[] key : jedis.keys(new byte[]{'*'})) {
                contents.put(database + " " + new String(key, StandardCharsets.ISO_8859_1),
                        jedis.type(key) + " " + jedis.pexpireTime(key) + " " + Objects.hash(value(jedis, key)));
            }
        }
        assertThat(contents.keySet()).hasSize(2 * KEYS);
        return contents;
    }

    private static String value(Jedis jedis, byte[] key) {
        return switch (jedis.type(key)) {
            case "string" -> Arrays.toString(jedis.get(key));
            case "list" -> text(jedis.lrange(key, 0, -1));
            case "set" -> jedis.smembers(new String(key, StandardCharsets.UTF_8)).stream().sorted().toList().toString();
            case "zset" -> jedis.zrangeWithScores(new String(key, StandardCharsets.UTF_8), 0, -1).toString();
            case "hash" -> new TreeMap<>(jedis.hgetAll(new String(key, StandardCharsets.UTF_8))).toString();
            case "stream" -> jedis.xrange(new String(key, StandardCharsets.UTF_8), "-", "+") + " "
                    + jedis.xinfoStreamFull(new String(key, StandardCharsets.UTF_8)).getStreamFullInfo()
                            .get("entries-added")
                    + " "
                    + jedis.xpending(new String(key, StandardCharsets.UTF_8), "readers").getConsumerMessageCount();
            default -> throw new AssertionError(jedis.type(key));
        };
    }

    private static String text(List<byte[]> elements) {
        return elements.stream().map(Arrays::toString).toList().toString();
    }
}
