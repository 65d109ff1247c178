package dev.cistern.app;

import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The same first hour with the programs that users have: the AWS CLI, redis-cli and boto3, where they are installed. */
final class InstalledClientsTest {

    @TempDir
    private Path state;

    private LocalCistern cistern;

    @BeforeEach
    void start() throws IOException {
        cistern = LocalCistern.start(state, Probe.endpoints(), GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
    }

    @AfterEach
    void end() {
        cistern.close();
    }

    @Test
    void awsCliAndRedisCli() throws Exception {
        assumeTrue(Programs.works("aws", "--version"), "the AWS CLI is not installed");
        assumeTrue(Programs.works("redis-cli", "--version"), "redis-cli is not installed");
        aws("create-replication-group", "--replication-group-id", "demo", "--replication-group-description", "demo",
                "--engine", "valkey", "--cache-node-type", "cache.t4g.micro");
        awaits("replication-group-available", "demo");
        String port = aws("describe-replication-groups", "--replication-group-id", "demo", "--output", "text",
                "--query", "ReplicationGroups[0].NodeGroups[0].PrimaryEndpoint.Port").strip();
        assertThat(Programs.run(List.of("redis-cli", "-p", port, "set", "greeting", "hello")).strip()).isEqualTo("OK");
        assertThat(Programs.run(List.of("redis-cli", "-p", port, "get", "greeting")).strip()).isEqualTo("hello");
        aws("create-cache-cluster", "--cache-cluster-id", "alone", "--engine", "redis", "--num-cache-nodes", "1",
                "--cache-node-type", "cache.t4g.micro");
        String arn = aws("describe-replication-groups", "--query", "ReplicationGroups[0].ARN", "--output", "text")
                .strip();
        aws("add-tags-to-resource", "--resource-name", arn, "--tags", "Key=team,Value=shop");
        assertThat(aws("list-tags-for-resource", "--resource-name", arn)).contains("team", "shop");
        assertThat(aws("describe-events")).contains("demo");
        aws("delete-replication-group", "--replication-group-id", "demo");
        awaits("replication-group-deleted", "demo");
        assertThat(aws("describe-replication-groups")).doesNotContain("demo");
    }

    @Test
    void groupsOfManyNodesByTheAwsCli() throws Exception {
        assumeTrue(Programs.works("aws", "--version"), "the AWS CLI is not installed");
        aws("create-replication-group", "--replication-group-id", "trio", "--replication-group-description", "three",
                "--engine", "valkey", "--cache-node-type", "cache.t4g.micro", "--num-cache-clusters", "3",
                "--automatic-failover-enabled", "--multi-az-enabled");
        aws("create-replication-group", "--replication-group-id", "wide", "--replication-group-description", "wide",
                "--engine", "redis", "--cache-node-type", "cache.t4g.micro", "--num-node-groups", "3",
                "--replicas-per-node-group", "1", "--automatic-failover-enabled");
        for (String group : List.of("trio", "wide")) {
            awaits("replication-group-available", group);
        }
        aws("test-failover", "--replication-group-id", "trio", "--node-group-id", "0001");
        aws("modify-replication-group-shard-configuration", "--replication-group-id", "wide", "--node-group-count", "2",
                "--node-groups-to-remove", "0002", "--apply-immediately");
        for (String group : List.of("trio", "wide")) {
            awaits("replication-group-available", group);
        }
        aws("increase-replica-count", "--replication-group-id", "wide", "--new-replica-count", "2",
                "--apply-immediately");
        aws("decrease-replica-count", "--replication-group-id", "trio", "--new-replica-count", "1",
                "--apply-immediately");
        for (String group : List.of("trio", "wide")) {
            awaits("replication-group-available", group);
        }
        aws("modify-replication-group", "--replication-group-id", "trio", "--replication-group-description", "two",
                "--cache-node-type", "cache.t4g.small", "--no-multi-az-enabled", "--apply-immediately");
        awaits("replication-group-available", "trio");
        assertThat(aws("describe-replication-groups", "--output", "text", "--query",
                "ReplicationGroups[].[ReplicationGroupId,Description,CacheNodeType,MultiAZ,length(NodeGroups),"
                        + "length(MemberClusters)]"))
                .contains("trio\ttwo\tcache.t4g.small\tdisabled\t1\t2",
                        "wide\twide\tcache.t4g.micro\tdisabled\t2\t6");
        assertThat(aws("describe-events", "--source-type", "replication-group"))
                .contains("Test Failover API called for node group 0001", "Failover from primary node trio-001");
        for (String group : List.of("trio", "wide")) {
            aws("delete-replication-group", "--replication-group-id", group);
        }
        for (String group : List.of("trio", "wide")) {
            awaits("replication-group-deleted", group);
        }
    }

    @Test
    void parameterGroupsByTheAwsCli() throws Exception {
        assumeTrue(Programs.works("aws", "--version"), "the AWS CLI is not installed");
        assumeTrue(Programs.works("redis-cli", "--version"), "redis-cli is not installed");
        aws("create-cache-parameter-group", "--cache-parameter-group-name", "mine", "--cache-parameter-group-family",
                "redis7", "--description", "mine");
        aws("modify-cache-parameter-group", "--cache-parameter-group-name", "mine", "--parameter-name-values",
                "ParameterName=maxmemory-policy,ParameterValue=allkeys-lfu",
                "ParameterName=slowlog-log-slower-than,ParameterValue=0");
        aws("create-cache-cluster", "--cache-cluster-id", "alone", "--engine", "redis", "--num-cache-nodes", "1",
                "--cache-node-type", "cache.t4g.micro", "--cache-parameter-group-name", "mine");
        awaits("cache-cluster-available", "alone");
        String port = aws("describe-cache-clusters", "--show-cache-node-info", "--output", "text", "--query",
                "CacheClusters[0].CacheNodes[0].Endpoint.Port").strip();
        assertThat(Programs.run(List.of("redis-cli", "-p", port, "info", "memory")))
                .contains("maxmemory_policy:allkeys-lfu");
        assertThat(Programs.run(List.of("redis-cli", "-p", port, "slowlog", "len")).strip()).isNotEqualTo("0");
        assertThat(aws("describe-cache-parameters", "--cache-parameter-group-name", "mine", "--source", "user",
                "--query", "Parameters[].[ParameterName,ParameterValue]", "--output", "text"))
                .contains("maxmemory-policy\tallkeys-lfu").doesNotContain("timeout");
        aws("reset-cache-parameter-group", "--cache-parameter-group-name", "mine", "--reset-all-parameters");
        Probe.await(() -> Programs.run(List.of("redis-cli", "-p", port, "info", "memory"))
                .contains("maxmemory_policy:volatile-lru"));
        aws("reboot-cache-cluster", "--cache-cluster-id", "alone", "--cache-node-ids-to-reboot", "0001");
        awaits("cache-cluster-available", "alone");
        aws("delete-cache-cluster", "--cache-cluster-id", "alone");
        awaits("cache-cluster-deleted", "alone");
        aws("delete-cache-parameter-group", "--cache-parameter-group-name", "mine");
        assertThat(aws("describe-engine-default-parameters", "--cache-parameter-group-family", "memcached1.6"))
                .contains("max_item_size");
    }

    @Test
    void usersByTheAwsCli() throws Exception {
        assumeTrue(Programs.works("aws", "--version"), "the AWS CLI is not installed");
        assumeTrue(Programs.works("redis-cli", "--version"), "redis-cli is not installed");
        aws("create-user", "--user-id", "ann", "--user-name", "ann", "--engine", "valkey", "--access-string",
                "on ~app:* +@all", "--passwords", "correct-horse-battery");
        aws("create-user-group", "--user-group-id", "team", "--engine", "valkey", "--user-ids", "ann");
        Probe.await(() -> aws("describe-user-groups", "--user-group-id", "team").contains("\"active\""));
        aws("create-replication-group", "--replication-group-id", "demo", "--replication-group-description", "demo",
                "--engine", "valkey", "--cache-node-type", "cache.t4g.micro", "--user-group-ids", "team",
                "--transit-encryption-enabled");
        awaits("replication-group-available", "demo");
        String port = aws("describe-replication-groups", "--replication-group-id", "demo", "--output", "text",
                "--query", "ReplicationGroups[0].NodeGroups[0].PrimaryEndpoint.Port").strip();
        List<String> cli = List.of("redis-cli", "-p", port, "--tls", "--cacert",
                cistern.controlPlane().authorityFile().toString(), "--no-auth-warning");
        assertThat(Programs.run(with(cli, "ping"))).contains("NOAUTH");
        List<String> ann = with(cli, "--user", "ann", "--pass",
                "correct-horse-battery");
        assertThat(Programs.run(with(ann, "set", "app:1", "x")).strip()).isEqualTo("OK");
        assertThat(Programs.run(with(ann, "set", "other", "x"))).contains("NOPERM");
        aws("modify-user", "--user-id", "ann", "--append-access-string", "~other", "--passwords",
                "correct-horse-battery", "another-staple-of-it");
        Probe.await(() -> Programs.run(with(ann, "set", "other", "x")).strip().equals("OK"));
        aws("modify-replication-group", "--replication-group-id", "demo", "--remove-user-groups", "--auth-token",
                "token-of-sixteen-and-more", "--auth-token-update-strategy", "SET", "--apply-immediately");
        Probe.await(
                () -> Programs.run(with(cli, "-a", "token-of-sixteen-and-more", "get", "app:1")).strip().equals("x"));
        assertThat(Programs.run(with(cli, "get", "app:1"))).contains("NOAUTH");
    }

    @Test
    void memcachedByTheAwsCli() throws Exception {
        assumeTrue(Programs.works("aws", "--version"), "the AWS CLI is not installed");
        aws("create-cache-cluster", "--cache-cluster-id", "mem", "--engine", "memcached", "--num-cache-nodes", "3",
                "--cache-node-type", "cache.t4g.micro", "--az-mode", "cross-az");
        awaits("cache-cluster-available", "mem");
        aws("modify-cache-cluster", "--cache-cluster-id", "mem", "--num-cache-nodes", "2",
                "--cache-node-ids-to-remove", "0001", "--apply-immediately");
        awaits("cache-cluster-available", "mem");
        assertThat(aws("describe-cache-clusters", "--show-cache-node-info", "--output", "text", "--query",
                "CacheClusters[0].[PreferredAvailabilityZone,NumCacheNodes,ConfigurationEndpoint.Address,"
                        + "CacheNodes[].CacheNodeId]"))
                .contains("Multiple\t2\t127.0.0.1", "0002\t0003");
        aws("delete-cache-cluster", "--cache-cluster-id", "mem");
        awaits("cache-cluster-deleted", "mem");
        assertThat(aws("describe-events", "--source-type", "cache-cluster")).contains("Cache cluster deleted");
    }

    @Test
    void memcachedByBoto3() throws Exception {
        assumeTrue(Programs.works("python3", "-c", "import boto3"), "python3 with boto3 is not installed");
        assertThat(Programs.run("python3", "-c", """
                import boto3, socket, sys
                client = boto3.client("elasticache", endpoint_url=sys.argv[1])
                client.create_cache_cluster(CacheClusterId="mem", Engine="memcached", NumCacheNodes=2,
                        CacheNodeType="cache.t4g.micro", Tags=[{"Key": "team", "Value": "shop"}])
                wait = {"Delay": 1, "MaxAttempts": 60}
                client.get_waiter("cache_cluster_available").wait(CacheClusterId="mem", WaiterConfig=wait)
                client.modify_cache_cluster(CacheClusterId="mem", NumCacheNodes=3, ApplyImmediately=True)
                client.get_waiter("cache_cluster_available").wait(CacheClusterId="mem", WaiterConfig=wait)
                found = client.describe_cache_clusters(CacheClusterId="mem", ShowCacheNodeInfo=True)
                cluster = found["CacheClusters"][0]
                end = cluster["ConfigurationEndpoint"]
                with socket.create_connection((end["Address"], end["Port"])) as node:
                    node.sendall(b"config get cluster\\r\\n")
                    print(node.recv(1000).decode().count("|"), "bars")
                print([node["CacheNodeId"] for node in cluster["CacheNodes"]])
                client.reboot_cache_cluster(CacheClusterId="mem", CacheNodeIdsToReboot=["0002"])
                client.get_waiter("cache_cluster_available").wait(CacheClusterId="mem", WaiterConfig=wait)
                client.delete_cache_cluster(CacheClusterId="mem")
                client.get_waiter("cache_cluster_deleted").wait(CacheClusterId="mem", WaiterConfig=wait)
                """, cistern.url())).contains("6 bars", "['0001', '0002', '0003']");
    }

    @Test
    void groupsOfManyNodesByBoto3() throws Exception {
        assumeTrue(Programs.works("python3", "-c", """
                import boto3
                model = boto3.client("elasticache").meta.service_model.operation_model("ModifyReplicationGroup")
                assert "Engine" in model.input_shape.members
                """), "python3 with a boto3 that knows Valkey is not installed");
        Path script = Path.of(Objects.requireNonNull(InstalledClientsTest.class.getResource("groups.py")).toURI());
        assertThat(Programs.run("python3", script.toString(), cistern.url())).endsWith("all is well\n");
    }

    @Test
    void boto3() throws Exception {
        assumeTrue(Programs.works("python3", "-c", "import boto3"), "python3 with boto3 is not installed");
        assertThat(Programs.run(List.of("python3", "-c", """
                import boto3, socket, sys, time
                client = boto3.client("elasticache", endpoint_url=sys.argv[1])
                client.create_replication_group(ReplicationGroupId="demo", ReplicationGroupDescription="demo",
                        Engine="valkey", CacheNodeType="cache.t4g.micro", Tags=[{"Key": "team", "Value": "shop"}])
                client.get_waiter("replication_group_available").wait(ReplicationGroupId="demo",
                        WaiterConfig={"Delay": 1, "MaxAttempts": 60})
                group = client.describe_replication_groups(ReplicationGroupId="demo")["ReplicationGroups"][0]
                end = group["NodeGroups"][0]["PrimaryEndpoint"]
                with socket.create_connection((end["Address"], end["Port"])) as node:
                    node.sendall(b"SET greeting hello\\r\\n")
                    print(node.recv(100).decode().strip())
                print(client.list_tags_for_resource(ResourceName=group["ARN"])["TagList"])
                client.delete_replication_group(ReplicationGroupId="demo")
                client.get_waiter("replication_group_deleted").wait(ReplicationGroupId="demo",
                        WaiterConfig={"Delay": 1, "MaxAttempts": 60})
                try:
                    client.describe_replication_groups(ReplicationGroupId="demo")
                except client.exceptions.ReplicationGroupNotFoundFault as fault:
                    print("gone:", fault.response["Error"]["Code"])
                """, cistern.url()))).contains("+OK", "'Key': 'team'", "gone: ReplicationGroupNotFoundFault");
    }

    /** Has the CLI wait. It looks only every 15 seconds, so it begins when it will find what it waits for. */
    private void awaits(String what, String id) throws Exception {
        Probe.await(cistern.controlPlane()::isIdle);
        aws("wait", what, what.startsWith("cache") ? "--cache-cluster-id" : "--replication-group-id", id);
    }

    private String aws(String... words) throws Exception {
        List<String> commandLine = new ArrayList<>(List.of("aws", "elasticache", "--endpoint-url", cistern.url()));
        commandLine.addAll(List.of(words));
        return Programs.run(commandLine);
    }

    private static List<String> with(List<String> line, String... words) {
        List<String> all = new ArrayList<>(line);
        all.addAll(List.of(words));
        return all;
    }
}
