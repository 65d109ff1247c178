package dev.cistern.control;

import dev.cistern.control.operation.SecurityGroupOperations.Wish;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.SecurityGroup;
import dev.cistern.control.resource.SecurityRule;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Security groups: their rules, who has them, and what nodes are told of it. */
final class SecurityGroupTest {

    private static final String LOCAL = "127.0.0.0/8 127.0.0.1 ::1/128";

    @TempDir
    private Path directory;

    @Test
    void theDefaultGroupLetsTheMachineItselfIn() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g");
            test.createMemcached("m", 1);
            assertThat(peers(test, "g-001", "allow-from")).isEqualTo(words(LOCAL));
            assertThat(peers(test, "m", "allow_from")).isEqualTo(words(LOCAL));
            NetworkService network = network(test);
            assertThat(all(network)).singleElement().satisfies(group -> {
                assertThat(group.groupName()).isEqualTo("default");
                assertThat(test.cluster("g-001").securityGroups().getFirst().securityGroupId()).isEqualTo(group.id());
            });
            refused("CannotDelete", () -> delete(network, null, "default"));
        }
    }

    /** A rule for another port, protocol or direction lets nobody in. */
    @Test
    void onlyWhatARuleAllowsComesIn() {
        try (TestPlane test = new TestPlane(directory)) {
            NetworkService network = network(test);
            String id = create(network, "web");
            int port = TestPlane.freePort();
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .engine("valkey").cacheNodeType("cache.t4g.micro").port(port).securityGroupIds(id));
            test.settle();
            assertThat(test.cluster("g-001").securityGroups().getFirst().securityGroupId()).isEqualTo(id);
            assertThat(peers(test, "g-001", "allow-from")).containsExactly(ClusterSecurityGroups.NOBODY);
            authorize(test, id, false, "tcp", port + 1, port + 9, "10.0.1.0/24");
            authorize(test, id, false, "udp", port, port, "10.0.2.0/24");
            authorize(test, id, true, "tcp", port, port, "10.0.3.0/24");
            assertThat(peers(test, "g-001", "allow-from")).containsExactly(ClusterSecurityGroups.NOBODY);
            authorize(test, id, false, "tcp", port - 1, port, "10.0.4.0/24");
            authorize(test, id, false, "-1", null, null, "fd00::/8");
            assertThat(peers(test, "g-001", "allow-from")).containsExactlyInAnyOrder("10.0.4.0/24", "fd00::/8");
            assertThat(test.events("cache-cluster", "g-001")).contains("Applied change to security group");
            network.change(groups -> {
                groups.revoke(id, null, false, List.of(wish("6", port - 1, port, "10.0.4.0/24")), List.of());
                return id;
            });
            test.settle();
            assertThat(peers(test, "g-001", "allow-from")).containsExactly("fd00::/8");
        }
    }

    @Test
    void aClusterIsGivenOtherGroupsWhileItServes() {
        try (TestPlane test = new TestPlane(directory)) {
            String id = create(network(test), "web");
            authorize(test, id, false, "-1", null, null, "10.0.0.0/8");
            test.createGroup("g");
            test.createMemcached("m", 1);
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").securityGroupIds(id));
            test.aws.modifyCacheCluster(r -> r.cacheClusterId("m").securityGroupIds(id));
            test.settle();
            assertThat(peers(test, "g-001", "allow-from")).containsExactly("10.0.0.0/8");
            assertThat(peers(test, "m", "allow_from")).containsExactly("10.0.0.0/8");
            assertThatThrownBy(() -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g")
                    .securityGroupIds("sg-nothing"))).isInstanceOf(InvalidParameterValueException.class);
            refused("DependencyViolation", () -> delete(network(test), id, null));
            test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g"));
            test.aws.deleteCacheCluster(r -> r.cacheClusterId("m"));
            test.settle();
            delete(network(test), id, null);
            assertThat(all(network(test))).extracting(SecurityGroup::groupName)
                    .containsExactly("default");
        }
    }

    /** The members of a group that a rule names are what has it, and the addresses that its tag says. */
    @Test
    void aRuleNamesAnotherGroup() {
        try (TestPlane test = new TestPlane(directory)) {
            NetworkService network = network(test);
            String web = create(network, "web");
            String cache = create(network, "cache");
            authorize(test, cache, false, "-1", null, null, web);
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("redis").cacheNodeType("cache.t3.micro")
                    .securityGroupIds(cache));
            test.settle();
            assertThat(peers(test, "c", "allow-from")).containsExactly(ClusterSecurityGroups.NOBODY);
            network.change(groups -> {
                groups.tag(List.of(web), Map.of(SecurityGroup.ADDRESSES_TAG, "10.1.0.0/16, 10.2.3.4"));
                return web;
            });
            test.settle();
            assertThat(peers(test, "c", "allow-from")).containsExactlyInAnyOrder("10.1.0.0/16", "10.2.3.4");
            network.change(groups -> {
                groups.untag(List.of(web), List.of(SecurityGroup.ADDRESSES_TAG));
                return web;
            });
            test.aws.createCacheCluster(r -> r.cacheClusterId("w").engine("redis").cacheNodeType("cache.t3.micro")
                    .securityGroupIds(web));
            test.settle();
            authorize(test, cache, false, "tcp", 1, 1, web);
            assertThat(peers(test, "c", "allow-from")).containsExactly("127.0.0.1");
            refused("DependencyViolation", () -> delete(network, web, null));
        }
    }

    @Test
    void theRulesOfTheDefaultGroupCanBeChanged() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g");
            NetworkService network = network(test);
            network.change(groups -> {
                SecurityGroup group = groups.all().getFirst();
                groups.revoke(group.id(), null, false, List.of(), groups.rules(group).stream()
                        .filter(rule -> !rule.egress()).map(SecurityRule::id).toList());
                return group;
            });
            test.settle();
            assertThat(peers(test, "g-001", "allow-from")).containsExactly(ClusterSecurityGroups.NOBODY);
        }
        try (TestPlane test = new TestPlane(directory)) {
            test.settle();
            assertThat(peers(test, "g-001", "allow-from")).containsExactly(ClusterSecurityGroups.NOBODY);
        }
    }

    @Test
    void whatCannotBeIsRefusedInEc2sWords() {
        try (TestPlane test = new TestPlane(directory)) {
            NetworkService network = network(test);
            String id = create(network, "web");
            refused("InvalidGroup.Duplicate", () -> create(network, "web"));
            refused("InvalidGroup.NotFound", () -> delete(network, "sg-0", null));
            refused("MissingParameter", () -> delete(network, null, null));
            refused("InvalidParameterValue", () -> authorize(test, id, false, "tcp", 1, 2, "10.0.0.1/8"));
            refused("InvalidParameterValue", () -> authorize(test, id, false, "tcp", 1, 2, "somewhere/8"));
            refused("InvalidParameterValue", () -> authorize(test, id, false, "tcp", 2, 1, "10.0.0.0/8"));
            refused("InvalidParameterValue", () -> authorize(test, id, false, "tcp", null, null, "10.0.0.0/8"));
            refused("InvalidParameterValue", () -> authorize(test, id, false, "quic", 1, 2, "10.0.0.0/8"));
            refused("InvalidGroup.NotFound", () -> authorize(test, id, false, "tcp", 1, 2, "sg-0"));
            authorize(test, id, false, "tcp", 1, 2, "10.0.0.0/8");
            refused("InvalidPermission.Duplicate", () -> authorize(test, id, false, "6", 1, 2, "10.0.0.0/8"));
            refused("InvalidPermission.NotFound", () -> network.change(groups -> {
                groups.revoke(id, null, false, List.of(wish("tcp", 1, 3, "10.0.0.0/8")), List.of());
                return id;
            }));
            refused("InvalidParameterValue", () -> network.change(groups -> {
                groups.tag(List.of(id), Map.of(SecurityGroup.ADDRESSES_TAG, "here"));
                return id;
            }));
        }
    }

    private static NetworkService network(TestPlane test) {
        return test.plane.network(Caller.DEFAULT);
    }

    private static List<SecurityGroup> all(NetworkService network) {
        return network.read(groups -> groups.all());
    }

    private static String create(NetworkService network, String name) {
        return network.change(groups -> groups.create(name, "for " + name, null, Map.of())).id();
    }

    private static void delete(NetworkService network, @Nullable String id, @Nullable String name) {
        network.change(groups -> {
            groups.delete(id, name);
            return true;
        });
    }

    private static Wish wish(String protocol, @Nullable Integer from,
            @Nullable Integer to, String peer) {
        return new Wish(protocol, from, to, peer, "");
    }

    private static void authorize(TestPlane test, String id, boolean egress, String protocol,
            @Nullable Integer from, @Nullable Integer to,
            String peer) {
        network(test).change(
                groups -> groups.authorize(id, null, egress, List.of(wish(protocol, from, to, peer)), Map.of()));
        test.settle();
    }

    private static void refused(String code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(NetworkFault.class,
                fault -> assertThat(fault.code()).isEqualTo(code));
    }

    private static Set<String> peers(TestPlane test, String cluster, String setting) {
        return words(test.nodes.settings(cluster).getOrDefault(setting, ""));
    }

    private static Set<String> words(String text) {
        return new TreeSet<>(Arrays.asList(text.split("[ ,]", -1)));
    }
}
