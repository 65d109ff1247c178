package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.backup.BackupOptions;
import dev.cistern.control.backup.FolderStore;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** A group of real redis-server processes, made, saved and restored through AWS's API, into our engine and back. */
final class OriginalGroupTest {

    private static final String BUCKET = "exchange";

    @TempDir
    private Path folder;

    @Test
    void aSnapshotOfRealServersRestoresIntoOursAndBack() throws Exception {
        assumeTrue(Programs.works("redis-server", "--version"), "redis-server is not installed");
        Files.createDirectories(folder.resolve("buckets").resolve(BUCKET));
        Map<String, String> before = outOfOriginals();
        try (LocalCistern ours = start("ours", new InJvmRuntime(EventLoops.start()));
                ElastiCacheClient client = Probe.sdk(ours.url())) {
            BackupTest.sameAs(before, restored(client, "from-original", "original-0001.rdb"));
            export(client, "from-original", "ours");
        }
        try (LocalCistern originals = start("originals", ProcessRuntime.ofOriginals());
                ElastiCacheClient client = Probe.sdk(originals.url())) {
            assertThat(Probe.group(client, "real").status()).isEqualTo("available");
            try (Jedis jedis = Probe.connect(primary(client, "real"))) {
                assertThat(jedis.get("string")).as("it outlived its control plane").isEqualTo("text");
            }
            BackupTest.sameAs(before, restored(client, "from-ours", "ours-0001.rdb"));
            client.deleteReplicationGroup(r -> r.replicationGroupId("real"));
            client.deleteReplicationGroup(r -> r.replicationGroupId("from-ours"));
            Probe.await(() -> client.describeReplicationGroups().replicationGroups().isEmpty());
        } finally {
            assertThat(ProcessRuntime.endAll(folder.resolve("originals/nodes"))).isZero();
        }
    }

    private Map<String, String> outOfOriginals() throws IOException {
        try (LocalCistern originals = start("originals", ProcessRuntime.ofOriginals());
                ElastiCacheClient client = Probe.sdk(originals.url())) {
            client.createReplicationGroup(r -> r.replicationGroupId("real").replicationGroupDescription("d")
                    .engine("redis").cacheNodeType("cache.t4g.micro").numCacheClusters(2));
            Map<String, String> before;
            try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "real"))) {
                assertThat(jedis.info("server")).contains("redis_mode:standalone", "executable:");
                assertThatThrownBy(() -> jedis.configGet("*")).hasMessageContaining("NOPERM");
                BackupTest.fill(jedis);
                before = BackupTest.contents(jedis);
            }
            Endpoint reader = Probe.group(client, "real").nodeGroups().getFirst().readerEndpoint();
            try (Jedis jedis = Probe.connect(reader)) {
                Probe.await(() -> jedis.dbSize() > 0);
                assertThatThrownBy(() -> jedis.set("a", "b")).hasMessageContaining("READONLY");
            }
            export(client, "real", "original");
            inClusterModeTheyAreRefused(client);
            return before;
        }
    }

    private static void inClusterModeTheyAreRefused(ElastiCacheClient client) {
        assertThatThrownBy(() -> client.createReplicationGroup(r -> r.replicationGroupId("spread")
                .replicationGroupDescription("d").engine("redis").cacheNodeType("cache.t4g.micro").numNodeGroups(2)
                .automaticFailoverEnabled(true))).isInstanceOf(InvalidParameterCombinationException.class)
                .hasMessageContaining("cluster mode with original servers");
        assertThatThrownBy(() -> client.modifyReplicationGroup(r -> r.replicationGroupId("real")
                .clusterMode("compatible").applyImmediately(true)))
                .isInstanceOf(InvalidParameterCombinationException.class);
    }

    private static void export(ElastiCacheClient client, String group, String name) {
        client.createSnapshot(r -> r.replicationGroupId(group).snapshotName(name));
        awaitSnapshot(client, name);
        client.copySnapshot(r -> r.sourceSnapshotName(name).targetSnapshotName(name).targetBucket(BUCKET));
        awaitSnapshot(client, name);
    }

    private static void awaitSnapshot(ElastiCacheClient client, String name) {
        Probe.await(() -> client.describeSnapshots(r -> r.snapshotName(name)).snapshots().getFirst().snapshotStatus()
                .equals("available"));
    }

    private static Endpoint restored(ElastiCacheClient client, String group, String object) {
        client.createReplicationGroup(r -> r.replicationGroupId(group).replicationGroupDescription("d")
                .engine("redis").cacheNodeType("cache.t4g.small")
                .snapshotArns("arn:aws:s3:::" + BUCKET + "/" + object));
        return Probe.awaitAvailable(client, group);
    }

    private static Endpoint primary(ElastiCacheClient client, String group) {
        Endpoint endpoint = Probe.group(client, group).nodeGroups().getFirst().primaryEndpoint();
        Probe.await(() -> {
            try (Jedis jedis = Probe.connect(endpoint)) {
                return jedis.ping().equals("PONG");
            } catch (redis.clients.jedis.exceptions.JedisConnectionException notYet) {
                return false;
            }
        });
        return endpoint;
    }

    /** One of several control planes, all with the same buckets. */
    private LocalCistern start(String name, NodeRuntime runtime) throws IOException {
        Path state = folder.resolve(name);
        return LocalCistern.start(ControlPlaneOptions.of(state, runtime).withEndpoints(Probe.endpoints())
                .withBackups(new BackupOptions(new FolderStore(state), "snapshots", "",
                        new FolderStore(folder.resolve("buckets")))),
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
    }
}
