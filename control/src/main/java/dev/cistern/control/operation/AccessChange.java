package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.resource.TransitEncryption.Mode;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.AuthTokenUpdateStrategyType;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;

/**
 * What callers say of who may come to a replication group, by AWS's rules: one user group, or AUTH tokens, never both, and
 * either only where connections are encrypted.
 */
final class AccessChange {

    private static final String TOKENS_SINCE = "5.0.6";

    private AccessChange() {}

    /** Of a new group. */
    static GroupAccess of(Context context, CreateReplicationGroupRequest request, EngineType engine,
            String engineVersion) {
        String userGroup = onlyOne(request.userGroupIds());
        if (userGroup != null && request.authToken() != null) {
            throw bothWays();
        }
        GroupAccess access = GroupAccess.OPEN;
        if (userGroup != null) {
            access = GroupAccess.ofUserGroup(
                    new UserGroupOperations(context).requireFor(userGroup, engine, engineVersion).id());
        } else if (request.authToken() != null) {
            access = GroupAccess.ofToken(Authentications.tokenHash(request.authToken()), now(context));
        }
        requireEncryption(access, EncryptionChange.of(request));
        return access;
    }

    /** Of an existing group: what it is to be, or null when nothing was said of it. */
    static @Nullable GroupAccess of(Context context, ModifyReplicationGroupRequest request, ReplicationGroup group,
            String engineVersion) {
        boolean saysUsers = !request.userGroupIdsToAdd().isEmpty() || !request.userGroupIdsToRemove().isEmpty()
                || Boolean.TRUE.equals(request.removeUserGroups());
        boolean saysToken = request.authToken() != null || request.authTokenUpdateStrategy() != null;
        if (!saysUsers && !saysToken) {
            return null;
        }
        GroupAccess changed = saysUsers ? users(context, request, group, engineVersion) : group.access();
        if (saysToken) {
            changed = token(context, request, group, changed, engineVersion);
        }
        if (changed.userGroupId() != null && changed.hasToken()) {
            throw bothWays();
        }
        // What it has already may go, whatever it is.
        if (!request.userGroupIdsToAdd().isEmpty() || request.authToken() != null) {
            requireEncryption(changed, TransitEncryption.of(context.handle(), group.key()).mode());
        }
        return changed;
    }

    private static void requireEncryption(GroupAccess access, Mode mode) {
        if (access.userGroupId() != null && mode == Mode.DISABLED) {
            throw Faults.invalidParameterCombination("User group based access control requires encryption-in-transit "
                    + "to be enabled on the replication group.");
        }
        if (access.userGroupId() != null && mode == Mode.PREFERRED) {
            throw Faults.invalidParameterCombination(
                    "Transit encryption preferred is not supported with redis access control.");
        }
        if (access.hasToken() && mode == Mode.DISABLED) {
            throw Faults.invalidParameterCombination(
                    "AuthToken can only be given when TransitEncryptionEnabled is true.");
        }
    }

    private static GroupAccess users(Context context, ModifyReplicationGroupRequest request, ReplicationGroup group,
            String engineVersion) {
        GroupAccess before = group.access();
        String added = onlyOne(request.userGroupIdsToAdd());
        boolean all = Boolean.TRUE.equals(request.removeUserGroups());
        for (String id : request.userGroupIdsToRemove()) {
            if (!id.toLowerCase(Locale.ROOT).equals(before.userGroupId())) {
                throw Faults.invalidParameterValue("User group %s is not associated with replication group %s.", id,
                        group.id());
            }
        }
        boolean removes = all || !request.userGroupIdsToRemove().isEmpty();
        if (all && before.userGroupId() == null) {
            throw Faults.invalidParameterCombination("Replication group %s has no user group to remove.", group.id());
        }
        if (added != null && before.userGroupId() != null && !removes) {
            throw Faults.invalidParameterCombination("Replication group %s has user group %s already: only one user "
                    + "group can be associated with a replication group.", group.id(), before.userGroupId());
        }
        GroupAccess without = removes ? before.withUserGroup(null) : before;
        return added == null
                ? without
                : without.withUserGroup(new UserGroupOperations(context)
                        .requireFor(added, group.engine(), engineVersion).id());
    }

    private static GroupAccess token(Context context, ModifyReplicationGroupRequest request, ReplicationGroup group,
            GroupAccess access, String engineVersion) {
        AuthTokenUpdateStrategyType strategy = request.authTokenUpdateStrategy() == null
                ? AuthTokenUpdateStrategyType.ROTATE
                : request.authTokenUpdateStrategy();
        if (group.engine() == EngineType.REDIS && EngineVersion.compare(engineVersion, TOKENS_SINCE) < 0) {
            throw Faults.invalidParameterCombination("Changing the AUTH token needs engine version %s or later.",
                    TOKENS_SINCE);
        }
        if (strategy == AuthTokenUpdateStrategyType.DELETE) {
            return deleted(context, request, access);
        }
        String hash = Authentications.tokenHash(Checks.required("AuthToken", request.authToken()));
        if (strategy == AuthTokenUpdateStrategyType.ROTATE) {
            return access.rotatedTo(hash, now(context));
        }
        boolean fromUsers = group.access().userGroupId() != null && access.userGroupId() == null;
        if (!fromUsers && !hash.equals(access.tokenHash())) {
            throw Faults.invalidParameterCombination(
                    "The AuthToken to SET must be the one that was last given with ROTATE.");
        }
        return access.setTo(hash, now(context));
    }

    private static GroupAccess deleted(Context context, ModifyReplicationGroupRequest request, GroupAccess access) {
        if (request.authToken() != null) {
            throw Faults.invalidParameterCombination("AuthToken must be left out when the strategy is DELETE.");
        }
        if (!access.hasToken() || access.userGroupId() == null) {
            throw Faults.invalidParameterCombination(
                    "AuthTokenUpdateStrategy DELETE is only allowed when a user group takes the AUTH token's place.");
        }
        return access.withoutToken(now(context));
    }

    private static @Nullable String onlyOne(List<String> userGroups) {
        if (userGroups.size() > 1) {
            throw Faults.invalidParameterCombination(
                    "Only one user group can be associated with a replication group.");
        }
        return userGroups.isEmpty() ? null : userGroups.getFirst();
    }

    private static software.amazon.awssdk.awscore.exception.AwsServiceException bothWays() {
        return Faults.invalidParameterCombination("AuthToken and UserGroupIds cannot be combined.");
    }

    private static long now(Context context) {
        return context.options().clock().millis();
    }
}
