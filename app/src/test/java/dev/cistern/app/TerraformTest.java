package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.control.EndpointOptions;
import dev.cistern.control.resource.SecurityRule;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheNode;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.User;
import software.amazon.awssdk.services.elasticache.model.UserGroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What Terraform makes, finds unchanged, changes and takes away again, with the AWS provider that is installed.
 *
 * <p>The provider waits half a minute before it looks at what it made, changed or deleted, whatever it is. So there is one
 * test, whose resources do not wait for one another, and what is deleted goes with the change.
 */
final class TerraformTest {

    /** Whether Terraform makes the user group too, and takes everything away at the end: minutes more. */
    private static final boolean WHOLE = Integer.getInteger("cistern.effort", 1) > 1;

    @TempDir
    private Path folder;

    private EndpointOptions endpoints;
    private LocalCistern cistern;
    private Terraform terraform;
    private TerraformGroups groups;
    private String key = "";

    @BeforeEach
    void start() throws IOException, InterruptedException {
        terraform = Terraform.start(folder);
        endpoints = Probe.endpoints();
        groups = new TerraformGroups(folder, endpoints.lastPort() - 2);
        cistern = LocalCistern.start(folder.resolve("state"), endpoints,
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
    }

    @AfterEach
    void end() {
        // Where it is not installed, nothing was started.
        if (terraform != null) {
            terraform.close();
            cistern.close();
        }
    }

    @Test
    void whatIsMadeIsFoundUnchangedIsChangedAndGoes() throws Exception {
        ElastiCacheClient aws = Probe.sdk(cistern.url());
        key = makeKey();
        groups.write();
        write("60", "on ~app:* +@all", "web", true);
        terraform.init();
        if (!WHOLE) {
            makeUserGroup(aws);
        }
        terraform.apply();
        terraform.hasNothingToDo("the creation");
        TerraformGroups.areWhole(terraform);
        groups.areSo(aws);
        Endpoint endpoint = Probe.awaitAvailable(aws, "shop");
        try (Jedis client = Probe.secure(endpoint, folder.resolve("state"))) {
            assertThatThrownBy(client::ping).hasMessageContaining("NOAUTH");
            client.auth("ann", "correct-horse-battery");
            assertThat(client.set("app:1", "x")).isEqualTo("OK");
            assertThatThrownBy(() -> client.set("other", "x")).hasMessageContaining("NOPERM");
        }
        assertThat(nodes(aws, "one")).containsExactly("0001");
        assertThat(nodes(aws, "three")).containsExactly("0001", "0002", "0003");

        write("120", "on ~* +@all", "shop", false);
        changeGroups();
        terraform.apply();
        terraform.hasNothingToDo("a change");
        groups.areSo(aws);
        try (Jedis client = Probe.secure(endpoint, folder.resolve("state"))) {
            client.auth("ann", "correct-horse-battery");
            assertThat(client.set("other", "x")).isEqualTo("OK");
        }
        assertThat(aws.describeCacheParameters(r -> r.cacheParameterGroupName("shop").source("user")).parameters())
                .extracting(parameter -> parameter.parameterName() + "=" + parameter.parameterValue())
                .contains("timeout=120");
        assertThat(nodes(aws, "three")).containsExactly("0001", "0002");

        assertThat(aws.describeReplicationGroups().replicationGroups()).extracting(ReplicationGroup::replicationGroupId)
                .containsExactly("shop", "trio", "wide");
        assertThat(aws.describeCacheClusters().cacheClusters()).extracting(CacheCluster::cacheClusterId)
                .containsExactly("shop-001", "single", "three", "trio-001", "trio-002", "wide-0001-001",
                        "wide-0001-002", "wide-0002-001", "wide-0002-002");
        assertThat(aws.describeUserGroups(r -> {}).userGroups()).extracting(UserGroup::userGroupId)
                .containsExactly("made");
        assertThat(aws.describeCacheParameterGroups().cacheParameterGroups())
                .noneMatch(group -> group.cacheParameterGroupName().equals("gone"));
        ReplicationGroup shop = Probe.group(aws, "shop");
        assertThat(shop.kmsKeyId()).isEqualTo(key);
        assertThat(shop.atRestEncryptionEnabled()).isTrue();
        assertThat(aws.describeCacheSubnetGroups(r -> r.cacheSubnetGroupName("shop")).cacheSubnetGroups().getFirst()
                .subnets()).hasSize(3);
        assertThat(peers()).containsExactly("127.0.0.0/8");
        groups.areFoundAgain(terraform);
        if (WHOLE) {
            terraform.run("destroy", "-auto-approve", "-parallelism=30");
            assertThat(aws.describeReplicationGroups().replicationGroups()).isEmpty();
            assertThat(aws.describeCacheClusters().cacheClusters()).isEmpty();
            assertThat(aws.describeUserGroups(r -> {}).userGroups()).isEmpty();
            assertThat(aws.describeUsers(r -> {}).users()).extracting(User::userId).containsExactly("default");
            assertThat(aws.describeCacheSubnetGroups().cacheSubnetGroups()).hasSize(1);
            assertThat(cistern.controlPlane().network(Caller.DEFAULT).<Integer>read(groups -> groups.all().size()))
                    .isEqualTo(1);
        }
    }

    /** All that the provider changes with one request for each, and the numbers of nodes. */
    private void changeGroups() throws IOException {
        groups.with("description", "second").with("team", "shop").with("node_type", "cache.t4g.small")
                .with("single_version", "7.1").with("own_values", true).with("minor_upgrades", false)
                .with("trio_days", 2).with("days", 3).with("snapshot_window", TerraformGroups.window(2))
                .with("maintenance_window", "tue:" + TerraformGroups.window(6).replace("-", "-tue:"))
                .with("trio_nodes", 2).with("shards", 2).with("three_nodes", 2).write();
    }

    /** From where the security group that Terraform made lets in. */
    private List<String> peers() {
        return cistern.controlPlane().network(Caller.DEFAULT).read(groups -> groups.all().stream()
                .filter(group -> group.groupName().equals("web")).flatMap(group -> groups.rules(group).stream())
                .filter(rule -> !rule.egress()).map(SecurityRule::peer).toList());
    }

    /** A group that Terraform made would have the replication group wait for half a minute more. */
    private void makeUserGroup(ElastiCacheClient aws) throws IOException, InterruptedException {
        terraform.apply("-target=aws_elasticache_user.ann", "-target=aws_elasticache_user.closed");
        aws.createUserGroup(r -> r.userGroupId("made").engine("valkey").userIds("ann", "closed"));
        Probe.await(() -> aws.describeUserGroups(r -> r.userGroupId("made")).userGroups().getFirst().status()
                .equals("active"));
    }

    private String makeKey() {
        StringWriter out = new StringWriter();
        assertThat(Cistern.commandLine().setOut(new PrintWriter(out)).execute("data-keys", "create", "--state-dir",
                folder.resolve("state").toString(), "for a test")).isZero();
        return out.toString().lines().toList().get(1);
    }

    private String subnets(int count) {
        return cistern.controlPlane().network(Caller.DEFAULT).network().subnets().stream().limit(count)
                .map(subnet -> '"' + subnet.subnetId() + '"').collect(Collectors.joining(", "));
    }

    private static List<String> nodes(ElastiCacheClient aws, String cluster) {
        return aws.describeCacheClusters(r -> r.cacheClusterId(cluster).showCacheNodeInfo(true)).cacheClusters()
                .getFirst().cacheNodes().stream().map(CacheNode::cacheNodeId).toList();
    }

    /** Writes what is wanted: with what is to go, or without and the rest changed. */
    private void write(String timeout, String access, String team, boolean all) throws IOException {
        // The provider takes any other port than AWS's for a change when none is said, and here that one may be taken.
        // The highest ones are free, for those that nobody names come from below.
        int port = endpoints.lastPort();
        String text = Terraform.part("provider.tf") + Terraform.part("main.tf") + Terraform.part("groups.tf")
                + (all ? Terraform.part("going.tf") : "") + (WHOLE ? Terraform.part("team.tf") : "");
        Files.writeString(folder.resolve("main.tf"), text.replace("@URL@", cistern.url())
                .replace("@PORT@", Integer.toString(port)).replace("@LONE_PORT@", Integer.toString(port - 1))
                .replace("@USERS@", WHOLE ? "aws_elasticache_user_group.made.user_group_id" : "\"made\"")
                .replace("@FROM@", all ? "127.0.0.1/32" : "127.0.0.0/8").replace("@KEY@", key)
                .replace("@SUBNETS@", subnets(all ? 2 : 3)).replace("@TIMEOUT@", timeout)
                .replace("@ACCESS@", access).replace("@TEAM@", team));
    }
}
