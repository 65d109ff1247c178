package dev.cistern.control;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Workflows on clusters that are killed at each of their points. */
final class CrashTest extends CrashPoints {

    @Test
    @Kills("create-cache-cluster")
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
    @Kills("resize-cache-cluster")
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
    @Kills("configure-cache-cluster")
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
    @Kills("reboot-cache-cluster")
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
    @Kills("create-cache-cluster")
    void creatingAMemcachedCluster() throws IOException {
        atEveryPoint(test -> {}, test -> test.aws.createCacheCluster(r -> r.cacheClusterId("m").engine("memcached")
                .cacheNodeType("cache.t3.micro").numCacheNodes(2)), test -> haveTheSameList(test, 2));
    }

    @Test
    @Kills("add-cache-nodes")
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
    @Kills("remove-cache-nodes")
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
    @Kills("upgrade-cache-cluster")
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
    @Kills("delete-cache-cluster")
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
}
