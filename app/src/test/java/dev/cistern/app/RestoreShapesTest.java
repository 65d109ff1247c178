package dev.cistern.app;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;

/** Data comes back in more and in fewer node groups than it was saved in, and from several files: none is lost. */
final class RestoreShapesTest extends CisternTest {

    private static final int KEYS = 500;

    private void create(String id, int nodeGroups, Consumer<CreateReplicationGroupRequest.Builder> more) {
        client.createReplicationGroup(r -> more.accept(r.replicationGroupId(id).replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").numNodeGroups(nodeGroups)
                .cacheParameterGroupName("default.valkey8.cluster.on").automaticFailoverEnabled(true)));
    }

    private RedisClusterClient connect(String group) {
        Probe.await(() -> Probe.group(client, group).status().equals("available"));
        Endpoint endpoint = Probe.group(client, group).configurationEndpoint();
        return RedisClusterClient.builder().nodes(Set.of(new HostAndPort(endpoint.address(), endpoint.port()))).build();
    }

    private static void fill(UnifiedJedis jedis, String prefix) {
        for (int i = 0; i < KEYS; i++) {
            String key = prefix + i;
            switch (i % 5) {
                case 0 -> jedis.set(key, "text ".repeat(i));
                case 1 -> jedis.rpush(key, "a", "" + i);
                case 2 -> jedis.sadd(key, "1", "member " + i);
                case 3 -> jedis.hset(key, Map.of("field", "value " + i, "n", "" + i));
                default -> jedis.zadd(key, Map.of("a", 1.5, "b", (double) i));
            }
            if (i % 3 == 0) {
                jedis.pexpireAt(key, 4_102_444_800_000L + i);
            }
        }
    }

    /** Each key of these with its value and the moment it expires at. */
    private static Map<String, String> contents(UnifiedJedis jedis, List<String> prefixes) {
        Map<String, String> contents = new TreeMap<>();
        for (String prefix : prefixes) {
            for (int i = 0; i < KEYS; i++) {
                String key = prefix + i;
                String value = switch (i % 5) {
                    case 0 -> jedis.get(key);
                    case 1 -> jedis.lrange(key, 0, -1).toString();
                    case 2 -> new TreeSet<>(jedis.smembers(key)).toString();
                    case 3 -> new TreeMap<>(jedis.hgetAll(key)).toString();
                    default -> jedis.zrangeWithScores(key, 0, -1).toString();
                };
                contents.put(key, jedis.pexpireTime(key) + " " + Objects.requireNonNull(value, key));
            }
        }
        return contents;
    }

    /** The keys of all primaries: none has one twice, or one that it should not have. */
    private long keys(String group) {
        return Probe.group(client, group).nodeGroups().stream().mapToLong(nodeGroup -> {
            String primary = nodeGroup.nodeGroupMembers().getFirst().cacheClusterId();
            Endpoint endpoint = client.describeCacheClusters(
                    r -> r.cacheClusterId(primary).showCacheNodeInfo(true)).cacheClusters().getFirst().cacheNodes()
                    .getFirst().endpoint();
            try (Jedis jedis = Probe.connect(endpoint)) {
                return jedis.dbSize();
            }
        }).sum();
    }

    private void sameIn(String group, Map<String, String> before, List<String> prefixes) {
        try (RedisClusterClient jedis = connect(group)) {
            assertThat(contents(jedis, prefixes)).isEqualTo(before);
        }
        assertThat(keys(group)).isEqualTo(before.size());
    }

    private void awaitSnapshot(String name) {
        Probe.await(() -> client.describeSnapshots(r -> r.snapshotName(name)).snapshots().getFirst().snapshotStatus()
                .equals("available"));
    }

    @Test
    void intoMoreAndFewerNodeGroups() {
        create("g", 2, r -> r.atRestEncryptionEnabled(true));
        Map<String, String> before;
        try (RedisClusterClient jedis = connect("g")) {
            fill(jedis, "key");
            before = contents(jedis, List.of("key"));
        }
        client.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        awaitSnapshot("s");
        create("three", 3, r -> r.snapshotName("s").atRestEncryptionEnabled(true).replicasPerNodeGroup(1));
        sameIn("three", before, List.of("key"));
        create("one", 1, r -> r.snapshotName("s"));
        sameIn("one", before, List.of("key"));
    }

    @Test
    void ofSeveralFiles() throws IOException {
        Files.createDirectories(state.resolve("buckets/exports"));
        Map<String, String> before = new TreeMap<>();
        for (String id : List.of("a", "b")) {
            before.putAll(export(id));
        }
        create("g", 3, r -> r.snapshotArns("arn:aws:s3:::exports/a-0001.rdb", "arn:aws:s3:::exports/b-0001.rdb"));
        sameIn("g", before, List.of("a", "b"));

        create("twice", 2, r -> r.snapshotArns("arn:aws:s3:::exports/a-0001.rdb", "arn:aws:s3:::exports/a-0001.rdb"));
        isNotRestored("twice", "more than once");
    }

    /** A cluster on its own with some keys, in a file of its own. */
    private Map<String, String> export(String id) {
        client.createReplicationGroup(r -> r.replicationGroupId(id).replicationGroupDescription("d").engine("valkey")
                .cacheNodeType("cache.t4g.micro"));
        Endpoint endpoint = Probe.awaitAvailable(client, id);
        Map<String, String> contents;
        try (RedisClient jedis = RedisClient.create(endpoint.address(), endpoint.port())) {
            fill(jedis, id);
            contents = contents(jedis, List.of(id));
        }
        client.createSnapshot(r -> r.replicationGroupId(id).snapshotName(id));
        awaitSnapshot(id);
        client.copySnapshot(r -> r.sourceSnapshotName(id).targetSnapshotName(id).targetBucket("exports"));
        awaitSnapshot(id);
        return contents;
    }

    private void isNotRestored(String group, String why) {
        Probe.await(() -> Probe.group(client, group).status().equals("create-failed"));
        assertThat(client.describeEvents(r -> r.sourceType("replication-group").sourceIdentifier(group)).events())
                .anyMatch(event -> event.message().contains(why));
    }

    @Test
    void aClusterHasOneDatabase() {
        client.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d").engine("valkey")
                .cacheNodeType("cache.t4g.micro"));
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "g"))) {
            jedis.set("key", "0");
            jedis.select(3);
            jedis.set("elsewhere", "3");
        }
        client.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        awaitSnapshot("s");
        create("two", 2, r -> r.snapshotName("s"));
        isNotRestored("two", "a key in database 3, where cluster mode knows only database 0");
        create("one", 1, r -> r.snapshotName("s"));
        isNotRestored("one", "database 3");
    }
}
