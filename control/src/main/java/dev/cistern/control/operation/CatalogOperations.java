package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.ReplicationGroup;
import java.util.List;
import java.util.Locale;
import software.amazon.awssdk.services.elasticache.model.CacheEngineVersion;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheEngineVersionsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheEngineVersionsResponse;
import software.amazon.awssdk.services.elasticache.model.ListAllowedNodeTypeModificationsRequest;
import software.amazon.awssdk.services.elasticache.model.ListAllowedNodeTypeModificationsResponse;

/** What can be had: engine versions, node types. */
public record CatalogOperations(Context context) {

    /** The versions that can be created, oldest first within an engine. */
    public DescribeCacheEngineVersionsResponse engineVersions(DescribeCacheEngineVersionsRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        List<EngineVersion> rows = EngineVersion.ALL.stream()
                .filter(version -> matches(version, request))
                .filter(version -> !Boolean.TRUE.equals(request.defaultOnly()) || isDefault(version, request))
                .dropWhile(version -> !page.after().isEmpty() && !marker(version).equals(page.after()))
                .skip(page.after().isEmpty() ? 0 : 1)
                .limit(page.limit())
                .toList();
        return DescribeCacheEngineVersionsResponse.builder()
                .cacheEngineVersions(page.cut(rows).stream().map(CatalogOperations::described).toList())
                .marker(page.next(rows, CatalogOperations::marker))
                .build();
    }

    /** What the cluster's, or the group's, node type can be changed to. */
    public ListAllowedNodeTypeModificationsResponse nodeTypes(ListAllowedNodeTypeModificationsRequest request) {
        NodeType type = NodeType.named(named(request).settings().cacheNodeType());
        return ListAllowedNodeTypeModificationsResponse.builder()
                .scaleUpModifications(type.scaleUps())
                .scaleDownModifications(type.scaleDowns())
                .build();
    }

    private CacheCluster named(ListAllowedNodeTypeModificationsRequest request) {
        if ((request.cacheClusterId() == null) == (request.replicationGroupId() == null)) {
            throw Faults.invalidParameterCombination(
                    "Exactly one of CacheClusterId and ReplicationGroupId must be provided.");
        }
        if (request.cacheClusterId() != null) {
            CacheCluster cluster = Clusters.require(context, request.cacheClusterId());
            if (!cluster.is(CacheClusterStatus.AVAILABLE)) {
                throw Faults.invalidCacheClusterState("Cache cluster must be in available state to modify.");
            }
            if (cluster.engine() == EngineType.MEMCACHED) {
                throw Faults.invalidParameterCombination("Modifying the cache node type of a memcached cache cluster "
                        + "is not supported.");
            }
            return cluster;
        }
        ReplicationGroup group = new ReplicationGroupOperations(context).require(request.replicationGroupId());
        return CacheCluster.membersOf(context.handle(), group.key()).getFirst();
    }

    private static boolean matches(EngineVersion version, DescribeCacheEngineVersionsRequest request) {
        return (request.engine() == null || EngineType.of(request.engine()).orElse(null) == version.engine())
                && (request.engineVersion() == null || version.name().equals(request.engineVersion())
                        || version.full().equals(request.engineVersion()))
                && (request.cacheParameterGroupFamily() == null
                        || version.family().equals(request.cacheParameterGroupFamily()));
    }

    /** The default of the engine, or the newest of what the caller narrowed it to. */
    private static boolean isDefault(EngineVersion version, DescribeCacheEngineVersionsRequest request) {
        if (request.engineVersion() == null && request.cacheParameterGroupFamily() == null) {
            return version.isDefault();
        }
        List<EngineVersion> candidates = EngineVersion.ALL.stream().filter(other -> matches(other, request)).toList();
        return version.equals(candidates.getLast());
    }

    private static String marker(EngineVersion version) {
        return version.engine().wireName() + " " + version.name();
    }

    private static CacheEngineVersion described(EngineVersion version) {
        String engine = version.engine().wireName();
        return CacheEngineVersion.builder()
                .engine(engine)
                .engineVersion(version.name())
                .cacheParameterGroupFamily(version.family())
                .cacheEngineDescription(engine.substring(0, 1).toUpperCase(Locale.ROOT) + engine.substring(1))
                .cacheEngineVersionDescription(engine + " version " + version.full())
                .build();
    }
}
