package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheUser;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.UserAuthentication;
import dev.cistern.control.resource.UserGroupMember;
import dev.cistern.control.resource.UserStatus;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateUserGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateUserGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteUserGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteUserGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeUserGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeUserGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyUserGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyUserGroupResponse;
import software.amazon.awssdk.services.elasticache.model.UserGroup;
import software.amazon.awssdk.services.elasticache.model.UserGroupPendingChanges;

/** Actions on user groups. A change is told to the nodes of every replication group that has the group. */
public record UserGroupOperations(Context context) {

    private static final String ID_PARAMETER = "UserGroupId";
    private static final String ENGINE_PARAMETER = "Engine";

    /** Answers "creating". */
    public CreateUserGroupResponse create(CreateUserGroupRequest request) {
        String id = Checks.userId(ID_PARAMETER, request.userGroupId());
        EngineType engine = Checks.userEngine(Checks.notBlank(ENGINE_PARAMETER, request.engine()));
        ResourceKey key = context.key(id);
        if (dev.cistern.control.resource.UserGroup.find(context.handle(), key) != null) {
            throw Faults.userGroupAlreadyExists(id);
        }
        Checks.quota(dev.cistern.control.resource.UserGroup.TABLE, context, context.options().quotas().userGroups(),
                Faults::userGroupQuotaExceeded);
        Map<String, CacheUser> users = users(request.userIds());
        requireFitting(engine, users);
        var group = new dev.cistern.control.resource.UserGroup(key, 0, UserStatus.CREATING, engine);
        dev.cistern.control.resource.UserGroup.TABLE.insert(context.handle(), group);
        users.keySet().forEach(user -> join(key, user));
        Tags.put(context, group.arn(), request.tags());
        context.workflows().changeUserGroup(context.handle(), key);
        UserGroup answer = described(group);
        return CreateUserGroupResponse.builder().userGroupId(answer.userGroupId()).status(answer.status())
                .engine(answer.engine()).userIds(answer.userIds()).minimumEngineVersion(answer.minimumEngineVersion())
                .pendingChanges(answer.pendingChanges()).replicationGroups(answer.replicationGroups())
                .serverlessCaches(answer.serverlessCaches()).arn(answer.arn()).build();
    }

    /** One group, or all by id. */
    public DescribeUserGroupsResponse describe(DescribeUserGroupsRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        List<dev.cistern.control.resource.UserGroup> rows = request.userGroupId() != null
                ? List.of(require(request.userGroupId()))
                : dev.cistern.control.resource.UserGroup.TABLE.select(context.handle(),
                        "where account = ? and region = ? and id > ? order by id limit ?", context.caller().account(),
                        context.caller().region(), page.after(), page.limit());
        return DescribeUserGroupsResponse.builder()
                .userGroups(page.cut(rows).stream().map(this::described).toList())
                .marker(page.next(rows, dev.cistern.control.resource.UserGroup::id))
                .build();
    }

    /** Answers "modifying" until the nodes know. */
    public ModifyUserGroupResponse modify(ModifyUserGroupRequest request) {
        var group = requireActive(request.userGroupId());
        Map<String, CacheUser> added = users(request.userIdsToAdd());
        Map<String, CacheUser> removed = users(request.userIdsToRemove());
        if (added.isEmpty() && removed.isEmpty() && request.engine() == null) {
            throw Faults.invalidParameterCombination("No modifications were requested");
        }
        EngineType engine = request.engine() == null ? group.engine() : Checks.userEngine(request.engine());
        Map<String, CacheUser> members = new LinkedHashMap<>();
        group.users(context.handle()).forEach(user -> members.put(user.id(), user));
        requireMembership(group, members.keySet(), added.keySet(), removed.keySet());
        members.keySet().removeAll(removed.keySet());
        members.putAll(added);
        requireFitting(engine, members);
        added.keySet().forEach(user -> join(group.key(), user));
        for (UserGroupMember member : UserGroupMember.of(context.handle(), group.key())) {
            if (removed.containsKey(member.userId())) {
                UserGroupMember.TABLE.update(context.handle(), member.withState(UserGroupMember.State.LEAVING));
            }
        }
        var changed = dev.cistern.control.resource.UserGroup.TABLE.update(context.handle(),
                group.withEngine(engine).withStatus(UserStatus.MODIFYING));
        requireCachesAllow(changed);
        context.workflows().changeUserGroup(context.handle(), group.key());
        UserGroup answer = described(changed);
        return ModifyUserGroupResponse.builder().userGroupId(answer.userGroupId()).status(answer.status())
                .engine(answer.engine()).userIds(answer.userIds()).minimumEngineVersion(answer.minimumEngineVersion())
                .pendingChanges(answer.pendingChanges()).replicationGroups(answer.replicationGroups())
                .serverlessCaches(answer.serverlessCaches()).arn(answer.arn()).build();
    }

    /** Answers "deleting". A group that a cache has stays. */
    public DeleteUserGroupResponse delete(DeleteUserGroupRequest request) {
        var group = requireActive(request.userGroupId());
        if (!group.replicationGroups(context.handle()).isEmpty()) {
            throw Faults.invalidUserGroupState("User group %s is associated with a replication group and cannot be "
                    + "deleted.", group.id());
        }
        var deleting = dev.cistern.control.resource.UserGroup.TABLE.update(context.handle(),
                group.withStatus(UserStatus.DELETING));
        context.workflows().deleteUserGroup(context.handle(), group.key());
        UserGroup answer = described(deleting);
        return DeleteUserGroupResponse.builder().userGroupId(answer.userGroupId()).status(answer.status())
                .engine(answer.engine()).userIds(answer.userIds()).minimumEngineVersion(answer.minimumEngineVersion())
                .pendingChanges(answer.pendingChanges()).replicationGroups(answer.replicationGroups())
                .serverlessCaches(answer.serverlessCaches()).arn(answer.arn()).build();
    }

    /** The group of that id in any letter case. */
    dev.cistern.control.resource.UserGroup require(@Nullable String id) {
        String wanted = Checks.notBlank(ID_PARAMETER, id).toLowerCase(Locale.ROOT);
        var group = dev.cistern.control.resource.UserGroup.find(context.handle(), context.key(wanted));
        if (group == null) {
            throw Faults.userGroupNotFound(wanted);
        }
        return group;
    }

    /** The group of that id, when a cache of this engine and version can have it. */
    dev.cistern.control.resource.UserGroup requireFor(String id, EngineType engine, String engineVersion) {
        var group = requireActive(id);
        requireCacheAllows(group, engine, engineVersion);
        return group;
    }

    private dev.cistern.control.resource.UserGroup requireActive(@Nullable String id) {
        var group = require(id);
        if (!group.is(UserStatus.ACTIVE)) {
            throw Faults.invalidUserGroupState("User group %s is not in active state.", group.id());
        }
        return group;
    }

    private void requireCachesAllow(dev.cistern.control.resource.UserGroup group) {
        for (ReplicationGroup cache : group.replicationGroups(context.handle())) {
            dev.cistern.control.resource.CacheCluster.membersOf(context.handle(), cache.key())
                    .forEach(member -> requireCacheAllows(group, member.engine(), member.settings().engineVersion()));
        }
    }

    private void requireCacheAllows(dev.cistern.control.resource.UserGroup group, EngineType engine,
            String engineVersion) {
        if (engine == EngineType.REDIS && group.engine() == EngineType.VALKEY) {
            throw Faults.invalidParameterCombination(
                    "User group %s is of engine valkey and cannot be associated with a cache of engine redis.",
                    group.id());
        }
        String least = minimumVersion(group.users(context.handle()));
        if (EngineVersion.compare(engineVersion, least) < 0) {
            throw Faults
                    .invalidParameterCombination("User group %s needs engine version %s or later, but the cache has "
                            + "%s.", group.id(), least, engineVersion);
        }
    }

    private void join(ResourceKey group, String user) {
        UserGroupMember.TABLE.insert(context.handle(),
                new UserGroupMember(group, user, 0, UserGroupMember.State.JOINING));
    }

    private Map<String, CacheUser> users(List<String> ids) {
        Map<String, CacheUser> users = new LinkedHashMap<>();
        for (String id : ids) {
            CacheUser user = new UserOperations(context).require(id);
            if (user.status() == UserStatus.DELETING) {
                throw Faults.userNotFound(user.id());
            }
            users.put(user.id(), user);
        }
        return users;
    }

    private static void requireMembership(dev.cistern.control.resource.UserGroup group, Set<String> members,
            Set<String> added, Set<String> removed) {
        for (String user : added) {
            if (members.contains(user)) {
                throw Faults.invalidParameterValue("User %s is already in user group %s.", user, group.id());
            }
        }
        for (String user : removed) {
            if (!members.contains(user)) {
                throw Faults.invalidParameterValue("User %s is not in user group %s.", user, group.id());
            }
        }
    }

    /** The rules for who may be together in a group. */
    private void requireFitting(EngineType engine, Map<String, CacheUser> users) {
        int quota = context.options().quotas().usersPerGroup();
        if (users.size() > quota) {
            throw Faults.userQuotaExceeded(quota);
        }
        Set<String> names = new HashSet<>();
        for (CacheUser user : users.values()) {
            if (!names.add(user.userName())) {
                throw Faults.duplicateUserName(user.userName());
            }
            if (engine == EngineType.REDIS && user.engine() == EngineType.VALKEY) {
                throw Faults.invalidParameterCombination("User %s is of engine valkey and cannot be in a user group of "
                        + "engine redis.", user.id());
            }
            if (engine == EngineType.VALKEY && user.authentication() == UserAuthentication.NO_PASSWORD) {
                throw Faults.invalidParameterCombination("User %s does not authenticate and cannot be in a user group "
                        + "of engine valkey.", user.id());
            }
        }
        if (engine == EngineType.REDIS && !names.contains(CacheUser.DEFAULT)) {
            throw Faults.defaultUserRequired();
        }
    }

    private static String minimumVersion(List<CacheUser> users) {
        String least = "6.0";
        for (CacheUser user : users) {
            // A Valkey user's own floor is where Valkey begins; every Valkey is at least that.
            if (user.engine() == EngineType.REDIS
                    && EngineVersion.compare(user.minimumEngineVersion(), least) > 0) {
                least = user.minimumEngineVersion();
            }
        }
        return least;
    }

    private UserGroup described(dev.cistern.control.resource.UserGroup group) {
        List<UserGroupMember> members = UserGroupMember.of(context.handle(), group.key());
        List<String> joining = ids(members, UserGroupMember.State.JOINING);
        List<String> leaving = ids(members, UserGroupMember.State.LEAVING);
        boolean isNew = group.is(UserStatus.CREATING);
        UserGroup.Builder answer = UserGroup.builder()
                .userGroupId(group.id())
                .status(group.status().wireName())
                .engine(group.engine().wireName())
                .userIds(members.stream().filter(member -> isNew || member.state() != UserGroupMember.State.JOINING)
                        .map(UserGroupMember::userId).toList())
                .minimumEngineVersion(group.engine() == EngineType.VALKEY
                        ? "7.2"
                        : minimumVersion(group.users(context.handle())))
                .replicationGroups(group.replicationGroups(context.handle()).stream().map(ReplicationGroup::id)
                        .toList())
                .serverlessCaches(List.of())
                .arn(group.arn());
        if (!isNew && (!joining.isEmpty() || !leaving.isEmpty())) {
            answer.pendingChanges(UserGroupPendingChanges.builder().userIdsToAdd(joining).userIdsToRemove(leaving)
                    .build());
        }
        return answer.build();
    }

    private static List<String> ids(List<UserGroupMember> members, UserGroupMember.State state) {
        return members.stream().filter(member -> member.state() == state).map(UserGroupMember::userId).toList();
    }
}
