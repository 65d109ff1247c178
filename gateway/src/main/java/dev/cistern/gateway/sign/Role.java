package dev.cistern.gateway.sign;

import java.util.Locale;
import java.util.Set;

/** What an access key may do. What is not named here, only an admin may. */
public enum Role {

    /** Looks: describes and lists. */
    VIEWER,

    /**
     * Runs caches: also makes, changes, scales, reboots and fails over, takes snapshots, sets tags and parameters. Neither
     * deletes nor decides who gets in.
     */
    OPERATOR,

    /** Everything. */
    ADMIN,

    /** An application's: logs in to caches as users who show tokens, and may not call the API. */
    CLIENT;

    private static final Set<String> READS = Set.of("Describe", "List");
    private static final Set<String> CHANGES = Set.of("Create", "Modify", "Increase", "Decrease", "Reboot", "Test",
            "Copy", "Add", "Remove", "Batch", "Start", "Complete", "Reset", "Rebalance", "Failover", "Export");

    /** Words in the names of actions on what decides who gets in. */
    private static final Set<String> DOORS = Set.of("User", "SecurityGroup", "Vpc", "Subnet",
            "CreateTags");

    /** Parameters that change who gets into what exists. */
    private static final Set<String> DOOR_PARAMETERS = Set.of("AuthToken", "AuthTokenUpdateStrategy",
            "UserGroupIdsToAdd", "UserGroupIdsToRemove", "RemoveUserGroups", "UserGroupId", "RemoveUserGroup",
            "SecurityGroupIds", "CacheSecurityGroupNames", "TransitEncryptionEnabled", "TransitEncryptionMode");

    /** The role of that name in any letter case; an IllegalArgumentException when there is none. */
    public static Role named(String name) {
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw new IllegalArgumentException(
                    "there is no role " + name + ": a role is viewer, operator, admin or client",
                    unknown);
        }
    }

    /** As users write it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether its keys sign tokens that let users in to caches. */
    public boolean mayConnect() {
        return this != VIEWER;
    }

    /**
     * Whether it covers a call.
     *
     * @param action      by AWS's name, in AWS's spelling
     * @param parameters  the names of what it is called with
     */
    public boolean allows(String action, Iterable<String> parameters) {
        return switch (this) {
            case ADMIN -> true;
            case CLIENT -> false;
            case VIEWER -> beginsWith(action, READS);
            case OPERATOR -> beginsWith(action, READS)
                    || (beginsWith(action, CHANGES) && DOORS.stream().noneMatch(action::contains)
                            && (!action.startsWith("Modify") || opensNoDoor(parameters)));
        };
    }

    private static boolean beginsWith(String action, Set<String> words) {
        return words.stream().anyMatch(action::startsWith);
    }

    private static boolean opensNoDoor(Iterable<String> parameters) {
        for (String name : parameters) {
            int dot = name.indexOf('.');
            if (DOOR_PARAMETERS.contains(dot < 0 ? name : name.substring(0, dot))) {
                return false;
            }
        }
        return true;
    }
}
