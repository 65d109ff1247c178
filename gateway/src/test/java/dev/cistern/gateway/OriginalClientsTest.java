package dev.cistern.gateway;

import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.AccessKeys;
import dev.cistern.gateway.sign.Role;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReplicationGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeReplicationGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.NodeGroupConfiguration;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The AWS CLI and boto3, as installed, against a gateway that checks every signature. */
final class OriginalClientsTest {

    private static final long PATIENCE_SECONDS = 120;
    private static final CreateReplicationGroupRequest WISH = CreateReplicationGroupRequest.builder()
            .replicationGroupId("zisterne").replicationGroupDescription("Köln & 水槽 <1>")
            .nodeGroupConfiguration(
                    NodeGroupConfiguration.builder().slots("0-8191").replicaCount(2)
                            .replicaAvailabilityZones("us-east-1a", "us-east-1b").build(),
                    NodeGroupConfiguration.builder().slots("8192-16383").build())
            .tags(Tag.builder().key("Straße").value("a=b&c").build(), Tag.builder().key("empty").value("").build())
            .automaticFailoverEnabled(true).port(6400).build();

    private final RecordingService<ElastiCacheClient> service = new RecordingService<>(ElastiCacheClient.class);
    private final Gateway gateway = Gateway.start(
            GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0)
                    .withKeys(AccessKeys
                            .of(new AccessKey("test", TestClients.KEY, TestClients.SECRET, null, Role.ADMIN))),
            caller -> service.client());

    @TempDir
    Path home;

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void awsCliCreatesAndDescribes() throws Exception {
        assumeInstalled("aws");
        answerAsAGroup();
        assertThat(run(TestClients.SECRET, "aws", "elasticache", "create-replication-group",
                "--replication-group-id", "zisterne", "--replication-group-description", "Köln & 水槽 <1>",
                "--node-group-configuration",
                "Slots=0-8191,ReplicaCount=2,ReplicaAvailabilityZones=us-east-1a,us-east-1b", "Slots=8192-16383",
                "--tags", "Key=Straße,Value=a=b&c", "Key=empty,Value=",
                "--automatic-failover-enabled", "--port", "6400",
                "--query", "ReplicationGroup.Description", "--output", "text")).isEqualTo("Köln & 水槽 <1>");
        assertThat(service.lastRequest()).isEqualTo(WISH);
        assertThat(run(TestClients.SECRET, "aws", "elasticache", "describe-replication-groups",
                "--query", "ReplicationGroups[0].MemberClusters", "--output", "text")).isEqualTo("a-001\ta-002");
    }

    @Test
    void awsCliSeesFaultsAndWaits() throws Exception {
        assumeInstalled("aws");
        service.reply(request -> {
            throw notFound();
        });
        assertThat(run(TestClients.SECRET, "aws", "elasticache", "describe-replication-groups"))
                .contains("(ReplicationGroupNotFoundFault)", "DescribeReplicationGroups",
                        "ReplicationGroup weg not found.");
        assertThat(run(TestClients.SECRET, "aws", "elasticache", "wait", "replication-group-deleted",
                "--replication-group-id", "weg")).isEmpty();
        assertThat(run("wrong", "aws", "elasticache", "describe-replication-groups"))
                .contains("(SignatureDoesNotMatch)");
    }

    @Test
    void boto3CreatesAndSeesFaults() throws Exception {
        assumePython();
        answerAsAGroup();
        assertThat(python("""
                answer = client.create_replication_group(
                    ReplicationGroupId="zisterne", ReplicationGroupDescription="Köln & 水槽 <1>",
                    NodeGroupConfiguration=[
                        dict(Slots="0-8191", ReplicaCount=2, ReplicaAvailabilityZones=["us-east-1a", "us-east-1b"]),
                        dict(Slots="8192-16383")],
                    Tags=[dict(Key="Straße", Value="a=b&c"), dict(Key="empty", Value="")],
                    AutomaticFailoverEnabled=True, Port=6400)
                print(answer["ReplicationGroup"]["Description"])
                """)).isEqualTo("Köln & 水槽 <1>");
        assertThat(service.lastRequest()).isEqualTo(WISH);
        service.reply(request -> {
            throw notFound();
        });
        assertThat(python("""
                try:
                    client.describe_replication_groups(ReplicationGroupId="weg")
                except client.exceptions.ReplicationGroupNotFoundFault as fault:
                    print(fault.response["Error"]["Code"], fault.response["ResponseMetadata"]["HTTPStatusCode"])
                """)).isEqualTo("ReplicationGroupNotFoundFault 404");
    }

    @Test
    void boto3sPresignedAddressWorks() throws Exception {
        assumePython();
        answerAsAGroup();
        assertThat(
                python("""
                        import urllib.request
                        url = client.generate_presigned_url("describe_replication_groups", Params=dict(Marker="a b/ü"), HttpMethod="GET")
                        print(urllib.request.urlopen(url).status)
                        """))
                .isEqualTo("200");
        assertThat(((DescribeReplicationGroupsRequest) service.lastRequest()).marker()).isEqualTo("a b/ü");
    }

    private void answerAsAGroup() {
        ReplicationGroup group = ReplicationGroup.builder()
                .replicationGroupId("a").description("Köln & 水槽 <1>").memberClusters("a-001", "a-002").build();
        service.reply(request -> request instanceof CreateReplicationGroupRequest
                ? CreateReplicationGroupResponse.builder().replicationGroup(group).build()
                : DescribeReplicationGroupsResponse.builder().replicationGroups(List.of(group)).build());
    }

    private static RuntimeException notFound() {
        return (RuntimeException) ReplicationGroupNotFoundException.builder().statusCode(404)
                .awsErrorDetails(AwsErrorDetails.builder().errorCode("ReplicationGroupNotFoundFault")
                        .errorMessage("ReplicationGroup weg not found.").build())
                .build();
    }

    private static void assumeInstalled(String program) {
        assumeTrue(Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))), program + " is not installed");
    }

    private void assumePython() throws Exception {
        assumeInstalled("python3");
        assumeTrue(run("", "python3", "-c", "import boto3").isEmpty(), "python3 has no boto3");
    }

    private String python(String script) throws Exception {
        return run(TestClients.SECRET, "python3", "-c",
                "import boto3, os\nclient = boto3.client('elasticache', endpoint_url=os.environ['AWS_ENDPOINT_URL'])\n"
                        + script);
    }

    /** What the program printed, errors included, without the last line's end. */
    private String run(String secret, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(Map.of(
                "AWS_ACCESS_KEY_ID", TestClients.KEY, "AWS_SECRET_ACCESS_KEY", secret, "AWS_DEFAULT_REGION",
                "us-east-1",
                "AWS_ENDPOINT_URL", gateway.url(), "AWS_CONFIG_FILE", home.resolve("config").toString(),
                "AWS_SHARED_CREDENTIALS_FILE", home.resolve("credentials").toString(), "AWS_PAGER", "",
                "PYTHONIOENCODING", "utf-8", "LC_ALL", "C.UTF-8", "NO_PROXY", "127.0.0.1"));
        builder.environment().remove("AWS_SESSION_TOKEN");
        builder.environment().remove("AWS_PROFILE");
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("%s ends", List.of(command)).isTrue();
        return output.strip();
    }
}
