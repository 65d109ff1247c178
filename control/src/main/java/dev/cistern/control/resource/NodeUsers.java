package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeUser;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What a cluster's nodes are told of their users, from the rows. */
public final class NodeUsers {

    private static final List<String> NOBODY = List.of("reset", "off");

    private NodeUsers() {}

    /** All users of the cluster's nodes but the control plane's own; {@code default} is always among them. */
    public static List<NodeUser> of(Handle handle, CacheCluster cluster) {
        return of(handle, cluster, GroupAccess.of(handle, cluster));
    }

    /** Whether these users are everybody. */
    public static boolean isOpen(List<NodeUser> users) {
        return users.size() == 1 && users.getFirst().name().equals(CacheUser.DEFAULT)
                && users.getFirst().rules().containsAll(List.of("nopass", "on", "~*", "+@all"));
    }

    private static List<NodeUser> of(Handle handle, CacheCluster cluster, GroupAccess access) {
        boolean hasChannels = hasChannels(cluster);
        UserGroup users = access.userGroupId() == null
                ? null
                : UserGroup.find(handle, cluster.key().sibling(access.userGroupId()));
        if (users == null) {
            return List.of(new NodeUser(CacheUser.DEFAULT, everything(access, hasChannels)));
        }
        List<NodeUser> told = new ArrayList<>();
        for (CacheUser user : users.users(handle)) {
            if (user.status() != UserStatus.DELETING) {
                told.add(new NodeUser(user.userName(), rules(user, hasChannels)));
            }
        }
        if (told.stream().noneMatch(user -> user.name().equals(CacheUser.DEFAULT))) {
            told.add(new NodeUser(CacheUser.DEFAULT, NOBODY));
        }
        return told;
    }

    /** Rights to everything, for whoever has a token when there are tokens. */
    private static List<String> everything(GroupAccess access, boolean hasChannels) {
        List<String> rules = new ArrayList<>(List.of("reset", "on"));
        if (!access.hasToken() || access.tokenOptional()) {
            rules.add("nopass");
        } else {
            addHash(rules, access.tokenHash());
            addHash(rules, access.olderTokenHash());
        }
        rules.add("~*");
        rules.add("+@all");
        if (hasChannels) {
            rules.add("&*");
        }
        return rules;
    }

    private static List<String> rules(CacheUser user, boolean hasChannels) {
        List<String> rules = new ArrayList<>(List.of("reset"));
        if (user.authentication() == UserAuthentication.NO_PASSWORD) {
            rules.add("nopass");
        }
        user.passwordHashes().forEach(hash -> addHash(rules, hash));
        AccessString access = AccessString.parse(user.accessString());
        if (hasChannels && !access.namesChannels()) {
            // AWS's string says nothing of channels when all are meant.
            rules.add("&*");
        }
        rules.addAll(access.words());
        return rules;
    }

    private static void addHash(List<String> rules, @Nullable String hash) {
        if (hash != null) {
            rules.add("#" + hash);
        }
    }

    /** Rules for channels came with 6.2. */
    private static boolean hasChannels(CacheCluster cluster) {
        return cluster.engine() == EngineType.VALKEY
                || EngineVersion.compare(cluster.settings().engineVersion(), "6.2.0") >= 0;
    }
}
