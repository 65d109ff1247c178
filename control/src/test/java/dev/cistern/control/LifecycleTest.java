package dev.cistern.control;

import dev.cistern.control.node.NodeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Clusters and groups from creation to deletion, as a client sees them. */
final class LifecycleTest {

    @TempDir
    Path directory;

    @Test
    void aClusterIsCreatedShownAndDeleted() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheCluster creating = test.aws.createCacheCluster(
                    r -> r.cacheClusterId("My-Cache").engine("Redis").cacheNodeType("cache.t3.micro")).cacheCluster();
            assertThat(creating.cacheClusterStatus()).isEqualTo("creating");
            assertThat(creating.cacheNodes()).isEmpty();

            test.settle();
            CacheCluster cluster = test.cluster("my-cache");
            assertThat(cluster.cacheClusterStatus()).isEqualTo("available");
            assertThat(cluster.arn()).isEqualTo("arn:aws:elasticache:us-east-1:000000000000:cluster:my-cache");
            assertThat(cluster.engine()).isEqualTo("redis");
            assertThat(cluster.engineVersion()).isEqualTo("7.1.0");
            assertThat(cluster.cacheParameterGroup().cacheParameterGroupName()).isEqualTo("default.redis7");
            assertThat(cluster.cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");
            assertThat(cluster.preferredMaintenanceWindow()).matches("[a-z]{3}:\\d\\d:\\d\\d-[a-z]{3}:\\d\\d:\\d\\d");
            assertThat(cluster.preferredAvailabilityZone()).matches("us-east-1[abc]");
            assertThat(cluster.numCacheNodes()).isEqualTo(1);
            assertThat(cluster.cacheNodes()).hasSize(1).first().satisfies(node -> {
                assertThat(node.cacheNodeId()).isEqualTo("0001");
                assertThat(node.cacheNodeStatus()).isEqualTo("available");
                assertThat(node.customerAvailabilityZone()).isEqualTo(cluster.preferredAvailabilityZone());
                assertThat(node.endpoint().address()).isEqualTo("127.0.0.1");
                assertThat(node.endpoint().port()).isBetween(TestPlane.FIRST_PORT, TestPlane.FIRST_PORT + 199);
            });
            // 536870912 of a t3.micro less 25 percent, in whole hundredths.
            assertThat(test.nodes.running().values()).containsExactly(402_653_175L);
            assertThat(test.events("cache-cluster", "my-cache")).containsExactly(
                    "Cache cluster created",
                    "Added cache node 0001 in availability zone " + cluster.preferredAvailabilityZone());

            assertThat(test.aws.deleteCacheCluster(r -> r.cacheClusterId("MY-CACHE")).cacheCluster()
                    .cacheClusterStatus()).isEqualTo("deleting");
            test.settle();
            assertThatThrownBy(() -> test.cluster("my-cache")).isInstanceOf(CacheClusterNotFoundException.class);
            assertThat(test.nodes.running()).isEmpty();
            assertThat(test.events("cache-cluster", "my-cache")).last().isEqualTo("Cache cluster deleted");
        }
    }

    @Test
    void aGroupIsCreatedShownAndDeleted() {
        try (TestPlane test = new TestPlane(directory)) {
            ReplicationGroup creating = test.aws.createReplicationGroup(r -> r.replicationGroupId("sessions")
                    .replicationGroupDescription("web sessions").engine("valkey").cacheNodeType("cache.r7g.large")
                    .numCacheClusters(1).automaticFailoverEnabled(false)).replicationGroup();
            assertThat(creating.status()).isEqualTo("creating");
            assertThat(creating.nodeGroups()).isEmpty();
            assertThat(creating.memberClusters()).containsExactly("sessions-001");

            test.settle();
            ReplicationGroup group = test.group("Sessions");
            assertThat(group.status()).isEqualTo("available");
            assertThat(group.description()).isEqualTo("web sessions");
            assertThat(group.engine()).isEqualTo("valkey");
            assertThat(group.cacheNodeType()).isEqualTo("cache.r7g.large");
            assertThat(group.clusterEnabled()).isFalse();
            assertThat(group.automaticFailoverAsString()).isEqualTo("disabled");
            assertThat(group.multiAZAsString()).isEqualTo("disabled");
            assertThat(group.configurationEndpoint()).isNull();
            assertThat(group.arn()).endsWith(":replicationgroup:sessions");
            NodeGroup nodeGroup = group.nodeGroups().getFirst();
            assertThat(nodeGroup.nodeGroupId()).isEqualTo("0001");
            assertThat(nodeGroup.nodeGroupMembers().getFirst().currentRole()).isEqualTo("primary");
            Endpoint endpoint = nodeGroup.primaryEndpoint();

            CacheCluster member = test.cluster("sessions-001");
            assertThat(member.replicationGroupId()).isEqualTo("sessions");
            assertThat(member.cacheClusterStatus()).isEqualTo("available");
            assertThat(member.cacheNodes().getFirst().endpoint().port()).isNotEqualTo(endpoint.port());
            assertThat(test.nodes.rolePorts("sessions-001")).startsWith(endpoint.port() + " ");
            assertThat(test.aws.describeCacheClusters(r -> r.showCacheClustersNotInReplicationGroups(true))
                    .cacheClusters()).isEmpty();

            test.aws.deleteReplicationGroup(r -> r.replicationGroupId("sessions"));
            test.settle();
            assertThatThrownBy(() -> test.group("sessions")).isInstanceOf(ReplicationGroupNotFoundException.class);
            assertThatThrownBy(() -> test.cluster("sessions-001")).isInstanceOf(CacheClusterNotFoundException.class);
            assertThat(test.nodes.running()).isEmpty();
            assertThat(test.events("replication-group", "sessions")).containsExactly(
                    "Replication group sessions created", "Replication group sessions deleted");
        }
    }

    @Test
    void aRetainedPrimaryGoesOnAtItsEndpoint() {
        try (TestPlane test = new TestPlane(directory)) {
            Endpoint endpoint = test.createGroup("kept", 1).nodeGroups().getFirst().nodeGroupMembers().getFirst()
                    .readEndpoint();
            test.aws.deleteReplicationGroup(r -> r.replicationGroupId("kept").retainPrimaryCluster(true));
            test.settle();

            assertThatThrownBy(() -> test.group("kept")).isInstanceOf(ReplicationGroupNotFoundException.class);
            CacheCluster cluster = test.cluster("kept-001");
            assertThat(cluster.replicationGroupId()).isNull();
            assertThat(cluster.cacheClusterStatus()).isEqualTo("available");
            assertThat(cluster.cacheNodes().getFirst().endpoint()).isEqualTo(endpoint);
            assertThat(test.nodes.running()).hasSize(1);
            assertThat(test.nodes.rolePorts("kept-001")).isEqualTo("0 0");
        }
    }

    @Test
    void everythingIsThereAfterARestartAtTheSameEndpoints() {
        CacheCluster cluster;
        ReplicationGroup group;
        try (TestPlane test = new TestPlane(directory)) {
            cluster = test.createCluster("one");
            group = test.createGroup("two");
        }
        try (TestPlane test = new TestPlane(directory, TestPlane.START.plus(Duration.ofHours(1)))) {
            assertThat(test.nodes.running()).as("running when open() returns").hasSize(2);
            assertThat(test.cluster("one")).isEqualTo(cluster);
            assertThat(test.group("two")).isEqualTo(group);
            assertThat(test.events("cache-cluster", "one")).endsWith(
                    "Recovering cache nodes 0001", "Cache node 0001 restarted");
        }
    }

    @Test
    void aNodeThatEndsByItselfIsStartedAgain() {
        try (TestPlane test = new TestPlane(directory)) {
            Endpoint endpoint = test.createCluster("phoenix").cacheNodes().getFirst().endpoint();
            test.nodes.crash(test.nodes.running().keySet().iterator().next());

            await().until(() -> test.events("cache-cluster", "phoenix")
                    .contains("Finished recovery for cache nodes 0001"));
            assertThat(test.nodes.running()).hasSize(1);
            assertThat(test.cluster("phoenix").cacheNodes().getFirst().endpoint()).isEqualTo(endpoint);
        }
    }

    @Test
    void aNodeThatCannotStartEndsAsAWaiterCanSee() {
        try (TestPlane test = new TestPlane(directory)) {
            test.nodes.failingStarts.set(Integer.MAX_VALUE);
            test.createCluster("lost");
            assertThat(test.cluster("lost").cacheClusterStatus()).isEqualTo("incompatible-network");
            test.createGroup("lostgroup");
            assertThat(test.group("lostgroup").status()).isEqualTo("create-failed");
            assertThat(test.events("replication-group", "lostgroup")).containsExactly(
                    "Failed to create replication group lostgroup: this start was told to fail");

            test.nodes.failingStarts.set(0);
            test.aws.deleteCacheCluster(r -> r.cacheClusterId("lost"));
            test.aws.deleteReplicationGroup(r -> r.replicationGroupId("lostgroup"));
            test.settle();
            assertThatThrownBy(() -> test.cluster("lost")).isInstanceOf(CacheClusterNotFoundException.class);
        }
    }

    @Test
    void aStartThatFailsAtFirstIsTriedAgain() {
        try (TestPlane test = new TestPlane(directory)) {
            test.nodes.failingStarts.set(2);
            assertThat(test.createCluster("stubborn").cacheClusterStatus()).isEqualTo("available");
        }
    }

    @Test
    void aNodeThatStartsButNeverAnswersIsNotLeftRunning() {
        try (TestPlane test = new TestPlane(directory)) {
            test.nodes.mute = true;
            test.createCluster("mute");
            assertThat(test.cluster("mute").cacheClusterStatus()).isEqualTo("incompatible-network");
            assertThat(test.events("cache-cluster", "mute"))
                    .containsExactly("Failed to create the cache cluster due to "
                            + "incompatible network state: answer mute 0001: not within 30 seconds");
            await().until(() -> test.nodes.running().isEmpty());
        }
    }

    @Test
    void aNodeHasAFolderOfItsOwnAsLongAsItIsThere(@TempDir Path directory) throws IOException {
        try (TestPlane test = new TestPlane(directory)) {
            test.createCluster("c");
            Path folder = onlyFolder(directory.resolve("nodes"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder))).isEqualTo("rwx------");
            Files.writeString(folder.resolve(NodeSpec.SNAPSHOT_FILE), "of an earlier life");
            Files.createDirectory(folder.resolve("sub"));
            test.aws.rebootCacheCluster(r -> r.cacheClusterId("c").cacheNodeIdsToReboot("0001"));
            test.settle();
            assertThat(folder.resolve(NodeSpec.SNAPSHOT_FILE)).doesNotExist();
            test.aws.deleteCacheCluster(r -> r.cacheClusterId("c"));
            test.settle();
            assertThat(folder).doesNotExist();
        }
    }

    private static Path onlyFolder(Path parent) throws IOException {
        try (Stream<Path> list = Files.list(parent)) {
            return list.toList().getFirst();
        }
    }
}
