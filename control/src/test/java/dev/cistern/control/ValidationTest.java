package dev.cistern.control;

import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** What is refused: code, status and words of each refusal. Nothing of what is refused leaves a trace. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ValidationTest {

    private static final String NOT_AN_IDENTIFIER = " is not a valid identifier. Identifiers must begin with a letter; "
            + "must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two "
            + "consecutive hyphens.";

    private TestPlane test;

    @BeforeAll
    void open(@TempDir Path directory) {
        test = new TestPlane(directory);
        test.createCluster("there");
        test.createGroup("group");
    }

    @AfterAll
    void close() {
        test.close();
    }

    private static Arguments of(String what, String code, int status, String message,
            Consumer<ElastiCacheClient> call) {
        return Arguments.of(what, code, status, message, call);
    }

    private static Arguments cluster(String code, String message, Consumer<CreateCacheClusterRequest.Builder> change) {
        return of("create cluster", code, 400, message, aws -> aws.createCacheCluster(r -> {
            r.cacheClusterId("new").engine("redis").cacheNodeType("cache.t3.micro");
            change.accept(r);
        }));
    }

    private static Arguments group(String code, String message,
            Consumer<CreateReplicationGroupRequest.Builder> change) {
        return of("create group", code, 400, message, aws -> aws.createReplicationGroup(r -> {
            r.replicationGroupId("new").replicationGroupDescription("d").cacheNodeType("cache.t3.micro");
            change.accept(r);
        }));
    }

    private static Arguments modify(String code, String message, Consumer<ModifyCacheClusterRequest.Builder> change) {
        return of("modify cluster", code, 400, message, aws -> aws.modifyCacheCluster(r -> {
            r.cacheClusterId("there").applyImmediately(true);
            change.accept(r);
        }));
    }

    private static Arguments modifyGroup(String code, String message,
            Consumer<ModifyReplicationGroupRequest.Builder> change) {
        return of("modify group", code, 400, message, aws -> aws.modifyReplicationGroup(r -> {
            r.replicationGroupId("group").applyImmediately(true);
            change.accept(r);
        }));
    }

    static Stream<Arguments> identifiers() {
        return Stream.of("1cache", "-cache", "cache-", "ca--che", "ca_che", "caché", "ca che", "c.")
                .map(id -> cluster("InvalidParameterValue", "The parameter CacheClusterIdentifier" + NOT_AN_IDENTIFIER,
                        r -> r.cacheClusterId(id)));
    }

    static Stream<Arguments> clusters() {
        return Stream.of(
                cluster("InvalidParameterValue",
                        "The parameter CacheClusterIdentifier must be provided and must not be blank.",
                        r -> r.cacheClusterId(null)),
                cluster("InvalidParameterValue",
                        "The parameter CacheClusterIdentifier is not a valid identifier because "
                                + "it is longer than 50 characters.",
                        r -> r.cacheClusterId("c".repeat(51))),
                cluster("InvalidParameterValue", "The parameter CacheNodeType must be provided and must not be null.",
                        r -> r.cacheNodeType(null)),
                cluster("InvalidParameterValue", "Invalid cache node type: cache.z1.huge",
                        r -> r.cacheNodeType("cache.z1.huge")),
                cluster("InvalidParameterValue", "Invalid engine: mysql. Valid engines are: memcached, redis, valkey",
                        r -> r.engine("mysql")),
                cluster("InvalidParameterCombination", "Cannot find version 4.0.13 for redis",
                        r -> r.engineVersion("4.0.13")),
                cluster("InvalidParameterCombination", "Cannot find version 7.1 for valkey",
                        r -> r.engine("valkey").engineVersion("7.1")),
                cluster("InvalidParameterValue",
                        "Specific version selection is not allowed for '6.2.6', please use '6.2'",
                        r -> r.engineVersion("6.2.6")),
                cluster("InvalidParameterCombination",
                        "Expected a parameter group of family redis7 but found one of family redis6.x",
                        r -> r.engineVersion("7.0").cacheParameterGroupName("default.redis6.x")),
                cluster("InvalidParameterValue", "Snapshot window must be at least 60 minutes.",
                        r -> r.snapshotWindow("05:00-05:30")),
                cluster("InvalidParameterValue", "Maintenance window must be at least 60 minutes.",
                        r -> r.preferredMaintenanceWindow("sun:05:00-sun:05:59")),
                cluster("InvalidParameterValue", "Invalid maintenance window format: someday. Should be specified as a "
                        + "range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: sun:23:00-mon:01:30",
                        r -> r.preferredMaintenanceWindow("someday")),
                cluster("InvalidParameterValue", "The snapshot window and maintenance window must not overlap.",
                        r -> r.preferredMaintenanceWindow("sun:23:30-mon:00:30").snapshotWindow("00:00-01:00")),
                cluster("InvalidParameterValue", "us-west-2a is not a valid availability zone.",
                        r -> r.preferredAvailabilityZone("us-west-2a")),
                cluster("InvalidParameterValue", "Invalid value 65536 for Port. Must be between 1 and 65535",
                        r -> r.port(65_536)),
                cluster("InvalidParameterValue", "Invalid snapshot retention limit: 36. Must be between 0 and 35.",
                        r -> r.snapshotRetentionLimit(36)),
                cluster("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for system use.",
                        r -> r.tags(Tag.builder().key("aws:x").value("y").build())),
                cluster("CacheClusterAlreadyExists", "Cache cluster already exists", r -> r.cacheClusterId("THERE")),
                cluster("CacheClusterAlreadyExists", "Cache cluster already exists",
                        r -> r.cacheClusterId("group-001")),
                cluster("CacheSubnetGroupNotFoundFault", "Cache Subnet Group mine does not exist.",
                        r -> r.cacheSubnetGroupName("mine")),
                of("parameter group", "CacheParameterGroupNotFound", 404, "CacheParameterGroup not found: mine",
                        aws -> aws.createCacheCluster(r -> r.cacheClusterId("new").engine("redis")
                                .cacheNodeType("cache.t3.micro").cacheParameterGroupName("mine"))));
    }

    static Stream<Arguments> groups() {
        return Stream.of(
                group("InvalidParameterValue",
                        "The parameter ReplicationGroupDescription must be provided and must not be blank.",
                        r -> r.replicationGroupDescription(null)),
                group("InvalidParameterValue",
                        "The parameter ReplicationGroupId is not a valid identifier because it is "
                                + "longer than 40 characters.",
                        r -> r.replicationGroupId("g".repeat(41))),
                group("InvalidParameterCombination", "When using automatic failover, there must be at least 2 cache "
                        + "clusters in the replication group.", r -> r.automaticFailoverEnabled(true)),
                group("ReplicationGroupAlreadyExists", "Replication group with specified name already exists.",
                        r -> r.replicationGroupId("Group")));
    }

    static Stream<Arguments> notOffered() {
        String code = "InvalidParameterCombination";
        return Stream.of(
                cluster(code, "Cistern does not offer more than one node yet: NumCacheNodes must be 1.",
                        r -> r.numCacheNodes(2)),
                cluster(code,
                        "Cistern does not offer encryption in transit yet: TransitEncryptionEnabled must be false.",
                        r -> r.transitEncryptionEnabled(true)),
                cluster("InvalidParameterValue", "Some security group is not valid: [sg-1]",
                        r -> r.securityGroupIds("sg-1")),
                cluster(code, "Cistern does not offer data tiering yet: CacheNodeType must not be of the family r6gd.",
                        r -> r.cacheNodeType("cache.r6gd.xlarge")),
                group(code, "More than one node group needs a cache parameter group with cluster-enabled, such as "
                        + "default.redis7.cluster.on.",
                        r -> r.numNodeGroups(3).cacheParameterGroupName("default.redis7")),
                group(code, "NumCacheClusters and ReplicasPerNodeGroup cannot be used together.",
                        r -> r.numCacheClusters(3).replicasPerNodeGroup(1)),
                group(code,
                        "When specifying preferred availability zones, the number of cache clusters must be specified "
                                + "and must match the number of preferred availability zones.",
                        r -> r.numCacheClusters(2).preferredCacheClusterAZs("us-east-1a")),
                group(code, "Automatic failover must be enabled when Multi-AZ is enabled.",
                        r -> r.numCacheClusters(2).multiAZEnabled(true)),
                group(code, "Multi-AZ needs nodes in at least 2 availability zones in node group 0001.",
                        r -> r.numCacheClusters(2).multiAZEnabled(true).automaticFailoverEnabled(true)
                                .preferredCacheClusterAZs("us-east-1a", "us-east-1a")),
                group("InvalidParameterValue",
                        "Redis with cluster mode enabled cannot be created with auto failover turned off.",
                        r -> r.cacheParameterGroupName("default.redis7.cluster.on")),
                group(code, "Cistern does not offer encryption at rest with nodes that cannot encrypt (the originals "
                        + "keep their files as they are) yet: AtRestEncryptionEnabled must be false, and KmsKeyId left "
                        + "out.", r -> r.atRestEncryptionEnabled(true)),
                modify(code, "The engine version cannot be changed from 7.1.0 to 7.0.7: a cache cluster cannot be "
                        + "downgraded.", r -> r.engineVersion("7.0")),
                modify(code, "The engine of cache cluster there cannot be changed from redis to memcached.",
                        r -> r.engine("memcached")),
                modify(code, "Cistern does not offer notifications yet: leave NotificationTopicArn out.",
                        r -> r.notificationTopicArn("arn:aws:sns:us-east-1:000000000000:t")));
    }

    static Stream<Arguments> others() {
        return Stream.of(
                modifyGroup("InvalidParameterCombination", "TransitEncryptionMode must be preferred to enable "
                        + "encryption in transit on an existing replication group.",
                        r -> r.transitEncryptionEnabled(true)),
                group("InvalidParameterCombination",
                        "TransitEncryptionMode can only be given when TransitEncryptionEnabled is true.",
                        r -> r.transitEncryptionMode("preferred")),
                modify("InvalidParameterCombination", "No modifications were requested", r -> {}),
                modifyGroup("InvalidParameterCombination", "No modifications were requested", r -> {}),
                modifyGroup("InvalidParameterValue", "Cache cluster there is not a member of replication group group.",
                        r -> r.primaryClusterId("there")),
                of("member's node type", "InvalidParameterCombination", 400, "Cache cluster group-001 is a member of "
                        + "replication group group. Use ModifyReplicationGroup to change its node type or its engine.",
                        aws -> aws.modifyCacheCluster(
                                r -> r.cacheClusterId("group-001").cacheNodeType("cache.t3.small"))),
                of("delete member", "InvalidCacheClusterState", 400, "Cannot delete the cache cluster since it is the "
                        + "only member of a replication group. Delete the replication group instead.",
                        aws -> aws.deleteCacheCluster(r -> r.cacheClusterId("group-001"))),
                of("describe cluster", "CacheClusterNotFound", 404, "CacheCluster not found: nobody",
                        aws -> aws.describeCacheClusters(r -> r.cacheClusterId("nobody"))),
                of("delete cluster", "CacheClusterNotFound", 404, "CacheCluster not found: nobody",
                        aws -> aws.deleteCacheCluster(r -> r.cacheClusterId("nobody"))),
                of("describe group", "ReplicationGroupNotFoundFault", 404, "ReplicationGroup nobody not found.",
                        aws -> aws.describeReplicationGroups(r -> r.replicationGroupId("nobody"))),
                of("page too small", "InvalidParameterValue", 400,
                        "Invalid value 19 for MaxRecords. Must be between 20 and 100",
                        aws -> aws.describeCacheClusters(r -> r.maxRecords(19))),
                of("page too large", "InvalidParameterValue", 400,
                        "Invalid value 101 for MaxRecords. Must be between 20 and 100",
                        aws -> aws.describeEvents(r -> r.maxRecords(101))),
                of("marker", "InvalidParameterValue", 400, "Invalid marker: !",
                        aws -> aws.describeReplicationGroups(r -> r.marker("!"))),
                of("arn", "InvalidARN", 400, "Input ARN string does not have 7 components.",
                        aws -> aws.listTagsForResource(r -> r.resourceName("arn:aws:elasticache:us-east-1:there"))),
                of("untaggable", "CacheClusterNotFound", 404, "nobody is either not present or not available.",
                        aws -> aws.listTagsForResource(
                                r -> r.resourceName("arn:aws:elasticache:us-east-1:000000000000:cluster:nobody"))),
                of("event source", "InvalidParameterCombination", 400, "SourceIdentifier requires SourceType.",
                        aws -> aws.describeEvents(r -> r.sourceIdentifier("there"))),
                of("node types of what", "InvalidParameterCombination", 400,
                        "Exactly one of CacheClusterId and ReplicationGroupId must be provided.",
                        aws -> aws.listAllowedNodeTypeModifications(r -> {})));
    }

    @ParameterizedTest(name = "{0}: {3}")
    @MethodSource({"identifiers", "clusters", "groups", "notOffered", "others"})
    void isRefused(String what, String code, int status, String message, Consumer<ElastiCacheClient> call) {
        ElastiCacheException fault = catchThrowableOfType(ElastiCacheException.class, () -> call.accept(test.aws));
        assertThat(fault).as(what).isNotNull();
        assertThat(fault.awsErrorDetails().errorMessage()).isEqualTo(message);
        assertThat(fault.awsErrorDetails().errorCode()).isEqualTo(code);
        assertThat(fault.statusCode()).isEqualTo(status);
        assertThat(test.aws.describeCacheClusters().cacheClusters()).extracting(c -> c.cacheClusterId())
                .containsExactly("group-001", "there");
        assertThat(test.nodes.running()).hasSize(2);
    }

    @Test
    void whatIsNotBuiltIsTheInterfacesDefault() {
        assertThat(catchThrowableOfType(UnsupportedOperationException.class,
                () -> test.aws.deleteServerlessCache(r -> r.serverlessCacheName("s")))).isNotNull();
        assertThat(ControlPlane.offeredOperations()).doesNotContain("DeleteServerlessCache")
                .contains("CreateCacheCluster", "StartMigration")
                .hasSize(57);
    }
}
