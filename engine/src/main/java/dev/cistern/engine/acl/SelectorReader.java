package dev.cistern.engine.acl;

import dev.cistern.engine.acl.RuleException.Reason;
import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * Applies rules about commands, keys, channels and databases, one after the other, and makes a {@link Selector}.
 *
 * <p>Texts stand for bytes, one a character: a pattern may hold any. Used for one selector by one thread.
 */
final class SelectorReader {
    private final CommandIndex index;

    boolean allCommands;
    boolean allKeys;
    boolean allChannels;
    boolean allDatabases = true;
    final long[] commands;
    final Map<Integer, List<byte[]>> firstArguments = new HashMap<>();
    final List<KeyRule> keys = new ArrayList<>();
    final List<ChannelRule> channels = new ArrayList<>();
    final TreeSet<Integer> databases = new TreeSet<>();

    /** Whether commands that do not exist yet would be allowed: decides how the text of the commands begins. */
    private boolean beginsWithAll;
    /** What was said of commands since they were all allowed or all taken away, without what a later rule made idle. */
    private final List<String> commandRules = new ArrayList<>();

    /** A selector that lets nothing through, but any database; channels as the node's default says. */
    SelectorReader(CommandIndex index, boolean allChannels) {
        this.index = index;
        this.allChannels = allChannels;
        this.commands = new long[index.highestNumber() / Long.SIZE + 1];
    }

    /** A selector that lets nothing through. */
    static Selector nothing() {
        return new SelectorReader(new CommandIndex(List.of()), false).selector();
    }

    Selector selector() {
        return new Selector(this);
    }

    String commandText() {
        String base = beginsWithAll ? "+@all" : "-@all";
        return commandRules.isEmpty() ? base : base + " " + String.join(" ", commandRules);
    }

    /** Goes on from a text that {@link #commandText} made. */
    void commandRules(String text) {
        List<String> words = List.of(text.split(" "));
        beginsWithAll = words.getFirst().equals("+@all");
        commandRules.addAll(words.subList(1, words.size()));
    }

    void apply(String rule) throws RuleException {
        switch (rule.toLowerCase(Locale.ROOT)) {
            case "allcommands", "+@all" -> all(true);
            case "nocommands", "-@all" -> all(false);
            case "allkeys", "~*" -> allKeys(true);
            case "resetkeys" -> allKeys(false);
            case "allchannels", "&*" -> allChannels(true);
            case "resetchannels" -> allChannels(false);
            case "alldbs" -> allDatabases(true);
            case "resetdbs" -> allDatabases(false);
            default -> applySpecific(rule);
        }
    }

    private void applySpecific(String rule) throws RuleException {
        switch (rule.charAt(0)) {
            case '~', '%' -> addKeys(rule);
            case '&' -> addChannels(rule);
            case '+' -> allow(rule);
            case '-' -> deny(rule);
            default -> {
                if (!rule.toLowerCase(Locale.ROOT).startsWith("db=")) {
                    throw new RuleException(Reason.SYNTAX, rule);
                }
                setDatabases(rule);
            }
        }
    }

    private void all(boolean allowed) {
        allCommands = allowed;
        beginsWithAll = allowed;
        Arrays.fill(commands, allowed ? -1 : 0);
        commandRules.clear();
        firstArguments.clear();
    }

    private void allKeys(boolean allowed) {
        allKeys = allowed;
        keys.clear();
    }

    private void allChannels(boolean allowed) {
        allChannels = allowed;
        channels.clear();
    }

    private void allDatabases(boolean allowed) {
        allDatabases = allowed;
        databases.clear();
    }

    // --- commands ---

    private void allow(String rule) throws RuleException {
        String name = rule.substring(1);
        if (name.startsWith("@")) {
            category(rule, true);
            return;
        }
        int bar = name.lastIndexOf('|');
        Command command = known(bar < 0 ? name : name.substring(0, bar), rule);
        if (bar < 0) {
            change(command, true);
            note(true, command.fullName());
            return;
        }
        if (command.fullName().indexOf('|') >= 0) {
            throw new RuleException(Reason.ARGUMENT_OF_SUBCOMMAND, rule);
        }
        String argument = name.substring(bar + 1);
        if (argument.isEmpty()) {
            throw new RuleException(Reason.SYNTAX, rule);
        }
        if (command.isContainer()) {
            change(known(name, rule), true);
        } else {
            allowArgument(command.number(), argument);
        }
        note(true, name);
    }

    private void deny(String rule) throws RuleException {
        String name = rule.substring(1);
        if (name.startsWith("@")) {
            category(rule, false);
            return;
        }
        Command command = known(name, rule);
        change(command, false);
        note(false, command.fullName());
    }

    private Command known(String name, String rule) throws RuleException {
        Command command = index.find(name);
        if (command == null) {
            throw new RuleException(Reason.UNKNOWN_NAME, rule);
        }
        return command;
    }

    private void category(String rule, boolean allowed) throws RuleException {
        Category category = Category.named(rule.substring(2));
        if (category == null) {
            throw new RuleException(Reason.UNKNOWN_NAME, rule);
        }
        note(allowed, rule.substring(1));
        for (Command command : index.all()) {
            if (command.categories().contains(category)) {
                change(command, allowed);
            }
            for (Command subcommand : command.subcommands().values()) {
                if (subcommand.categories().contains(category)) {
                    change(subcommand, allowed);
                }
            }
        }
    }

    /** What is said of a container is said of its subcommands. */
    private void change(Command command, boolean allowed) {
        bit(command.number(), allowed);
        firstArguments.remove(command.number());
        for (Command subcommand : command.subcommands().values()) {
            bit(subcommand.number(), allowed);
        }
    }

    private void bit(int number, boolean allowed) {
        if (allowed) {
            commands[number >>> 6] |= 1L << number;
        } else {
            commands[number >>> 6] &= ~(1L << number);
            allCommands = false;
        }
    }

    void allowArgument(int number, String argument) {
        byte[] small = argument.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.ISO_8859_1);
        List<byte[]> allowed = firstArguments.computeIfAbsent(number, _ -> new ArrayList<>());
        if (allowed.stream().noneMatch(known -> Arrays.equals(known, small))) {
            allowed.add(small);
        }
    }

    /** Keeps the rule for the text, in place of earlier ones about the same or a part of it. */
    private void note(boolean allowed, String rule) {
        String name = rule.toLowerCase(Locale.ROOT);
        commandRules.removeIf(known -> known.startsWith(name, 1)
                && (known.length() == name.length() + 1 || known.charAt(name.length() + 1) == '|'));
        commandRules.add((allowed ? "+" : "-") + name);
    }

    // --- keys, channels, databases ---

    private void addKeys(String rule) throws RuleException {
        if (allKeys) {
            throw new RuleException(Reason.PATTERN_AFTER_ALL_KEYS, rule);
        }
        int rights = KeyRule.BOTH;
        int patternAt = 1;
        if (rule.charAt(0) == '%') {
            // Without a tilde the original reads rights and an empty pattern.
            int tildeAt = rule.indexOf('~') < 0 ? rule.length() : rule.indexOf('~');
            patternAt = Math.min(tildeAt + 1, rule.length());
            rights = rights(rule, tildeAt);
        }
        String text = rule.substring(patternAt);
        requireNoSpaces(text, rule);
        for (int i = 0; i < keys.size(); i++) {
            if (keys.get(i).text().equals(text)) {
                keys.set(i, keys.get(i).with(rights));
                return;
            }
        }
        keys.add(new KeyRule(text, rights));
    }

    /** R, W or both, each once, between the percent sign and the tilde. */
    private static int rights(String rule, int tildeAt) throws RuleException {
        int rights = 0;
        for (int i = 1; i < tildeAt; i++) {
            int right = switch (rule.charAt(i)) {
                case 'R', 'r' -> KeyRule.READ;
                case 'W', 'w' -> KeyRule.WRITE;
                default -> KeyRule.BOTH;
            };
            if (right == KeyRule.BOTH || (rights & right) != 0) {
                throw new RuleException(Reason.SYNTAX, rule);
            }
            rights |= right;
        }
        if (rights == 0) {
            throw new RuleException(Reason.SYNTAX, rule);
        }
        return rights;
    }

    private void addChannels(String rule) throws RuleException {
        if (allChannels) {
            throw new RuleException(Reason.PATTERN_AFTER_ALL_CHANNELS, rule);
        }
        String text = rule.substring(1);
        requireNoSpaces(text, rule);
        if (channels.stream().noneMatch(known -> known.text().equals(text))) {
            channels.add(new ChannelRule(text));
        }
    }

    private static void requireNoSpaces(String text, String rule) throws RuleException {
        if (hasSpaces(text)) {
            throw new RuleException(Reason.SYNTAX, rule);
        }
    }

    /** White space or a NUL: what would break the lines of a file of users. */
    static boolean hasSpaces(String text) {
        return text.chars().anyMatch(letter -> letter == 0 || letter == ' ' || (letter >= '\t' && letter <= '\r'));
    }

    /** Takes the place of what was said of databases before. */
    private void setDatabases(String rule) throws RuleException {
        TreeSet<Integer> wanted = new TreeSet<>();
        for (String number : rule.substring("db=".length()).split(",", -1)) {
            wanted.add(database(number, rule));
        }
        allDatabases(false);
        databases.addAll(wanted);
    }

    private static int database(String number, String rule) throws RuleException {
        if (!number.matches("-?[0-9]+")) {
            throw new RuleException(Reason.SYNTAX, rule);
        }
        try {
            int database = Integer.parseInt(number);
            if (database >= 0) {
                return database;
            }
        } catch (NumberFormatException tooLarge) {
            // As much out of range as a negative one.
        }
        throw new RuleException(Reason.DATABASE_OUT_OF_RANGE, rule);
    }
}
