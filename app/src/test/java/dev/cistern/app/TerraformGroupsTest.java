package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.retry.backoff.FixedDelayBackoffStrategy;
import software.amazon.awssdk.core.waiters.WaiterOverrideConfiguration;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.Tag;
import software.amazon.awssdk.services.elasticache.waiters.ElastiCacheWaiter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Groups of one, of three and of three times two nodes as Terraform sees them: it lacks nothing that it reads, and finds
 * nothing to change where nothing was changed.
 *
 * <p>The provider waits half a minute after each thing that it makes, changes or deletes. So usually AWS's SDK does that, and
 * Terraform takes over what there is; it makes, changes and deletes all by itself in a run with more effort.
 */
final class TerraformGroupsTest extends CisternTest {

    private static final Tag WEB = Tag.builder().key("team").value("web").build();
    private static final Tag SHOP = Tag.builder().key("team").value("shop").build();

    @TempDir
    private Path folder;

    private EndpointOptions given;

    /** What is said of all of them at first, and when each of their attributes was changed. */
    private static final Map<String, String> FIRST = Map.ofEntries(Map.entry("TEAM", "web"),
            Map.entry("TYPE", "cache.t4g.micro"), Map.entry("ENCRYPTION", "preferred"), Map.entry("ENGINE", "redis"),
            Map.entry("VERSION", "7.1"), Map.entry("FAMILY", "redis7"), Map.entry("MEMBERS", "3"),
            Map.entry("FLAG", "true"), Map.entry("DAY", "mon"), Map.entry("KEPT", "0"), Map.entry("PARTS", "3"),
            Map.entry("REPLICAS", "1"));
    private static final Map<String, String> CHANGED = Map.ofEntries(Map.entry("TEAM", "shop"),
            Map.entry("TYPE", "cache.t4g.small"), Map.entry("ENCRYPTION", "required"), Map.entry("ENGINE", "valkey"),
            Map.entry("VERSION", "8.2"), Map.entry("FAMILY", "valkey8"), Map.entry("MEMBERS", "2"),
            Map.entry("FLAG", "false"), Map.entry("DAY", "tue"), Map.entry("KEPT", "3"), Map.entry("PARTS", "2"),
            Map.entry("REPLICAS", "2"));

    @Test
    void whatTheSdkMadeAndChangedIsTakenOverAsItIs() throws Exception {
        try (Terraform terraform = Terraform.open(folder, cistern.url());
                ElastiCacheWaiter waiter = ElastiCacheWaiter.builder().client(client)
                        .overrideConfiguration(WaiterOverrideConfiguration.builder().maxAttempts(600).backoffStrategy(
                                FixedDelayBackoffStrategy.create(Duration.ofMillis(100))).build())
                        .build()) {
            create(waiter);
            terraform.write(resource("groups.tf", FIRST) + imports());
            assertThat(terraform.run("apply", "-auto-approve")).contains("4 imported, 0 added, 0 changed, 0 destroyed");
            assertThat(terraform.run("plan", "-detailed-exitcode")).contains("No changes.");
            change(waiter);
            terraform.write(resource("groups.tf", CHANGED));
            assertThat(terraform.run("plan", "-detailed-exitcode")).contains("No changes.");
            delete(waiter);
        }
    }

    @Test
    void terraformMakesChangesAndDestroysThem() throws Exception {
        assumeTrue(Integer.getInteger("cistern.effort", 1) > 1, "the provider waits for minutes");
        try (Terraform terraform = Terraform.open(folder, cistern.url())) {
            terraform.write(resource("groups.tf", FIRST));
            terraform.run("apply", "-auto-approve");
            assertThat(terraform.run("plan", "-detailed-exitcode")).contains("No changes.");
            assertThat(Probe.group(client, "wide").memberClusters()).hasSize(6);
            terraform.write(resource("groups.tf", CHANGED));
            terraform.run("apply", "-auto-approve");
            assertThat(terraform.run("plan", "-detailed-exitcode")).contains("No changes.");
            assertThat(Probe.group(client, "trio").engine()).isEqualTo("valkey");
            assertThat(Probe.group(client, "wide").memberClusters()).hasSize(6);
            terraform.run("destroy", "-auto-approve");
            isEmpty();
        }
    }

    private void create(ElastiCacheWaiter waiter) {
        int port = port(0);
        client.createReplicationGroup(r -> r.replicationGroupId("lone").replicationGroupDescription("lone of web")
                .engine("valkey").engineVersion("8.0").cacheNodeType("cache.t4g.micro").port(port)
                .transitEncryptionEnabled(true).transitEncryptionMode("preferred").tags(WEB));
        client.createReplicationGroup(r -> r.replicationGroupId("trio").replicationGroupDescription("trio of web")
                .engine("redis").engineVersion("7.1").cacheNodeType("cache.t4g.micro").numCacheClusters(3)
                .port(port - 1).automaticFailoverEnabled(true).multiAZEnabled(true)
                .preferredMaintenanceWindow("mon:03:00-mon:04:00").snapshotWindow("06:00-07:00").tags(WEB));
        client.createReplicationGroup(r -> r.replicationGroupId("wide").replicationGroupDescription("wide of web")
                .engine("valkey").engineVersion("8.0").cacheNodeType("cache.t4g.micro").numNodeGroups(3)
                .replicasPerNodeGroup(1).port(port - 2).automaticFailoverEnabled(true).tags(WEB));
        client.createCacheCluster(r -> r.cacheClusterId("solo").engine("redis").engineVersion("7.1").numCacheNodes(1)
                .cacheNodeType("cache.t4g.micro").port(port - 3).preferredMaintenanceWindow("mon:03:00-mon:04:00")
                .snapshotWindow("06:00-07:00").tags(WEB));
        available(waiter);
    }

    private void change(ElastiCacheWaiter waiter) {
        client.modifyReplicationGroup(r -> r.replicationGroupId("lone").replicationGroupDescription("lone of shop")
                .transitEncryptionMode("required").applyImmediately(true));
        client.modifyReplicationGroup(r -> r.replicationGroupId("trio").replicationGroupDescription("trio of shop")
                .engine("valkey").engineVersion("8.2").multiAZEnabled(false).autoMinorVersionUpgrade(false)
                .preferredMaintenanceWindow("tue:03:00-tue:04:00").snapshotRetentionLimit(3)
                .snapshottingClusterId("trio-001").applyImmediately(true));
        client.modifyReplicationGroup(r -> r.replicationGroupId("wide").replicationGroupDescription("wide of shop")
                .applyImmediately(true));
        client.modifyCacheCluster(r -> r.cacheClusterId("solo").cacheNodeType("cache.t4g.small")
                .preferredMaintenanceWindow("tue:03:00-tue:04:00").snapshotRetentionLimit(3).applyImmediately(true));
        available(waiter);
        List.of("lone", "trio").forEach(id -> client.modifyReplicationGroup(
                r -> r.replicationGroupId(id).cacheNodeType("cache.t4g.small").applyImmediately(true)));
        client.modifyReplicationGroupShardConfiguration(r -> r.replicationGroupId("wide").nodeGroupCount(2)
                .nodeGroupsToRemove("0003").applyImmediately(true));
        available(waiter);
        client.decreaseReplicaCount(r -> r.replicationGroupId("trio").newReplicaCount(1).applyImmediately(true));
        client.increaseReplicaCount(r -> r.replicationGroupId("wide").newReplicaCount(2).applyImmediately(true));
        available(waiter);
        for (ReplicationGroup group : client.describeReplicationGroups().replicationGroups()) {
            client.addTagsToResource(r -> r.resourceName(group.arn()).tags(SHOP));
        }
        for (CacheCluster cluster : client.describeCacheClusters(r -> r.cacheClusterId("solo")).cacheClusters()) {
            client.addTagsToResource(r -> r.resourceName(cluster.arn()).tags(SHOP));
        }
    }

    private void available(ElastiCacheWaiter waiter) {
        for (String id : List.of("lone", "trio", "wide")) {
            waiter.waitUntilReplicationGroupAvailable(r -> r.replicationGroupId(id));
        }
        waiter.waitUntilCacheClusterAvailable(r -> r.cacheClusterId("solo"));
    }

    private void delete(ElastiCacheWaiter waiter) {
        List.of("lone", "trio", "wide").forEach(id -> client.deleteReplicationGroup(r -> r.replicationGroupId(id)));
        client.deleteCacheCluster(r -> r.cacheClusterId("solo"));
        for (String id : List.of("lone", "trio", "wide")) {
            waiter.waitUntilReplicationGroupDeleted(r -> r.replicationGroupId(id));
        }
        waiter.waitUntilCacheClusterDeleted(r -> r.cacheClusterId("solo"));
        isEmpty();
    }

    private void isEmpty() {
        assertThat(client.describeReplicationGroups().replicationGroups()).isEmpty();
        assertThat(client.describeCacheClusters().cacheClusters()).isEmpty();
    }

    @Override
    EndpointOptions endpoints() throws IOException {
        given = super.endpoints();
        return given;
    }

    /** One of the ports that are given away last, and so to nobody before somebody asks for it. */
    private int port(int number) {
        return given.lastPort() - number;
    }

    private String resource(String file, Map<String, String> values) throws IOException {
        Map<String, String> all = new HashMap<>(values);
        for (int i = 0; i < 4; i++) {
            all.put("PORT" + (i + 1), Integer.toString(port(i)));
        }
        try (InputStream in = Objects.requireNonNull(Terraform.class.getResourceAsStream("terraform/" + file))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            for (Map.Entry<String, String> value : all.entrySet()) {
                text = text.replace("@" + value.getKey() + "@", value.getValue());
            }
            return text;
        }
    }

    private static String imports() {
        StringBuilder text = new StringBuilder();
        List.of("lone", "trio", "wide").forEach(id -> text.append("""
                import {
                  to = aws_elasticache_replication_group.%1$s
                  id = "%1$s"
                }
                """.formatted(id)));
        return text.append("""
                import {
                  to = aws_elasticache_cluster.solo
                  id = "solo"
                }
                """).toString();
    }
}
