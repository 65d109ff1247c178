package dev.cistern.control;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Workflows on snapshots that are killed at each of their points. */
final class SnapshotCrashTest extends CrashPoints {

    @Test
    @Kills("create-snapshot")
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
    @Kills({"create-snapshot", "delete-replication-group"})
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
    @Kills("create-replication-group")
    void restoringASnapshot() throws IOException {
        nodesOutlive = true;
        atEveryPoint(SnapshotCrashTest::aSnapshot,
                test -> test.aws.createReplicationGroup(r -> r.replicationGroupId("h").replicationGroupDescription("d")
                        .snapshotName("s").cacheNodeType("cache.m7g.large")),
                test -> {
                    assertThat(test.group("h").status()).isEqualTo("available");
                    assertThat(test.nodes.data("h-001")).startsWith("data of c-");
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                });
    }

    @Test
    @Kills("create-replication-group")
    void restoringIntoOtherNodeGroups() throws IOException {
        nodesOutlive = true;
        atEveryPoint(SnapshotCrashTest::aSnapshot,
                test -> test.aws.createReplicationGroup(r -> r.replicationGroupId("h").replicationGroupDescription("d")
                        .snapshotName("s").engine("valkey").numNodeGroups(2).automaticFailoverEnabled(true)),
                test -> {
                    assertThat(test.group("h").status()).isEqualTo("available");
                    assertThat(test.nodes.data("h-0001-001")).startsWith("data of c-").endsWith("slots 0-8191");
                    assertThat(test.nodes.data("h-0002-001")).startsWith("data of c-").endsWith("slots 8192-16383");
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                });
    }

    @Test
    @Kills("copy-snapshot")
    void copyingASnapshot() throws IOException {
        nodesOutlive = true;
        atEveryPoint(SnapshotCrashTest::aSnapshot,
                test -> test.aws.copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("t")),
                test -> {
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                    assertThat(test.snapshot("t").snapshotStatus()).isEqualTo("available");
                    test.restoresTo("t", "data of c-");
                });
    }

    @Test
    @Kills("copy-snapshot")
    void exportingASnapshot() throws IOException {
        atEveryPoint(test -> {
            aSnapshot(test);
            assertThat(root.resolve("prepared/buckets/mine").toFile().mkdirs()).isTrue();
        }, test -> test.aws.copySnapshot(
                r -> r.sourceSnapshotName("s").targetSnapshotName("t").targetBucket("mine")), test -> {
                    assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
                    test.aws.createCacheCluster(r -> r.cacheClusterId("d").engine("valkey")
                            .cacheNodeType("cache.t3.micro").snapshotArns("arn:aws:s3:::mine/t-0001.rdb"));
                    test.settle();
                    assertThat(test.nodes.data("d")).startsWith("data of c-");
                });
    }

    @Test
    @Kills("delete-snapshot")
    void deletingASnapshot() throws IOException {
        atEveryPoint(SnapshotCrashTest::aSnapshot, test -> test.aws.deleteSnapshot(r -> r.snapshotName("s")),
                test -> assertThat(test.aws.describeSnapshots().snapshots()).isEmpty());
    }

    private static void aSnapshot(TestPlane test) {
        test.createCluster("c");
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s"));
        test.settle();
    }
}
