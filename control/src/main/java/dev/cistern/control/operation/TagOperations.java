package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheUser;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SubnetGroup;
import dev.cistern.control.resource.UserGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.AddTagsToResourceRequest;
import software.amazon.awssdk.services.elasticache.model.AddTagsToResourceResponse;
import software.amazon.awssdk.services.elasticache.model.ListTagsForResourceRequest;
import software.amazon.awssdk.services.elasticache.model.ListTagsForResourceResponse;
import software.amazon.awssdk.services.elasticache.model.RemoveTagsFromResourceRequest;
import software.amazon.awssdk.services.elasticache.model.RemoveTagsFromResourceResponse;

/** Tags on whatever has a name of Amazon's form. What is put on a group, or taken from it, is so for its members too, as AWS does it. */
public record TagOperations(Context context) {

    private static final int ARN_PARTS = 7;
    private static final int PARTITION = 1;
    private static final int SERVICE = 2;
    private static final int REGION = 3;
    private static final int ACCOUNT = 4;
    private static final int TYPE = 5;
    private static final int ID = 6;

    public AddTagsToResourceResponse add(AddTagsToResourceRequest request) {
        List<String> arns = require(request.resourceName());
        if (request.tags().isEmpty()) {
            throw Faults.invalidParameterValue("The parameter Tags must be provided and must not be blank.");
        }
        arns.forEach(arn -> Tags.put(context, arn, request.tags()));
        return AddTagsToResourceResponse.builder().tagList(Tags.list(context, arns.getFirst())).build();
    }

    public RemoveTagsFromResourceResponse remove(RemoveTagsFromResourceRequest request) {
        List<String> arns = require(request.resourceName());
        if (request.tagKeys().isEmpty()) {
            throw Faults.invalidParameterValue("The parameter TagKeys must be provided and must not be blank.");
        }
        Tags.remove(context, arns.getFirst(), request.tagKeys());
        // A member may have lost one of them already.
        for (String member : arns.subList(1, arns.size())) {
            List<String> present = Tags.list(context, member).stream().map(tag -> tag.key()).toList();
            Tags.remove(context, member, request.tagKeys().stream().filter(present::contains).toList());
        }
        return RemoveTagsFromResourceResponse.builder().tagList(Tags.list(context, arns.getFirst())).build();
    }

    public ListTagsForResourceResponse list(ListTagsForResourceRequest request) {
        return ListTagsForResourceResponse.builder()
                .tagList(Tags.list(context, require(request.resourceName()).getFirst()))
                .build();
    }

    /** The resource's name, then its members'. */
    private List<String> require(@Nullable String arn) {
        String name = Checks.notBlank("ResourceName", arn);
        String[] parts = name.split(":", -1);
        if (parts.length != ARN_PARTS) {
            throw Faults.invalidArn("Input ARN string does not have 7 components.");
        }
        if (!parts[0].equals("arn") || !parts[PARTITION].startsWith("aws") || !parts[SERVICE].equals("elasticache")
                || !parts[REGION].equals(context.caller().region())
                || !parts[ACCOUNT].equals(context.caller().account())) {
            throw Faults.invalidArn("The ARN %s is not one of this account and region.", name);
        }
        ResourceKey key = context.key(parts[ID].toLowerCase(Locale.ROOT));
        return switch (parts[TYPE]) {
            case CacheCluster.ARN_TYPE -> cluster(key);
            case ReplicationGroup.ARN_TYPE -> group(key);
            case ParameterGroup.ARN_TYPE -> parameterGroup(key);
            case CacheUser.ARN_TYPE -> user(key);
            case SubnetGroup.ARN_TYPE -> subnetGroup(key);
            case Snapshot.ARN_TYPE -> List.of(new SnapshotOperations(context).require(key.id()).arn());
            case UserGroup.ARN_TYPE -> List.of(new UserGroupOperations(context).require(key.id()).arn());
            default -> throw Faults.invalidArn("Tags on resources of type %s are not offered yet.", parts[TYPE]);
        };
    }

    private List<String> cluster(ResourceKey key) {
        CacheCluster cluster = CacheCluster.find(context.handle(), key);
        if (cluster == null || !cluster.is(CacheClusterStatus.AVAILABLE)) {
            throw Faults.cacheClusterNotTaggable(key.id());
        }
        return List.of(cluster.arn());
    }

    private List<String> parameterGroup(ResourceKey key) {
        ParameterGroup group = ParameterGroups.require(context, key.id());
        if (group.isDefault()) {
            throw Faults.invalidParameterValue("Default parameter group %s cannot be tagged.", group.id());
        }
        return List.of(group.arn());
    }

    private List<String> subnetGroup(ResourceKey key) {
        SubnetGroup group = new SubnetGroupOperations(context).require(key.id());
        if (group.isDefault()) {
            throw Faults.invalidParameterValue("Cache subnet group default cannot be tagged.");
        }
        return List.of(group.arn());
    }

    private List<String> user(ResourceKey key) {
        CacheUser user = new UserOperations(context).require(key.id());
        if (user.isEverybodys()) {
            throw Faults.invalidParameterValue("User default cannot be tagged.");
        }
        return List.of(user.arn());
    }

    private List<String> group(ResourceKey key) {
        ReplicationGroup group = ReplicationGroup.find(context.handle(), key);
        if (group == null) {
            throw Faults.replicationGroupNotFound(key.id());
        }
        if (!group.is(ReplicationGroupStatus.AVAILABLE)) {
            throw Faults.invalidReplicationGroupState("Cluster not in available state to perform tagging operations.");
        }
        List<String> arns = new ArrayList<>(List.of(group.arn()));
        CacheCluster.membersOf(context.handle(), key).forEach(member -> arns.add(member.arn()));
        return arns;
    }
}
