package dev.cistern.control;

import dev.cistern.control.node.EngineType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidReplicationGroupStateException;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Other versions, another engine and another cluster mode for what serves: nodes are started anew one after the other. */
final class EngineChangeTest {

    @TempDir
    private Path directory;

    private TestPlane test;

    @BeforeEach
    void start() {
        test = new TestPlane(directory);
    }

    @AfterEach
    void end() {
        test.close();
    }

    private void create(String engine, String version, int replicas) {
        test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d").engine(engine)
                .engineVersion(version).cacheNodeType("cache.t3.micro").numCacheClusters(1 + replicas)
                .automaticFailoverEnabled(replicas > 0));
        test.settle();
    }

    private void modify(Consumer<ModifyReplicationGroupRequest.Builder> change) {
        test.aws.modifyReplicationGroup(r -> change.accept(r.replicationGroupId("g").applyImmediately(true)));
        test.settle();
    }

    @Test
    void aGroupGoesFromRedisToValkeyAndReplicasGoFirst() {
        create("redis", "6.2", 2);
        String data = test.nodes.data("g-001");
        modify(r -> r.engine("valkey").engineVersion("8.0"));

        assertThat(test.group("g").status()).isEqualTo("available");
        assertThat(test.group("g").engine()).isEqualTo("valkey");
        for (String member : List.of("g-001", "g-002", "g-003")) {
            assertThat(test.cluster(member).engine()).isEqualTo("valkey");
            assertThat(test.cluster(member).engineVersion()).isEqualTo("8.0.1");
            assertThat(test.cluster(member).cacheParameterGroup().cacheParameterGroupName())
                    .isEqualTo("default.valkey8");
            assertThat(test.cluster(member).cacheClusterStatus()).isEqualTo("available");
            assertThat(test.nodes.versions(member)).containsValue("8.0.1");
            assertThat(test.events("cache-cluster", member)).contains("Cache engine version is valkey 8.0.1");
        }
        assertThat(test.nodes.follows("g-002")).isEmpty();
        assertThat(test.nodes.follows("g-001")).isEqualTo("g-002");
        assertThat(test.nodes.follows("g-003")).isEqualTo("g-002");
        assertThat(data).isNotEmpty();
    }

    @Test
    void aNodeWithoutReplicasKeepsWhatItHolds() {
        test.createCluster("c");
        create("valkey", "7.2", 0);
        String alone = test.nodes.data("c");
        String grouped = test.nodes.data("g-001");
        test.aws.modifyCacheCluster(r -> r.cacheClusterId("c").engine("valkey").engineVersion("9.0")
                .applyImmediately(true));
        modify(r -> r.engineVersion("8.2"));

        assertThat(test.nodes.data("c")).isEqualTo(alone);
        assertThat(test.cluster("c").engine()).isEqualTo("valkey");
        assertThat(test.cluster("c").engineVersion()).isEqualTo("9.0.0");
        assertThat(test.nodes.data("g-001")).isEqualTo(grouped);
        assertThat(test.cluster("g-001").engineVersion()).isEqualTo("8.2.0");
    }

    @Test
    void aVersionWaitsForTheMaintenanceWindowAndCanBeTakenBack() {
        create("valkey", "7.2", 1);
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").engineVersion("8.0")
                .preferredMaintenanceWindow("thu:03:00-thu:04:00").snapshotWindow("06:00-07:00"));
        assertThat(test.cluster("g-002").pendingModifiedValues().engineVersion()).isEqualTo("8.0.1");
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").engineVersion("7.2"));
        assertThat(test.cluster("g-002").pendingModifiedValues().engineVersion()).isNull();
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").engineVersion("8.1"));
        assertThat(test.cluster("g-001").engineVersion()).isEqualTo("7.2.6");
        test.move(Duration.ofHours(15).plusMinutes(10));
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(test.group("g").status()).isEqualTo("available");
            assertThat(test.cluster("g-001").engineVersion()).isEqualTo("8.1.0");
            assertThat(test.cluster("g-001").pendingModifiedValues().engineVersion()).isNull();
        });
    }

    @Test
    void anEngineThatCannotBeRunHereChangesNothing() {
        create("redis", "7.1", 1);
        test.nodes.missingEngine = EngineType.VALKEY;
        modify(r -> r.engine("valkey").engineVersion("8.0"));
        assertThat(test.group("g").status()).isEqualTo("available");
        assertThat(test.cluster("g-001").engine()).isEqualTo("redis");
        assertThat(test.events("replication-group", "g")).last().isEqualTo("Failed to change the cache engine version "
                + "of replication group g: valkey-server is not installed on this machine");
    }

    @Test
    void whatAwsRefusesIsRefused() {
        create("valkey", "8.0", 1);
        refuses("cannot be downgraded", r -> r.engineVersion("7.2"));
        refuses("cannot be changed from valkey to redis", r -> r.engine("redis"));
        refuses("Expected a parameter group of family valkey9 but found one of family valkey8",
                r -> r.engineVersion("9.0").cacheParameterGroupName("default.valkey8"));
        refuses("must be changed to compatible", r -> r.clusterMode("enabled"));
        refuses("needs a cache parameter group with cluster-enabled yes",
                r -> r.clusterMode("compatible").cacheParameterGroupName("default.valkey8"));
        refuses("together with the node type", r -> r.clusterMode("compatible").cacheNodeType("cache.m7g.large"));
        refuses("together with the node type", r -> r.engineVersion("8.2").cacheNodeType("cache.m7g.large"));
        assertThatThrownBy(() -> test.aws.modifyCacheCluster(r -> r.cacheClusterId("g-001").engineVersion("8.2")))
                .isInstanceOf(InvalidParameterCombinationException.class);
    }

    private void refuses(String words, Consumer<ModifyReplicationGroupRequest.Builder> change) {
        assertThatThrownBy(() -> modify(change)).isInstanceOf(InvalidParameterCombinationException.class)
                .hasMessageContaining(words);
    }

    @Test
    void clusterModeGoesByWayOfCompatibleAndBackFromThere() {
        create("valkey", "8.0", 1);
        modify(r -> r.clusterMode("compatible"));
        assertThat(test.group("g").clusterModeAsString()).isEqualTo("compatible");
        assertThat(test.group("g").configurationEndpoint()).isNotNull();
        assertThat(test.group("g").nodeGroups().getFirst().primaryEndpoint()).isNotNull();
        assertThat(test.cluster("g-001").cacheParameterGroup().cacheParameterGroupName())
                .isEqualTo("default.valkey8.cluster.on");
        assertThat(test.nodes.settings("g-001")).containsEntry("cluster-enabled", "yes")
                .containsEntry("cluster-compatible", "yes");
        assertThat(test.nodes.topology("g-001").rest()).first().asString().endsWith(" 0-16383");
        assertThatThrownBy(() -> test.aws.increaseReplicaCount(
                r -> r.replicationGroupId("g").newReplicaCount(2).applyImmediately(true)))
                .isInstanceOf(InvalidReplicationGroupStateException.class);
        assertThatThrownBy(() -> modify(r -> r.engineVersion("8.2")))
                .isInstanceOf(InvalidReplicationGroupStateException.class);

        modify(r -> r.clusterMode("disabled"));
        assertThat(test.group("g").configurationEndpoint()).isNull();
        assertThat(test.nodes.settings("g-002")).containsEntry("cluster-enabled", "no");

        modify(r -> r.clusterMode("compatible"));
        modify(r -> r.clusterMode("enabled"));
        assertThat(test.group("g").clusterEnabled()).isTrue();
        assertThat(test.group("g").nodeGroups().getFirst().slots()).isEqualTo("0-16383");
        assertThat(test.group("g").nodeGroups().getFirst().primaryEndpoint()).isNull();
        assertThat(test.nodes.settings("g-002")).containsEntry("cluster-compatible", "no");
        refuses("cannot be changed to compatible", r -> r.clusterMode("compatible"));
    }
}
