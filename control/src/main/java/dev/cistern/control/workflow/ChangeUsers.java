package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheUser;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TagRow;
import dev.cistern.control.resource.UserGroup;
import dev.cistern.control.resource.UserGroupMember;
import dev.cistern.control.resource.UserStatus;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * The workflows that tell nodes of users: a user, a user group or a replication group changed, and every node that it is
 * about is told what the rows say. They try for ever, for a right that was taken must not stay somewhere.
 */
final class ChangeUsers {

    private final GroupSteps groups;
    private final EventLog events;

    ChangeUsers(GroupSteps groups, EventLog events) {
        this.groups = groups;
        this.events = events;
    }

    Workflow<NoInput> changingUser() {
        return new Change("change-user", this::groupsOfUser, (handle, key) -> {
            CacheUser.TABLE.update(handle, user(handle, key).withStatus(UserStatus.ACTIVE));
            events.userEvent(handle, key, "User " + key.id() + " modified");
        });
    }

    Workflow<NoInput> deletingUser() {
        return new Change("delete-user", this::groupsOfUser, (handle, key) -> {
            for (UserGroupMember member : UserGroupMember.ofUser(handle, key)) {
                UserGroupMember.delete(handle, member.key(), key.id());
            }
            TagRow.deleteAll(handle, user(handle, key).arn());
            CacheUser.TABLE.delete(handle, key.account(), key.region(), key.id());
            events.userEvent(handle, key, "User " + key.id() + " deleted");
        });
    }

    Workflow<NoInput> changingUserGroup() {
        return new Change("change-user-group", this::groupsOfUserGroup, (handle, key) -> {
            for (UserGroupMember member : UserGroupMember.of(handle, key)) {
                if (member.state() == UserGroupMember.State.LEAVING) {
                    UserGroupMember.delete(handle, key, member.userId());
                } else if (member.state() == UserGroupMember.State.JOINING) {
                    UserGroupMember.TABLE.update(handle, member.withState(UserGroupMember.State.JOINED));
                }
            }
            UserGroup group = userGroup(handle, key);
            UserGroup.TABLE.update(handle, group.withStatus(UserStatus.ACTIVE));
            events.userGroupEvent(handle, key, "User group " + key.id()
                    + (group.is(UserStatus.CREATING) ? " created" : " modified"));
        });
    }

    Workflow<NoInput> deletingUserGroup() {
        return new Change("delete-user-group", this::groupsOfUserGroup, (handle, key) -> {
            for (UserGroupMember member : UserGroupMember.of(handle, key)) {
                UserGroupMember.delete(handle, key, member.userId());
            }
            TagRow.deleteAll(handle, userGroup(handle, key).arn());
            UserGroup.TABLE.delete(handle, key.account(), key.region(), key.id());
            events.userGroupEvent(handle, key, "User group " + key.id() + " deleted");
        });
    }

    Workflow<NoInput> securingReplicationGroup() {
        return new Change("secure-replication-group", (handle, key) -> Stream.of(key), (handle, key) -> {
            ReplicationGroup group = ReplicationGroup.find(handle, key);
            if (group == null) {
                throw new IllegalStateException("replication group " + key.id() + " is gone");
            }
            GroupAccess access = group.access();
            ReplicationGroup.TABLE.update(handle, group.withAccess(access.settled()));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Finished changing who may access replication group " + key.id());
        });
    }

    private Stream<ResourceKey> groupsOfUser(Handle handle, ResourceKey user) {
        return UserGroup.of(handle, user).stream().flatMap(group -> groupsOfUserGroup(handle, group.key())).distinct();
    }

    private Stream<ResourceKey> groupsOfUserGroup(Handle handle, ResourceKey key) {
        UserGroup group = UserGroup.find(handle, key);
        return group == null ? Stream.of() : group.replicationGroups(handle).stream().map(ReplicationGroup::key);
    }

    private static CacheUser user(Handle handle, ResourceKey key) {
        return CacheUser.TABLE.find(handle, key.account(), key.region(), key.id()).orElseThrow();
    }

    private static UserGroup userGroup(Handle handle, ResourceKey key) {
        return UserGroup.TABLE.find(handle, key.account(), key.region(), key.id()).orElseThrow();
    }

    /** Which replication groups a key is about. */
    @FunctionalInterface
    private interface Scope {
        Stream<ResourceKey> of(Handle handle, ResourceKey key);
    }

    /** What is stored when all nodes know. */
    @FunctionalInterface
    private interface End {
        void store(Handle handle, ResourceKey key);
    }

    /** Tells the nodes of all replication groups in the scope, then stores the end. */
    private final class Change implements Workflow<NoInput> {

        private final String type;
        private final Scope scope;
        private final End end;

        Change(String type, Scope scope, End end) {
            this.type = type;
            this.scope = scope;
            this.end = end;
        }

        @Override
        public String type() {
            return type;
        }

        @Override
        public Class<NoInput> inputType() {
            return NoInput.class;
        }

        @Override
        public int maxAttempts() {
            return Integer.MAX_VALUE;
        }

        @Override
        public void run(ResourceKey key, NoInput input, Steps steps) {
            Function<Handle, String[]> ids = handle -> scope.of(handle, key).map(ResourceKey::id)
                    .toArray(String[]::new);
            // Asked once: a run after a crash must find the same groups.
            for (String id : steps.once("groups", String[].class, () -> steps.read(ids))) {
                groups.secure(steps, key.sibling(id));
            }
            steps.commit("end", handle -> end.store(handle, key));
        }

        @Override
        public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
            throw new IllegalStateException("telling users does not give up: " + reason);
        }
    }
}
