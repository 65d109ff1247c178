package dev.cistern.control.resource;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Who may come to a replication group: everybody, whoever has the AUTH token, or the users of a user group.
 *
 * @param pendingUserGroupAdd     the user group that the nodes are being told of
 * @param pendingUserGroupRemove  the user group that the nodes are being told to forget
 * @param tokenHash               SHA-256 of the newest AUTH token, in hex digits
 * @param olderTokenHash          the token before, which counts until the newest is set
 * @param tokenOptional           whether who gives no token comes in too: so after the first one was added to an open group
 * @param pendingToken            SETTING or ROTATING while the nodes are being told of a token
 */
public record GroupAccess(
        @Nullable String userGroupId,
        @Nullable String pendingUserGroupAdd,
        @Nullable String pendingUserGroupRemove,
        @Nullable String tokenHash,
        @Nullable String olderTokenHash,
        boolean tokenOptional,
        @Nullable String pendingToken,
        @Nullable Long tokenChangedAtMillis) {

    /** Everybody. */
    public static final GroupAccess OPEN = new GroupAccess(null, null, null, null, null, false, null, null);

    /** Of the group that the cluster is a member of, or of the cluster itself. */
    public static GroupAccess of(Handle handle, CacheCluster cluster) {
        if (cluster.replicationGroupId() == null) {
            RetainedCluster retained = RetainedCluster.find(handle, cluster.key());
            return retained == null ? OPEN : retained.access();
        }
        ReplicationGroup group = ReplicationGroup.find(handle, cluster.key().sibling(cluster.replicationGroupId()));
        return group == null ? OPEN : group.access();
    }

    public static GroupAccess ofUserGroup(String id) {
        return OPEN.withUserGroup(id).settled();
    }

    public static GroupAccess ofToken(String hash, long nowMillis) {
        return new GroupAccess(null, null, null, hash, null, false, null, nowMillis);
    }

    public boolean hasToken() {
        return tokenHash != null;
    }

    public GroupAccess withUserGroup(@Nullable String id) {
        return new GroupAccess(id, id, id == null ? userGroupId : pendingUserGroupRemove, tokenHash, olderTokenHash,
                tokenOptional, pendingToken, tokenChangedAtMillis);
    }

    /** With one more token. */
    public GroupAccess rotatedTo(String hash, long nowMillis) {
        return new GroupAccess(userGroupId, pendingUserGroupAdd, pendingUserGroupRemove, hash, tokenHash,
                tokenHash == null || tokenOptional, "ROTATING", nowMillis);
    }

    /** With this token alone. */
    public GroupAccess setTo(String hash, long nowMillis) {
        return new GroupAccess(userGroupId, pendingUserGroupAdd, pendingUserGroupRemove, hash, null, false, "SETTING",
                nowMillis);
    }

    public GroupAccess withoutToken(long nowMillis) {
        return new GroupAccess(userGroupId, pendingUserGroupAdd, pendingUserGroupRemove, null, null, false, null,
                nowMillis);
    }

    /** The nodes have been told. */
    public GroupAccess settled() {
        return new GroupAccess(userGroupId, null, null, tokenHash, olderTokenHash, tokenOptional, null,
                tokenChangedAtMillis);
    }
}
