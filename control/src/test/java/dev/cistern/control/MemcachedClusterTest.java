package dev.cistern.control;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheNode;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterRequest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Memcached clusters: their nodes, zones and endpoints, and the lists of nodes that clients follow. */
final class MemcachedClusterTest {

    private static final String COMBINATION = "InvalidParameterCombination";
    private static final String VALUE = "InvalidParameterValue";

    @TempDir
    Path directory;

    @Test
    void aClusterHasAnEndpointForAllAndOneForEachNode() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheCluster creating = test.aws.createCacheCluster(r -> r.cacheClusterId("C").engine("memcached")
                    .cacheNodeType("cache.t3.micro").numCacheNodes(3)).cacheCluster();
            assertThat(creating.cacheClusterStatus()).isEqualTo("creating");
            assertThat(creating.configurationEndpoint()).isNull();
            test.settle();

            CacheCluster cluster = test.cluster("c");
            assertThat(cluster.cacheClusterStatus()).isEqualTo("available");
            assertThat(cluster.engineVersion()).isEqualTo("1.6.22");
            assertThat(cluster.numCacheNodes()).isEqualTo(3);
            assertThat(cluster.cacheParameterGroup().cacheParameterGroupName()).isEqualTo("default.memcached1.6");
            assertThat(cluster.snapshotWindow()).isNull();
            assertThat(cluster.snapshotRetentionLimit()).isNull();
            assertThat(cluster.cacheNodes()).extracting(CacheNode::cacheNodeId).containsExactly("0001", "0002", "0003");
            assertThat(new TreeSet<>(ports(cluster))).hasSize(3)
                    .doesNotContain(cluster.configurationEndpoint().port());
            assertThat(test.nodes.running()).hasSize(3).allSatisfy(
                    (id, bytes) -> assertThat(bytes).as("512 MB less 100 MB").isEqualTo(412L << 20));
            assertThat(test.nodes.settings("c", "0002")).containsEntry("max_item_size", "1048576")
                    .containsEntry("num_threads", "2")
                    .containsEntry("configuration_port", cluster.configurationEndpoint().port().toString())
                    .doesNotContainKeys("maxmemory", "maxclients", "no_modern");
            assertThat(test.nodes.lists("c")).hasSize(3).allSatisfy(
                    (id, list) -> assertThat(list).isEqualTo(list(1, ports(cluster))));
            assertThat(test.events("cache-cluster", "c")).first().isEqualTo("Cache cluster created");

            // Without the wish for nodes only the cluster is shown.
            assertThat(test.aws.describeCacheClusters(r -> r.cacheClusterId("c")).cacheClusters().getFirst()
                    .cacheNodes()).isEmpty();
            test.aws.deleteCacheCluster(r -> r.cacheClusterId("c"));
            test.settle();
            assertThat(test.nodes.running()).isEmpty();
            assertThat(ports(test.createMemcached("c", 3))).as("the ports are free again").isEqualTo(ports(cluster));
        }
    }

    @Test
    void thePortThatIsAskedForIsTheConfigurationEndpoints() {
        int port = TestPlane.freePort();
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").cacheNodeType("cache.m7g.large").port(port));
            test.settle();
            CacheCluster cluster = test.cluster("c");
            assertThat(cluster.engine()).as("the engine of those who name none").isEqualTo("memcached");
            assertThat(cluster.configurationEndpoint().port()).isEqualTo(port);
            assertThat(ports(cluster)).hasSize(1).doesNotContain(port);
            assertThat(test.nodes.settings("c", "0001")).as("a type of which no values are published")
                    .containsEntry("max_cache_memory", "6537").containsEntry("num_threads", "2");
        }
    }

    @Test
    void nodesComeWhileTheOthersServe() {
        try (TestPlane test = new TestPlane(directory)) {
            List<Integer> two = ports(test.createMemcached("c", 2));
            CacheCluster modifying = modify(test, r -> r.numCacheNodes(4).applyImmediately(true));
            assertThat(modifying.cacheClusterStatus()).isEqualTo("modifying");
            assertThat(modifying.numCacheNodes()).isEqualTo(2);
            assertThat(modifying.pendingModifiedValues().numCacheNodes()).isEqualTo(4);
            test.settle();
            CacheCluster four = test.cluster("c");
            assertThat(four.cacheClusterStatus()).isEqualTo("available");
            assertThat(four.numCacheNodes()).isEqualTo(4);
            assertThat(four.pendingModifiedValues().numCacheNodes()).isNull();
            assertThat(ports(four)).hasSize(4).startsWith(two.toArray(Integer[]::new));
            assertThat(test.nodes.lists("c")).hasSize(4)
                    .allSatisfy((id, list) -> assertThat(list).isEqualTo(list(2, ports(four))));
            assertThat(test.events("cache-cluster", "c")).endsWith("Increasing number of requested nodes",
                    "Added cache node 0003 in availability zone " + four.preferredAvailabilityZone(),
                    "Added cache node 0004 in availability zone " + four.preferredAvailabilityZone(),
                    "Finished modifying number of nodes from 2 to 4");
        }
    }

    @Test
    void nodesGoThoseThatAreNamedOrTheHighest() {
        try (TestPlane test = new TestPlane(directory)) {
            List<Integer> ports = ports(test.createMemcached("c", 4));
            CacheCluster modifying = modify(test, r -> r.numCacheNodes(3).cacheNodeIdsToRemove("0002")
                    .applyImmediately(true));
            assertThat(modifying.pendingModifiedValues().numCacheNodes()).isEqualTo(3);
            assertThat(modifying.pendingModifiedValues().cacheNodeIdsToRemove()).containsExactly("0002");
            test.settle();
            CacheCluster three = test.cluster("c");
            assertThat(three.cacheNodes()).extracting(CacheNode::cacheNodeId).containsExactly("0001", "0003", "0004");
            assertThat(ports(three)).containsExactly(ports.get(0), ports.get(2), ports.get(3));
            assertThat(three.configurationEndpoint()).isEqualTo(modifying.configurationEndpoint());
            assertThat(test.nodes.running()).hasSize(3);
            assertThat(test.nodes.lists("c")).allSatisfy(
                    (id, list) -> assertThat(list).isEqualTo(list(2, ports(three))));
            assertThat(test.events("cache-cluster", "c")).endsWith("Removed cache nodes 0002",
                    "Finished modifying number of nodes from 4 to 3");

            modify(test, r -> r.numCacheNodes(1).applyImmediately(true));
            test.settle();
            assertThat(ports(test.cluster("c"))).containsExactly(ports.getFirst());

            modify(test, r -> r.numCacheNodes(2).applyImmediately(true));
            test.settle();
            CacheCluster again = test.cluster("c");
            assertThat(again.cacheNodes()).as("a number comes again").extracting(CacheNode::cacheNodeId)
                    .containsExactly("0001", "0002");
            assertThat(test.nodes.lists("c").get("0002")).isEqualTo(list(4, ports(again)));
        }
    }

    @Test
    void aChangeCanWaitForTheMaintenanceWindow() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("memcached").cacheNodeType("cache.t3.micro")
                    .numCacheNodes(2).preferredMaintenanceWindow("thu:03:00-thu:04:00"));
            test.settle();
            CacheCluster waiting = modify(test, r -> r.numCacheNodes(4));
            assertThat(waiting.cacheClusterStatus()).isEqualTo("available");
            assertThat(waiting.pendingModifiedValues().numCacheNodes()).isEqualTo(4);
            refused(COMBINATION, "Adding 2 cache nodes is pending. To add fewer, cancel it first with NumCacheNodes 2.",
                    () -> modify(test, r -> r.numCacheNodes(3)));
            assertThat(modify(test, r -> r.numCacheNodes(2)).pendingModifiedValues().numCacheNodes())
                    .as("cancelled").isNull();
            modify(test, r -> r.numCacheNodes(5));
            assertThat(modify(test, r -> r.numCacheNodes(1)).pendingModifiedValues().cacheNodeIdsToRemove())
                    .as("the latest wish counts").containsExactly("0002");
            modify(test, r -> r.numCacheNodes(3));
            test.settle();
            assertThat(test.cluster("c").numCacheNodes()).isEqualTo(2);
            test.move(Duration.ofHours(15));
            await().atMost(Duration.ofSeconds(30)).until(() -> test.cluster("c").numCacheNodes() == 3);

            modify(test, r -> r.numCacheNodes(2).preferredMaintenanceWindow("mon:03:00-mon:04:00"));
            modify(test, r -> r.applyImmediately(true).autoMinorVersionUpgrade(false));
            test.settle();
            assertThat(test.cluster("c").numCacheNodes()).as("what waits is applied too").isEqualTo(2);
        }
    }

    @Test
    void nodesThatCannotBeStartedAreTakenBack() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheCluster two = test.createMemcached("c", 2);
            test.nodes.failingStarts.set(1000);
            modify(test, r -> r.numCacheNodes(4).applyImmediately(true));
            test.settle();
            test.nodes.failingStarts.set(0);
            CacheCluster after = test.cluster("c");
            assertThat(after.cacheClusterStatus()).isEqualTo("available");
            assertThat(after.numCacheNodes()).isEqualTo(2);
            assertThat(after.pendingModifiedValues().numCacheNodes()).isNull();
            assertThat(ports(after)).isEqualTo(ports(two));
            assertThat(test.events("cache-cluster", "c")).last().asString()
                    .startsWith("Failed to add cache nodes 0003, 0004: ");
            modify(test, r -> r.numCacheNodes(3).applyImmediately(true));
            test.settle();
            assertThat(test.cluster("c").numCacheNodes()).isEqualTo(3);
        }
    }

    @Test
    void theVersionRisesAndNodesStartAnew() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("memcached").cacheNodeType("cache.t3.micro")
                    .numCacheNodes(2).engineVersion("1.5.10"));
            test.settle();
            CacheCluster before = test.cluster("c");
            assertThat(before.cacheParameterGroup().cacheParameterGroupName()).isEqualTo("default.memcached1.5");
            CacheCluster modifying = modify(test, r -> r.engineVersion("1.6.12").numCacheNodes(3)
                    .applyImmediately(true));
            assertThat(modifying.cacheClusterStatus()).isEqualTo("modifying");
            assertThat(modifying.engineVersion()).isEqualTo("1.5.10");
            assertThat(modifying.pendingModifiedValues().engineVersion()).isEqualTo("1.6.12");
            test.settle();
            CacheCluster after = test.cluster("c");
            assertThat(after.cacheClusterStatus()).isEqualTo("available");
            assertThat(after.engineVersion()).isEqualTo("1.6.12");
            assertThat(after.pendingModifiedValues().engineVersion()).isNull();
            assertThat(after.cacheParameterGroup().cacheParameterGroupName()).isEqualTo("default.memcached1.6");
            assertThat(after.cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");
            assertThat(ports(after)).hasSize(3).startsWith(ports(before).toArray(Integer[]::new));
            assertThat(test.nodes.versions("c")).hasSize(3).allSatisfy(
                    (id, version) -> assertThat(version).isEqualTo("1.6.12"));
            assertThat(test.events("cache-cluster", "c")).containsSubsequence(
                    "Updated to use a CacheParameterGroup default.memcached1.6",
                    "Cache engine version is being changed from 1.5.10 to 1.6.12", "Cache engine version is 1.6.12",
                    "Increasing number of requested nodes", "Finished modifying number of nodes from 2 to 3");

            refused(COMBINATION, "The engine version cannot be changed from 1.6.12 to 1.6.6: a cache cluster cannot be "
                    + "downgraded.", () -> modify(test, r -> r.engineVersion("1.6.6")));
            refused(COMBINATION, "The engine of cache cluster c cannot be changed from memcached to redis.",
                    () -> modify(test, r -> r.engine("redis").engineVersion("7.1")));
            refused(COMBINATION, "Cannot find version 1.7.0 for memcached",
                    () -> modify(test, r -> r.engineVersion("1.7.0")));
        }
    }

    @Test
    void aVersionCanWaitForTheMaintenanceWindow() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("memcached").cacheNodeType("cache.t3.micro")
                    .engineVersion("1.4.34").preferredMaintenanceWindow("thu:03:00-thu:04:00"));
            test.settle();
            test.aws.createCacheParameterGroup(r -> r.cacheParameterGroupName("mine").description("mine")
                    .cacheParameterGroupFamily("memcached1.6"));
            refused(COMBINATION,
                    "Expected a parameter group of family memcached1.5 but found one of family memcached1.6",
                    () -> modify(test, r -> r.engineVersion("1.5.16").cacheParameterGroupName("mine")));
            assertThat(modify(test, r -> r.engineVersion("1.6.22").cacheParameterGroupName("mine"))
                    .pendingModifiedValues().engineVersion()).isEqualTo("1.6.22");
            assertThat(modify(test, r -> r.engineVersion("1.4.34")).pendingModifiedValues().engineVersion())
                    .as("taken back").isNull();
            modify(test, r -> r.engineVersion("1.6.22").cacheParameterGroupName("mine"));
            test.settle();
            assertThat(test.cluster("c").engineVersion()).isEqualTo("1.4.34");
            assertThat(test.cluster("c").cacheParameterGroup().cacheParameterGroupName())
                    .isEqualTo("default.memcached1.4");
            test.move(Duration.ofHours(15));
            await().atMost(Duration.ofSeconds(30)).until(() -> test.cluster("c").engineVersion().equals("1.6.22"));
            test.settle();
            assertThat(test.cluster("c").cacheParameterGroup().cacheParameterGroupName()).isEqualTo("mine");
            assertThat(test.nodes.versions("c").get("0001")).isEqualTo("1.6.22");
        }
    }

    @Test
    void namesAsAwsBuildsThem() {
        try (TestPlane test = TestPlane.withDomain(directory, "example.com")) {
            CacheCluster cluster = test.createMemcached("c", 2);
            assertThat(cluster.configurationEndpoint().address())
                    .matches("c\\.[a-z0-9]{6}\\.cfg\\.use1\\.cache\\.example\\.com");
            assertThat(cluster.cacheNodes()).extracting(node -> node.endpoint().address()).allMatch(
                    name -> name.matches("c\\.[a-z0-9]{6}\\.000[12]\\.use1\\.cache\\.example\\.com"));
            assertThat(test.nodes.lists("c").get("0001")).isEqualTo(cluster.cacheNodes().stream()
                    .map(node -> node.endpoint().address() + "|127.0.0.1|" + node.endpoint().port())
                    .collect(Collectors.joining(" ", "1\n", "\n")));
            assertThat(test.plane.status().resources()).singleElement().satisfies(resource -> assertThat(
                    resource.endpoint()).isEqualTo(
                            cluster.configurationEndpoint().address() + ":"
                                    + cluster.configurationEndpoint().port()));
        }
    }

    @Test
    void encryptionIsForNewVersions() {
        try (TestPlane test = new TestPlane(directory)) {
            creationRefused(test, COMBINATION,
                    "Encryption features are not supported for engine memcached version 1.6.6. "
                            + "Use version 1.6.12 or newer.",
                    r -> r.engineVersion("1.6.6").transitEncryptionEnabled(true));
            assertThat(created(test, r -> r.engineVersion("1.6.6").transitEncryptionEnabled(false))
                    .transitEncryptionEnabled()).isFalse();
        }
    }

    @Test
    void aNodeThatEndsIsReplacedByItself() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheCluster before = test.createMemcached("c", 2);
            String id = test.nodes.running().keySet().stream().filter(name -> name.endsWith("-0002")).findFirst()
                    .orElseThrow();
            test.nodes.crash(id);
            await().atMost(Duration.ofSeconds(30)).until(() -> test.events("cache-cluster", "c")
                    .contains("Finished recovery for cache nodes 0002"));
            assertThat(test.events("cache-cluster", "c")).contains("Recovering cache nodes 0002");
            assertThat(test.cluster("c").cacheNodes()).isEqualTo(before.cacheNodes());
            assertThat(test.nodes.lists("c").get("0002")).isEqualTo(list(1, ports(before)));
        }
    }

    @Test
    void nodesAreRebootedByNameAndTakeParametersThen() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createCacheParameterGroup(r -> r.cacheParameterGroupName("mine").description("mine")
                    .cacheParameterGroupFamily("memcached1.6"));
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("memcached").cacheNodeType("cache.t3.micro")
                    .numCacheNodes(2).cacheParameterGroupName("mine"));
            test.settle();
            test.aws.modifyCacheParameterGroup(r -> r.cacheParameterGroupName("mine")
                    .parameterNameValues(TestPlane.values("max_item_size", "4194304", "watch", "0")));
            test.settle();
            assertThat(test.nodes.settings("c", "0001")).containsEntry("watch", "0")
                    .containsEntry("max_item_size", "1048576");
            assertThat(test.cluster("c").cacheParameterGroup().cacheNodeIdsToReboot()).containsExactly("0001", "0002");
            test.aws.rebootCacheCluster(r -> r.cacheClusterId("c").cacheNodeIdsToReboot("0002"));
            test.settle();
            assertThat(test.nodes.settings("c", "0001")).containsEntry("max_item_size", "1048576");
            assertThat(test.nodes.settings("c", "0002")).containsEntry("max_item_size", "4194304");
            assertThat(test.cluster("c").cacheParameterGroup().cacheNodeIdsToReboot()).containsExactly("0001");
            assertThat(test.events("cache-cluster", "c")).contains("Cache node 0002 shutdown",
                    "Cache node 0002 restarted").doesNotContain("Cache node 0001 shutdown");
        }
    }

    @Test
    void zones() {
        try (TestPlane test = new TestPlane(directory)) {
            assertThat(created(test, r -> r.numCacheNodes(3)).preferredAvailabilityZone()).startsWith("us-east-1");
            CacheCluster cross = created(test, r -> r.numCacheNodes(3).azMode("cross-az"));
            assertThat(cross.preferredAvailabilityZone()).isEqualTo("Multiple");
            assertThat(zones(cross)).containsExactlyInAnyOrder("us-east-1a", "us-east-1b", "us-east-1c");
            CacheCluster named = created(test, r -> r.numCacheNodes(2).azMode("cross-az")
                    .preferredAvailabilityZones("us-east-1b", "us-east-1d"));
            assertThat(zones(named)).containsExactly("us-east-1b", "us-east-1d");
            CacheCluster one = created(test, r -> r.numCacheNodes(2).azMode("single-az")
                    .preferredAvailabilityZone("us-east-1e"));
            assertThat(one.preferredAvailabilityZone()).isEqualTo("us-east-1e");

            String id = one.cacheClusterId();
            test.aws.modifyCacheCluster(r -> r.cacheClusterId(id).numCacheNodes(4).azMode("cross-az")
                    .newAvailabilityZones("us-east-1e", "us-east-1f").applyImmediately(true));
            test.settle();
            assertThat(zones(test.cluster(id))).containsExactly("us-east-1e", "us-east-1e", "us-east-1e", "us-east-1f");
            refused(COMBINATION,
                    "The AZMode cannot be single-az: the cache cluster has nodes in different availability "
                            + "zones.",
                    () -> test.aws.modifyCacheCluster(r -> r.cacheClusterId(id).numCacheNodes(5)
                            .azMode("single-az")));
            test.aws.modifyCacheCluster(r -> r.cacheClusterId(id).numCacheNodes(3).cacheNodeIdsToRemove("0004")
                    .applyImmediately(true));
            test.settle();
            assertThat(test.cluster(id).preferredAvailabilityZone()).isEqualTo("us-east-1e");
        }
    }

    @Test
    void whatIsRefused() {
        try (TestPlane test = new TestPlane(directory)) {
            creationRefused(test, "NodeQuotaForClusterExceeded",
                    "This request would exceed the quota of 40 cache nodes per cache cluster.",
                    r -> r.numCacheNodes(41));
            creationRefused(test, VALUE, "Invalid value 0 for NumCacheNodes", r -> r.numCacheNodes(0));
            creationRefused(test, COMBINATION, "The AZMode cross-az needs at least two cache nodes.",
                    r -> r.azMode("cross-az"));
            creationRefused(test, VALUE, "Invalid AZMode: some. Valid values are: single-az, cross-az",
                    r -> r.azMode("some"));
            creationRefused(test, COMBINATION,
                    "The number of PreferredAvailabilityZones must equal the number of new cache nodes, 2.",
                    r -> r.numCacheNodes(2).preferredAvailabilityZones("us-east-1a"));
            creationRefused(test, COMBINATION,
                    "PreferredAvailabilityZones must name different availability zones when AZMode is cross-az.",
                    r -> r.numCacheNodes(2).azMode("cross-az")
                            .preferredAvailabilityZones("us-east-1a", "us-east-1a"));
            creationRefused(test, COMBINATION,
                    "PreferredAvailabilityZones must name one availability zone when AZMode is single-az.",
                    r -> r.numCacheNodes(2).azMode("single-az")
                            .preferredAvailabilityZones("us-east-1a", "us-east-1b"));
            creationRefused(test, COMBINATION, "PreferredAvailabilityZone cannot be used with AZMode cross-az or with "
                    + "PreferredAvailabilityZones.",
                    r -> r.numCacheNodes(2).azMode("cross-az").preferredAvailabilityZone("us-east-1a"));
            creationRefused(test, VALUE, "us-east-1x is not a valid availability zone.",
                    r -> r.preferredAvailabilityZone("us-east-1x"));
            creationRefused(test, COMBINATION, "The parameter SnapshotRetentionLimit is not supported for engine "
                    + "memcached.", r -> r.snapshotRetentionLimit(1));
            creationRefused(test, COMBINATION, "The parameter AuthToken is not supported for engine memcached.",
                    r -> r.authToken("correct-horse-battery"));
            creationRefused(test, COMBINATION, "Expected a parameter group of family memcached1.6 but found one of "
                    + "family memcached1.5", r -> r.cacheParameterGroupName("default.memcached1.5"));
            creationRefused(test, COMBINATION, "Cannot find version 1.6.18 for memcached",
                    r -> r.engineVersion("1.6.18"));
            assertThat(test.aws.describeCacheClusters().cacheClusters()).isEmpty();

            test.createMemcached("c", 2);
            refused(COMBINATION, "The number of CacheNodeIdsToRemove, 2, must be the number of cache nodes less "
                    + "NumCacheNodes, 1.",
                    () -> modify(test,
                            r -> r.numCacheNodes(1).cacheNodeIdsToRemove("0001", "0002")));
            refused(VALUE, "Cache node 0007 does not exist in cache cluster c.",
                    () -> modify(test, r -> r.numCacheNodes(1).cacheNodeIdsToRemove("0007")));
            refused(COMBINATION, "CacheNodeIdsToRemove needs a NumCacheNodes less than the number of cache nodes, 2.",
                    () -> modify(test, r -> r.numCacheNodes(3).cacheNodeIdsToRemove("0001")));
            refused(COMBINATION, "The number of NewAvailabilityZones must equal the number of new cache nodes, 1.",
                    () -> modify(test, r -> r.numCacheNodes(3).newAvailabilityZones("us-east-1a", "us-east-1b")));
            refused("NodeQuotaForClusterExceeded",
                    "This request would exceed the quota of 40 cache nodes per cache cluster.",
                    () -> modify(test, r -> r.numCacheNodes(41)));
            refused(COMBINATION, "Modifying the cache node type of a memcached cache cluster is not supported.",
                    () -> modify(test, r -> r.cacheNodeType("cache.t3.small")));
            refused("SnapshotFeatureNotSupportedFault", "Memcached does not support snapshots.", () -> test.aws
                    .deleteCacheCluster(r -> r.cacheClusterId("c").finalSnapshotIdentifier("last")));
            refused(VALUE, "Invalid engine: memcached. Valid engines are: redis, valkey",
                    () -> test.aws.createReplicationGroup(r -> r.replicationGroupId("g")
                            .replicationGroupDescription("g").engine("memcached").cacheNodeType("cache.t3.micro")));
        }
    }

    @Test
    void fortyNodes() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheCluster cluster = test.createMemcached("c", 40);
            assertThat(cluster.cacheNodes()).hasSize(40);
            assertThat(test.nodes.lists("c").get("0040")).isEqualTo(list(1, ports(cluster)));
        }
    }

    private static CacheCluster modify(TestPlane test, Consumer<ModifyCacheClusterRequest.Builder> wish) {
        return test.aws.modifyCacheCluster(r -> wish.accept(r.cacheClusterId("c"))).cacheCluster();
    }

    private static CacheCluster created(TestPlane test, Consumer<CreateCacheClusterRequest.Builder> wish) {
        String id = "z" + test.aws.describeCacheClusters().cacheClusters().size();
        test.aws.createCacheCluster(
                r -> wish.accept(r.cacheClusterId(id).engine("memcached").cacheNodeType("cache.t3.micro")));
        test.settle();
        return test.cluster(id);
    }

    private static void creationRefused(TestPlane test, String code, String message,
            Consumer<CreateCacheClusterRequest.Builder> wish) {
        refused(code, message, () -> created(test, wish));
    }

    private static void refused(String code, String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ElastiCacheException.class, fault -> {
            assertThat(fault.awsErrorDetails().errorCode()).isEqualTo(code);
            assertThat(fault.awsErrorDetails().errorMessage()).isEqualTo(message);
        });
    }

    private static List<Integer> ports(CacheCluster cluster) {
        return cluster.cacheNodes().stream().map(node -> node.endpoint().port()).toList();
    }

    private static List<String> zones(CacheCluster cluster) {
        return cluster.cacheNodes().stream().map(CacheNode::customerAvailabilityZone).toList();
    }

    /** The list as nodes of these ports answer it. */
    private static String list(int version, List<Integer> ports) {
        return version + "\n" + String.join(" ", ports.stream().map(port -> "127.0.0.1|127.0.0.1|" + port).toList())
                + "\n";
    }
}
