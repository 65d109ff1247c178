package dev.cistern.control.operation;

import dev.cistern.control.DoorReport;
import dev.cistern.control.DoorReport.Door;
import dev.cistern.control.DoorReport.Rule;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheUser;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.SecurityGroup;
import dev.cistern.control.resource.SecurityRule;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.resource.UserGroup;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Puts together where clients knock and who is let in. Reads, and changes nothing. */
public record Doors(Handle handle) {

    private static final String EVERYTHING = "order by account, region, id";

    /** All there are: those of groups, and of each node. */
    public DoorReport report() {
        List<Door> doors = new ArrayList<>();
        for (ReplicationGroup group : ReplicationGroup.TABLE.select(handle, EVERYTHING)) {
            addRoles(group, doors);
        }
        for (CacheCluster cluster : CacheCluster.TABLE.select(handle, EVERYTHING)) {
            addNodes(cluster, doors);
        }
        return new DoorReport(doors);
    }

    private void addRoles(ReplicationGroup group, List<Door> doors) {
        List<CacheCluster> members = CacheCluster.membersOf(handle, group.key());
        for (NodeGroup nodeGroup : NodeGroup.of(handle, group.key())) {
            for (CacheCluster member : members) {
                if (nodeGroup.hasPrimary(member)) {
                    String of = " of replication group " + group.id() + (group.isClustered()
                            ? ", node group " + nodeGroup.nodeGroupId()
                            : "");
                    String status = group.status().wireName();
                    doors.add(door("primary" + of, nodeGroup.primaryPort(), status, member));
                    doors.add(door("reader" + of, nodeGroup.readerPort(), status, member));
                }
            }
        }
    }

    private void addNodes(CacheCluster cluster, List<Door> doors) {
        MemcachedCluster memcached = MemcachedCluster.find(handle, cluster.key());
        if (memcached != null) {
            doors.add(door("configuration endpoint of cluster " + cluster.id(), memcached.configurationPort(),
                    cluster.status().wireName(), cluster));
        }
        for (CacheNode node : CacheNode.of(handle, cluster.key())) {
            doors.add(door("node " + node.cacheNodeId() + " of cluster " + cluster.id(), node.port(),
                    node.status().wireName(), cluster));
        }
    }

    private Door door(String what, int port, String status, CacheCluster cluster) {
        GroupAccess access = GroupAccess.of(handle, cluster);
        return new Door(what, port, status, TransitEncryption.of(handle, cluster).mode().wireName(),
                inWords(cluster, access),
                access.userGroupId() != null || (access.hasToken() && !access.tokenOptional()),
                cluster.engine().wireName(), rules(cluster, port));
    }

    private String inWords(CacheCluster cluster, GroupAccess access) {
        if (access.userGroupId() == null) {
            return !access.hasToken()
                    ? "everybody"
                    : access.tokenOptional() ? "everybody, with the AUTH token or without" : "who has the AUTH token";
        }
        UserGroup group = UserGroup.find(handle, cluster.key().sibling(access.userGroupId()));
        List<String> users = group == null
                ? List.of()
                : group.users(handle).stream().map(Doors::inWords).toList();
        return "users of user group " + access.userGroupId() + ": " + String.join(", ", users);
    }

    private static String inWords(CacheUser user) {
        return user.userName() + " (" + user.authentication().wireName() + ")";
    }

    private List<Rule> rules(CacheCluster cluster, int port) {
        List<Rule> told = new ArrayList<>();
        for (String id : ClusterSecurityGroups.of(handle, cluster)) {
            SecurityGroup group = SecurityGroup.find(handle, cluster.key().sibling(id));
            if (group == null) {
                continue;
            }
            for (SecurityRule rule : group.rules(handle)) {
                if (!rule.egress()) {
                    told.add(new Rule(group.id(), group.groupName(), rule.id(), rule.portsInWords(), rule.peer(),
                            ClusterSecurityGroups.ranges(handle, cluster, rule), rule.admitsTo(port)));
                }
            }
        }
        return told;
    }
}
