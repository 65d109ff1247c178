package dev.cistern.control;

import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.workflow.StepObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * Every workflow is killed at each point of each of its steps in turn, and must end, after the next start, as if nothing
 * had been.
 *
 * <p>The files are copied at the moment of the crash and the copy is opened: nothing that happens in the old process after
 * that moment can help.
 */
final class CrashTest {

    @TempDir
    Path root;

    /** Whether nodes are processes of their own: else what they hold ends with the one that is killed. */
    private boolean nodesOutlive;

    @Test
    void creatingACluster() throws IOException {
        atEveryPoint(test -> {},
                test -> test.aws
                        .createCacheCluster(r -> r.cacheClusterId("c").engine("redis").cacheNodeType("cache.t3.micro")),
                test -> {
                    assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("available");
                    assertThat(test.nodes.running()).hasSize(1);
                    assertThat(test.events("cache-cluster", "c")).filteredOn("Cache cluster created"::equals)
                            .hasSize(1);
                });
    }

    @Test
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
    void creatingAGroupWithAReplica() throws IOException {
        atEveryPoint(test -> {},
                test -> test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                        .cacheNodeType("cache.t3.micro").numCacheClusters(2)),
                test -> hasReplicas(test, "g-001", 1));
    }

    @Test
    void addingAReplica() throws IOException {
        atEveryPoint(test -> test.createGroup("g"),
                test -> test.aws.increaseReplicaCount(
                        r -> r.replicationGroupId("g").newReplicaCount(1).applyImmediately(true)),
                test -> hasReplicas(test, "g-001", 1));
    }

    @Test
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
    void promotingAReplica() throws IOException {
        atEveryPoint(test -> test.createGroup("g", 1),
                test -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").primaryClusterId("g-002")),
                test -> hasReplicas(test, "g-002", 1));
    }

    @Test
    void testingAFailover() throws IOException {
        atEveryPoint(test -> test.createGroup("g", 2, true),
                test -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")),
                CrashTest::isFailedOver);
    }

    @Test
    void failingOver() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createGroup("g", 2, true), test -> {
            test.crash("g-001");
            await().atMost(Duration.ofSeconds(30)).until(() -> !test.group("g").status().equals("available")
                    || test.events("replication-group", "g").stream().anyMatch(event -> event.startsWith("Failover")));
        }, CrashTest::isFailedOver);
    }

    private static void isFailedOver(TestPlane test) {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> hasReplicas(test, "g-002", 2));
        assertThat(test.events("replication-group", "g"))
                .filteredOn("Failover from primary node g-001 to replica node g-002 completed"::equals).hasSize(1);
    }

    @Test
    void creatingAGroupInClusterMode() throws IOException {
        atEveryPoint(test -> {}, test -> createSpread(test.aws), test -> isSpread(test, "0001", "0002"));
    }

    @Test
    void addingANodeGroup() throws IOException {
        atEveryPoint(test -> {
            createSpread(test.aws);
            test.settle();
        }, test -> test.aws.modifyReplicationGroupShardConfiguration(
                r -> r.replicationGroupId("g").nodeGroupCount(3).applyImmediately(true)),
                test -> isSpread(test, "0001", "0002", "0003"));
    }

    @Test
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
    private static void hasReplicas(TestPlane test, String primary, int replicas) {
        assertThat(test.group("g").status()).isEqualTo("available");
        assertThat(test.group("g").memberClusters()).hasSize(1 + replicas).allSatisfy(member -> {
            assertThat(test.cluster(member).cacheClusterStatus()).isEqualTo("available");
            assertThat(test.nodes.follows(member)).isEqualTo(member.equals(primary) ? "" : primary);
        });
        assertThat(test.nodes.running()).hasSize(1 + replicas);
    }

    @Test
    void changingTheNodeTypeOfACluster() throws IOException {
        atEveryPoint(test -> test.createCluster("c"),
                test -> test.aws.modifyCacheCluster(
                        r -> r.cacheClusterId("c").cacheNodeType("cache.m7g.large").applyImmediately(true)),
                test -> {
                    assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("available");
                    assertThat(test.cluster("c").cacheNodeType()).isEqualTo("cache.m7g.large");
                    assertThat(test.cluster("c").pendingModifiedValues().cacheNodeType()).isNull();
                    assertThat(test.nodes.running().values()).containsExactly(6_854_542_746L / 100 * 75);
                });
    }

    @Test
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
    void tellingParametersToACluster() throws IOException {
        atEveryPoint(test -> {
            test.createCluster("c");
            test.aws.createCacheParameterGroup(
                    r -> r.cacheParameterGroupName("mine").cacheParameterGroupFamily("redis7").description("d"));
            test.aws.modifyCacheParameterGroup(r -> r.cacheParameterGroupName("mine").parameterNameValues(
                    TestPlane.values("timeout", "60", "reserved-memory-percent", "10")));
        },
                test -> test.aws.modifyCacheCluster(
                        r -> r.cacheClusterId("c").cacheParameterGroupName("mine").applyImmediately(true)),
                test -> {
                    assertThat(test.cluster("c").cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");
                    assertThat(test.nodes.settings("c")).containsEntry("timeout", "60");
                    assertThat(test.nodes.running().values()).containsExactly(536_870_912L / 100 * 90);
                    assertThat(test.events("cache-cluster", "c")).filteredOn("Updated parameter timeout to 60"::equals)
                            .hasSize(1);
                });
    }

    @Test
    void rebootingACluster() throws IOException {
        atEveryPoint(test -> test.createCluster("c"),
                test -> test.aws.rebootCacheCluster(r -> r.cacheClusterId("c").cacheNodeIdsToReboot("0001")),
                test -> {
                    assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("available");
                    assertThat(test.cluster("c").cacheNodes().getFirst().cacheNodeStatus()).isEqualTo("available");
                    assertThat(test.nodes.running()).hasSize(1);
                    assertThat(test.events("cache-cluster", "c")).filteredOn("Cache node 0001 shutdown"::equals)
                            .hasSize(1);
                });
    }

    @Test
    void creatingAMemcachedCluster() throws IOException {
        atEveryPoint(test -> {}, test -> test.aws.createCacheCluster(r -> r.cacheClusterId("m").engine("memcached")
                .cacheNodeType("cache.t3.micro").numCacheNodes(2)), test -> haveTheSameList(test, 2));
    }

    @Test
    void addingCacheNodes() throws IOException {
        atEveryPoint(test -> test.createMemcached("m", 1),
                test -> test.aws.modifyCacheCluster(r -> r.cacheClusterId("m").numCacheNodes(3).applyImmediately(true)),
                test -> {
                    haveTheSameList(test, 3);
                    assertThat(test.nodes.lists("m").get("0001")).startsWith("2\n");
                    assertThat(test.events("cache-cluster", "m"))
                            .filteredOn("Finished modifying number of nodes from 1 to 3"::equals).hasSize(1);
                });
    }

    @Test
    void removingCacheNodes() throws IOException {
        atEveryPoint(test -> test.createMemcached("m", 3),
                test -> test.aws
                        .modifyCacheCluster(r -> r.cacheClusterId("m").numCacheNodes(2).cacheNodeIdsToRemove("0001")
                                .applyImmediately(true)),
                test -> {
                    haveTheSameList(test, 2);
                    assertThat(test.nodes.lists("m")).containsOnlyKeys("0002", "0003");
                    assertThat(test.events("cache-cluster", "m")).filteredOn("Removed cache nodes 0001"::equals)
                            .hasSize(1);
                });
    }

    @Test
    void upgradingAMemcachedCluster() throws IOException {
        atEveryPoint(test -> {
            test.aws.createCacheCluster(r -> r.cacheClusterId("m").engine("memcached").engineVersion("1.5.16")
                    .cacheNodeType("cache.t3.micro"));
            test.settle();
        }, test -> test.aws.modifyCacheCluster(r -> r.cacheClusterId("m").engineVersion("1.6.22").numCacheNodes(2)
                .applyImmediately(true)), test -> {
                    haveTheSameList(test, 2);
                    assertThat(test.cluster("m").engineVersion()).isEqualTo("1.6.22");
                    assertThat(test.nodes.versions("m").values()).containsOnly("1.6.22");
                    assertThat(test.events("cache-cluster", "m")).filteredOn("Cache engine version is 1.6.22"::equals)
                            .hasSize(1);
                });
    }

    /** All nodes of the Memcached cluster run, are shown, and answer one list of all of them. */
    private static void haveTheSameList(TestPlane test, int nodes) {
        assertThat(test.cluster("m").cacheClusterStatus()).isEqualTo("available");
        assertThat(test.cluster("m").cacheNodes()).hasSize(nodes)
                .allSatisfy(node -> assertThat(node.endpoint()).isNotNull());
        assertThat(test.nodes.running()).hasSize(nodes);
        assertThat(test.nodes.lists("m")).hasSize(nodes);
        assertThat(test.nodes.lists("m").values().stream().distinct()).hasSize(1).allSatisfy(
                list -> assertThat(test.cluster("m").cacheNodes())
                        .allSatisfy(node -> assertThat(list).contains("|" + node.endpoint().port())));
    }

    @Test
    void changingAUserOfAGroupsUserGroup() throws IOException {
        atEveryPoint(CrashTest::groupWithUsers,
                test -> test.aws.modifyUser(r -> r.userId("ann").accessString("on ~a:* +@all")),
                test -> {
                    assertThat(test.aws.describeUsers(r -> r.userId("ann")).users().getFirst().status())
                            .isEqualTo("active");
                    assertThat(test.nodes.users("g-001").get("ann")).endsWith(" on ~a:* +@all");
                });
    }

    @Test
    void deletingAUserOfAGroupsUserGroup() throws IOException {
        atEveryPoint(CrashTest::groupWithUsers, test -> test.aws.deleteUser(r -> r.userId("ann")), test -> {
            assertThat(test.aws.describeUsers(r -> {}).users()).extracting(user -> user.userId())
                    .containsExactly("bob", "default");
            assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().userIds()).containsExactly("bob");
            assertThat(test.nodes.users("g-001")).containsOnlyKeys("bob", "default");
        });
    }

    @Test
    void changingAUserGroup() throws IOException {
        atEveryPoint(CrashTest::groupWithUsers,
                test -> test.aws.modifyUserGroup(r -> r.userGroupId("team").userIdsToRemove("bob")), test -> {
                    assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().status())
                            .isEqualTo("active");
                    assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().userIds())
                            .containsExactly("ann");
                    assertThat(test.nodes.users("g-001")).containsOnlyKeys("ann", "default");
                });
    }

    @Test
    void takingTheUserGroupFromAGroup() throws IOException {
        atEveryPoint(CrashTest::groupWithUsers,
                test -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").removeUserGroups(true)
                        .authToken("correct-horse-battery").authTokenUpdateStrategy("SET")),
                test -> {
                    assertThat(test.group("g").status()).isEqualTo("available");
                    assertThat(test.group("g").userGroupIds()).isEmpty();
                    assertThat(test.group("g").pendingModifiedValues().userGroups()).isNull();
                    assertThat(test.nodes.users("g-001")).containsOnlyKeys("default");
                    assertThat(test.nodes.users("g-001").get("default")).startsWith("reset on #");
                });
    }

    @Test
    void makingAndDeletingAUserGroup() throws IOException {
        atEveryPoint(test -> {}, test -> test.aws.createUserGroup(r -> r.userGroupId("team").engine("redis")
                .userIds("default")),
                test -> assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().status())
                        .isEqualTo("active"));
    }

    private static void groupWithUsers(TestPlane test) {
        for (String user : List.of("ann", "bob")) {
            test.aws.createUser(r -> r.userId(user).userName(user).engine("redis").accessString("on ~* +@all")
                    .passwords("correct-horse-battery"));
        }
        test.aws.createUserGroup(r -> r.userGroupId("team").engine("valkey").userIds("ann", "bob"));
        test.createEncryptedGroup("g");
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").userGroupIdsToAdd("team"));
        test.settle();
    }

    @Test
    void deletingACluster() throws IOException {
        atEveryPoint(test -> test.createCluster("c"),
                test -> test.aws.deleteCacheCluster(r -> r.cacheClusterId("c")),
                test -> {
                    assertThatThrownBy(() -> test.cluster("c")).isInstanceOf(CacheClusterNotFoundException.class);
                    assertThat(test.nodes.running()).isEmpty();
                    assertThat(test.events("cache-cluster", "c")).filteredOn("Cache cluster deleted"::equals)
                            .hasSize(1);
                });
    }

    @Test
    void deletingAGroup() throws IOException {
        atEveryPoint(test -> test.createGroup("g"),
                test -> test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g")),
                test -> {
                    assertThatThrownBy(() -> test.group("g")).isInstanceOf(ReplicationGroupNotFoundException.class);
                    assertThatThrownBy(() -> test.cluster("g-001")).isInstanceOf(CacheClusterNotFoundException.class);
                    assertThat(test.nodes.running()).isEmpty();
                });
    }

    @Test
    void takingASnapshot() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createGroup("g"),
                test -> test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s")),
                test -> {
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                    assertThat(test.group("g").status()).isEqualTo("available");
                    assertThat(test.cluster("g-001").cacheClusterStatus()).isEqualTo("available");
                    assertThat(test.events("replication-group", "g")).contains(
                            "Snapshot succeeded for snapshot with ID 's' of replication group with ID 'g'");
                    test.restoresTo("s", "data of g-001-");
                });
    }

    @Test
    void takingAFinalSnapshot() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createGroup("g"),
                test -> test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g").finalSnapshotIdentifier("s")),
                test -> {
                    assertThatThrownBy(() -> test.group("g")).isInstanceOf(ReplicationGroupNotFoundException.class);
                    assertThat(test.nodes.running()).isEmpty();
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                    test.restoresTo("s", "data of g-001-");
                });
    }

    @Test
    void restoringASnapshot() throws IOException {
        nodesOutlive = true;
        atEveryPoint(CrashTest::aSnapshot,
                test -> test.aws.createReplicationGroup(r -> r.replicationGroupId("h").replicationGroupDescription("d")
                        .snapshotName("s").cacheNodeType("cache.m7g.large")),
                test -> {
                    assertThat(test.group("h").status()).isEqualTo("available");
                    assertThat(test.nodes.data("h-001")).startsWith("data of c-");
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                });
    }

    @Test
    void copyingASnapshot() throws IOException {
        nodesOutlive = true;
        atEveryPoint(CrashTest::aSnapshot,
                test -> test.aws.copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("t")),
                test -> {
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                    assertThat(test.snapshot("t").snapshotStatus()).isEqualTo("available");
                    test.restoresTo("t", "data of c-");
                });
    }

    @Test
    void deletingASnapshot() throws IOException {
        atEveryPoint(CrashTest::aSnapshot, test -> test.aws.deleteSnapshot(r -> r.snapshotName("s")),
                test -> assertThat(test.aws.describeSnapshots().snapshots()).isEmpty());
    }

    private static void aSnapshot(TestPlane test) {
        test.createCluster("c");
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s"));
        test.settle();
    }

    private void atEveryPoint(Consumer<TestPlane> before, Consumer<TestPlane> wish, Consumer<TestPlane> after)
            throws IOException {
        Path prepared = root.resolve("prepared");
        try (TestPlane test = new TestPlane(prepared)) {
            before.accept(test);
        }
        int crashes = 0;
        while (crashAt(crashes, prepared, wish, after)) {
            crashes++;
        }
        // A workflow of one step has the three points of that step, or two when it is a commit.
        assertThat(crashes).as("points at which it was killed").isGreaterThan(2);
    }

    /** Whether the workflow came as far as its point number {@code point}. */
    private boolean crashAt(int point, Path prepared, Consumer<TestPlane> wish, Consumer<TestPlane> after)
            throws IOException {
        Path first = root.resolve("first-" + point);
        Path second = root.resolve("second-" + point);
        copy(prepared, first);
        AtomicInteger reached = new AtomicInteger();
        AtomicBoolean crashed = new AtomicBoolean();
        StepObserver killer = (workflow, step, where) -> {
            if (reached.getAndIncrement() == point) {
                copyQuietly(first, second);
                crashed.set(true);
                throw new Killed(workflow + " at " + step + " " + where);
            }
        };
        try (TestPlane test = new TestPlane(first, killer)) {
            wish.accept(test);
            await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(2))
                    .until(() -> crashed.get() || test.plane.isIdle());
            if (!crashed.get()) {
                // What the check itself begins is not to be killed.
                reached.set(Integer.MIN_VALUE);
                after.accept(test);
                return false;
            }
        }
        Instant later = TestPlane.START.plus(Duration.ofHours(1));
        try (TestPlane test = nodesOutlive ? TestPlane.adopting(second, later) : new TestPlane(second, later)) {
            test.settle();
            after.accept(test);
        }
        return true;
    }

    private static void copyQuietly(Path from, Path to) {
        try {
            copy(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(from)) {
            paths = walk.toList();
        }
        for (Path path : paths) {
            try {
                Files.copy(path, to.resolve(from.relativize(path)));
            } catch (NoSuchFileException e) {
                // Deleted since it was listed, as a temporary file is: a crash a moment later would not have left it.
            }
        }
    }

    /** What an observer throws to kill the workflow; logged by the engine, so it has no stack. */
    private static final class Killed extends Error {

        private static final long serialVersionUID = 1;

        Killed(String message) {
            super(message, null, false, false);
        }
    }
}
