package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** A user in a user group; {@code key} is the group's. */
public record UserGroupMember(ResourceKey key, String userId, long version, State state) {

    /** Where the user stands with the group. The constants' names are persisted: they never change. */
    public enum State {

        /** Nodes are being told of it. */
        JOINING,

        /** Nodes know it. */
        JOINED,

        /** Nodes are being told to forget it. */
        LEAVING
    }

    public static final Table<UserGroupMember> TABLE = Table.of(UserGroupMember.class, "user_group_member", "account",
            "region", "id", "user_id");

    /** The members of a group, by id. */
    public static List<UserGroupMember> of(Handle handle, ResourceKey group) {
        return TABLE.select(handle, "where account = ? and region = ? and id = ? order by user_id", group.account(),
                group.region(), group.id());
    }

    /** The memberships of a user, by group. */
    public static List<UserGroupMember> ofUser(Handle handle, ResourceKey user) {
        return TABLE.select(handle, "where account = ? and region = ? and user_id = ? order by id", user.account(),
                user.region(), user.id());
    }

    public static void delete(Handle handle, ResourceKey group, String userId) {
        TABLE.delete(handle, group.account(), group.region(), group.id(), userId);
    }

    public UserGroupMember withState(State value) {
        return new UserGroupMember(key, userId, version, value);
    }
}
