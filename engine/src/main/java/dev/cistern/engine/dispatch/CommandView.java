package dev.cistern.engine.dispatch;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What some clients see of a node's commands: some are hidden, some have other names. Immutable.
 *
 * <p>A hidden command does not exist for them: it is unknown when called, and no listing has it. Names that no command
 * has do no harm, so that a view may speak of commands of other versions.
 *
 * @param hidden full names in small letters: {@code config} hides a container whole, {@code acl|setuser} one subcommand
 * @param renamed new names by old ones, both in small letters; a command is found by its new name only
 */
public record CommandView(Set<String> hidden, Map<String, String> renamed) {
    public static final CommandView EVERYTHING = new CommandView(Set.of(), Map.of());

    /** What ElastiCache keeps from its customers, as its documentation lists it, and what moves slots beside that. */
    public static final CommandView ELASTICACHE = new CommandView(Set.of("acl|deluser", "acl|load", "acl|save",
            "acl|setuser", "bgrewriteaof", "bgsave", "cistern", "cluster|addslots", "cluster|addslotsrange",
            "cluster|bumpepoch", "cluster|cancelslotmigrations",
            "cluster|delslots", "cluster|delslotsrange", "cluster|failover", "cluster|flushslots", "cluster|forget",
            "cluster|links", "cluster|meet", "cluster|migrateslots", "cluster|setslot", "config", "debug", "migrate",
            "psync", "replicaof",
            "save", "shutdown", "slaveof", "sync"), Map.of());

    /** The word that stands in place of a new name to take the command away. */
    private static final String BLOCKED = "blocked";

    public CommandView {
        hidden = Set.copyOf(hidden);
        renamed = Map.copyOf(renamed);
    }

    /**
     * This view with more names changed, told as the parameter rename-commands tells them: old and new names in turn,
     * separated by blanks; the new name {@code blocked} hides the command. Throws IllegalArgumentException if an old name
     * lacks a new one, or a new name is given twice.
     */
    public CommandView renaming(String pairs) {
        List<String> words = List.of(pairs.strip().toLowerCase(Locale.ROOT).split("\\s+"));
        if (words.equals(List.of(""))) {
            return this;
        }
        if (words.size() % 2 != 0) {
            throw new IllegalArgumentException("rename-commands: '" + words.getLast() + "' has no new name");
        }
        Set<String> nowHidden = new HashSet<>(hidden);
        Map<String, String> nowRenamed = new HashMap<>(renamed);
        for (int i = 0; i < words.size(); i += 2) {
            if (words.get(i + 1).equals(BLOCKED)) {
                nowHidden.add(words.get(i));
            } else {
                nowRenamed.put(words.get(i), words.get(i + 1));
            }
        }
        if (new HashSet<>(nowRenamed.values()).size() < nowRenamed.size()) {
            throw new IllegalArgumentException("rename-commands: two commands of one name");
        }
        return new CommandView(nowHidden, nowRenamed);
    }

    boolean hides(Command command) {
        return hidden.contains(command.fullName());
    }

    /** By which name a command that is no subcommand is found; null if it is hidden. */
    @Nullable
    String nameOf(Command command) {
        return hides(command) ? null : renamed.getOrDefault(command.name(), command.name());
    }
}
