package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.SubnetGroup;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupShardConfigurationRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupShardConfigurationResponse;
import software.amazon.awssdk.services.elasticache.model.ReshardingConfiguration;

/** The action by which node groups come and go, and slots are spread evenly over them, while clients go on. */
public record ShardOperations(Context context) {

    /** One that is to be added; {@code zones} is empty when any will do. */
    private record NewNodeGroup(String nodeGroupId, List<String> zones) {}

    /** Answers with status "modifying". The same number of node groups as before spreads the slots anew. */
    public ModifyReplicationGroupShardConfigurationResponse modify(
            ModifyReplicationGroupShardConfigurationRequest request) {
        ReplicationGroup group = new ReplicationGroupOperations(context).require(request.replicationGroupId());
        Members all = new Members(context);
        List<CacheCluster> members = all.requireAvailable(group, "change the shard configuration of");
        int count = Checks.required("NodeGroupCount", request.nodeGroupCount());
        requirePossible(group, request, count);
        all.requireNodeGroupQuota(count);
        List<NodeGroup> present = all.nodeGroups(group);
        List<NodeGroup> leaving = leaving(group, present, request, count);
        List<NodeGroup> coming = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        if (count > present.size()) {
            int replicas = Members.of(present.getFirst(), members).size() - 1;
            all.requireQuota(group, (count - present.size()) * (1 + replicas));
            for (NewNodeGroup wished : wished(request, present, count - present.size(), replicas)) {
                coming.add(add(group, members.getFirst(), wished, replicas, ids));
            }
        } else if (!request.reshardingConfiguration().isEmpty()) {
            throw Faults.invalidParameterCombination(
                    "ReshardingConfiguration is only for an increase of the number of node groups.");
        }
        ReplicationGroup modifying = context.workflows().reshard(context.handle(), group, ids,
                coming.stream().map(NodeGroup::nodeGroupId).toList(),
                leaving.stream().map(NodeGroup::nodeGroupId).toList());
        return ModifyReplicationGroupShardConfigurationResponse.builder()
                .replicationGroup(new ReplicationGroupOperations(context).described(modifying)).build();
    }

    private static void requirePossible(ReplicationGroup group, ModifyReplicationGroupShardConfigurationRequest request,
            int count) {
        if (!group.isClustered()) {
            throw Faults.invalidReplicationGroupState(
                    "Replication group %s has cluster mode disabled; it has one node group.", group.id());
        }
        if (!Boolean.TRUE.equals(request.applyImmediately())) {
            throw Faults.invalidParameterValue("This operation is only supported with ApplyImmediately true.");
        }
        if (count < 1) {
            throw Faults.invalidParameterValue("Invalid value %d for NodeGroupCount", count);
        }
    }

    /** Those that the caller wants removed, or does not want retained. */
    private static List<NodeGroup> leaving(ReplicationGroup group, List<NodeGroup> present,
            ModifyReplicationGroupShardConfigurationRequest request, int count) {
        Set<String> removed = numbers(group, present, request.nodeGroupsToRemove());
        Set<String> retained = numbers(group, present, request.nodeGroupsToRetain());
        if (count >= present.size()) {
            if (!removed.isEmpty() || !retained.isEmpty()) {
                throw Faults.invalidParameterCombination("NodeGroupsToRemove and NodeGroupsToRetain are only for a "
                        + "decrease of the number of node groups.");
            }
            return List.of();
        }
        if (removed.isEmpty() == retained.isEmpty()) {
            throw Faults.invalidParameterCombination("To decrease the number of node groups, exactly one of "
                    + "NodeGroupsToRemove and NodeGroupsToRetain must be specified.");
        }
        List<NodeGroup> leaving = present.stream().filter(nodeGroup -> removed.isEmpty()
                ? !retained.contains(nodeGroup.nodeGroupId())
                : removed.contains(nodeGroup.nodeGroupId())).toList();
        if (present.size() - leaving.size() != count) {
            throw Faults.invalidParameterCombination(
                    "NodeGroupCount is %d, but %d node groups would be left.", count, present.size() - leaving.size());
        }
        return leaving;
    }

    private static Set<String> numbers(ReplicationGroup group, List<NodeGroup> present, List<String> named) {
        Set<String> numbers = new LinkedHashSet<>();
        for (String id : named) {
            String number = GroupShape.checkedNumber(id);
            if (present.stream().noneMatch(nodeGroup -> nodeGroup.nodeGroupId().equals(number))) {
                throw Faults.nodeGroupNotFound(number, group.id());
            }
            numbers.add(number);
        }
        return numbers;
    }

    /** The numbers that the caller wishes for the new node groups, or the lowest free ones, and the zones of each. */
    private static List<NewNodeGroup> wished(ModifyReplicationGroupShardConfigurationRequest request,
            List<NodeGroup> present, int more, int replicas) {
        List<ReshardingConfiguration> wished = request.reshardingConfiguration();
        if (!wished.isEmpty() && wished.size() != more) {
            throw Faults.invalidParameterCombination(
                    "ReshardingConfiguration must describe each of the %d new node groups.", more);
        }
        Set<String> taken = new HashSet<>();
        present.forEach(nodeGroup -> taken.add(nodeGroup.nodeGroupId()));
        for (ReshardingConfiguration each : wished) {
            if (each.nodeGroupId() != null && !taken.add(GroupShape.checkedNumber(each.nodeGroupId()))) {
                throw Faults.invalidParameterValue("Node group %s exists already or is named twice.",
                        each.nodeGroupId());
            }
        }
        List<NewNodeGroup> added = new ArrayList<>();
        for (int i = 0; i < more; i++) {
            ReshardingConfiguration each = wished.isEmpty() ? ReshardingConfiguration.builder().build() : wished.get(i);
            List<String> zones = each.preferredAvailabilityZones();
            if (!zones.isEmpty() && zones.size() != 1 + replicas) {
                throw Faults.invalidParameterCombination(
                        "PreferredAvailabilityZones must name a zone for each of the %d nodes of a node group.",
                        1 + replicas);
            }
            added.add(new NewNodeGroup(each.nodeGroupId() == null
                    ? nextNumber(taken)
                    : GroupShape.checkedNumber(each.nodeGroupId()), zones));
        }
        return added;
    }

    private NodeGroup add(ReplicationGroup group, CacheCluster model, NewNodeGroup wished, int replicas,
            List<String> ids) {
        Members all = new Members(context);
        String number = wished.nodeGroupId;
        List<String> zones = wished.zones;
        SubnetGroup subnets = all.subnets(model);
        List<String> taken = new ArrayList<>();
        String primary = null;
        for (int i = 0; i <= replicas; i++) {
            String zone = zones.isEmpty()
                    ? all.nextZone(model, taken)
                    : ClusterWish.knownZone(zones.get(i), context.caller().region(), subnets);
            taken.add(zone);
            String id = all.add(model, all.nextId(group, number), number, zone).id();
            ids.add(id);
            primary = primary == null ? id : primary;
        }
        return insert(group, number, String.valueOf(primary));
    }

    private NodeGroup insert(ReplicationGroup group, String number, @Nullable String primary) {
        Ports ports = new Ports(context.options().endpoints());
        String holder = NodeGroup.portHolder(group.key(), number);
        NodeGroup added = NodeGroup.fresh(group.key(), number, "-", String.valueOf(primary),
                ports.lease(context.handle(), null, holder), ports.lease(context.handle(), null, holder));
        NodeGroup.TABLE.insert(context.handle(), added);
        return added;
    }

    private static String nextNumber(Set<String> taken) {
        int number = 1;
        while (!taken.add(GroupShape.number(number))) {
            number++;
        }
        return GroupShape.number(number);
    }
}
