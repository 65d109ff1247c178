package dev.cistern.control;

import dev.cistern.control.resource.Network;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroup;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupInUseException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;
import software.amazon.awssdk.services.elasticache.model.InvalidSubnetException;
import software.amazon.awssdk.services.elasticache.model.ReservedCacheNodeNotFoundException;
import software.amazon.awssdk.services.elasticache.model.ReservedCacheNodesOfferingNotFoundException;
import software.amazon.awssdk.services.elasticache.model.ServiceUpdateNotFoundException;
import software.amazon.awssdk.services.elasticache.model.SubnetInUseException;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Subnet groups and the network below them; classic security groups, service updates and reservations, of which there are none. */
final class SubnetGroupTest {

    private static final Network NETWORK = Network.of(new ResourceKey("000000000000", "us-east-1", ""));
    private static final String IN_A = NETWORK.subnets().get(0).subnetId();
    private static final String IN_B = NETWORK.subnets().get(1).subnetId();

    @TempDir
    Path directory;

    @Test
    void theNetworkIsTheSameForEver() {
        assertThat(NETWORK.vpcId()).isEqualTo("vpc-4ce033545c82072fe");
        assertThat(NETWORK.subnets()).hasSize(6).extracting(Network.Subnet::zone).startsWith("us-east-1a")
                .doesNotHaveDuplicates();
        assertThat(NETWORK.subnets()).extracting(Network.Subnet::subnetId).allMatch(
                id -> id.matches("subnet-[0-9a-f]{17}")).doesNotHaveDuplicates();
        assertThat(Network.of(new ResourceKey("000000000000", "eu-west-1", ""))).isNotEqualTo(NETWORK);
    }

    @Test
    void aGroupIsMadeChangedAndDeleted() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheSubnetGroup made = test.aws.createCacheSubnetGroup(r -> r.cacheSubnetGroupName("Mine")
                    .cacheSubnetGroupDescription("d").subnetIds(IN_A, IN_B)
                    .tags(Tag.builder().key("team").value("web").build())).cacheSubnetGroup();
            assertThat(made.cacheSubnetGroupName()).isEqualTo("mine");
            assertThat(made.vpcId()).isEqualTo(NETWORK.vpcId());
            assertThat(made.arn()).isEqualTo("arn:aws:elasticache:us-east-1:000000000000:subnetgroup:mine");
            assertThat(made.subnets()).extracting(subnet -> subnet.subnetAvailabilityZone().name())
                    .containsExactly("us-east-1a", "us-east-1b");
            assertThat(test.aws.listTagsForResource(r -> r.resourceName(made.arn())).tagList()).hasSize(1);
            assertThat(test.aws.describeCacheSubnetGroups().cacheSubnetGroups())
                    .extracting(CacheSubnetGroup::cacheSubnetGroupName).containsExactly("default", "mine");
            assertThat(test.aws.modifyCacheSubnetGroup(r -> r.cacheSubnetGroupName("mine").subnetIds(IN_B)
                    .cacheSubnetGroupDescription("other")).cacheSubnetGroup().subnets()).hasSize(1);
            assertThat(group(test, "MINE").cacheSubnetGroupDescription()).isEqualTo("other");
            test.aws.deleteCacheSubnetGroup(r -> r.cacheSubnetGroupName("mine"));
            refused(CacheSubnetGroupNotFoundException.class, "Cache Subnet Group mine does not exist.",
                    () -> group(test, "mine"));
        }
    }

    @Test
    void nodesLieInTheSubnetsOfTheirGroup() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "mine", IN_B);
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("redis").cacheNodeType("cache.t3.micro")
                    .cacheSubnetGroupName("Mine").securityGroupIds(NETWORK.securityGroupId()));
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro").cacheSubnetGroupName("mine"));
            test.settle();
            CacheCluster cluster = test.cluster("c");
            assertThat(cluster.preferredAvailabilityZone()).isEqualTo("us-east-1b");
            assertThat(cluster.cacheSubnetGroupName()).isEqualTo("mine");
            assertThat(cluster.securityGroups()).extracting(group -> group.securityGroupId() + " " + group.status())
                    .containsExactly(NETWORK.securityGroupId() + " active");
            assertThat(test.cluster("g-001").cacheSubnetGroupName()).isEqualTo("mine");
            refused(InvalidParameterCombinationException.class, "has no subnet in availability zone us-east-1a",
                    () -> test.aws.createCacheCluster(r -> r.cacheClusterId("d").engine("redis")
                            .cacheNodeType("cache.t3.micro").cacheSubnetGroupName("mine")
                            .preferredAvailabilityZone("us-east-1a")));
            refused(SubnetInUseException.class, "Cache cluster c uses a subnet",
                    () -> test.aws.modifyCacheSubnetGroup(r -> r.cacheSubnetGroupName("mine").subnetIds(IN_A)));
            refused(CacheSubnetGroupInUseException.class, "currently in use",
                    () -> test.aws.deleteCacheSubnetGroup(r -> r.cacheSubnetGroupName("mine")));
            test.aws.deleteCacheCluster(r -> r.cacheClusterId("c"));
            test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g"));
            test.settle();
            test.aws.deleteCacheSubnetGroup(r -> r.cacheSubnetGroupName("mine"));
        }
    }

    @Test
    void whatIsRefused() {
        try (TestPlane test = new TestPlane(directory, StepObserver.NONE,
                new Quotas(300, 40, 90, 50, 10, 10, 10, 10, 1, 1, 20, 15, 1000), TestPlane.START)) {
            refused(InvalidSubnetException.class, "Subnet subnet-1 does not exist.",
                    () -> create(test, "mine", "subnet-1"));
            refused(CacheSubnetQuotaExceededException.class, "at most 1 subnets",
                    () -> create(test, "mine", IN_A, IN_B));
            refused(InvalidParameterValueException.class, "SubnetIds must be provided", () -> create(test, "mine"));
            refused(InvalidParameterValueException.class, "letters, digits and hyphens",
                    () -> create(test, "my group", IN_A));
            refused(CacheSubnetGroupAlreadyExistsException.class, "already exists",
                    () -> create(test, "Default", IN_A));
            create(test, "mine", IN_A);
            refused(CacheSubnetGroupQuotaExceededException.class, "the quota of 1", () -> create(test, "two", IN_A));
            refused(InvalidParameterValueException.class, "default cannot be modified or deleted",
                    () -> test.aws.deleteCacheSubnetGroup(r -> r.cacheSubnetGroupName("default")));
        }
    }

    @Test
    void classicSecurityGroupsAreRefusedInAwssWords() {
        try (TestPlane test = new TestPlane(directory)) {
            List<ThrowingCallable> calls = List.of(
                    () -> test.aws.createCacheSecurityGroup(r -> r.cacheSecurityGroupName("a").description("d")),
                    () -> test.aws.describeCacheSecurityGroups(r -> {}),
                    () -> test.aws.deleteCacheSecurityGroup(r -> r.cacheSecurityGroupName("a")),
                    () -> test.aws.authorizeCacheSecurityGroupIngress(r -> r.cacheSecurityGroupName("a")),
                    () -> test.aws.revokeCacheSecurityGroupIngress(r -> r.cacheSecurityGroupName("a")));
            calls.forEach(call -> refused(InvalidParameterValueException.class,
                    "Use of cache security groups is not permitted in this API version for your account.", call));
        }
    }

    @Test
    void thereAreNoUpdatesAndNoReservations() {
        try (TestPlane test = new TestPlane(directory)) {
            assertThat(test.aws.describeServiceUpdates(r -> {}).serviceUpdates()).isEmpty();
            assertThat(test.aws.describeUpdateActions(r -> {}).updateActions()).isEmpty();
            assertThat(test.aws.describeReservedCacheNodes(r -> {}).reservedCacheNodes()).isEmpty();
            assertThat(test.aws.describeReservedCacheNodesOfferings(r -> {}).reservedCacheNodesOfferings()).isEmpty();
            refused(ServiceUpdateNotFoundException.class, "Service update u not found.",
                    () -> test.aws.describeServiceUpdates(r -> r.serviceUpdateName("u")));
            refused(ServiceUpdateNotFoundException.class, "Service update u not found.",
                    () -> test.aws.batchApplyUpdateAction(r -> r.serviceUpdateName("u").cacheClusterIds("c")));
            refused(ServiceUpdateNotFoundException.class, "Service update u not found.",
                    () -> test.aws.batchStopUpdateAction(r -> r.serviceUpdateName("u").cacheClusterIds("c")));
            refused(ReservedCacheNodeNotFoundException.class, "Reserved cache node n not found.",
                    () -> test.aws.describeReservedCacheNodes(r -> r.reservedCacheNodeId("n")));
            refused(ReservedCacheNodesOfferingNotFoundException.class, "offering o not found.",
                    () -> test.aws.purchaseReservedCacheNodesOffering(r -> r.reservedCacheNodesOfferingId("o")));
        }
    }

    private static void refused(Class<? extends ElastiCacheException> fault, String words, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(fault).hasMessageContaining(words);
    }

    private static void create(TestPlane test, String name, String... subnets) {
        test.aws.createCacheSubnetGroup(
                r -> r.cacheSubnetGroupName(name).cacheSubnetGroupDescription("d").subnetIds(subnets));
    }

    private static CacheSubnetGroup group(TestPlane test, String name) {
        return test.aws.describeCacheSubnetGroups(r -> r.cacheSubnetGroupName(name)).cacheSubnetGroups().getFirst();
    }
}
