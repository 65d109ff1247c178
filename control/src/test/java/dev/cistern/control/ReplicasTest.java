package dev.cistern.control;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.ConfigureShard;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheClusterStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidReplicationGroupStateException;
import software.amazon.awssdk.services.elasticache.model.NoOperationException;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.NodeGroupMember;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Groups of a primary and its replicas, as a client sees them, and whom their nodes were told to follow. */
final class ReplicasTest {

    @TempDir
    Path directory;

    @Test
    void aGroupOfThreeIsCreatedShownAndDeleted() {
        try (TestPlane test = new TestPlane(directory)) {
            ReplicationGroup creating = test.aws.createReplicationGroup(r -> r.replicationGroupId("g")
                    .replicationGroupDescription("d").engine("valkey").cacheNodeType("cache.t4g.small")
                    .numCacheClusters(3).automaticFailoverEnabled(true).multiAZEnabled(true)
                    .preferredCacheClusterAZs("us-east-1b", "us-east-1c", "us-east-1a")
                    .tags(Tag.builder().key("team").value("shop").build())).replicationGroup();
            assertThat(creating.memberClusters()).containsExactly("g-001", "g-002", "g-003");
            test.settle();
            ReplicationGroup group = test.group("g");
            assertThat(group.status()).isEqualTo("available");
            assertThat(group.automaticFailoverAsString()).isEqualTo("enabled");
            assertThat(group.multiAZAsString()).isEqualTo("enabled");
            NodeGroup nodeGroup = group.nodeGroups().getFirst();
            assertThat(nodeGroup.nodeGroupMembers()).extracting(NodeGroupMember::currentRole)
                    .containsExactly("primary", "replica", "replica");
            assertThat(nodeGroup.nodeGroupMembers()).extracting(NodeGroupMember::preferredAvailabilityZone)
                    .containsExactly("us-east-1b", "us-east-1c", "us-east-1a");
            assertThat(nodeGroup.primaryEndpoint()).isNotEqualTo(nodeGroup.readerEndpoint());
            for (String replica : List.of("g-002", "g-003")) {
                assertThat(test.nodes.follows(replica)).isEqualTo("g-001");
                assertThat(test.cluster(replica).cacheClusterStatus()).isEqualTo("available");
                assertThat(test.cluster(replica).preferredMaintenanceWindow())
                        .isEqualTo(test.cluster("g-001").preferredMaintenanceWindow());
                assertThat(test.aws.listTagsForResource(r -> r.resourceName(test.cluster(replica).arn())).tagList())
                        .extracting(Tag::value).containsExactly("shop");
            }
            assertThat(test.nodes.rolePorts("g-002")).isEqualTo(
                    nodeGroup.primaryEndpoint().port() + " " + nodeGroup.readerEndpoint().port());
            test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g"));
            test.settle();
            assertThat(test.nodes.running()).isEmpty();
            assertThatThrownBy(() -> test.cluster("g-003")).isInstanceOf(CacheClusterNotFoundException.class);
        }
    }

    @Test
    void rolesAndEndpointsAreTheSameAfterARestart() {
        ReplicationGroup group;
        try (TestPlane test = new TestPlane(directory)) {
            group = test.createGroup("g", 2);
        }
        try (TestPlane test = new TestPlane(directory, TestPlane.START)) {
            assertThat(test.group("g")).isEqualTo(group);
            assertThat(test.nodes.follows("g-001")).isEmpty();
            assertThat(test.nodes.follows("g-002")).isEqualTo("g-001");
            assertThat(test.nodes.rolePorts("g-003")).isEqualTo(test.nodes.rolePorts("g-001"));
        }
    }

    @Test
    void theNumberOfReplicasGoesUpAndDown() {
        try (TestPlane test = new TestPlane(directory)) {
            Endpoint primary = test.createGroup("g").nodeGroups().getFirst().primaryEndpoint();
            ReplicationGroup modifying = test.aws.increaseReplicaCount(
                    r -> r.replicationGroupId("g").newReplicaCount(3).applyImmediately(true)).replicationGroup();
            assertThat(modifying.status()).isEqualTo("modifying");
            assertThat(modifying.memberClusters()).hasSize(4);
            test.settle();
            assertThat(test.group("g").nodeGroups().getFirst().primaryEndpoint()).isEqualTo(primary);
            assertThat(test.nodes.follows("g-004")).isEqualTo("g-001");
            assertThatThrownBy(() -> test.aws.increaseReplicaCount(
                    r -> r.replicationGroupId("g").newReplicaCount(3).applyImmediately(true)))
                    .isInstanceOf(NoOperationException.class);
            test.aws.decreaseReplicaCount(
                    r -> r.replicationGroupId("g").replicasToRemove("g-002").applyImmediately(true));
            test.settle();
            assertThat(test.group("g").memberClusters()).containsExactly("g-001", "g-003", "g-004");
            test.aws.increaseReplicaCount(r -> r.replicationGroupId("g").applyImmediately(true)
                    .replicaConfiguration(ConfigureShard.builder().nodeGroupId("0001").newReplicaCount(3).build()));
            test.settle();
            assertThat(test.group("g").memberClusters()).containsExactly("g-001", "g-002", "g-003", "g-004");
            test.aws.decreaseReplicaCount(r -> r.replicationGroupId("g").newReplicaCount(1).applyImmediately(true));
            test.settle();
            assertThat(test.group("g").memberClusters()).containsExactly("g-001", "g-002");
            assertThat(test.nodes.running()).hasSize(2);
            assertThat(test.events("replication-group", "g")).contains("Finished removing replicas g-003, g-004");
        }
    }

    @Test
    void aReplicaComesAsAClusterAndGoesAsOne() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g");
            assertThatThrownBy(() -> test.aws.deleteCacheCluster(r -> r.cacheClusterId("g-001")))
                    .hasMessageContaining("only member of a replication group");
            assertThat(test.aws.createCacheCluster(r -> r.cacheClusterId("mine").replicationGroupId("g")
                    .preferredAvailabilityZone("us-east-1c")).cacheCluster().cacheClusterStatus())
                    .isEqualTo("creating");
            assertThatThrownBy(() -> test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").replicationGroupDescription("other")))
                    .isInstanceOf(InvalidReplicationGroupStateException.class);
            test.settle();
            assertThat(test.cluster("mine").replicationGroupId()).isEqualTo("g");
            assertThat(test.cluster("mine").cacheNodeType()).isEqualTo("cache.t4g.small");
            assertThat(test.nodes.follows("mine")).isEqualTo("g-001");
            assertThatThrownBy(() -> test.aws.deleteCacheCluster(r -> r.cacheClusterId("g-001")))
                    .isInstanceOf(InvalidCacheClusterStateException.class).hasMessageContaining("serving as primary");
            assertThat(test.aws.deleteCacheCluster(r -> r.cacheClusterId("mine")).cacheCluster().cacheClusterStatus())
                    .isEqualTo("deleting");
            test.settle();
            assertThat(test.group("g").memberClusters()).containsExactly("g-001");
        }
    }

    @Test
    void aClusterThatServesBecomesAPrimary() {
        try (TestPlane test = new TestPlane(directory)) {
            Endpoint own = test.createCluster("seed").cacheNodes().getFirst().endpoint();
            test.aws.createReplicationGroup(
                    r -> r.replicationGroupId("g").replicationGroupDescription("d").primaryClusterId("seed"));
            test.settle();
            ReplicationGroup group = test.group("g");
            assertThat(group.memberClusters()).containsExactly("seed");
            assertThat(group.engine()).isEqualTo("redis");
            assertThat(test.cluster("seed").cacheNodes().getFirst().endpoint()).isEqualTo(own);
            assertThat(test.cluster("seed").cacheClusterStatus()).isEqualTo("available");
            test.aws.increaseReplicaCount(r -> r.replicationGroupId("g").newReplicaCount(1).applyImmediately(true));
            test.settle();
            assertThat(test.nodes.data("g-001")).startsWith("data of seed");
            assertThatThrownBy(() -> test.aws.createReplicationGroup(
                    r -> r.replicationGroupId("h").replicationGroupDescription("d").primaryClusterId("seed")))
                    .isInstanceOf(InvalidCacheClusterStateException.class);
        }
    }

    @Test
    void aReplicaIsPromoted() {
        try (TestPlane test = new TestPlane(directory)) {
            Endpoint endpoint = test.createGroup("g", 2).nodeGroups().getFirst().primaryEndpoint();
            assertThat(test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").primaryClusterId("g-003")
                    .applyImmediately(true)).replicationGroup().status()).isEqualTo("modifying");
            test.settle();
            NodeGroup nodeGroup = test.group("g").nodeGroups().getFirst();
            assertThat(nodeGroup.primaryEndpoint()).isEqualTo(endpoint);
            assertThat(nodeGroup.nodeGroupMembers()).extracting(NodeGroupMember::currentRole)
                    .containsExactly("replica", "replica", "primary");
            assertThat(test.nodes.follows("g-001")).isEqualTo("g-003");
            assertThat(test.nodes.follows("g-002")).isEqualTo("g-003");
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").automaticFailoverEnabled(true));
            assertThatThrownBy(() -> test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").primaryClusterId("g-001")))
                    .isInstanceOf(InvalidParameterCombinationException.class).hasMessageContaining(
                            "Cannot manually promote a new master cache cluster while autofailover is enabled.");
        }
    }

    @Test
    void failoverAndMultiAzGoTogether() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 1);
            assertRefused(test, "Automatic failover must be enabled when Multi-AZ is enabled.", true, false);
            test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").multiAZEnabled(true).automaticFailoverEnabled(true));
            assertThat(test.group("g").multiAZAsString()).isEqualTo("enabled");
            assertThatThrownBy(() -> test.aws.decreaseReplicaCount(
                    r -> r.replicationGroupId("g").newReplicaCount(0).applyImmediately(true)))
                    .isInstanceOf(InvalidCacheClusterStateException.class);
            assertThatThrownBy(() -> test.aws.decreaseReplicaCount(
                    r -> r.replicationGroupId("g").replicasToRemove("g-001").applyImmediately(true)))
                    .hasMessageContaining("serving as primary");
        }
    }

    @Test
    void whetherAGroupFailsOverIsTold() {
        try (TestPlane test = new TestPlane(directory)) {
            String turned = "Automatic failover has been turned %s for replication group g";
            test.createGroup("g", 1, true);
            assertThat(test.events("replication-group", "g")).containsExactly("Replication group g created",
                    turned.formatted("on"));
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").multiAZEnabled(true));
            test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").multiAZEnabled(false).automaticFailoverEnabled(false));
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").automaticFailoverEnabled(true));
            assertThat(test.events("replication-group", "g")).containsExactly("Replication group g created",
                    turned.formatted("on"), turned.formatted("off"), turned.formatted("on"));
        }
    }

    private static void assertRefused(TestPlane test, String words, boolean multiAz, boolean failsOver) {
        assertThatThrownBy(() -> test.aws.modifyReplicationGroup(
                r -> r.replicationGroupId("g").multiAZEnabled(multiAz).automaticFailoverEnabled(failsOver)))
                .isInstanceOf(ElastiCacheException.class).hasMessageContaining(words);
    }

    @Test
    void aReplicaThatCannotStartIsTakenAway() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g");
            test.nodes.failingStarts.set(Integer.MAX_VALUE);
            test.aws.increaseReplicaCount(r -> r.replicationGroupId("g").newReplicaCount(1).applyImmediately(true));
            await().until(() -> test.events("replication-group", "g").contains(
                    "Failed to add replicas g-002: this start was told to fail"));
            test.settle();
            assertThat(test.group("g").memberClusters()).containsExactly("g-001");
            assertThat(test.group("g").status()).isEqualTo("available");
        }
    }

    @Test
    void aSnapshotIsTakenOfAReplicaAndRestored() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 1);
            test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
            test.settle();
            assertThat(test.snapshot("s").nodeSnapshots().getFirst().cacheClusterId()).isEqualTo("g-002");
            test.aws.createReplicationGroup(r -> r.replicationGroupId("h").replicationGroupDescription("d")
                    .snapshotName("s").engine("valkey").numCacheClusters(2));
            test.settle();
            assertThat(test.group("h").status()).isEqualTo("available");
            assertThat(test.nodes.data("h-002")).startsWith("data of g-001");
        }
    }

    @Test
    void aSnapshotOfManyNodeGroupsIsRestoredToAsMany() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .engine("valkey").cacheNodeType("cache.t4g.small").numNodeGroups(2)
                    .automaticFailoverEnabled(true));
            test.settle();
            assertThat(test.group("g").configurationEndpoint()).isNotNull();
            assertThat(test.group("g").nodeGroups().getFirst().primaryEndpoint()).isNull();
            test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
            test.settle();
            assertThat(test.snapshot("s").numNodeGroups()).isEqualTo(2);
            assertThatThrownBy(() -> test.aws.createCacheCluster(r -> r.cacheClusterId("c").snapshotName("s")
                    .engine("valkey"))).isInstanceOf(InvalidParameterCombinationException.class);
            test.aws.createReplicationGroup(r -> r.replicationGroupId("h").replicationGroupDescription("d")
                    .snapshotName("s").engine("valkey").automaticFailoverEnabled(true).replicasPerNodeGroup(1));
            test.settle();
            assertThat(test.group("h").nodeGroups()).extracting(NodeGroup::slots)
                    .containsExactly("0-8191", "8192-16383");
            assertThat(test.nodes.data("h-0002-002")).startsWith("data of g-0002-001");
        }
    }
}
