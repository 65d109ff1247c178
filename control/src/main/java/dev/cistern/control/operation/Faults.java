package dev.cistern.control.operation;

import dev.cistern.control.resource.Tsv;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.elasticache.model.ApiCallRateForCustomerExceededException;
import software.amazon.awssdk.services.elasticache.model.CacheClusterAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupInUseException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroupQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.DefaultUserAssociatedToUserGroupException;
import software.amazon.awssdk.services.elasticache.model.DefaultUserRequiredException;
import software.amazon.awssdk.services.elasticache.model.DuplicateUserNameException;
import software.amazon.awssdk.services.elasticache.model.InsufficientCacheClusterCapacityException;
import software.amazon.awssdk.services.elasticache.model.InvalidArnException;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheClusterStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheParameterGroupStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidKmsKeyException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;
import software.amazon.awssdk.services.elasticache.model.InvalidReplicationGroupStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidSnapshotStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidSubnetException;
import software.amazon.awssdk.services.elasticache.model.InvalidUserGroupStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidUserStateException;
import software.amazon.awssdk.services.elasticache.model.NoOperationException;
import software.amazon.awssdk.services.elasticache.model.NodeGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.NodeGroupsPerReplicationGroupQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.NodeQuotaForClusterExceededException;
import software.amazon.awssdk.services.elasticache.model.NodeQuotaForCustomerExceededException;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupAlreadyUnderMigrationException;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotUnderMigrationException;
import software.amazon.awssdk.services.elasticache.model.ReservedCacheNodeNotFoundException;
import software.amazon.awssdk.services.elasticache.model.ReservedCacheNodesOfferingNotFoundException;
import software.amazon.awssdk.services.elasticache.model.ServiceUpdateNotFoundException;
import software.amazon.awssdk.services.elasticache.model.SnapshotAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.SnapshotFeatureNotSupportedException;
import software.amazon.awssdk.services.elasticache.model.SnapshotNotFoundException;
import software.amazon.awssdk.services.elasticache.model.SnapshotQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.SubnetInUseException;
import software.amazon.awssdk.services.elasticache.model.TagNotFoundException;
import software.amazon.awssdk.services.elasticache.model.TagQuotaPerResourceExceededException;
import software.amazon.awssdk.services.elasticache.model.TestFailoverNotAvailableException;
import software.amazon.awssdk.services.elasticache.model.UserAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.UserGroupAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.UserGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.UserGroupQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.UserNotFoundException;
import software.amazon.awssdk.services.elasticache.model.UserQuotaExceededException;

/**
 * AWS's answers when it says no: the SDK's exceptions with the code, the status and the words of the wire.
 *
 * <p>Code and status cannot be derived from a class's name ({@code ReplicationGroupNotFoundFault}, but {@code
 * ReplicationGroupAlreadyExists}), so they stand in {@code faults.tsv}: class, code, status.
 */
public final class Faults {

    private static final Map<String, String[]> TABLE = Tsv.rows(Faults.class, "faults.tsv").stream()
            .collect(Collectors.toUnmodifiableMap(row -> row[0], row -> row));

    private Faults() {}

    static AwsServiceException cacheClusterNotFound(String id) {
        return fault(CacheClusterNotFoundException.builder(), "CacheCluster not found: " + id);
    }

    static AwsServiceException cacheClusterNotTaggable(String id) {
        return fault(CacheClusterNotFoundException.builder(), id + " is either not present or not available.");
    }

    static AwsServiceException cacheClusterAlreadyExists() {
        return fault(CacheClusterAlreadyExistsException.builder(), "Cache cluster already exists");
    }

    static AwsServiceException invalidCacheClusterState(String message, Object... arguments) {
        return fault(InvalidCacheClusterStateException.builder(), message.formatted(arguments));
    }

    static AwsServiceException replicationGroupNotFound(String id) {
        return fault(ReplicationGroupNotFoundException.builder(), "ReplicationGroup " + id + " not found.");
    }

    static AwsServiceException replicationGroupAlreadyExists() {
        return fault(ReplicationGroupAlreadyExistsException.builder(),
                "Replication group with specified name already exists.");
    }

    static AwsServiceException invalidReplicationGroupState(String message, Object... arguments) {
        return fault(InvalidReplicationGroupStateException.builder(), message.formatted(arguments));
    }

    static AwsServiceException replicationGroupAlreadyUnderMigration(String message) {
        return fault(ReplicationGroupAlreadyUnderMigrationException.builder(), message);
    }

    static AwsServiceException replicationGroupNotUnderMigration(String message) {
        return fault(ReplicationGroupNotUnderMigrationException.builder(), message);
    }

    static AwsServiceException nodeGroupNotFound(String id, String group) {
        return fault(NodeGroupNotFoundException.builder(),
                "Node group " + id + " not found in replication group " + group + ".");
    }

    static AwsServiceException noOperation(String message, Object... arguments) {
        return fault(NoOperationException.builder(), message.formatted(arguments));
    }

    static AwsServiceException testFailoverNotAvailable(String message) {
        return fault(TestFailoverNotAvailableException.builder(), message);
    }

    static AwsServiceException apiCallRateExceeded(String message) {
        return fault(ApiCallRateForCustomerExceededException.builder(), message);
    }

    static AwsServiceException parameterGroupNotFound(String name) {
        return fault(CacheParameterGroupNotFoundException.builder(), "CacheParameterGroup not found: " + name);
    }

    static AwsServiceException parameterGroupAlreadyExists(String name) {
        return fault(CacheParameterGroupAlreadyExistsException.builder(),
                "CacheParameterGroup " + name + " already exists.");
    }

    static AwsServiceException parameterGroupQuotaExceeded(int quota) {
        return fault(CacheParameterGroupQuotaExceededException.builder(),
                "This request would exceed the quota of " + quota + " cache parameter groups per customer.");
    }

    static AwsServiceException invalidParameterGroupState(String message, Object... arguments) {
        return fault(InvalidCacheParameterGroupStateException.builder(), message.formatted(arguments));
    }

    /** AWS's words, on which Terraform decides. */
    static AwsServiceException parameterDoesNotExist(String name) {
        return invalidParameterValue("Parameter %s doesn't exist", name);
    }

    static AwsServiceException userAlreadyExists(String id) {
        return fault(UserAlreadyExistsException.builder(), "User " + id + " already exists.");
    }

    static AwsServiceException userNotFound(String id) {
        return fault(UserNotFoundException.builder(), "User " + id + " not found.");
    }

    static AwsServiceException userQuotaExceeded(int quota) {
        return fault(UserQuotaExceededException.builder(),
                "This request would exceed the quota of " + quota + " users.");
    }

    static AwsServiceException invalidUserState(String message, Object... arguments) {
        return fault(InvalidUserStateException.builder(), message.formatted(arguments));
    }

    static AwsServiceException defaultUserInUse(String id) {
        return fault(DefaultUserAssociatedToUserGroupException.builder(),
                "User " + id + " is the default user of a user group and cannot be deleted.");
    }

    static AwsServiceException userGroupAlreadyExists(String id) {
        return fault(UserGroupAlreadyExistsException.builder(), "User group " + id + " already exists.");
    }

    static AwsServiceException userGroupNotFound(String id) {
        return fault(UserGroupNotFoundException.builder(), "User group " + id + " not found.");
    }

    static AwsServiceException userGroupQuotaExceeded(int quota) {
        return fault(UserGroupQuotaExceededException.builder(),
                "This request would exceed the quota of " + quota + " user groups.");
    }

    static AwsServiceException invalidUserGroupState(String message, Object... arguments) {
        return fault(InvalidUserGroupStateException.builder(), message.formatted(arguments));
    }

    static AwsServiceException duplicateUserName(String name) {
        return fault(DuplicateUserNameException.builder(),
                "A user group cannot have two users with the name " + name + ".");
    }

    static AwsServiceException defaultUserRequired() {
        return fault(DefaultUserRequiredException.builder(),
                "A user group of engine redis must have a user whose name is default.");
    }

    static AwsServiceException subnetGroupAlreadyExists(String name) {
        return fault(CacheSubnetGroupAlreadyExistsException.builder(),
                "Cache subnet group " + name + " already exists.");
    }

    static AwsServiceException subnetGroupQuotaExceeded(int quota) {
        return fault(CacheSubnetGroupQuotaExceededException.builder(),
                "This request would exceed the quota of " + quota + " cache subnet groups.");
    }

    static AwsServiceException subnetQuotaExceeded(int quota) {
        return fault(CacheSubnetQuotaExceededException.builder(),
                "A cache subnet group can have at most " + quota + " subnets.");
    }

    static AwsServiceException subnetGroupInUse(String message) {
        return fault(CacheSubnetGroupInUseException.builder(), message);
    }

    static AwsServiceException subnetInUse(String message) {
        return fault(SubnetInUseException.builder(), message);
    }

    static AwsServiceException invalidSubnet(String message) {
        return fault(InvalidSubnetException.builder(), message);
    }

    static AwsServiceException serviceUpdateNotFound(@Nullable String name) {
        return fault(ServiceUpdateNotFoundException.builder(), "Service update " + name + " not found.");
    }

    static AwsServiceException reservedNodeNotFound(@Nullable String id) {
        return fault(ReservedCacheNodeNotFoundException.builder(), "Reserved cache node " + id + " not found.");
    }

    static AwsServiceException offeringNotFound(@Nullable String id) {
        return fault(ReservedCacheNodesOfferingNotFoundException.builder(),
                "Reserved cache nodes offering " + id + " not found.");
    }

    static AwsServiceException subnetGroupNotFound(String name) {
        return fault(CacheSubnetGroupNotFoundException.builder(), "Cache Subnet Group " + name + " does not exist.");
    }

    static AwsServiceException nodeQuotaExceeded(int quota) {
        return fault(NodeQuotaForCustomerExceededException.builder(),
                "This request would exceed the quota of " + quota + " cache nodes per customer.");
    }

    static AwsServiceException clusterNodeQuotaExceeded(int quota) {
        return fault(NodeQuotaForClusterExceededException.builder(),
                "This request would exceed the quota of " + quota + " cache nodes per cache cluster.");
    }

    static AwsServiceException nodeGroupQuotaExceeded(int quota) {
        return fault(NodeGroupsPerReplicationGroupQuotaExceededException.builder(),
                "This request would exceed the quota of " + quota + " node groups per replication group.");
    }

    static AwsServiceException snapshotsNotSupported(String what) {
        return fault(SnapshotFeatureNotSupportedException.builder(), what + " does not support snapshots.");
    }

    static AwsServiceException insufficientCapacity(String message, Object... arguments) {
        return fault(InsufficientCacheClusterCapacityException.builder(), message.formatted(arguments));
    }

    static AwsServiceException snapshotAlreadyExists() {
        return fault(SnapshotAlreadyExistsException.builder(), "Snapshot with specified name already exists.");
    }

    static AwsServiceException invalidKmsKey(String name) {
        return fault(InvalidKmsKeyException.builder(), "The KMS key supplied is not valid: " + name);
    }

    static AwsServiceException snapshotNotFound(String name) {
        return fault(SnapshotNotFoundException.builder(), "Snapshot " + name + " not found.");
    }

    static AwsServiceException snapshotQuotaExceeded(int quota) {
        return fault(SnapshotQuotaExceededException.builder(),
                "This request would exceed the quota of " + quota + " manual snapshots per cluster in 24 hours.");
    }

    static AwsServiceException invalidSnapshotState(String message, Object... arguments) {
        return fault(InvalidSnapshotStateException.builder(), message.formatted(arguments));
    }

    static AwsServiceException snapshottingClusterNotFound() {
        return fault(CacheClusterNotFoundException.builder(), "Specified snapshotting cluster does not exist");
    }

    static AwsServiceException tagNotFound(String key) {
        return fault(TagNotFoundException.builder(), "The tag " + key + " is not found on the resource.");
    }

    static AwsServiceException tagQuotaExceeded(int quota) {
        return fault(TagQuotaPerResourceExceededException.builder(),
                "The request would give the resource more than the " + quota + " tags that are permitted.");
    }

    static AwsServiceException invalidArn(String message, Object... arguments) {
        return fault(InvalidArnException.builder(), message.formatted(arguments));
    }

    static AwsServiceException invalidParameterValue(String message, Object... arguments) {
        return fault(InvalidParameterValueException.builder(), message.formatted(arguments));
    }

    static AwsServiceException invalidParameterCombination(String message, Object... arguments) {
        return fault(InvalidParameterCombinationException.builder(), message.formatted(arguments));
    }

    /** A part of AWS's offer that is not there yet; {@code what} is what the caller would get, {@code how} what works. */
    static AwsServiceException notOffered(String what, String how) {
        return invalidParameterCombination("Cistern does not offer %s yet: %s.", what, how);
    }

    private static AwsServiceException fault(AwsServiceException.Builder builder, String message) {
        // The builder is a class within the exception's own, whose name is the row's.
        String type = Objects.requireNonNull(builder.getClass().getDeclaringClass()).getSimpleName();
        String[] row = Objects.requireNonNull(TABLE.get(type), type);
        return builder
                .awsErrorDetails(AwsErrorDetails.builder()
                        .serviceName("ElastiCache")
                        .errorCode(row[1])
                        .errorMessage(message)
                        .build())
                .statusCode(Integer.parseInt(row[2]))
                .build();
    }
}
