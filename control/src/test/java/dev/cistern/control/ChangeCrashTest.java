package dev.cistern.control;

import dev.cistern.control.operation.SecurityGroupOperations.Wish;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Workflows that make something else of what serves, killed at each of their points. */
final class ChangeCrashTest extends CrashPoints {

    @Test
    @Kills("encrypt-replication-group")
    void encryptingAGroup() throws IOException {
        atEveryPoint(test -> test.createGroup("g", 1),
                test -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").applyImmediately(true)
                        .transitEncryptionEnabled(true).transitEncryptionMode("preferred")),
                test -> {
                    GroupCrashTest.hasReplicas(test, "g-001", 1);
                    assertThat(test.group("g").transitEncryptionModeAsString()).isEqualTo("preferred");
                    assertThat(test.group("g").memberClusters()).allSatisfy(
                            member -> assertThat(test.nodes.settings(member).get("tls-port")).isNotEqualTo("0"));
                    assertThat(test.events("replication-group", "g"))
                            .filteredOn("Encryption in transit of replication group g is preferred"::equals).hasSize(1);
                });
    }

    @Test
    @Kills("change-cluster-mode")
    void makingAGroupCompatible() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createGroup("g", 1, true), test -> changeMode(test, "compatible"), test -> {
            assertThat(test.group("g").status()).isEqualTo("available");
            assertThat(test.group("g").clusterModeAsString()).isEqualTo("compatible");
            assertThat(test.group("g").memberClusters()).allSatisfy(member -> {
                assertThat(test.cluster(member).cacheClusterStatus()).isEqualTo("available");
                assertThat(test.cluster(member).cacheParameterGroup().cacheParameterGroupName())
                        .isEqualTo("default.valkey8.cluster.on");
                assertThat(test.nodes.settings(member)).containsEntry("cluster-enabled", "yes");
                assertThat(test.nodes.topology(member).rest()).first().asString().endsWith(" 0-16383");
            });
        });
    }

    @Test
    @Kills("change-cluster-mode")
    void enablingClusterMode() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> {
            test.createGroup("g", 1, true);
            changeMode(test, "compatible");
            test.settle();
        }, test -> changeMode(test, "enabled"), test -> {
            assertThat(test.group("g").status()).isEqualTo("available");
            assertThat(test.group("g").clusterEnabled()).isTrue();
            assertThat(test.group("g").configurationEndpoint()).isNotNull();
            assertThat(test.group("g").memberClusters()).allSatisfy(member -> assertThat(
                    test.nodes.settings(member).getOrDefault("cluster-compatible", "no")).isEqualTo("no"));
        });
    }

    private static void changeMode(TestPlane test, String mode) {
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").clusterMode(mode).applyImmediately(true));
    }

    @Test
    @Kills("upgrade-node")
    void upgradingANodeOfItsOwn() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createCluster("c"), test -> test.aws.modifyCacheCluster(
                r -> r.cacheClusterId("c").engine("valkey").engineVersion("9.0").applyImmediately(true)), test -> {
                    assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("available");
                    assertThat(test.cluster("c").engine()).isEqualTo("valkey");
                    assertThat(test.nodes.versions("c")).containsValue("9.0.0");
                    assertThat(test.nodes.data("c")).startsWith("data of c-");
                    assertThat(test.events("cache-cluster", "c"))
                            .filteredOn("Cache engine version is valkey 9.0.0"::equals).hasSize(1);
                });
    }

    @Test
    @Kills("apply-security-group")
    void changingWhoComesIn() throws IOException {
        atEveryPoint(test -> {
            test.createGroup("g");
            test.createMemcached("m", 1);
        }, test -> test.plane.network(Caller.DEFAULT).change(groups -> groups.authorize(groups.all().getFirst().id(),
                null, false, List.of(new Wish("-1", null, null, "10.1.0.0/16", "")), Map.of())), test -> {
                    assertThat(test.nodes.settings("g-001").get("allow-from")).contains("10.1.0.0/16");
                    assertThat(test.nodes.settings("m").get("allow_from")).contains("10.1.0.0/16");
                });
    }

    @Test
    @Kills("delete-replication-group")
    void deletingAGroupButItsPrimary() throws IOException {
        nodesOutlive = true;
        atEveryPoint(test -> test.createGroup("g", 1), test -> test.aws.deleteReplicationGroup(
                r -> r.replicationGroupId("g").retainPrimaryCluster(true)), test -> {
                    assertThatThrownBy(() -> test.group("g")).isInstanceOf(ReplicationGroupNotFoundException.class);
                    assertThat(test.cluster("g-001").cacheClusterStatus()).isEqualTo("available");
                    assertThat(test.nodes.running()).hasSize(1);
                    assertThat(test.nodes.rolePorts("g-001")).isEqualTo("0 0");
                    assertThat(test.nodes.data("g-001")).startsWith("data of g-001-");
                });
    }
}
