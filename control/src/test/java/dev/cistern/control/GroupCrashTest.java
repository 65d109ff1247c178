package dev.cistern.control;

import dev.cistern.control.resource.SlotMap;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Workflows on replication groups that are killed at each of their points. */
final class GroupCrashTest extends CrashPoints {

    private static final String FAILED_OVER = "Failover from primary node g-001 to replica node g-002 completed";
    private static final String NOTHING_TO_LEAD_WITH = "Test failover of node group 0001 failed: "
            + "no replica has what the primary wrote";

    @Test
    @Kills("create-replication-group")
    void creatingAGroup() throws IOException {
        atEveryPoint(test -> {},
                test -> test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                        .cacheNodeType("cache.t3.micro")),
                test -> {
                    assertThat(test.group("g").status()).isEqualTo("available");
                    assertThat(test.cluster("g-001").cacheClusterStatus()).isEqualTo("available");
                    assertThat(test.nodes.running()).hasSize(1);
                    assertThat(test.events("replication-group", "g")).containsExactly("Replication group g created");
                });
    }

    @Test
    @Kills("create-replication-group")
    void creatingAGroupWithAReplica() throws IOException {
        atEveryPoint(test -> {},
                test -> test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                        .cacheNodeType("cache.t3.micro").numCacheClusters(2)),
                test -> hasReplicas(test, "g-001", 1));
    }

    @Test
    @Kills("add-replicas")
    void addingAReplica() throws IOException {
        atEveryPoint(test -> test.createGroup("g"),
                test -> test.aws.increaseReplicaCount(
                        r -> r.replicationGroupId("g").newReplicaCount(1).applyImmediately(true)),
                test -> hasReplicas(test, "g-001", 1));
    }

    @Test
    @Kills("remove-replicas")
    void removingAReplica() throws IOException {
        atEveryPoint(test -> test.createGroup("g", 1),
                test -> test.aws.decreaseReplicaCount(
                        r -> r.replicationGroupId("g").newReplicaCount(0).applyImmediately(true)),
                test -> {
                    hasReplicas(test, "g-001", 0);
                    assertThatThrownBy(() -> test.cluster("g-002")).isInstanceOf(CacheClusterNotFoundException.class);
                });
    }

    @Test
    @Kills("promote-replica")
    void promotingAReplica() throws IOException {
        atEveryPoint(test -> test.createGroup("g", 1),
                test -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").primaryClusterId("g-002")),
                test -> hasReplicas(test, "g-002", 1));
    }

    @Test
    @Kills("test-failover")
    void testingAFailover() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createGroup("g", 2, true),
                test -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")),
                GroupCrashTest::isFailedOver);
    }

    /** Where nodes end with the control plane, no replica may have data any more: the wish is granted, or fails for that. */
    @Test
    @Kills("test-failover")
    void testingAFailoverOfNodesThatEndToo() throws IOException {
        atEveryPoint(test -> test.createGroup("g", 2, true),
                test -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")),
                GroupCrashTest::isFailedOverOrSaysWhyNot);
    }

    private static void isFailedOverOrSaysWhyNot(TestPlane test) {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> {
            List<String> ends = test.events("replication-group", "g").stream()
                    .filter(event -> event.startsWith("Failover from") || event.startsWith("Test failover")).toList();
            assertThat(ends).hasSize(1);
            boolean isDone = ends.getFirst().equals(FAILED_OVER);
            assertThat(isDone || ends.getFirst().equals(NOTHING_TO_LEAD_WITH)).as(ends.getFirst()).isTrue();
            hasReplicas(test, isDone ? "g-002" : "g-001", 2);
        });
    }

    @Test
    @Kills("fail-over")
    void failingOver() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createGroup("g", 2, true), test -> {
            // One that is lost before the replicas have its data is not failed over.
            await().atMost(Duration.ofSeconds(30)).ignoreExceptions()
                    .untilAsserted(() -> hasReplicas(test, "g-001", 2));
            test.crash("g-001");
            await().atMost(Duration.ofSeconds(30)).until(() -> !test.group("g").status().equals("available")
                    || test.events("replication-group", "g").stream().anyMatch(event -> event.startsWith("Failover")));
        }, GroupCrashTest::isFailedOver);
    }

    private static void isFailedOver(TestPlane test) {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> hasReplicas(test, "g-002", 2));
        assertThat(test.events("replication-group", "g"))
                .filteredOn(FAILED_OVER::equals).hasSize(1);
    }

    @Test
    @Kills("create-replication-group")
    void creatingAGroupInClusterMode() throws IOException {
        atEveryPoint(test -> {}, test -> createSpread(test.aws), test -> isSpread(test, "0001", "0002"));
    }

    @Test
    @Kills("reshard")
    void addingANodeGroup() throws IOException {
        atEveryPoint(test -> {
            createSpread(test.aws);
            test.settle();
        }, test -> test.aws.modifyReplicationGroupShardConfiguration(
                r -> r.replicationGroupId("g").nodeGroupCount(3).applyImmediately(true)),
                test -> isSpread(test, "0001", "0002", "0003"));
    }

    @Test
    @Kills("reshard")
    void removingANodeGroup() throws IOException {
        atEveryPoint(test -> {
            createSpread(test.aws);
            test.settle();
        }, test -> test.aws.modifyReplicationGroupShardConfiguration(r -> r.replicationGroupId("g").nodeGroupCount(1)
                .nodeGroupsToRemove("0001").applyImmediately(true)), test -> isSpread(test, "0002"));
    }

    private static void createSpread(ElastiCacheClient aws) {
        aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                .cacheNodeType("cache.t3.micro").numNodeGroups(2).automaticFailoverEnabled(true));
    }

    /** The group serves in cluster mode: these node groups share all slots, and each node knows that. */
    private static void isSpread(TestPlane test, String... numbers) {
        assertThat(test.group("g").status()).isEqualTo("available");
        assertThat(test.group("g").nodeGroups()).extracting(nodeGroup -> nodeGroup.nodeGroupId())
                .containsExactly(numbers);
        assertThat(test.nodes.running()).hasSize(numbers.length);
        BitSet all = new BitSet();
        for (NodeGroup nodeGroup : test.group("g").nodeGroups()) {
            SlotMap known = test.nodes.topology("g-" + nodeGroup.nodeGroupId() + "-001");
            assertThat(SlotMap.format(known.own(known.self()))).isEqualTo(nodeGroup.slots());
            assertThat(known.own(known.self()).cardinality()).isBetween(SlotMap.SLOTS / numbers.length,
                    SlotMap.SLOTS / numbers.length + 1);
            all.or(known.own(known.self()));
        }
        assertThat(all.cardinality()).isEqualTo(SlotMap.SLOTS);
    }

    /** The group serves with this primary and so many replicas, which follow it. */
    static void hasReplicas(TestPlane test, String primary, int replicas) {
        assertThat(test.group("g").status()).isEqualTo("available");
        assertThat(test.group("g").memberClusters()).hasSize(1 + replicas).allSatisfy(member -> {
            assertThat(test.cluster(member).cacheClusterStatus()).isEqualTo("available");
            assertThat(test.nodes.follows(member)).isEqualTo(member.equals(primary) ? "" : primary);
        });
        assertThat(test.nodes.running()).hasSize(1 + replicas);
    }

    @Test
    @Kills("resize-replication-group")
    void changingTheNodeTypeOfAGroup() throws IOException {
        atEveryPoint(test -> test.createGroup("g"),
                test -> test.aws.modifyReplicationGroup(
                        r -> r.replicationGroupId("g").cacheNodeType("cache.m7g.large").applyImmediately(true)),
                test -> {
                    assertThat(test.group("g").status()).isEqualTo("available");
                    assertThat(test.group("g").cacheNodeType()).isEqualTo("cache.m7g.large");
                    assertThat(test.nodes.running().values()).containsExactly(6_854_542_746L / 100 * 75);
                });
    }

    @Test
    @Kills("upgrade-replication-group")
    void upgradingAGroupWithAReplica() throws IOException {
        atEveryPoint(test -> test.createGroup("g", 1),
                test -> test.aws.modifyReplicationGroup(
                        r -> r.replicationGroupId("g").engineVersion("9.0").applyImmediately(true)),
                test -> {
                    hasReplicas(test, "g-002", 1);
                    assertThat(test.group("g").memberClusters()).allSatisfy(member -> {
                        assertThat(test.nodes.versions(member)).containsValue("9.0.0");
                        assertThat(test.events("cache-cluster", member))
                                .filteredOn("Cache engine version is valkey 9.0.0"::equals).hasSize(1);
                    });
                });
    }

    @Test
    @Kills("delete-replication-group")
    void deletingAGroup() throws IOException {
        atEveryPoint(test -> test.createGroup("g"),
                test -> test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g")),
                test -> {
                    assertThatThrownBy(() -> test.group("g")).isInstanceOf(ReplicationGroupNotFoundException.class);
                    assertThatThrownBy(() -> test.cluster("g-001")).isInstanceOf(CacheClusterNotFoundException.class);
                    assertThat(test.nodes.running()).isEmpty();
                });
    }
}
