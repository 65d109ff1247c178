package dev.cistern.control;

import dev.cistern.control.operation.CacheClusterOperations;
import dev.cistern.control.operation.CatalogOperations;
import dev.cistern.control.operation.ClassicOperations;
import dev.cistern.control.operation.Context;
import dev.cistern.control.operation.EventOperations;
import dev.cistern.control.operation.FailoverOperations;
import dev.cistern.control.operation.MigrationOperations;
import dev.cistern.control.operation.OfferOperations;
import dev.cistern.control.operation.ParameterGroupOperations;
import dev.cistern.control.operation.ReplicaOperations;
import dev.cistern.control.operation.ReplicationGroupOperations;
import dev.cistern.control.operation.ShardOperations;
import dev.cistern.control.operation.SnapshotOperations;
import dev.cistern.control.operation.SubnetGroupOperations;
import dev.cistern.control.operation.TagOperations;
import dev.cistern.control.operation.UserGroupOperations;
import dev.cistern.control.operation.UserOperations;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.state.Database;
import dev.cistern.control.workflow.Workflows;
import java.lang.reflect.Method;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import software.amazon.awssdk.awscore.AwsRequest;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.AddTagsToResourceRequest;
import software.amazon.awssdk.services.elasticache.model.AddTagsToResourceResponse;
import software.amazon.awssdk.services.elasticache.model.AuthorizeCacheSecurityGroupIngressRequest;
import software.amazon.awssdk.services.elasticache.model.AuthorizeCacheSecurityGroupIngressResponse;
import software.amazon.awssdk.services.elasticache.model.BatchApplyUpdateActionRequest;
import software.amazon.awssdk.services.elasticache.model.BatchApplyUpdateActionResponse;
import software.amazon.awssdk.services.elasticache.model.BatchStopUpdateActionRequest;
import software.amazon.awssdk.services.elasticache.model.BatchStopUpdateActionResponse;
import software.amazon.awssdk.services.elasticache.model.CompleteMigrationRequest;
import software.amazon.awssdk.services.elasticache.model.CompleteMigrationResponse;
import software.amazon.awssdk.services.elasticache.model.CopySnapshotRequest;
import software.amazon.awssdk.services.elasticache.model.CopySnapshotResponse;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterResponse;
import software.amazon.awssdk.services.elasticache.model.CreateCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateCacheParameterGroupResponse;
import software.amazon.awssdk.services.elasticache.model.CreateCacheSecurityGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateCacheSecurityGroupResponse;
import software.amazon.awssdk.services.elasticache.model.CreateCacheSubnetGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateCacheSubnetGroupResponse;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupResponse;
import software.amazon.awssdk.services.elasticache.model.CreateSnapshotRequest;
import software.amazon.awssdk.services.elasticache.model.CreateSnapshotResponse;
import software.amazon.awssdk.services.elasticache.model.CreateUserGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateUserGroupResponse;
import software.amazon.awssdk.services.elasticache.model.CreateUserRequest;
import software.amazon.awssdk.services.elasticache.model.CreateUserResponse;
import software.amazon.awssdk.services.elasticache.model.DecreaseReplicaCountRequest;
import software.amazon.awssdk.services.elasticache.model.DecreaseReplicaCountResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheClusterResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheParameterGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheSecurityGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheSecurityGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheSubnetGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheSubnetGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteReplicationGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteSnapshotRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteSnapshotResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteUserGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteUserGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteUserRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteUserResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheClustersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheClustersResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheEngineVersionsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheEngineVersionsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParameterGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParameterGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParametersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParametersResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheSecurityGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheSecurityGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheSubnetGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheSubnetGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeEngineDefaultParametersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeEngineDefaultParametersResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeEventsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeEventsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReplicationGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeReplicationGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesOfferingsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesOfferingsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeServiceUpdatesRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeServiceUpdatesResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeSnapshotsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeUpdateActionsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeUpdateActionsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeUserGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeUserGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeUsersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeUsersResponse;
import software.amazon.awssdk.services.elasticache.model.IncreaseReplicaCountRequest;
import software.amazon.awssdk.services.elasticache.model.IncreaseReplicaCountResponse;
import software.amazon.awssdk.services.elasticache.model.ListAllowedNodeTypeModificationsRequest;
import software.amazon.awssdk.services.elasticache.model.ListAllowedNodeTypeModificationsResponse;
import software.amazon.awssdk.services.elasticache.model.ListTagsForResourceRequest;
import software.amazon.awssdk.services.elasticache.model.ListTagsForResourceResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheParameterGroupResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheSubnetGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheSubnetGroupResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupShardConfigurationRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupShardConfigurationResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyUserGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyUserGroupResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyUserRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyUserResponse;
import software.amazon.awssdk.services.elasticache.model.PurchaseReservedCacheNodesOfferingRequest;
import software.amazon.awssdk.services.elasticache.model.PurchaseReservedCacheNodesOfferingResponse;
import software.amazon.awssdk.services.elasticache.model.RebootCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.RebootCacheClusterResponse;
import software.amazon.awssdk.services.elasticache.model.RemoveTagsFromResourceRequest;
import software.amazon.awssdk.services.elasticache.model.RemoveTagsFromResourceResponse;
import software.amazon.awssdk.services.elasticache.model.ResetCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ResetCacheParameterGroupResponse;
import software.amazon.awssdk.services.elasticache.model.RevokeCacheSecurityGroupIngressRequest;
import software.amazon.awssdk.services.elasticache.model.RevokeCacheSecurityGroupIngressResponse;
import software.amazon.awssdk.services.elasticache.model.StartMigrationRequest;
import software.amazon.awssdk.services.elasticache.model.StartMigrationResponse;
import software.amazon.awssdk.services.elasticache.model.TestFailoverRequest;
import software.amazon.awssdk.services.elasticache.model.TestFailoverResponse;
import software.amazon.awssdk.services.elasticache.model.TestMigrationRequest;
import software.amazon.awssdk.services.elasticache.model.TestMigrationResponse;

/**
 * The ElastiCache API: AWS's own interface, each operation in a transaction of its own and handed to its resource's class.
 *
 * <p>What is not overridden here is not offered: the interface's default throws {@link UnsupportedOperationException}.
 * Faults are the SDK's own exceptions with code, message and status. Runs on the caller's thread.
 */
final class ElastiCacheService implements ElastiCacheClient {

    private final Caller caller;
    private final ControlPlaneOptions options;
    private final Database database;
    private final Workflows workflows;
    private final EventLog events;

    ElastiCacheService(Caller caller, ControlPlaneOptions options, Database database, Workflows workflows,
            EventLog events) {
        this.caller = caller;
        this.options = options;
        this.database = database;
        this.workflows = workflows;
        this.events = events;
    }

    /** Read from this class itself, so that the list cannot promise more or less than what is here. */
    static SortedSet<String> offeredOperations() {
        SortedSet<String> names = new TreeSet<>();
        for (Method method : ElastiCacheService.class.getDeclaredMethods()) {
            if (method.getParameterCount() == 1 && AwsRequest.class.isAssignableFrom(method.getParameterTypes()[0])) {
                names.add(Character.toUpperCase(method.getName().charAt(0)) + method.getName().substring(1));
            }
        }
        return names;
    }

    @Override
    public CreateCacheClusterResponse createCacheCluster(CreateCacheClusterRequest request) {
        return change(context -> new CacheClusterOperations(context).create(request));
    }

    @Override
    public DescribeCacheClustersResponse describeCacheClusters(DescribeCacheClustersRequest request) {
        return read(context -> new CacheClusterOperations(context).describe(request));
    }

    @Override
    public ModifyCacheClusterResponse modifyCacheCluster(ModifyCacheClusterRequest request) {
        return change(context -> new CacheClusterOperations(context).modify(request));
    }

    @Override
    public RebootCacheClusterResponse rebootCacheCluster(RebootCacheClusterRequest request) {
        return change(context -> new CacheClusterOperations(context).reboot(request));
    }

    @Override
    public DeleteCacheClusterResponse deleteCacheCluster(DeleteCacheClusterRequest request) {
        return change(context -> new CacheClusterOperations(context).delete(request));
    }

    @Override
    public CreateReplicationGroupResponse createReplicationGroup(CreateReplicationGroupRequest request) {
        return change(context -> new ReplicationGroupOperations(context).create(request));
    }

    @Override
    public DescribeReplicationGroupsResponse describeReplicationGroups(DescribeReplicationGroupsRequest request) {
        return read(context -> new ReplicationGroupOperations(context).describe(request));
    }

    @Override
    public ModifyReplicationGroupResponse modifyReplicationGroup(ModifyReplicationGroupRequest request) {
        return change(context -> new ReplicationGroupOperations(context).modify(request));
    }

    @Override
    public DeleteReplicationGroupResponse deleteReplicationGroup(DeleteReplicationGroupRequest request) {
        return change(context -> new ReplicationGroupOperations(context).delete(request));
    }

    @Override
    public IncreaseReplicaCountResponse increaseReplicaCount(IncreaseReplicaCountRequest request) {
        return change(context -> new ReplicaOperations(context).increase(request));
    }

    @Override
    public TestFailoverResponse testFailover(TestFailoverRequest request) {
        return change(context -> new FailoverOperations(context).test(request));
    }

    @Override
    public StartMigrationResponse startMigration(StartMigrationRequest request) {
        return change(context -> new MigrationOperations(context).start(request));
    }

    @Override
    public TestMigrationResponse testMigration(TestMigrationRequest request) {
        return change(context -> new MigrationOperations(context).test(request));
    }

    @Override
    public CompleteMigrationResponse completeMigration(CompleteMigrationRequest request) {
        return change(context -> new MigrationOperations(context).complete(request));
    }

    @Override
    public DecreaseReplicaCountResponse decreaseReplicaCount(DecreaseReplicaCountRequest request) {
        return change(context -> new ReplicaOperations(context).decrease(request));
    }

    @Override
    public ModifyReplicationGroupShardConfigurationResponse modifyReplicationGroupShardConfiguration(
            ModifyReplicationGroupShardConfigurationRequest request) {
        return change(context -> new ShardOperations(context).modify(request));
    }

    @Override
    public CreateSnapshotResponse createSnapshot(CreateSnapshotRequest request) {
        return change(context -> new SnapshotOperations(context).create(request));
    }

    @Override
    public DescribeSnapshotsResponse describeSnapshots(DescribeSnapshotsRequest request) {
        return read(context -> new SnapshotOperations(context).describe(request));
    }

    @Override
    public CopySnapshotResponse copySnapshot(CopySnapshotRequest request) {
        return change(context -> new SnapshotOperations(context).copy(request));
    }

    @Override
    public DeleteSnapshotResponse deleteSnapshot(DeleteSnapshotRequest request) {
        return change(context -> new SnapshotOperations(context).delete(request));
    }

    @Override
    public DescribeCacheEngineVersionsResponse describeCacheEngineVersions(DescribeCacheEngineVersionsRequest request) {
        return read(context -> new CatalogOperations(context).engineVersions(request));
    }

    @Override
    public CreateCacheParameterGroupResponse createCacheParameterGroup(CreateCacheParameterGroupRequest request) {
        return change(context -> new ParameterGroupOperations(context).create(request));
    }

    @Override
    public DescribeCacheParameterGroupsResponse describeCacheParameterGroups(
            DescribeCacheParameterGroupsRequest request) {
        return read(context -> new ParameterGroupOperations(context).describe(request));
    }

    @Override
    public ModifyCacheParameterGroupResponse modifyCacheParameterGroup(ModifyCacheParameterGroupRequest request) {
        return change(context -> new ParameterGroupOperations(context).modify(request));
    }

    @Override
    public ResetCacheParameterGroupResponse resetCacheParameterGroup(ResetCacheParameterGroupRequest request) {
        return change(context -> new ParameterGroupOperations(context).reset(request));
    }

    @Override
    public DeleteCacheParameterGroupResponse deleteCacheParameterGroup(DeleteCacheParameterGroupRequest request) {
        return change(context -> new ParameterGroupOperations(context).delete(request));
    }

    @Override
    public DescribeCacheParametersResponse describeCacheParameters(DescribeCacheParametersRequest request) {
        return read(context -> new ParameterGroupOperations(context).parameters(request));
    }

    @Override
    public DescribeEngineDefaultParametersResponse describeEngineDefaultParameters(
            DescribeEngineDefaultParametersRequest request) {
        return read(context -> new ParameterGroupOperations(context).engineDefaults(request));
    }

    @Override
    public ListAllowedNodeTypeModificationsResponse listAllowedNodeTypeModifications(
            ListAllowedNodeTypeModificationsRequest request) {
        return read(context -> new CatalogOperations(context).nodeTypes(request));
    }

    @Override
    public CreateUserResponse createUser(CreateUserRequest request) {
        return change(context -> new UserOperations(context).create(request));
    }

    @Override
    public DescribeUsersResponse describeUsers(DescribeUsersRequest request) {
        return read(context -> new UserOperations(context).describe(request));
    }

    @Override
    public ModifyUserResponse modifyUser(ModifyUserRequest request) {
        return change(context -> new UserOperations(context).modify(request));
    }

    @Override
    public DeleteUserResponse deleteUser(DeleteUserRequest request) {
        return change(context -> new UserOperations(context).delete(request));
    }

    @Override
    public CreateUserGroupResponse createUserGroup(CreateUserGroupRequest request) {
        return change(context -> new UserGroupOperations(context).create(request));
    }

    @Override
    public DescribeUserGroupsResponse describeUserGroups(DescribeUserGroupsRequest request) {
        return read(context -> new UserGroupOperations(context).describe(request));
    }

    @Override
    public ModifyUserGroupResponse modifyUserGroup(ModifyUserGroupRequest request) {
        return change(context -> new UserGroupOperations(context).modify(request));
    }

    @Override
    public DeleteUserGroupResponse deleteUserGroup(DeleteUserGroupRequest request) {
        return change(context -> new UserGroupOperations(context).delete(request));
    }

    @Override
    public CreateCacheSubnetGroupResponse createCacheSubnetGroup(CreateCacheSubnetGroupRequest request) {
        return change(context -> new SubnetGroupOperations(context).create(request));
    }

    @Override
    public DescribeCacheSubnetGroupsResponse describeCacheSubnetGroups(DescribeCacheSubnetGroupsRequest request) {
        return read(context -> new SubnetGroupOperations(context).describe(request));
    }

    @Override
    public ModifyCacheSubnetGroupResponse modifyCacheSubnetGroup(ModifyCacheSubnetGroupRequest request) {
        return change(context -> new SubnetGroupOperations(context).modify(request));
    }

    @Override
    public DeleteCacheSubnetGroupResponse deleteCacheSubnetGroup(DeleteCacheSubnetGroupRequest request) {
        return change(context -> new SubnetGroupOperations(context).delete(request));
    }

    @Override
    public DescribeServiceUpdatesResponse describeServiceUpdates(DescribeServiceUpdatesRequest request) {
        return read(context -> new OfferOperations(context).serviceUpdates(request));
    }

    @Override
    public DescribeUpdateActionsResponse describeUpdateActions(DescribeUpdateActionsRequest request) {
        return read(context -> new OfferOperations(context).updateActions(request));
    }

    @Override
    public BatchApplyUpdateActionResponse batchApplyUpdateAction(BatchApplyUpdateActionRequest request) {
        return read(context -> new OfferOperations(context).apply(request));
    }

    @Override
    public BatchStopUpdateActionResponse batchStopUpdateAction(BatchStopUpdateActionRequest request) {
        return read(context -> new OfferOperations(context).stop(request));
    }

    @Override
    public DescribeReservedCacheNodesResponse describeReservedCacheNodes(DescribeReservedCacheNodesRequest request) {
        return read(context -> new OfferOperations(context).reservedNodes(request));
    }

    @Override
    public DescribeReservedCacheNodesOfferingsResponse describeReservedCacheNodesOfferings(
            DescribeReservedCacheNodesOfferingsRequest request) {
        return read(context -> new OfferOperations(context).offerings(request));
    }

    @Override
    public PurchaseReservedCacheNodesOfferingResponse purchaseReservedCacheNodesOffering(
            PurchaseReservedCacheNodesOfferingRequest request) {
        throw OfferOperations.purchaseRefusal(request);
    }

    @Override
    public CreateCacheSecurityGroupResponse createCacheSecurityGroup(CreateCacheSecurityGroupRequest request) {
        throw ClassicOperations.refusal();
    }

    @Override
    public DescribeCacheSecurityGroupsResponse describeCacheSecurityGroups(DescribeCacheSecurityGroupsRequest request) {
        throw ClassicOperations.refusal();
    }

    @Override
    public DeleteCacheSecurityGroupResponse deleteCacheSecurityGroup(DeleteCacheSecurityGroupRequest request) {
        throw ClassicOperations.refusal();
    }

    @Override
    public AuthorizeCacheSecurityGroupIngressResponse authorizeCacheSecurityGroupIngress(
            AuthorizeCacheSecurityGroupIngressRequest request) {
        throw ClassicOperations.refusal();
    }

    @Override
    public RevokeCacheSecurityGroupIngressResponse revokeCacheSecurityGroupIngress(
            RevokeCacheSecurityGroupIngressRequest request) {
        throw ClassicOperations.refusal();
    }

    @Override
    public DescribeEventsResponse describeEvents(DescribeEventsRequest request) {
        return read(context -> new EventOperations(context).describe(request));
    }

    @Override
    public AddTagsToResourceResponse addTagsToResource(AddTagsToResourceRequest request) {
        return change(context -> new TagOperations(context).add(request));
    }

    @Override
    public RemoveTagsFromResourceResponse removeTagsFromResource(RemoveTagsFromResourceRequest request) {
        return change(context -> new TagOperations(context).remove(request));
    }

    @Override
    public ListTagsForResourceResponse listTagsForResource(ListTagsForResourceRequest request) {
        return read(context -> new TagOperations(context).list(request));
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    /** Nothing is held per caller. */
    @Override
    public void close() {}

    @Override
    public String toString() {
        return "ElastiCache of account " + caller.account() + " in " + caller.region();
    }

    private <T> T change(Function<Context, T> operation) {
        T answer = database.change(
                handle -> operation.apply(new Context(caller, handle, options, workflows, events)));
        workflows.dispatch();
        return answer;
    }

    private <T> T read(Function<Context, T> operation) {
        return database.read(handle -> operation.apply(new Context(caller, handle, options, workflows, events)));
    }
}
