package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.state.Table;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Users that may come to a replication group together. */
public record UserGroup(ResourceKey key, long version, UserStatus status, EngineType engine) {

    /** Its part of an Amazon Resource Name. */
    public static final String ARN_TYPE = "usergroup";

    public static final Table<UserGroup> TABLE = Table.of(UserGroup.class, "user_group", "account", "region", "id");

    public static @Nullable UserGroup find(Handle handle, ResourceKey key) {
        return TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The groups that a user is in, by id. */
    public static List<UserGroup> of(Handle handle, ResourceKey user) {
        List<UserGroup> groups = new ArrayList<>();
        for (UserGroupMember member : UserGroupMember.ofUser(handle, user)) {
            UserGroup group = find(handle, member.key());
            if (group != null) {
                groups.add(group);
            }
        }
        return groups;
    }

    public String id() {
        return key.id();
    }

    public String arn() {
        return key.arn(ARN_TYPE);
    }

    public boolean is(UserStatus wanted) {
        return status == wanted;
    }

    /** The users that its caches let in, by id; those that are leaving are none of them. */
    public List<CacheUser> users(Handle handle) {
        List<CacheUser> users = new ArrayList<>();
        for (UserGroupMember member : UserGroupMember.of(handle, key)) {
            CacheUser user = CacheUser.find(handle, key.sibling(member.userId()));
            if (user != null && member.state() != UserGroupMember.State.LEAVING) {
                users.add(user);
            }
        }
        return users;
    }

    /** The replication groups that have it, also those that are just taking it or giving it up, by id. */
    public List<ReplicationGroup> replicationGroups(Handle handle) {
        return ReplicationGroup.TABLE.select(handle, "where account = ? and region = ? and (user_group_id = ? or "
                + "pending_user_group_add = ? or pending_user_group_remove = ?) order by id", key.account(),
                key.region(), key.id(), key.id(), key.id());
    }

    public UserGroup withStatus(UserStatus value) {
        return new UserGroup(key, version, value, engine);
    }

    public UserGroup withEngine(EngineType value) {
        return new UserGroup(key, version, status, value);
    }
}
