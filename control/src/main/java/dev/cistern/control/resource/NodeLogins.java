package dev.cistern.control.resource;

import dev.cistern.control.node.LoginKeys;
import dev.cistern.control.node.LoginTerms;
import dev.cistern.control.node.SigningKey;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** What a cluster's nodes are told of users who log in by signed tokens, from the rows and the access keys that there are. */
public final class NodeLogins {

    /** A token that was signed just before midnight is good for a while after it. */
    private static final int DAYS_BACK = 1;
    /** So long logins go on when the control plane is away; a key that was deleted meanwhile counts as long. */
    private static final int DAYS_AHEAD = 2;

    private NodeLogins() {}

    /** {@code today} is the date by UTC. */
    public static LoginTerms of(Handle handle, CacheCluster cluster, LoginKeys keys, LocalDate today) {
        String id = cluster.replicationGroupId();
        ReplicationGroup group = id == null ? null : ReplicationGroup.find(handle, cluster.key().sibling(id));
        List<String> users = group == null ? List.of() : users(handle, group);
        String region = cluster.key().region();
        List<SigningKey> told = new ArrayList<>();
        for (int day = -DAYS_BACK; !users.isEmpty() && day <= DAYS_AHEAD; day++) {
            told.addAll(keys.of(cluster.key().account(), region, today.plusDays(day)));
        }
        return new LoginTerms(group == null ? cluster.id() : group.id(), region, users, told);
    }

    private static List<String> users(Handle handle, ReplicationGroup group) {
        String id = group.access().userGroupId();
        UserGroup users = id == null ? null : UserGroup.find(handle, group.key().sibling(id));
        return users == null
                ? List.of()
                : users.users(handle).stream().filter(user -> user.authentication() == UserAuthentication.IAM)
                        .filter(user -> user.status() != UserStatus.DELETING).map(CacheUser::userName).toList();
    }
}
