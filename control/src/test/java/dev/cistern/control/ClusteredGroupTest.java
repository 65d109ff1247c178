package dev.cistern.control;

import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.ClusterMode;
import software.amazon.awssdk.services.elasticache.model.ConfigureShard;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheClusterStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.NodeGroupConfiguration;
import software.amazon.awssdk.services.elasticache.model.NodeGroupsPerReplicationGroupQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.NodeSnapshot;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.ReshardingConfiguration;
import software.amazon.awssdk.services.elasticache.model.Snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

/** What groups of several node groups can have done to them, and what not. */
final class ClusteredGroupTest {

    @TempDir
    Path directory;

    private TestPlane test;

    @BeforeEach
    void open() {
        test = new TestPlane(directory);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private ReplicationGroup create(int nodeGroups, int replicas) {
        test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.small").numNodeGroups(nodeGroups)
                .replicasPerNodeGroup(replicas).clusterMode(ClusterMode.ENABLED).automaticFailoverEnabled(true));
        test.settle();
        return test.group("g");
    }

    private static ConfigureShard shard(String number, int replicas) {
        return ConfigureShard.builder().nodeGroupId(number).newReplicaCount(replicas).build();
    }

    /** There is no cluster in cluster mode outside of a group, and of several primaries AWS retains none. */
    @Test
    void noPrimaryIsRetained() {
        create(2, 0);
        assertThatThrownBy(
                () -> test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g").retainPrimaryCluster(true)))
                .isInstanceOf(InvalidParameterCombinationException.class).hasMessageContaining("ClusterMode enabled");
        assertThat(test.group("g").status()).isEqualTo("available");
        assertThat(test.nodes.running()).hasSize(2);
    }

    @Test
    void noMemberIsRebooted() {
        create(2, 0);
        assertThatThrownBy(() -> test.aws
                .rebootCacheCluster(r -> r.cacheClusterId("g-0001-001").cacheNodeIdsToReboot("0001")))
                .isInstanceOf(InvalidCacheClusterStateException.class).hasMessageContaining("cannot be rebooted");
        assertThat(test.cluster("g-0001-001").cacheClusterStatus()).isEqualTo("available");
    }

    /** However many are wished, they are counted before anything is made of them. */
    @Test
    void moreNodeGroupsThanAllowedAreRefused() {
        create(1, 1);
        for (int count : new int[]{91, 10_000, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> test.aws.createReplicationGroup(r -> r.replicationGroupId("h")
                    .replicationGroupDescription("d").cacheNodeType("cache.t4g.small").numNodeGroups(count)
                    .automaticFailoverEnabled(true)))
                    .isInstanceOf(NodeGroupsPerReplicationGroupQuotaExceededException.class);
            assertThatThrownBy(() -> test.aws.modifyReplicationGroupShardConfiguration(
                    r -> r.replicationGroupId("g").nodeGroupCount(count).applyImmediately(true)))
                    .isInstanceOf(NodeGroupsPerReplicationGroupQuotaExceededException.class);
        }
    }

    @Test
    void replicasAreCountedForEachNodeGroupOnce() {
        create(2, 1);
        assertThatThrownBy(() -> test.aws.increaseReplicaCount(r -> r.replicationGroupId("g").applyImmediately(true)
                .replicaConfiguration(shard("0001", 4), shard("1", 4))))
                .isInstanceOf(InvalidParameterValueException.class)
                .hasMessageContaining("Node group 0001 is named twice.");
        assertThatThrownBy(() -> test.aws.decreaseReplicaCount(r -> r.replicationGroupId("g").applyImmediately(true)
                .replicaConfiguration(shard("0001", 0), shard("0001", 0))))
                .isInstanceOf(InvalidParameterValueException.class);
        test.aws.increaseReplicaCount(r -> r.replicationGroupId("g").applyImmediately(true)
                .replicaConfiguration(shard("0002", 2)));
        test.settle();
        assertThat(test.group("g").nodeGroups()).extracting(nodeGroup -> nodeGroup.nodeGroupMembers().size())
                .containsExactly(2, 3);
    }

    @Test
    void newNodeGroupsHaveTheNumbersAndZonesThatWereWished() {
        create(1, 0);
        ReshardingConfiguration wished = ReshardingConfiguration.builder().nodeGroupId("7")
                .preferredAvailabilityZones("us-east-1c").build();
        assertThatThrownBy(() -> test.aws.modifyReplicationGroupShardConfiguration(r -> r.replicationGroupId("g")
                .nodeGroupCount(3).applyImmediately(true).reshardingConfiguration(wished, wished)))
                .isInstanceOf(InvalidParameterValueException.class);
        test.aws.modifyReplicationGroupShardConfiguration(r -> r.replicationGroupId("g").nodeGroupCount(3)
                .applyImmediately(true).reshardingConfiguration(wished, ReshardingConfiguration.builder().build()));
        test.settle();
        assertThat(test.group("g").nodeGroups()).extracting(NodeGroup::nodeGroupId)
                .containsExactly("0001", "0002", "0007");
        assertThat(test.cluster("g-0007-001").preferredAvailabilityZone()).isEqualTo("us-east-1c");
    }

    /** Whoever waits sees how far the slots are; nothing else is done to members meanwhile. */
    @Test
    void theProgressOfReshardingIsShown() {
        List<Double> shown = new CopyOnWriteArrayList<>();
        List<Throwable> refused = new CopyOnWriteArrayList<>();
        AtomicReference<TestPlane> plane = new AtomicReference<>();
        test.close();
        test = new TestPlane(directory, (workflow, step, point) -> {
            TestPlane present = plane.get();
            if (workflow.equals("reshard") && point == StepObserver.Point.BEFORE && present != null) {
                shown.add(percent(present.group("g")));
                refused.add(catchThrowable(() -> present.aws.modifyCacheCluster(
                        r -> r.cacheClusterId("g-0001-001").autoMinorVersionUpgrade(false))));
            }
        });
        plane.set(test);
        create(2, 0);
        assertThat(percent(test.aws.modifyReplicationGroupShardConfiguration(
                r -> r.replicationGroupId("g").nodeGroupCount(4).applyImmediately(true)).replicationGroup())).isZero();
        test.settle();
        assertThat(shown).contains(0.0, 50.0, 100.0).isSorted();
        assertThat(refused).hasOnlyElementsOfType(InvalidCacheClusterStateException.class);
        assertThat(test.group("g").pendingModifiedValues().resharding()).isNull();
    }

    private static double percent(ReplicationGroup group) {
        return group.pendingModifiedValues().resharding().slotMigration().progressPercentage();
    }

    /** Each node group has a part, and no one cluster is what the snapshot was taken of. */
    @Test
    void aSnapshotTellsOfEachNodeGroup() {
        test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.small").automaticFailoverEnabled(true)
                .nodeGroupConfiguration(
                        NodeGroupConfiguration.builder().slots("0-99").replicaCount(1)
                                .primaryAvailabilityZone("us-east-1a").replicaAvailabilityZones("us-east-1b").build(),
                        NodeGroupConfiguration.builder().slots("100-16383").replicaCount(0)
                                .primaryAvailabilityZone("us-east-1c").build()));
        test.settle();
        test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        test.settle();
        Snapshot snapshot = test.aws.describeSnapshots(r -> r.replicationGroupId("g").showNodeGroupConfig(true))
                .snapshots().getFirst();
        assertThat(snapshot.numNodeGroups()).isEqualTo(2);
        assertThat(snapshot.cacheClusterId()).isNull();
        assertThat(snapshot.preferredAvailabilityZone()).isNull();
        assertThat(snapshot.numCacheNodes()).isNull();
        assertThat(snapshot.nodeSnapshots()).extracting(NodeSnapshot::nodeGroupId).containsExactly("0001", "0002");
        assertThat(snapshot.nodeSnapshots()).extracting(NodeSnapshot::cacheClusterId)
                .containsExactly("g-0001-002", "g-0002-001");
        assertThat(snapshot.nodeSnapshots()).allSatisfy(part -> {
            assertThat(part.cacheSize()).isEqualTo("1 MB");
            assertThat(part.snapshotCreateTime()).isNotNull();
            assertThat(part.cacheNodeCreateTime()).isNotNull();
        });
        assertThat(snapshot.nodeSnapshots()).extracting(NodeSnapshot::nodeGroupConfiguration).containsExactly(
                NodeGroupConfiguration.builder().nodeGroupId("0001").slots("0-99").replicaCount(1)
                        .primaryAvailabilityZone("us-east-1a").replicaAvailabilityZones("us-east-1b").build(),
                NodeGroupConfiguration.builder().nodeGroupId("0002").slots("100-16383").replicaCount(0)
                        .primaryAvailabilityZone("us-east-1c").replicaAvailabilityZones(List.of()).build());
        for (NodeSnapshot part : snapshot.nodeSnapshots()) {
            String member = part.cacheClusterId();
            assertThat(test.aws.describeSnapshots(r -> r.cacheClusterId(member)).snapshots())
                    .extracting(Snapshot::snapshotName).containsExactly("s");
            assertThat(test.events("cache-cluster", member)).contains(
                    "Snapshot succeeded for snapshot with ID 's' of cache cluster with ID '" + member + "'");
        }
    }

    /** Nobody can take another one, and a replica may not have the last writes yet. */
    @Test
    void aFinalSnapshotIsTakenOfThePrimaries() {
        create(2, 1);
        test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g").finalSnapshotIdentifier("s"));
        test.settle();
        assertThat(test.snapshot("s").nodeSnapshots()).extracting(NodeSnapshot::cacheClusterId)
                .containsExactly("g-0001-001", "g-0002-001");
        assertThat(test.nodes.running()).isEmpty();
    }
}
