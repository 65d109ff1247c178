package dev.cistern.control;

import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheClusterStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidReplicationGroupStateException;
import software.amazon.awssdk.services.elasticache.model.ListAllowedNodeTypeModificationsResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Changing clusters and groups: at once, in the maintenance window, and when another change is under way. */
final class ModifyTest {

    @TempDir
    Path directory;

    @Test
    void aNodeTypeIsChangedWhileTheNodeServes() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheCluster before = test.createCluster("c");
            CacheCluster answer = test.aws.modifyCacheCluster(
                    r -> r.cacheClusterId("c").cacheNodeType("cache.t3.medium").applyImmediately(true)).cacheCluster();
            assertThat(answer.cacheClusterStatus()).isEqualTo("modifying");
            assertThat(answer.cacheNodeType()).isEqualTo("cache.t3.micro");
            assertThat(answer.pendingModifiedValues().cacheNodeType()).isEqualTo("cache.t3.medium");

            test.settle();
            CacheCluster after = test.cluster("c");
            assertThat(after.cacheNodeType()).isEqualTo("cache.t3.medium");
            assertThat(after.pendingModifiedValues().cacheNodeType()).isNull();
            assertThat(after.cacheNodes()).isEqualTo(before.cacheNodes());
            assertThat(test.nodes.running().values()).containsExactly(3_317_862_236L / 100 * 75);
            assertThat(test.events("cache-cluster", "c"))
                    .last().isEqualTo("Succeeded applying modification to cache node type to cache.t3.medium.");
        }
    }

    @Test
    void aSmallerTypeThatHasNoRoomForTheDataIsNotTaken() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g");
            test.nodes.usedMemoryBytes = 1_000_000_000;
            test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").cacheNodeType("cache.t4g.micro").applyImmediately(true));
            test.settle();
            assertThat(test.group("g").status()).isEqualTo("available");
            assertThat(test.group("g").cacheNodeType()).isEqualTo("cache.t4g.small");
            assertThat(test.nodes.running().values()).containsExactly(1_471_026_299L / 100 * 75);
            assertThat(test.events("replication-group", "g")).last()
                    .isEqualTo("Failed applying modification to cache node type to cache.t4g.micro: node 0001 uses "
                            + "1000000000 bytes, cache.t4g.micro has room for 402653175");
        }
    }

    @Test
    void withoutApplyImmediatelyItWaitsForTheWindow() {
        try (TestPlane test = new TestPlane(directory)) {
            // The tests' clock begins on a Wednesday at noon.
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("redis").cacheNodeType("cache.t3.micro")
                    .preferredMaintenanceWindow("Wed:13:00-Wed:14:00"));
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro").preferredMaintenanceWindow("wed:13:30-wed:15:00"));
            test.settle();
            test.aws.modifyCacheCluster(r -> r.cacheClusterId("c").cacheNodeType("cache.t3.small"));
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").cacheNodeType("cache.t3.small"));
            assertThat(test.cluster("c").preferredMaintenanceWindow()).isEqualTo("wed:13:00-wed:14:00");
            assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("available");
            assertThat(test.cluster("c").pendingModifiedValues().cacheNodeType()).isEqualTo("cache.t3.small");
            assertThat(test.cluster("g-001").pendingModifiedValues().cacheNodeType()).isEqualTo("cache.t3.small");

            test.move(Duration.ofMinutes(65));
            await().until(() -> test.cluster("c").cacheNodeType().equals("cache.t3.small"));
            assertThat(test.group("g").cacheNodeType()).isEqualTo("cache.t3.micro");
            test.move(Duration.ofMinutes(30));
            await().until(() -> test.group("g").cacheNodeType().equals("cache.t3.small"));
            test.settle();
            assertThat(test.nodes.running().values()).containsOnly(1_471_026_299L / 100 * 75);
        }
    }

    @Test
    void theOldTypeTakesAPendingChangeBack() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createCluster("c");
            test.aws.modifyCacheCluster(r -> r.cacheClusterId("c").cacheNodeType("cache.t3.small"));
            test.aws.modifyCacheCluster(r -> r.cacheClusterId("c").cacheNodeType("cache.t3.micro"));
            assertThat(test.cluster("c").pendingModifiedValues().cacheNodeType()).isNull();
        }
    }

    @Test
    void whatNoNodeNeedsToKnowIsChangedAtOnce() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g");
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("other")
                    .preferredMaintenanceWindow("sat:01:00-sat:02:00").snapshotWindow("04:00-05:00")
                    .snapshotRetentionLimit(0).autoMinorVersionUpgrade(false).engineVersion("8.2")
                    .primaryClusterId("g-001").automaticFailoverEnabled(false));
            assertThat(test.group("g").status()).isEqualTo("available");
            assertThat(test.group("g").description()).isEqualTo("other");
            assertThat(test.group("g").snapshotWindow()).isEqualTo("04:00-05:00");
            assertThat(test.group("g").autoMinorVersionUpgrade()).isFalse();
            assertThat(test.cluster("g-001").preferredMaintenanceWindow()).isEqualTo("sat:01:00-sat:02:00");
        }
    }

    @Test
    void whileAChangeIsUnderWayNoOtherIsTaken() {
        CountDownLatch go = new CountDownLatch(1);
        StepObserver holder = (workflow, step, point) -> {
            if (workflow.startsWith("resize") && point == StepObserver.Point.BEFORE) {
                awaitQuietly(go);
            }
        };
        try (TestPlane test = new TestPlane(directory, holder)) {
            test.createCluster("c");
            test.createGroup("g");
            test.aws.modifyCacheCluster(
                    r -> r.cacheClusterId("c").cacheNodeType("cache.t3.small").applyImmediately(true));
            test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").cacheNodeType("cache.t3.small").applyImmediately(true));
            assertThatThrownBy(() -> test.aws.modifyCacheCluster(
                    r -> r.cacheClusterId("c").autoMinorVersionUpgrade(false)))
                    .isInstanceOf(InvalidCacheClusterStateException.class)
                    .hasMessageContaining("Cache cluster must be in available state to modify.");
            assertThatThrownBy(() -> test.aws.deleteCacheCluster(r -> r.cacheClusterId("c")))
                    .isInstanceOf(InvalidCacheClusterStateException.class)
                    .hasMessageContaining("Cache cluster c is not in a valid state to be deleted.");
            assertThatThrownBy(() -> test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").replicationGroupDescription("other")))
                    .isInstanceOf(InvalidReplicationGroupStateException.class)
                    .hasMessageContaining("Replication group must be in available state to modify.");
            assertThatThrownBy(() -> test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g")))
                    .isInstanceOf(InvalidReplicationGroupStateException.class)
                    .hasMessageContaining("Replication group g has status modifying which is not valid for deletion.");
            assertThatThrownBy(() -> test.aws.listTagsForResource(r -> r.resourceName(test.group("g").arn())))
                    .isInstanceOf(InvalidReplicationGroupStateException.class)
                    .hasMessageContaining("Cluster not in available state to perform tagging operations.");
            go.countDown();
            test.settle();
            assertThat(test.cluster("c").cacheNodeType()).isEqualTo("cache.t3.small");
        } finally {
            go.countDown();
        }
    }

    @Test
    void ofManyChangesAtOnceOneIsTaken() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        StepObserver holder = (workflow, step, point) -> {
            if (workflow.startsWith("resize") && point == StepObserver.Point.BEFORE) {
                awaitQuietly(go);
            }
        };
        try (TestPlane test = new TestPlane(directory, holder);
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            test.createCluster("c");
            Callable<Boolean> modify = () -> {
                try {
                    test.aws.modifyCacheCluster(
                            r -> r.cacheClusterId("c").cacheNodeType("cache.t3.small").applyImmediately(true));
                    return true;
                } catch (InvalidCacheClusterStateException e) {
                    return false;
                }
            };
            List<Future<Boolean>> answers = threads
                    .invokeAll(List.of(modify, modify, modify, modify, modify, modify, modify, modify));
            int taken = 0;
            for (Future<Boolean> answer : answers) {
                taken += answer.get() ? 1 : 0;
            }
            assertThat(taken).isEqualTo(1);
            go.countDown();
            test.settle();
        } finally {
            go.countDown();
        }
    }

    @Test
    void nodeTypesThatCanBeHad() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createCluster("c");
            ListAllowedNodeTypeModificationsResponse allowed = test.aws
                    .listAllowedNodeTypeModifications(r -> r.cacheClusterId("c"));
            assertThat(allowed.scaleUpModifications())
                    .contains("cache.t3.small", "cache.t4g.micro", "cache.r7g.16xlarge")
                    .doesNotContain("cache.t3.micro", "cache.r6gd.xlarge").isSorted();
            assertThat(allowed.scaleDownModifications()).isEmpty();
            test.createGroup("g");
            assertThat(test.aws.listAllowedNodeTypeModifications(r -> r.replicationGroupId("g"))
                    .scaleDownModifications()).containsExactly("cache.t2.micro", "cache.t3.micro", "cache.t4g.micro");
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
