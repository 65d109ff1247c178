package dev.cistern.control;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.elasticache.model.ApiCallRateForCustomerExceededException;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheClusterStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidReplicationGroupStateException;
import software.amazon.awssdk.services.elasticache.model.NodeGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.TestFailoverNotAvailableException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Primaries that are lost, or that somebody wants to see lost, and what is made of their groups. */
final class FailoverTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private static void awaitRoles(TestPlane test, String primary, String... replicas) {
        await().atMost(LIMIT).ignoreExceptions().untilAsserted(() -> {
            assertThat(test.group("g").status()).isEqualTo("available");
            assertThat(test.nodes.follows(primary)).isEmpty();
            for (String replica : replicas) {
                assertThat(test.nodes.follows(replica)).isEqualTo(primary);
            }
        });
    }

    private static void awaitWhole(TestPlane test) {
        await().atMost(LIMIT).untilAsserted(() -> assertThat(test.group("g").memberClusters()).allSatisfy(
                member -> assertThat(test.cluster(member).cacheNodes().getFirst().cacheNodeStatus())
                        .isEqualTo("available")));
    }

    @Test
    void aReplicaTakesThePlaceOfALostPrimary() {
        try (TestPlane test = new TestPlane(directory)) {
            int port = test.createGroup("g", 2, true).nodeGroups().getFirst().primaryEndpoint().port();
            String data = test.nodes.data("g-002");
            test.crash("g-001");
            awaitRoles(test, "g-002", "g-001", "g-003");
            assertThat(test.group("g").nodeGroups().getFirst().primaryEndpoint().port()).isEqualTo(port);
            assertThat(test.group("g").nodeGroups().getFirst().nodeGroupMembers())
                    .extracting(member -> member.cacheClusterId() + " " + member.currentRole())
                    .containsExactly("g-001 replica", "g-002 primary", "g-003 replica");
            assertThat(data).startsWith("data of g-001");
            String failedOver = "Failover from primary node g-001 to replica node g-002 completed";
            assertThat(test.events("replication-group", "g")).containsSubsequence("Replication group g created",
                    failedOver);
            assertThat(test.events("cache-cluster", "g-002")).contains(failedOver);
            await().atMost(LIMIT).ignoreExceptions()
                    .untilAsserted(() -> assertThat(test.events("cache-cluster", "g-001"))
                            .containsSubsequence("Recovering cache nodes 0001",
                                    "Finished recovery for cache nodes 0001"));
        }
    }

    /** Only where another one may take its place without asking it; each epoch is higher than the one before. */
    @Test
    void primariesThatCanBeReplacedWriteUnderALease() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 1, true);
            test.createGroup("s", 1);
            assertThat(test.nodes.leaseMillis("g-001")).isEqualTo(3_000);
            assertThat(test.nodes.epoch("g-001")).isEqualTo(1);
            test.crash("g-001");
            awaitRoles(test, "g-002", "g-001");
            assertThat(test.nodes.leaseMillis("g-002")).isEqualTo(3_000);
            assertThat(test.nodes.epoch("g-002")).isEqualTo(2);
            awaitWhole(test);
            test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001"));
            awaitRoles(test, "g-001", "g-002");
            assertThat(test.nodes.epoch("g-001")).isEqualTo(3);
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").automaticFailoverEnabled(false));
            await().atMost(LIMIT).until(() -> test.nodes.leaseMillis("g-001") == 0);
            assertThat(test.nodes.leaseMillis("s-001")).as("of one that never needed any").isEqualTo(-1);
        }
    }

    /** It may still run and lead by what it knows: it is told what it missed. */
    @Test
    void aReplicaThatFollowsTheWrongOneIsCalledBack() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 2, true);
            test.nodes.strand("g-003", "g-002");
            assertThat(test.nodes.follows("g-003")).isEqualTo("g-002");
            awaitRoles(test, "g-001", "g-002", "g-003");
            test.nodes.strand("g-003", "g-003");
            awaitRoles(test, "g-001", "g-002", "g-003");
        }
    }

    @Test
    void oneThatIsLostAtOnceAgainIsFailedOverAgain() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 1, true);
            test.crash("g-001");
            awaitRoles(test, "g-002", "g-001");
            test.crash("g-002");
            awaitRoles(test, "g-001", "g-002");
        }
    }

    /** It would come back with nothing, and its replica would throw away what it has. */
    @Test
    void withoutAutomaticFailoverTheReplicaThatHasTheDataLeads() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 1, false);
            String data = test.nodes.data("g-002");
            test.crash("g-001");
            awaitRoles(test, "g-002", "g-001");
            assertThat(data).startsWith("data of g-001");
            assertThat(test.nodes.leaseMillis("g-002")).isZero();
            test.crash("g-001");
            awaitRoles(test, "g-002", "g-001");
        }
    }

    @Test
    void whenAllAreLostAllComeBack() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 1, true);
            test.crash("g-002");
            test.crash("g-001");
            await().atMost(LIMIT).ignoreExceptions().until(() -> List
                    .of(test.nodes.follows("g-001") + test.nodes.follows("g-002"), test.group("g").status()),
                    now -> List.of("g-001", "g-002").contains(now.getFirst()) && now.getLast().equals("available"));
        }
    }

    @Test
    void aTestHandsOverAndReplacesTheNode() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 1, true);
            assertThat(test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")).replicationGroup()
                    .status())
                    .isEqualTo("modifying");
            assertThatThrownBy(() -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")))
                    .isInstanceOf(InvalidReplicationGroupStateException.class);
            awaitRoles(test, "g-002", "g-001");
            assertThat(test.nodes.clustersWithOtherRoles).as("clients wait at their ports")
                    .containsExactlyInAnyOrder("g-001", "g-002");
            assertThat(test.events("replication-group", "g")).containsSubsequence(
                    "Test Failover API called for node group 0001",
                    "Failover from primary node g-001 to replica node g-002 completed");
            await().atMost(LIMIT).ignoreExceptions()
                    .untilAsserted(() -> assertThat(test.events("cache-cluster", "g-001"))
                            .containsSubsequence("Recovering cache nodes 0001",
                                    "Finished recovery for cache nodes 0001"));
        }
    }

    @Test
    void theNodeOfATestIsBackBeforeTheNextOne() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 2, true);
            test.nodes.failingStarts.set(Integer.MAX_VALUE);
            test.crash("g-003");
            await().atMost(LIMIT).until(() -> !test.cluster("g-003").cacheNodes().getFirst().cacheNodeStatus()
                    .equals("available"));
            assertThatThrownBy(() -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")))
                    .isInstanceOf(InvalidCacheClusterStateException.class).hasMessageContaining("g-003");
            test.nodes.failingStarts.set(0);
            awaitWhole(test);
            test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("1"));
            awaitRoles(test, "g-002", "g-001", "g-003");
        }
    }

    /** It may be the control plane that is cut off: somebody has to look, and is told so once. */
    @Test
    void aPrimaryThatOnlyItsReplicasHearFromIsAnAlarm() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g", 2, true);
            String begin = "Primary node g-001 does not answer. Nothing is done about it, because its replicas hear from it";
            String end = "Primary node g-001 answers again";
            test.nodes.silent.add("g-001");
            await().atMost(LIMIT).until(() -> test.events("replication-group", "g").contains(begin));
            test.nodes.silent.clear();
            await().atMost(LIMIT).until(() -> test.events("replication-group", "g").contains(end));
            assertThat(test.events("replication-group", "g")).filteredOn(text -> text.contains("Primary node"))
                    .containsExactly(begin, end);
            assertThat(test.events("cache-cluster", "g-001")).containsSubsequence(begin, end);
            assertThat(test.events("replication-group", "g")).noneMatch(text -> text.startsWith("Failover"));
            awaitRoles(test, "g-001", "g-002", "g-003");
        }
    }

    /** Its nodes end because they were told so, and the sentry may have read its rows a moment before that. */
    @Test
    void aNodeGroupThatIsRemovedIsNotLost() {
        Logger sentry = (Logger) LoggerFactory.getLogger("dev.cistern.control.workflow.Sentry");
        ListAppender<ILoggingEvent> heard = new ListAppender<>();
        heard.start();
        sentry.setLevel(Level.WARN);
        sentry.addAppender(heard);
        StepObserver slow = (_, step, point) -> {
            if (step.startsWith("remove ") && step.contains("-001 ") && point == StepObserver.Point.WORKED) {
                pause(100);
            }
        };
        try (TestPlane test = new TestPlane(directory, slow)) {
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro").numNodeGroups(4).replicasPerNodeGroup(1)
                    .automaticFailoverEnabled(true));
            test.settle();
            for (int left = 3; left > 0; left--) {
                String gone = "000" + (4 - left);
                int count = left;
                test.aws.modifyReplicationGroupShardConfiguration(r -> r.replicationGroupId("g").nodeGroupCount(count)
                        .nodeGroupsToRemove(gone).applyImmediately(true));
                test.settle();
            }
            assertThat(test.nodes.running()).hasSize(2);
        } finally {
            sentry.detachAppender(heard);
            sentry.setLevel(null);
        }
        assertThat(heard.list).extracting(ILoggingEvent::getFormattedMessage).isEmpty();
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** All are told at once: clients ask any node who leads. */
    @Test
    void theOthersOfAClusterHearWhoLeads() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro").numNodeGroups(2).replicasPerNodeGroup(1)
                    .automaticFailoverEnabled(true));
            test.settle();
            test.crash("g-0001-001");
            await().atMost(LIMIT).ignoreExceptions().untilAsserted(() -> {
                assertThat(test.group("g").status()).isEqualTo("available");
                assertThat(test.nodes.follows("g-0001-001")).isEqualTo("g-0001-002");
            });
            SlotMap leads = test.nodes.topology("g-0001-002");
            String line = "node " + leads.self() + " ";
            assertThat(SlotMap.format(leads.own(leads.self()))).isEqualTo("0-8191");
            for (String other : List.of("g-0001-002", "g-0002-001", "g-0002-002")) {
                assertThat(test.nodes.topology(other).rest()).filteredOn(each -> each.startsWith(line)).singleElement()
                        .asString().endsWith(" primary");
            }
        }
    }

    @Test
    void aTestNeedsAGroupThatCanFailOver() {
        try (TestPlane test = new TestPlane(directory)) {
            assertThatThrownBy(() -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")))
                    .isInstanceOf(ReplicationGroupNotFoundException.class);
            test.createGroup("g", 1, false);
            assertThatThrownBy(() -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0002")))
                    .isInstanceOf(NodeGroupNotFoundException.class);
            assertThatThrownBy(() -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")))
                    .isInstanceOf(TestFailoverNotAvailableException.class);
        }
    }

    @Test
    void testsAreRationed() {
        Quotas few = new Quotas(300, 40, 90, 50, 10, 10, 10, 10, 10, 20, 20, 1, 1000);
        try (TestPlane test = new TestPlane(directory, (_, _, _) -> {}, few, TestPlane.START)) {
            test.createGroup("g", 1, true);
            test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001"));
            awaitRoles(test, "g-002", "g-001");
            awaitWhole(test);
            assertThatThrownBy(() -> test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001")))
                    .isInstanceOf(ApiCallRateForCustomerExceededException.class);
            test.move(Duration.ofHours(24));
            test.aws.testFailover(r -> r.replicationGroupId("g").nodeGroupId("0001"));
            awaitRoles(test, "g-001", "g-002");
        }
    }
}
