package dev.cistern.control.operation;

import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.Network;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.Snapshot;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.DataTieringStatus;
import software.amazon.awssdk.services.elasticache.model.NodeGroupConfiguration;

/** Snapshots in the shape that AWS answers. */
final class SnapshotDescription {

    private static final long MEBIBYTE = 1024 * 1024;

    private SnapshotDescription() {}

    static software.amazon.awssdk.services.elasticache.model.Snapshot of(Handle handle, Snapshot snapshot,
            boolean withNodeGroups) {
        List<NodeSnapshot> parts = snapshot.parts(handle);
        var answer = software.amazon.awssdk.services.elasticache.model.Snapshot.builder()
                .snapshotName(snapshot.id())
                .arn(snapshot.arn())
                .snapshotStatus(snapshot.wireStatus())
                .snapshotSource(snapshot.source().wireName())
                .replicationGroupId(snapshot.replicationGroupId())
                .replicationGroupDescription(snapshot.replicationGroupDescription())
                .cacheNodeType(snapshot.settings().cacheNodeType())
                .engine(snapshot.engine().wireName())
                .engineVersion(snapshot.settings().engineVersion())
                .preferredMaintenanceWindow(snapshot.settings().maintenanceWindow())
                .port(snapshot.port())
                .cacheParameterGroupName(snapshot.settings().parameterGroup())
                .cacheSubnetGroupName(snapshot.subnetGroup())
                .vpcId(Network.of(snapshot.key()).vpcId())
                .autoMinorVersionUpgrade(snapshot.settings().autoMinorVersionUpgrade())
                .snapshotRetentionLimit(snapshot.settings().snapshotRetentionLimit())
                .snapshotWindow(snapshot.settings().snapshotWindow())
                .kmsKeyId(AtRestEncryption.wishOf(AtRestEncryption.of(handle, snapshot.arn())))
                .dataTiering(DataTieringStatus.DISABLED)
                .nodeSnapshots(parts.stream().map(part -> part(snapshot, part, withNodeGroups)).toList());
        if (snapshot.replicationGroupId() != null) {
            answer.numNodeGroups(parts.size()).automaticFailover(snapshot.automaticFailover());
        }
        if (parts.stream().allMatch(part -> part.slots() == null)) {
            // In cluster mode no one cluster is what the snapshot was taken of.
            answer.cacheClusterId(snapshot.cacheClusterId())
                    .numCacheNodes(snapshot.numCacheNodes())
                    .preferredAvailabilityZone(snapshot.availabilityZone())
                    .cacheClusterCreateTime(Instant.ofEpochMilli(snapshot.clusterCreatedAtMillis()));
        }
        return answer.build();
    }

    private static software.amazon.awssdk.services.elasticache.model.NodeSnapshot part(Snapshot snapshot,
            NodeSnapshot part, boolean withNodeGroups) {
        var answer = software.amazon.awssdk.services.elasticache.model.NodeSnapshot.builder()
                .cacheClusterId(part.cacheClusterId())
                .cacheNodeId(part.cacheNodeId())
                .cacheNodeCreateTime(Instant.ofEpochMilli(part.nodeCreatedAtMillis()))
                .snapshotCreateTime(part.takenAtMillis() == null ? null : Instant.ofEpochMilli(part.takenAtMillis()))
                .cacheSize(megabytes(part.usedBytes()));
        if (snapshot.replicationGroupId() != null) {
            answer.nodeGroupId(part.nodeGroupId());
            if (withNodeGroups) {
                answer.nodeGroupConfiguration(configuration(part));
            }
        }
        return answer.build();
    }

    private static NodeGroupConfiguration configuration(NodeSnapshot part) {
        List<String> replicaZones = part.zonesOfReplicas();
        return NodeGroupConfiguration.builder()
                .nodeGroupId(part.nodeGroupId())
                .slots(part.slots())
                .primaryAvailabilityZone(part.primaryZone())
                .replicaCount(part.primaryZone() == null ? null : replicaZones.size())
                .replicaAvailabilityZones(replicaZones)
                .build();
    }

    /** AWS's form, such as {@code 6 MB}. */
    private static @Nullable String megabytes(@Nullable Long bytes) {
        return bytes == null ? null : Math.ceilDiv(bytes, MEBIBYTE) + " MB";
    }
}
