package dev.cistern.control;

import dev.cistern.control.backup.SnapshotManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;
import software.amazon.awssdk.services.elasticache.model.InvalidReplicationGroupStateException;
import software.amazon.awssdk.services.elasticache.model.NodeGroupConfiguration;
import software.amazon.awssdk.services.elasticache.model.NodeSnapshot;
import software.amazon.awssdk.services.elasticache.model.Snapshot;
import software.amazon.awssdk.services.elasticache.model.SnapshotAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.SnapshotNotFoundException;
import software.amazon.awssdk.services.elasticache.model.SnapshotQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Snapshots: taken, found, copied, restored, deleted, and taken by themselves. */
final class SnapshotTest {

    private static final String FILE = "snapshots/000000000000/us-east-1/s/0001.rdb";

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

    @Test
    void aGroupsSnapshotTellsWhatTheGroupWas() {
        test.createGroup("g");
        Snapshot begun = test.aws.createSnapshot(r -> r.replicationGroupId("G").snapshotName("S")).snapshot();
        assertThat(begun.snapshotName()).isEqualTo("s");
        assertThat(begun.snapshotStatus()).isEqualTo("creating");
        test.settle();
        Snapshot snapshot = test.snapshot("s");
        assertThat(snapshot.snapshotStatus()).isEqualTo("available");
        assertThat(snapshot.snapshotSource()).isEqualTo("manual");
        assertThat(snapshot.arn()).isEqualTo("arn:aws:elasticache:us-east-1:000000000000:snapshot:s");
        assertThat(snapshot.replicationGroupId()).isEqualTo("g");
        assertThat(snapshot.replicationGroupDescription()).isEqualTo("a group of one");
        assertThat(snapshot.cacheClusterId()).isEqualTo("g-001");
        assertThat(snapshot.engine()).isEqualTo("valkey");
        assertThat(snapshot.engineVersion()).isEqualTo(test.cluster("g-001").engineVersion());
        assertThat(snapshot.cacheNodeType()).isEqualTo("cache.t4g.small");
        assertThat(snapshot.numNodeGroups()).isOne();
        assertThat(snapshot.snapshotWindow()).isEqualTo(test.group("g").snapshotWindow());
        NodeSnapshot part = snapshot.nodeSnapshots().getFirst();
        assertThat(part.cacheClusterId()).isEqualTo("g-001");
        assertThat(part.nodeGroupId()).isEqualTo("0001");
        assertThat(part.cacheSize()).isEqualTo("1 MB");
        assertThat(part.snapshotCreateTime()).isNotNull();
        assertThat(part.nodeGroupConfiguration()).isNull();
        assertThat(test.aws.describeSnapshots(r -> r.showNodeGroupConfig(true)).snapshots().getFirst().nodeSnapshots()
                .getFirst().nodeGroupConfiguration().nodeGroupId()).isEqualTo("0001");
        assertThat(test.events("cache-cluster", "g-001"))
                .contains("Snapshot succeeded for snapshot with ID 's' of cache cluster with ID 'g-001'");
    }

    @Test
    void theSourceCannotBeChangedMeanwhile() {
        test.createGroup("g");
        test.nodes.onSave = node -> {
            assertThat(test.group("g").status()).isEqualTo("snapshotting");
            assertThat(test.cluster("g-001").cacheClusterStatus()).isEqualTo("snapshotting");
            assertThatThrownBy(() -> test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g")))
                    .isInstanceOf(InvalidReplicationGroupStateException.class);
            assertThatThrownBy(
                    () -> test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("other")))
                    .isInstanceOf(InvalidReplicationGroupStateException.class);
            assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("creating");
        };
        test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        test.settle();
        assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
        assertThat(test.group("g").status()).isEqualTo("available");
    }

    @Test
    void whatIsRefused() {
        test.createCluster("c");
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s"));
        test.settle();
        assertThatThrownBy(() -> test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s")))
                .isInstanceOf(SnapshotAlreadyExistsException.class)
                .hasMessageContaining("Snapshot with specified name already exists.");
        assertThatThrownBy(() -> test.aws.createSnapshot(r -> r.cacheClusterId("none").snapshotName("t")))
                .isInstanceOf(CacheClusterNotFoundException.class);
        assertThatThrownBy(() -> test.aws.createSnapshot(r -> r.snapshotName("t")))
                .isInstanceOf(InvalidParameterCombinationException.class);
        assertThatThrownBy(() -> test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("automatic.t")))
                .isInstanceOf(InvalidParameterValueException.class);
        assertThatThrownBy(() -> test.aws.describeSnapshots(r -> r.snapshotName("none")))
                .isInstanceOf(SnapshotNotFoundException.class);
        assertThatThrownBy(() -> test.aws.deleteSnapshot(r -> r.snapshotName("none")))
                .isInstanceOf(SnapshotNotFoundException.class);
        assertThatThrownBy(() -> test.aws.createCacheCluster(r -> r.cacheClusterId("d").snapshotName("none")))
                .isInstanceOf(SnapshotNotFoundException.class);
        assertThatThrownBy(() -> test.aws
                .createCacheCluster(r -> r.cacheClusterId("d").engine("memcached").snapshotName("s")))
                .isInstanceOf(InvalidParameterCombinationException.class);
        assertThatThrownBy(() -> test.aws
                .createCacheCluster(r -> r.cacheClusterId("d").snapshotName("s").snapshotArns("s3://bucket/a.rdb")))
                .isInstanceOf(InvalidParameterCombinationException.class);
        assertThatThrownBy(() -> test.aws
                .createCacheCluster(r -> r.cacheClusterId("d").engine("redis").engineVersion("6.2").snapshotName("s")))
                .isInstanceOf(InvalidParameterCombinationException.class).hasMessageContaining("older version");
        assertThatThrownBy(() -> test.aws.describeSnapshots(r -> r.maxRecords(51)))
                .isInstanceOf(InvalidParameterValueException.class);
    }

    @Test
    void aCallerHasSoManyADay() {
        test.createCluster("c");
        for (int i = 0; i < 20; i++) {
            String name = "s" + i;
            test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName(name));
            test.settle();
        }
        assertThatThrownBy(() -> test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("more")))
                .isInstanceOf(SnapshotQuotaExceededException.class);
        test.move(Duration.ofHours(25));
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("more"));
        test.settle();
        var first = test.aws.describeSnapshots(r -> r.maxRecords(20));
        assertThat(first.snapshots()).hasSize(20);
        assertThat(test.aws.describeSnapshots(r -> r.maxRecords(20).marker(first.marker())).snapshots()).hasSize(1);
    }

    @Test
    void snapshotsAreFoundBySourceAndKind() {
        test.createCluster("c");
        test.createGroup("g");
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("of-c"));
        test.aws.createSnapshot(r -> r.cacheClusterId("g-001").snapshotName("of-g"));
        test.settle();
        assertThat(test.aws.describeSnapshots(r -> r.cacheClusterId("c")).snapshots())
                .extracting(Snapshot::snapshotName).containsExactly("of-c");
        assertThat(test.aws.describeSnapshots(r -> r.replicationGroupId("g")).snapshots())
                .extracting(Snapshot::snapshotName).containsExactly("of-g");
        assertThat(test.aws.describeSnapshots(r -> r.snapshotSource("user")).snapshots()).hasSize(2);
        assertThat(test.aws.describeSnapshots(r -> r.snapshotSource("system")).snapshots()).isEmpty();
        assertThatThrownBy(() -> test.aws.describeSnapshots(r -> r.cacheClusterId("none")))
                .isInstanceOf(CacheClusterNotFoundException.class);
    }

    @Test
    void tagsAreInherited() {
        test.createCluster("c");
        test.aws.addTagsToResource(r -> r.resourceName(test.cluster("c").arn())
                .tags(Tag.builder().key("team").value("shop").build()));
        String arn = test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s")).snapshot().arn();
        test.settle();
        String copy = test.aws.copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("t")).snapshot().arn();
        test.settle();
        test.aws.createCacheCluster(r -> r.cacheClusterId("d").snapshotName("t"));
        test.settle();
        for (String tagged : List.of(arn, copy, test.cluster("d").arn())) {
            assertThat(test.aws.listTagsForResource(r -> r.resourceName(tagged)).tagList())
                    .extracting(Tag::value).containsExactly("shop");
        }
    }

    @Test
    void filesAreCheckedBeforeTheyAreLoaded() throws IOException {
        test.createCluster("c");
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s"));
        test.settle();
        Path file = directory.resolve(FILE);
        SnapshotManifest manifest = SnapshotManifest.read(file.resolveSibling(SnapshotManifest.FILE));
        assertThat(manifest.snapshot()).isEqualTo("s");
        assertThat(manifest.parts().getFirst().bytes()).isEqualTo(Files.size(file));
        Files.writeString(file, Files.readString(file).replace('d', 'D'));
        test.aws.createReplicationGroup(
                r -> r.replicationGroupId("h").replicationGroupDescription("d").snapshotName("s"));
        test.settle();
        assertThat(test.group("h").status()).isEqualTo("create-failed");
        assertThat(test.cluster("h-001").cacheClusterStatus()).isEqualTo("restore-failed");
        assertThat(test.events("cache-cluster", "h-001")).last().asString().contains("its checksum is not that");
        assertThat(test.nodes.running()).hasSize(1);
        test.aws.deleteReplicationGroup(r -> r.replicationGroupId("h"));
        test.settle();
        test.aws.deleteSnapshot(r -> r.snapshotName("s"));
        test.settle();
        assertThat(file.getParent()).doesNotExist();
    }

    @Test
    void dataThatHasNoRoomIsNotEvicted() {
        test.createCluster("c");
        test.nodes.usedMemoryBytes = 5_000_000_000L;
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s"));
        test.settle();
        test.aws.createCacheCluster(r -> r.cacheClusterId("small").snapshotName("s"));
        test.aws.createCacheCluster(
                r -> r.cacheClusterId("large").snapshotName("s").cacheNodeType("cache.m7g.xlarge"));
        test.settle();
        assertThat(test.cluster("small").cacheClusterStatus()).isEqualTo("restore-failed");
        assertThat(test.cluster("large").cacheClusterStatus()).isEqualTo("available");
        test.aws.deleteCacheCluster(r -> r.cacheClusterId("small"));
        test.settle();
    }

    @Test
    void aFinalSnapshotThatFailsKeepsTheGroup() {
        test.createGroup("g");
        test.nodes.failingSaves = true;
        test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g").finalSnapshotIdentifier("s"));
        test.settle();
        assertThat(test.group("g").status()).isEqualTo("available");
        assertThat(test.cluster("g-001").cacheClusterStatus()).isEqualTo("available");
        assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("failed");
        assertThat(test.events("cache-cluster", "g-001")).last()
                .isEqualTo("Snapshot failed for snapshot with ID 's' of cache cluster with ID 'g-001'");
    }

    @Test
    void aNodeThatRestartsMeanwhileHasNoSnapshot() {
        test.createCluster("c");
        test.nodes.onSave = node -> test.nodes.crash(node);
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s"));
        test.settle();
        assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("failed");
        assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("available");
    }

    /** @param nodeGroups how many; 0 when {@code more} says it */
    private void createClustered(String id, int nodeGroups, Consumer<CreateReplicationGroupRequest.Builder> more) {
        test.aws.createReplicationGroup(r -> {
            r.replicationGroupId(id).replicationGroupDescription("d").engine("valkey").cacheNodeType("cache.t4g.small")
                    .cacheParameterGroupName("default.valkey8.cluster.on").automaticFailoverEnabled(true);
            if (nodeGroups > 0) {
                r.numNodeGroups(nodeGroups);
            }
            more.accept(r);
        });
        test.settle();
        assertThat(test.group(id).status()).isEqualTo("available");
    }

    @Test
    void intoMoreAndFewerNodeGroups() {
        createClustered("g", 2, r -> {});
        test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        test.settle();
        createClustered("same", 2, r -> r.snapshotName("s"));
        assertThat(test.nodes.data("same-0002-001")).startsWith("data of g-0002-001-").doesNotContain("and");
        createClustered("more", 3, r -> r.snapshotName("s"));
        assertThat(test.nodes.data("more-0003-001")).startsWith("data of g-0001-001-")
                .contains(" and data of g-0002-001-").endsWith("slots 10923-16383");
        createClustered("one", 1, r -> r.snapshotName("s"));
        assertThat(test.nodes.data("one-0001-001")).endsWith("slots 0-16383");
        createClustered("spread", 0, r -> r.snapshotName("s").nodeGroupConfiguration(
                NodeGroupConfiguration.builder().slots("0-99").build(),
                NodeGroupConfiguration.builder().slots("100-16383").build()));
        assertThat(test.nodes.data("spread-0001-001")).endsWith("slots 0-99");
        assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
    }

    /** It has no slots, and its own parameter group none either: the default one that has is meant. */
    @Test
    void ofOneNodeGroupIntoThree() {
        test.createGroup("g");
        test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        test.settle();
        test.aws.createReplicationGroup(r -> r.replicationGroupId("h").replicationGroupDescription("d")
                .snapshotName("s").numNodeGroups(3).automaticFailoverEnabled(true));
        test.settle();
        assertThat(test.group("h").clusterEnabled()).isTrue();
        assertThat(test.cluster("h-0001-001").cacheParameterGroup().cacheParameterGroupName())
                .endsWith(".cluster.on");
        assertThat(test.nodes.data("h-0003-001")).startsWith("data of g-001-").endsWith("slots 10923-16383");
    }

    @Test
    void slotsCannotBeTakenAway() {
        createClustered("g", 1, r -> {});
        test.aws.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        test.settle();
        assertThatThrownBy(() -> test.aws.createCacheCluster(r -> r.cacheClusterId("c").snapshotName("s")))
                .isInstanceOf(InvalidParameterCombinationException.class).hasMessageContaining("cluster mode enabled");
        assertThatThrownBy(() -> test.aws.createReplicationGroup(r -> r.replicationGroupId("h")
                .replicationGroupDescription("d").snapshotName("s").cacheParameterGroupName("default.valkey8")))
                .isInstanceOf(InvalidParameterCombinationException.class).hasMessageContaining("cluster mode enabled");
    }

    @Test
    void ofObjectsOfOthers() throws IOException {
        Path bucket = Files.createDirectories(directory.resolve("buckets/mine"));
        Files.writeString(bucket.resolve("a.rdb"), "a");
        Files.writeString(bucket.resolve("b.rdb"), "b");
        Files.writeString(bucket.resolve("c.rdb"), "unfit");
        createClustered("g", 3, r -> r.snapshotArns("arn:aws:s3:::mine/a.rdb", "arn:aws:s3:::mine/b.rdb"));
        assertThat(test.nodes.data("g-0001-001")).isEqualTo("a and b and slots 0-5461");

        test.aws.createReplicationGroup(r -> r.replicationGroupId("h").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.small").numNodeGroups(2).automaticFailoverEnabled(true)
                .snapshotArns("arn:aws:s3:::mine/a.rdb", "arn:aws:s3:::mine/c.rdb"));
        test.settle();
        assertThat(test.group("h").status()).isEqualTo("create-failed");
        assertThat(test.cluster("h-0001-001").cacheClusterStatus()).isEqualTo("restore-failed");
        assertThat(test.events("cache-cluster", "h-0001-001")).last().asString().contains("one is unfit");

        assertThatThrownBy(() -> test.aws.createReplicationGroup(r -> r.replicationGroupId("i")
                .replicationGroupDescription("d").engine("valkey").cacheNodeType("cache.t4g.small")
                .snapshotArns("arn:aws:s3:::mine/a.rdb", "arn:aws:s3:::mine/b.rdb")))
                .isInstanceOf(InvalidParameterCombinationException.class).hasMessageContaining("more than one object");
    }

    @Test
    void exportAndImport() throws IOException {
        test.createCluster("c");
        test.aws.createSnapshot(r -> r.cacheClusterId("c").snapshotName("s"));
        test.settle();
        assertThatThrownBy(() -> test.aws
                .copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("t").targetBucket("mine")))
                .hasMessageContaining("The S3 bucket mine does not exist.");
        Files.createDirectories(directory.resolve("buckets/mine"));
        test.aws.copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("t").targetBucket("mine"));
        test.settle();
        assertThat(directory.resolve("buckets/mine/t-0001.rdb")).exists();
        assertThat(test.snapshot("s").snapshotStatus()).isEqualTo("available");
        assertThatThrownBy(() -> test.aws
                .copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("t").targetBucket("mine")))
                .hasMessageContaining("The S3 bucket mine already contains an object with key t-0001.rdb.");
        for (String name : List.of("../c", "a/../../c")) {
            assertThatThrownBy(() -> test.aws
                    .copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName(name).targetBucket("mine")))
                    .isInstanceOf(InvalidParameterValueException.class);
        }
        test.aws.createCacheCluster(r -> r.cacheClusterId("d").engine("valkey").cacheNodeType("cache.t3.micro")
                .snapshotArns("arn:aws:s3:::mine/t-0001.rdb"));
        test.settle();
        assertThat(test.nodes.data("d")).startsWith("data of c-");
        try (Stream<Path> left = Files.walk(directory.resolve("passing"))) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
        for (String wrong : List.of("arn:aws:s3:::mine/none.rdb", "s3://mine/../../lock", "/etc/passwd", "s3://m")) {
            assertThatThrownBy(() -> test.aws.createCacheCluster(r -> r.cacheClusterId("e").engine("valkey")
                    .cacheNodeType("cache.t3.micro").snapshotArns(wrong)))
                    .isInstanceOf(InvalidParameterValueException.class);
        }
    }

    @Test
    void automaticSnapshotsComeDailyAndGo() {
        test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("redis").cacheNodeType("cache.t3.micro")
                .snapshotRetentionLimit(2).snapshotWindow("03:00-04:00")
                .preferredMaintenanceWindow("sun:05:00-sun:06:00"));
        test.settle();
        awaitRound("c");
        assertThat(automatic()).as("before the first window").isEmpty();
        for (int day = 1; day <= 3; day++) {
            // Over the window, so that each is one that was missed.
            test.move(Duration.ofDays(1));
            int count = Math.min(day, 2);
            await().atMost(Duration.ofSeconds(30)).until(() -> automatic().size() == count && test.plane.isIdle());
        }
        assertThat(automatic()).allMatch(name -> name.matches("automatic\\.c-\\d{4}-\\d\\d-\\d\\d-\\d\\d-\\d\\d"));
        test.aws.deleteCacheCluster(r -> r.cacheClusterId("c"));
        await().atMost(Duration.ofSeconds(30)).until(() -> automatic().isEmpty());
    }

    @Test
    void aGroupIsToldWhichMemberIsSaved() {
        test.createGroup("g");
        assertThatThrownBy(
                () -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").snapshotRetentionLimit(3)))
                .isInstanceOf(InvalidParameterCombinationException.class).hasMessageContaining(
                        "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots");
        assertThatThrownBy(() -> test.aws.modifyReplicationGroup(
                r -> r.replicationGroupId("g").snapshotRetentionLimit(3).snapshottingClusterId("other")))
                .isInstanceOf(CacheClusterNotFoundException.class);
        test.aws.modifyReplicationGroup(
                r -> r.replicationGroupId("g").snapshotRetentionLimit(3).snapshottingClusterId("g-001"));
        assertThat(test.group("g").snapshotRetentionLimit()).isEqualTo(3);
        assertThat(test.group("g").snapshottingClusterId()).isEqualTo("g-001");
        awaitRound("g-001");
        test.move(Duration.ofDays(1));
        await().atMost(Duration.ofSeconds(30)).until(() -> !automatic().isEmpty() && test.plane.isIdle());
        assertThat(automatic().getFirst()).startsWith("automatic.g-");
    }

    /** Also as a primary, until it is deleted: who has its id afterwards was never named. */
    @Test
    void theNamedMemberIsSavedDaily() {
        test.createGroup("g", 2);
        test.aws.modifyReplicationGroup(
                r -> r.replicationGroupId("g").snapshotRetentionLimit(35).snapshottingClusterId("G-003"));
        assertThat(nextAutomatic("g-003")).isEqualTo("g-003");
        test.aws.modifyReplicationGroup(
                r -> r.replicationGroupId("g").primaryClusterId("g-003").applyImmediately(true));
        test.settle();
        assertThat(nextAutomatic("g-003")).isEqualTo("g-003");
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").snapshottingClusterId("g-002"));
        assertThat(test.group("g").snapshottingClusterId()).isEqualTo("g-002");
        test.aws.deleteCacheCluster(r -> r.cacheClusterId("g-002"));
        test.settle();
        test.aws.increaseReplicaCount(
                r -> r.replicationGroupId("g").newReplicaCount(2).applyImmediately(true));
        test.settle();
        assertThat(test.group("g").memberClusters()).contains("g-002");
        assertThat(nextAutomatic("g-001")).isEqualTo("g-001");
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").snapshotRetentionLimit(0));
        assertThat(test.group("g").snapshottingClusterId()).isNull();
    }

    /** Which member the next automatic snapshot is taken of, and that it is the one that is shown before. */
    private String nextAutomatic(String shown) {
        assertThat(test.group("g").snapshottingClusterId()).isEqualTo(shown);
        awaitRound("g-002");
        int before = automatic().size();
        test.move(Duration.ofDays(1));
        await().atMost(Duration.ofSeconds(30)).until(() -> automatic().size() > before && test.plane.isIdle());
        Snapshot snapshot = test.snapshot(automatic().getLast());
        assertThat(snapshot.nodeSnapshots()).extracting(NodeSnapshot::cacheClusterId)
                .containsExactly(snapshot.cacheClusterId());
        return snapshot.cacheClusterId();
    }

    /** There no member is named: one of each node group is saved. */
    @Test
    void aGroupInClusterModeIsNotTold() {
        test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.small").numNodeGroups(2).automaticFailoverEnabled(true));
        test.settle();
        assertThatThrownBy(() -> test.aws.modifyReplicationGroup(
                r -> r.replicationGroupId("g").snapshotRetentionLimit(3).snapshottingClusterId("g-0001-001")))
                .isInstanceOf(InvalidParameterCombinationException.class)
                .hasMessageContaining("Cannot set snapshotting cluster");
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").snapshotRetentionLimit(3));
        assertThat(test.group("g").snapshotRetentionLimit()).isEqualTo(3);
        assertThat(test.group("g").snapshottingClusterId()).isNull();
    }

    private List<String> automatic() {
        return test.aws.describeSnapshots(r -> r.snapshotSource("system")).snapshots().stream()
                .filter(snapshot -> snapshot.snapshotStatus().equals("available"))
                .map(Snapshot::snapshotName).toList();
    }

    /** The keeper has looked round when it brings a node back that crashed before. */
    private void awaitRound(String clusterId) {
        for (int i = 0; i < 2; i++) {
            int running = test.nodes.running().size();
            test.crash(clusterId);
            await().atMost(Duration.ofSeconds(30)).until(() -> test.nodes.running().size() == running);
        }
    }
}
