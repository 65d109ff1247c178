package dev.cistern.control.operation;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.resource.ApplyStatus;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.EndpointNames;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.resource.SnapshotParts;
import dev.cistern.control.resource.TransitEncryption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupStatus;
import software.amazon.awssdk.services.elasticache.model.DataTieringStatus;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.GlobalReplicationGroupInfo;
import software.amazon.awssdk.services.elasticache.model.IpDiscovery;
import software.amazon.awssdk.services.elasticache.model.MultiAZStatus;
import software.amazon.awssdk.services.elasticache.model.NetworkType;
import software.amazon.awssdk.services.elasticache.model.NodeGroupMember;
import software.amazon.awssdk.services.elasticache.model.PendingModifiedValues;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupPendingModifiedValues;
import software.amazon.awssdk.services.elasticache.model.SecurityGroupMembership;
import software.amazon.awssdk.services.elasticache.model.UserGroupsUpdateStatus;

/**
 * Resources in the shapes that AWS answers.
 *
 * <p>Clients match on what is there: an absent member makes Terraform replace a resource, and an endpoint that is shown
 * before it answers makes an application fail. So endpoints are shown from available on.
 */
final class Descriptions {

    private static final String DOWNLOAD_PAGE = "https://console.aws.amazon.com/elasticache/home#client-download:";

    private final EndpointNames names;

    Descriptions(EndpointOptions endpoints) {
        this.names = new EndpointNames(endpoints);
    }

    software.amazon.awssdk.services.elasticache.model.CacheCluster cluster(Handle handle, CacheCluster cluster,
            boolean withNodes) {
        List<CacheNode> nodes = CacheNode.of(handle, cluster.key());
        ParameterStatus parameters = ParameterStatus.of(handle, cluster, nodes);
        MemcachedCluster memcached = MemcachedCluster.find(handle, cluster.key());
        var answer = withoutNodes(handle, cluster, nodes, parameters, memcached);
        boolean hasNodes = !cluster.is(CacheClusterStatus.CREATING)
                && !cluster.is(CacheClusterStatus.INCOMPATIBLE_NETWORK)
                && !cluster.is(CacheClusterStatus.RESTORE_FAILED);
        if (memcached != null && hasNodes) {
            answer.configurationEndpoint(endpoint(names.configuration(cluster), memcached.configurationPort()));
        }
        if (withNodes && hasNodes) {
            answer.cacheNodes(nodes.stream()
                    .map(node -> node(node, parameters.of(node), nodeName(handle, cluster, node))).toList());
        }
        return answer.build();
    }

    private static software.amazon.awssdk.services.elasticache.model.CacheCluster.Builder withoutNodes(Handle handle,
            CacheCluster cluster, List<CacheNode> nodes, ParameterStatus parameters,
            @Nullable MemcachedCluster memcached) {
        ClusterSettings settings = cluster.settings();
        var answer = software.amazon.awssdk.services.elasticache.model.CacheCluster.builder()
                .cacheClusterId(cluster.id())
                .arn(cluster.arn())
                .cacheClusterStatus(cluster.status().wireName())
                .cacheClusterCreateTime(Instant.ofEpochMilli(cluster.createdAtMillis()))
                .clientDownloadLandingPage(DOWNLOAD_PAGE)
                .engine(cluster.engine().wireName())
                .engineVersion(settings.engineVersion())
                .cacheNodeType(settings.cacheNodeType())
                .numCacheNodes(cluster.numCacheNodes())
                .preferredAvailabilityZone(zoneOf(cluster, nodes))
                .preferredMaintenanceWindow(settings.maintenanceWindow())
                .cacheSecurityGroups(List.of())
                .securityGroups(ClusterSecurityGroups.of(handle, cluster).stream().map(id -> SecurityGroupMembership
                        .builder().securityGroupId(id).status("active").build()).toList())
                .cacheParameterGroup(CacheParameterGroupStatus.builder()
                        .cacheParameterGroupName(settings.parameterGroup())
                        .parameterApplyStatus(parameters.status().wireName())
                        .cacheNodeIdsToReboot(parameters.nodesToReboot())
                        .build())
                .cacheSubnetGroupName(cluster.subnetGroup())
                .autoMinorVersionUpgrade(settings.autoMinorVersionUpgrade())
                .replicationGroupId(cluster.replicationGroupId())
                .snapshotRetentionLimit(memcached == null ? settings.snapshotRetentionLimit() : null)
                .snapshotWindow(memcached == null ? settings.snapshotWindow() : null)
                .atRestEncryptionEnabled(AtRestEncryption.of(handle, cluster) != null)
                .replicationGroupLogDeliveryEnabled(false)
                .logDeliveryConfigurations(List.of())
                .networkType(NetworkType.IPV4)
                .ipDiscovery(IpDiscovery.IPV4);
        addAccess(handle, cluster, memcached, answer);
        return answer;
    }

    /** Who may come in and how, as it is and as it is to become. */
    private static void addAccess(Handle handle, CacheCluster cluster, @Nullable MemcachedCluster memcached,
            software.amazon.awssdk.services.elasticache.model.CacheCluster.Builder answer) {
        GroupAccess access = GroupAccess.of(handle, cluster);
        TransitEncryption encryption = TransitEncryption.of(handle, cluster);
        answer.pendingModifiedValues(pending(handle, cluster, memcached, access))
                .authTokenEnabled(access.hasToken())
                .authTokenLastModifiedDate(tokenChanged(access))
                .transitEncryptionEnabled(encryption.isOn())
                .transitEncryptionMode(encryption.isOn() ? encryption.mode().wireName() : null);
    }

    private String nodeName(Handle handle, CacheCluster cluster, CacheNode node) {
        ReplicationGroup group = cluster.replicationGroupId() == null
                ? null
                : ReplicationGroup.find(handle, cluster.key().sibling(cluster.replicationGroupId()));
        return group == null
                ? names.node(cluster, node)
                : names.member(group, node, TransitEncryption.of(handle, group.key()).isOn());
    }

    /** AWS's word for nodes in more than one. */
    private static String zoneOf(CacheCluster cluster, List<CacheNode> nodes) {
        List<String> zones = nodes.stream().map(CacheNode::availabilityZone).distinct().toList();
        if (zones.size() > 1) {
            return "Multiple";
        }
        return zones.isEmpty() ? cluster.availabilityZone() : zones.getFirst();
    }

    private static PendingModifiedValues pending(Handle handle, CacheCluster cluster,
            @Nullable MemcachedCluster memcached, GroupAccess access) {
        EngineChange change = EngineChange.find(handle, cluster.key());
        var values = PendingModifiedValues.builder()
                .engineVersion(change == null ? null : change.engineVersion())
                .cacheNodeType(cluster.pendingNodeType())
                .authTokenStatus(access.pendingToken());
        if (memcached != null && memcached.isChanging()) {
            values.numCacheNodes(cluster.numCacheNodes() + memcached.toAdd().size() - memcached.toRemove().size());
            values.cacheNodeIdsToRemove(memcached.toRemove());
        }
        if (memcached != null && memcached.isUpgrading()) {
            values.engineVersion(memcached.pendingEngineVersion());
        }
        return values.build();
    }

    software.amazon.awssdk.services.elasticache.model.ReplicationGroup group(Handle handle, ReplicationGroup group) {
        List<CacheCluster> members = CacheCluster.membersOf(handle, group.key());
        TransitEncryption encryption = TransitEncryption.of(handle, group.key());
        AtRestEncryption atRest = AtRestEncryption.ofGroup(handle, group.key());
        var answer = software.amazon.awssdk.services.elasticache.model.ReplicationGroup.builder()
                .replicationGroupId(group.id())
                .arn(group.arn())
                .description(group.description())
                .globalReplicationGroupInfo(GlobalReplicationGroupInfo.builder().build())
                .status(group.status().wireName())
                .pendingModifiedValues(pending(group.access(), encryption))
                .memberClusters(members.stream().map(CacheCluster::id).toList())
                .automaticFailover(group.automaticFailover())
                .multiAZ(group.multiAz() ? MultiAZStatus.ENABLED : MultiAZStatus.DISABLED)
                .clusterEnabled(group.isClustered())
                .clusterMode(group.clusterMode())
                .engine(group.engine().wireName())
                .authTokenEnabled(group.access().hasToken())
                .authTokenLastModifiedDate(tokenChanged(group.access()))
                .transitEncryptionEnabled(encryption.isOn())
                .transitEncryptionMode(encryption.isOn() ? encryption.mode().wireName() : null)
                .atRestEncryptionEnabled(atRest != null)
                .kmsKeyId(AtRestEncryption.wishOf(atRest))
                .userGroupIds(listOf(group.access().userGroupId()))
                .logDeliveryConfigurations(List.of())
                .replicationGroupCreateTime(Instant.ofEpochMilli(group.createdAtMillis()))
                .dataTiering(DataTieringStatus.DISABLED)
                .networkType(NetworkType.IPV4)
                .ipDiscovery(IpDiscovery.IPV4);
        List<NodeGroup> nodeGroups = NodeGroup.of(handle, group.key());
        if (!members.isEmpty()) {
            ClusterSettings settings = members.getFirst().settings();
            answer.cacheNodeType(settings.cacheNodeType())
                    .snapshotRetentionLimit(settings.snapshotRetentionLimit())
                    .snapshotWindow(settings.snapshotWindow())
                    .snapshottingClusterId(settings.snapshotRetentionLimit() > 0 && !group.isClustered()
                            ? SnapshotParts.dailySource(group, nodeGroups.getFirst(), members).id()
                            : null)
                    .autoMinorVersionUpgrade(settings.autoMinorVersionUpgrade());
        }
        if (!group.is(ReplicationGroupStatus.CREATING) && !group.is(ReplicationGroupStatus.CREATE_FAILED)) {
            answer.nodeGroups(nodeGroups.stream()
                    .map(nodeGroup -> nodeGroup(handle, group, nodeGroup, members)).toList());
            if (group.hasSlots()) {
                answer.configurationEndpoint(endpoint(names.configuration(group, encryption.isOn()),
                        nodeGroups.getFirst().primaryPort()));
            }
        }
        return answer.build();
    }

    private static @Nullable Instant tokenChanged(GroupAccess access) {
        return access.tokenChangedAtMillis() == null ? null : Instant.ofEpochMilli(access.tokenChangedAtMillis());
    }

    private static ReplicationGroupPendingModifiedValues pending(GroupAccess access, TransitEncryption encryption) {
        var values = ReplicationGroupPendingModifiedValues.builder().authTokenStatus(access.pendingToken());
        TransitEncryption.Mode mode = encryption.pending();
        if (mode != null) {
            boolean isOn = mode != TransitEncryption.Mode.DISABLED;
            values.transitEncryptionEnabled(isOn).transitEncryptionMode(isOn ? mode.wireName() : null);
        }
        if (access.pendingUserGroupAdd() != null || access.pendingUserGroupRemove() != null) {
            values.userGroups(UserGroupsUpdateStatus.builder()
                    .userGroupIdsToAdd(listOf(access.pendingUserGroupAdd()))
                    .userGroupIdsToRemove(listOf(access.pendingUserGroupRemove()))
                    .build());
        }
        return values.build();
    }

    private static List<String> listOf(@Nullable String id) {
        return id == null ? List.of() : List.of(id);
    }

    /** In cluster mode clients ask the nodes themselves who is primary: there AWS shows neither endpoints nor roles. */
    private software.amazon.awssdk.services.elasticache.model.NodeGroup nodeGroup(Handle handle,
            ReplicationGroup group, NodeGroup nodeGroup, List<CacheCluster> members) {
        boolean isEncrypted = TransitEncryption.of(handle, group.key()).isOn();
        List<CacheCluster> own = members.stream().filter(nodeGroup::has).toList();
        List<NodeGroupMember> answers = new ArrayList<>();
        for (CacheCluster member : own) {
            for (CacheNode node : CacheNode.of(handle, member.key())) {
                answers.add(member(group, nodeGroup, member, node, names.member(group, node, isEncrypted)));
            }
        }
        var answer = software.amazon.awssdk.services.elasticache.model.NodeGroup.builder()
                .nodeGroupId(nodeGroup.nodeGroupId())
                .status(group.status().wireName())
                .slots(slotsOf(nodeGroup))
                .nodeGroupMembers(answers);
        if (!group.isClustered()) {
            boolean hasReplicas = own.stream().anyMatch(member -> !nodeGroup.hasPrimary(member));
            // Without replicas nobody listens on the port for readers.
            answer.primaryEndpoint(endpoint(names.primary(group, isEncrypted), nodeGroup.primaryPort()))
                    .readerEndpoint(endpoint(names.reader(group, isEncrypted),
                            hasReplicas ? nodeGroup.readerPort() : nodeGroup.primaryPort()));
        }
        return answer.build();
    }

    /** A new node group has none yet. */
    private static @Nullable String slotsOf(NodeGroup nodeGroup) {
        return SlotMap.slots(nodeGroup.slots()).isEmpty() ? null : nodeGroup.slots();
    }

    private static NodeGroupMember member(ReplicationGroup group, NodeGroup nodeGroup, CacheCluster member,
            CacheNode node, String host) {
        var answer = NodeGroupMember.builder()
                .cacheClusterId(member.id())
                .cacheNodeId(node.cacheNodeId())
                .preferredAvailabilityZone(node.availabilityZone());
        if (!group.isClustered() && node.isMember()) {
            answer.readEndpoint(endpoint(host, node.port()))
                    .currentRole(nodeGroup.hasPrimary(member) ? "primary" : "replica");
        }
        return answer.build();
    }

    private static software.amazon.awssdk.services.elasticache.model.CacheNode node(CacheNode node,
            ApplyStatus parameters, String host) {
        return software.amazon.awssdk.services.elasticache.model.CacheNode.builder()
                .cacheNodeId(node.cacheNodeId())
                .cacheNodeStatus(node.status().wireName())
                .cacheNodeCreateTime(Instant.ofEpochMilli(node.createdAtMillis()))
                .endpoint(node.isMember() ? endpoint(host, node.port()) : null)
                .parameterGroupStatus(parameters.wireName())
                .customerAvailabilityZone(node.availabilityZone())
                .build();
    }

    private static Endpoint endpoint(String host, int port) {
        return Endpoint.builder().address(host).port(port).build();
    }
}
