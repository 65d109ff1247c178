package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;

/**
 * Which security groups a cluster or a replication group has; one without a row has the default one.
 *
 * @param ofGroup   whether the key is that of a replication group, whose members have what it has
 * @param groupIds  by commas
 */
public record ClusterSecurityGroups(ResourceKey key, boolean ofGroup, long version, String groupIds) {

    public static final Table<ClusterSecurityGroups> TABLE = Table.of(ClusterSecurityGroups.class,
            "cluster_security_groups", "account", "region", "id", "of_group");

    /** What a node is told when no rule lets anybody in: an address that nobody has. */
    public static final String NOBODY = "255.255.255.255/32";

    private static final String COMMA = ",";

    public static void put(Handle handle, ResourceKey key, boolean ofGroup, List<String> ids) {
        delete(handle, key, ofGroup);
        if (!ids.isEmpty()) {
            TABLE.insert(handle, new ClusterSecurityGroups(key, ofGroup, 1, String.join(COMMA, ids)));
        }
    }

    public static void delete(Handle handle, ResourceKey key, boolean ofGroup) {
        TABLE.delete(handle, key.account(), key.region(), key.id(), ofGroup);
    }

    /** The ids of a cluster's groups: its own or those of the group that it is a member of. */
    public static List<String> of(Handle handle, CacheCluster cluster) {
        String group = cluster.replicationGroupId();
        ResourceKey key = group == null ? cluster.key() : cluster.key().sibling(group);
        return TABLE.find(handle, key.account(), key.region(), key.id(), group != null)
                .map(row -> List.of(row.groupIds.split(COMMA, -1)))
                .orElseGet(() -> List.of(Network.of(key).securityGroupId()));
    }

    /** The clusters that have the group. */
    public static List<CacheCluster> users(Handle handle, ResourceKey securityGroup) {
        return CacheCluster.TABLE.select(handle, "where account = ? and region = ? order by id",
                securityGroup.account(), securityGroup.region()).stream()
                .filter(cluster -> of(handle, cluster).contains(securityGroup.id())).toList();
    }

    /** The ranges of addresses from which connections to these ports of a cluster's nodes are allowed, between blanks. */
    public static String peers(Handle handle, CacheCluster cluster, List<Integer> ports) {
        TreeSet<String> ranges = new TreeSet<>();
        for (String id : of(handle, cluster)) {
            SecurityGroup group = SecurityGroup.find(handle, cluster.key().sibling(id));
            for (SecurityRule rule : group == null ? List.<SecurityRule>of() : group.rules(handle)) {
                if (ports.stream().anyMatch(rule::admitsTo)) {
                    ranges.addAll(ranges(handle, cluster, rule));
                }
            }
        }
        return ranges.isEmpty() ? NOBODY : String.join(" ", ranges);
    }

    /** The addresses that a rule of a cluster's group means. */
    public static List<String> ranges(Handle handle, CacheCluster cluster, SecurityRule rule) {
        String named = rule.peerGroup();
        if (named == null) {
            return List.of(rule.peer());
        }
        SecurityGroup group = SecurityGroup.find(handle, cluster.key().sibling(named));
        if (group == null) {
            return List.of();
        }
        List<String> members = new ArrayList<>(group.taggedAddresses(handle));
        for (CacheCluster member : users(handle, group.key())) {
            for (CacheNode node : CacheNode.of(handle, member.key())) {
                if (!node.bindAddress().equals("0.0.0.0") && !node.bindAddress().equals("::")) {
                    members.add(node.bindAddress());
                }
            }
        }
        return members;
    }
}
