package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.IpDiscovery;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.NetworkType;

/**
 * Wishes of AWS's API that Cistern cannot make true yet, refused by name before anything is stored.
 *
 * <p>A wish for what is so anyway (no encryption, IPv4) is fine. Whoever builds one of these deletes its line
 * here.
 */
final class NotOffered {

    private static final String LEAVE_OUT = "leave %s out";

    private NotOffered() {}

    static void check(CreateCacheClusterRequest request, EngineType engine) {
        oneNode(engine, request.numCacheNodes(), request.azModeAsString());
        empty("security groups", "CacheSecurityGroupNames", request.cacheSecurityGroupNames());
        absent("notifications", "NotificationTopicArn", request.notificationTopicArn());
        absent("AUTH tokens", "AuthToken", request.authToken());
        absent("Outposts", "OutpostMode", request.outpostModeAsString());
        absent("Outposts", "PreferredOutpostArn", request.preferredOutpostArn());
        empty("Outposts", "PreferredOutpostArns", request.preferredOutpostArns());
        empty("log delivery", "LogDeliveryConfigurations", request.logDeliveryConfigurations());
        if (engine != EngineType.MEMCACHED) {
            off("encryption in transit", "TransitEncryptionEnabled", request.transitEncryptionEnabled());
        }
        network(request.networkType(), request.ipDiscovery());
    }

    static void check(CreateReplicationGroupRequest request) {
        absent("global datastores", "GlobalReplicationGroupId", request.globalReplicationGroupId());
        empty("security groups", "CacheSecurityGroupNames", request.cacheSecurityGroupNames());
        absent("restoring from a snapshot", "ServerlessCacheSnapshotName", request.serverlessCacheSnapshotName());
        absent("notifications", "NotificationTopicArn", request.notificationTopicArn());
        empty("log delivery", "LogDeliveryConfigurations", request.logDeliveryConfigurations());
        off("data tiering", "DataTieringEnabled", request.dataTieringEnabled());
        network(request.networkType(), request.ipDiscovery());
    }

    static void check(ModifyCacheClusterRequest request, EngineType engine) {
        oneNode(engine, request.numCacheNodes(), request.azModeAsString());
        if (engine != EngineType.MEMCACHED) {
            empty("removing nodes", "CacheNodeIdsToRemove", request.cacheNodeIdsToRemove());
            empty("moving to another zone", "NewAvailabilityZones", request.newAvailabilityZones());
        }
        empty("security groups", "CacheSecurityGroupNames", request.cacheSecurityGroupNames());
        absent("notifications", "NotificationTopicArn", request.notificationTopicArn());
        absent("notifications", "NotificationTopicStatus", request.notificationTopicStatus());
        absent("AUTH tokens", "AuthToken", request.authToken());
        absent("AUTH tokens", "AuthTokenUpdateStrategy", request.authTokenUpdateStrategyAsString());
        empty("log delivery", "LogDeliveryConfigurations", request.logDeliveryConfigurations());
        network(null, request.ipDiscovery());
    }

    static void check(ModifyReplicationGroupRequest request) {
        empty("security groups", "CacheSecurityGroupNames", request.cacheSecurityGroupNames());
        absent("notifications", "NotificationTopicArn", request.notificationTopicArn());
        absent("notifications", "NotificationTopicStatus", request.notificationTopicStatus());
        empty("log delivery", "LogDeliveryConfigurations", request.logDeliveryConfigurations());
        network(null, request.ipDiscovery());
    }

    /** Only Memcached clusters have more. */
    private static void oneNode(EngineType engine, @Nullable Integer nodes, @Nullable String zoneMode) {
        if (engine != EngineType.MEMCACHED) {
            atMost("more than one node", "NumCacheNodes", nodes, 1);
            absent("zones other than one", "AZMode=cross-az", "cross-az".equals(zoneMode) ? "cross-az" : null);
        }
    }

    /** Who owns a slot is said to our nodes in words of our own; the originals would have to agree on it among themselves. */
    static void requireOwnNodes(Context context) {
        if (context.options().runtime().runsOriginals()) {
            throw Faults.notOffered("cluster mode with original servers as nodes",
                    "ClusterMode must be disabled, or Cistern started with --runtime jvm or process");
        }
    }

    private static void absent(String what, String parameter, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            throw Faults.notOffered(what, LEAVE_OUT.formatted(parameter));
        }
    }

    private static void empty(String what, String parameter, List<?> values) {
        if (!values.isEmpty()) {
            throw Faults.notOffered(what, LEAVE_OUT.formatted(parameter));
        }
    }

    private static void off(String what, String parameter, @Nullable Boolean value) {
        if (value != null && value) {
            throw Faults.notOffered(what, parameter + " must be false");
        }
    }

    private static void atMost(String what, String parameter, @Nullable Integer value, int limit) {
        if (value != null && value > limit) {
            throw Faults.notOffered(what, parameter + " must be " + limit);
        }
        if (value != null && value < limit) {
            throw Faults.invalidParameterValue("Invalid value %d for %s", value, parameter);
        }
    }

    private static void network(@Nullable NetworkType type, @Nullable IpDiscovery discovery) {
        if (type != null && type != NetworkType.IPV4) {
            throw Faults.notOffered("IPv6", "NetworkType must be ipv4");
        }
        if (discovery != null && discovery != IpDiscovery.IPV4) {
            throw Faults.notOffered("IPv6", "IpDiscovery must be ipv4");
        }
    }
}
