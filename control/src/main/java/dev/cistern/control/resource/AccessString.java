package dev.cistern.control.resource;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a user may do, in the words of ACL SETUSER, checked as AWS checks them and brought into one form.
 *
 * <p>Words count from left to right. The normal form begins with {@code on} or {@code off}, then come keys, channels and
 * commands, which begin with {@code +@all} or {@code -@all}, then selectors; what a later word made void is left out.
 * Passwords are no part of it, nor are commands that customers do not have.
 */
public final class AccessString {

    /** The categories of commands. */
    private static final Set<String> CATEGORIES = Set.of("keyspace", "read", "write", "set", "sortedset", "list",
            "hash", "string", "bitmap", "hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking",
            "dangerous", "connection", "transaction", "scripting", "all");

    /** What managed nodes do not let customers run. */
    private static final Set<String> RESTRICTED = Set.of("acl|setuser", "acl|deluser", "acl|load", "acl|save",
            "bgrewriteaof", "bgsave", "save", "config", "debug", "migrate", "psync", "sync", "replicaof", "slaveof",
            "shutdown", "cluster|addslots", "cluster|addslotsrange", "cluster|delslots", "cluster|delslotsrange",
            "cluster|bumpepoch", "cluster|failover", "cluster|flushslots", "cluster|forget", "cluster|links",
            "cluster|meet", "cluster|setslot");

    private static final Set<String> COMMANDS = Tsv.rows(AccessString.class, "commands.tsv").stream()
            .map(row -> row[0]).collect(Collectors.toUnmodifiableSet());

    private static final String ALL_KEYS = "~*";
    private static final String ALL_CHANNELS = "&*";
    private static final String NO_COMMANDS = "-@all";
    private static final String ALL_COMMANDS = "+@all";

    private boolean on;
    private boolean namesChannels;
    private String minimumVersion = "6.0";
    private final SequencedSet<String> keys = new LinkedHashSet<>();
    private final SequencedSet<String> channels = new LinkedHashSet<>();
    private final List<String> commands = new ArrayList<>(List.of(NO_COMMANDS));
    private final List<String> selectors = new ArrayList<>();

    private AccessString() {}

    /**
     * Reads it.
     *
     * @throws InvalidException what AWS refuses; the message says which word and why
     */
    public static AccessString parse(String text) {
        AccessString access = new AccessString();
        for (String word : split(text)) {
            access.apply(word);
        }
        return access;
    }

    /** The normal form, word by word. */
    public List<String> words() {
        List<String> words = new ArrayList<>();
        words.add(on ? "on" : "off");
        words.addAll(rights());
        words.addAll(selectors);
        return words;
    }

    /** Whether it says anything of channels; one that does not leaves all of them open. */
    public boolean namesChannels() {
        return namesChannels;
    }

    /** The first engine version, as major.minor, that knows all of its words. */
    public String minimumVersion() {
        return minimumVersion;
    }

    @Override
    public String toString() {
        return String.join(" ", words());
    }

    private List<String> rights() {
        List<String> words = new ArrayList<>(keys);
        words.addAll(channels.isEmpty() && namesChannels ? List.of("resetchannels") : channels);
        words.addAll(commands);
        return words;
    }

    /** Words by spaces; a selector in parentheses is one. */
    private static List<String> split(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder selector = new StringBuilder();
        for (String word : text.strip().split("\\s+")) {
            boolean inside = !selector.isEmpty();
            if (inside || word.startsWith("(")) {
                selector.append(inside ? " " : "").append(word);
                if (word.endsWith(")")) {
                    words.add(selector.toString());
                    selector.setLength(0);
                }
            } else {
                words.add(word);
            }
        }
        if (!selector.isEmpty()) {
            throw new InvalidException(selector.toString(), "it has no closing parenthesis");
        }
        return words;
    }

    private void apply(String word) {
        switch (word.toLowerCase(Locale.ROOT)) {
            case "on" -> on = true;
            case "off" -> on = false;
            case "clearselectors" -> {
                since("7.0");
                selectors.clear();
            }
            case "reset", "nopass", "resetpass" -> throw new InvalidException(word, "it is not allowed here");
            default -> applyRight(word);
        }
    }

    private void applyRight(String word) {
        switch (word.toLowerCase(Locale.ROOT)) {
            case "allkeys" -> key(ALL_KEYS);
            case "resetkeys" -> keys.clear();
            case "allchannels" -> channel(ALL_CHANNELS);
            case "resetchannels" -> {
                since("6.2");
                namesChannels = true;
                channels.clear();
            }
            case "allcommands" -> command(ALL_COMMANDS);
            case "nocommands" -> command(NO_COMMANDS);
            default -> applyPattern(word);
        }
    }

    private void applyPattern(String word) {
        switch (word.charAt(0)) {
            case '~' -> key(word);
            case '%' -> permission(word);
            case '&' -> channel(word);
            case '+', '-' -> command(word);
            case '(' -> selector(word);
            case '>', '<', '#', '!' -> throw new InvalidException(word.substring(0, 1),
                    "passwords are not allowed in an access string");
            default -> throw new InvalidException(word, "it is not a rule");
        }
    }

    private void key(String pattern) {
        if (pattern.equals(ALL_KEYS)) {
            keys.clear();
        }
        if (!keys.contains(ALL_KEYS)) {
            keys.add(pattern);
        }
    }

    private void permission(String word) {
        since("7.0");
        int tilde = word.indexOf('~');
        String rights = tilde < 0 ? "" : word.substring(1, tilde).toUpperCase(Locale.ROOT);
        switch (rights) {
            case "R", "W" -> key("%" + rights + word.substring(tilde));
            case "RW", "WR" -> key(word.substring(tilde));
            default -> throw new InvalidException(word, "it is not a rule");
        }
    }

    private void channel(String pattern) {
        since("6.2");
        namesChannels = true;
        if (pattern.equals(ALL_CHANNELS)) {
            channels.clear();
        }
        if (!channels.contains(ALL_CHANNELS)) {
            channels.add(pattern);
        }
    }

    private void command(String word) {
        String rule = word.toLowerCase(Locale.ROOT);
        if (rule.equals(ALL_COMMANDS) || rule.equals(NO_COMMANDS)) {
            commands.clear();
            commands.add(rule);
            return;
        }
        requireKnown(rule);
        String name = rule.substring(1);
        commands.removeIf(earlier -> earlier.substring(1).equals(name));
        commands.add(rule);
    }

    private void requireKnown(String rule) {
        String name = rule.substring(1);
        if (name.startsWith("@")) {
            if (!CATEGORIES.contains(name.substring(1))) {
                throw new InvalidException(rule, "there is no such category of commands");
            }
            return;
        }
        int bar = name.indexOf('|');
        if (bar >= 0 && rule.startsWith("-")) {
            since("7.0");
        }
        // The first argument of any command may be named, though only subcommands are commands.
        if (!COMMANDS.contains(bar < 0 ? name : name.substring(0, bar)) || name.endsWith("|")) {
            throw new InvalidException(rule, "there is no such command");
        }
        if (rule.startsWith("+")
                && (RESTRICTED.contains(name) || (bar >= 0 && RESTRICTED.contains(name.substring(0, bar))))) {
            throw new InvalidException(rule, "the command is restricted");
        }
    }

    private void selector(String word) {
        since("7.0");
        AccessString inside = new AccessString();
        for (String rule : split(word.substring(1, word.length() - 1))) {
            if (rule.isEmpty() || rule.startsWith("(")) {
                throw new InvalidException(word, "it is not a selector");
            }
            inside.applyRight(rule);
        }
        selectors.add("(" + String.join(" ", inside.rights()) + ")");
    }

    private void since(String version) {
        if (EngineVersion.compare(version, minimumVersion) > 0) {
            minimumVersion = version;
        }
    }

    /** A word that is refused. */
    public static final class InvalidException extends RuntimeException {

        private static final long serialVersionUID = 1;

        InvalidException(String word, String reason) {
            super(word + ": " + reason, null, false, false);
        }
    }
}
