package dev.cistern.app;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Security groups by the AWS CLI, and whom a node lets in then: each client has an address of its own on loopback. */
final class SecurityGroupsTest extends CisternTest {

    @Test
    void rulesDecideWhoGetsInAndMayBeChangedWhileTheNodeServes() throws Exception {
        assumeTrue(Programs.works("aws", "--version"), "the AWS CLI is not installed");
        String vpc = ec2("describe-vpcs", "--filters", "Name=is-default,Values=true", "--query", "Vpcs[0].VpcId");
        assertThat(ec2("describe-subnets", "--filters", "Name=vpc-id,Values=" + vpc, "--query",
                "Subnets[].AvailabilityZone")).startsWith("us-east-1a").contains("us-east-1f");
        String id = ec2("create-security-group", "--group-name", "web", "--description", "of the web", "--vpc-id", vpc,
                "--query", "GroupId");
        int port = Probe.endpoints().firstPort();
        ec2("authorize-security-group-ingress", "--group-id", id, "--protocol", "tcp", "--port",
                Integer.toString(port), "--cidr", "127.0.0.2/32");
        client.createReplicationGroup(request -> request.replicationGroupId("g").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").port(port).securityGroupIds(id));
        Endpoint endpoint = Probe.awaitAvailable(client, "g");
        assertThat(Probe.says(endpoint.port(), "127.0.0.2")).isEqualTo("+PONG");
        assertThat(Probe.says(endpoint.port(), "127.0.0.3")).doesNotContain("PONG");

        ec2("authorize-security-group-ingress", "--group-id", id, "--ip-permissions",
                "IpProtocol=tcp,FromPort=" + port + ",ToPort=" + port
                        + ",IpRanges=[{CidrIp=127.0.0.3/32,Description=third}]");
        Probe.await(() -> Probe.says(endpoint.port(), "127.0.0.3").equals("+PONG"));
        assertThat(ec2("describe-security-group-rules", "--filters", "Name=group-id,Values=" + id, "--query",
                "SecurityGroupRules[?IsEgress==`false`].CidrIpv4")).contains("127.0.0.2/32", "127.0.0.3/32");
        ec2("revoke-security-group-ingress", "--group-id", id, "--protocol", "tcp", "--port", Integer.toString(port),
                "--cidr", "127.0.0.2/32");
        Probe.await(() -> !Probe.says(endpoint.port(), "127.0.0.2").contains("PONG"));

        String clients = ec2("create-security-group", "--group-name", "clients", "--description", "of clients",
                "--tag-specifications",
                "ResourceType=security-group,Tags=[{Key=cistern:addresses,Value=127.0.0.4}]", "--query", "GroupId");
        ec2("authorize-security-group-ingress", "--group-id", id, "--protocol", "-1", "--source-group", clients);
        Probe.await(() -> Probe.says(endpoint.port(), "127.0.0.4").equals("+PONG"));
        assertThat(ec2("describe-security-groups", "--group-ids", id, "--query",
                "SecurityGroups[0].IpPermissions[].UserIdGroupPairs[].GroupId")).isEqualTo(clients);
        assertThatThrownBy(() -> ec2("delete-security-group", "--group-id", id))
                .hasMessageContaining("(DependencyViolation)");
        assertThatThrownBy(() -> ec2("describe-security-groups", "--group-ids", "sg-0"))
                .hasMessageContaining("(InvalidGroup.NotFound)");
    }

    private String ec2(String... words) throws Exception {
        List<String> line = new ArrayList<>(List.of("aws", "ec2"));
        line.addAll(List.of(words));
        line.addAll(List.of("--output", "text", "--endpoint-url", cistern.url(), "--region", "us-east-1"));
        return Programs.run(line).strip();
    }
}
