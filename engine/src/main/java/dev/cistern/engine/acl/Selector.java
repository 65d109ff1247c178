package dev.cistern.engine.acl;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * One set of commands with the keys, channels and databases they may touch: a user's own, or one in parentheses.
 *
 * <p>Immutable; made by a {@link SelectorReader}. Any thread.
 */
public final class Selector {
    private final boolean allCommands;
    private final boolean allKeys;
    private final boolean allChannels;
    private final boolean allDatabases;
    /** A bit per command number. */
    private final long[] commands;
    /** First arguments that let a command pass whose bit is not set; in small letters. */
    private final Map<Integer, List<byte[]>> firstArguments;
    private final List<KeyRule> keys;
    private final List<ChannelRule> channels;
    /** Ascending. */
    private final int[] databases;
    private final String commandText;

    Selector(SelectorReader reader) {
        allCommands = reader.allCommands;
        allKeys = reader.allKeys;
        allChannels = reader.allChannels;
        allDatabases = reader.allDatabases;
        commands = reader.commands.clone();
        firstArguments = reader.firstArguments.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> List.copyOf(entry.getValue())));
        keys = List.copyOf(reader.keys);
        channels = List.copyOf(reader.channels);
        databases = reader.databases.stream().mapToInt(Integer::intValue).toArray();
        commandText = reader.commandText();
    }

    boolean isUnrestricted() {
        return allCommands && allKeys && allChannels && allDatabases;
    }

    boolean allowsAllCommands() {
        return allCommands;
    }

    boolean allowsAllKeys() {
        return allKeys;
    }

    boolean allowsAllChannels() {
        return allChannels;
    }

    boolean allowsAllDatabases() {
        return allDatabases;
    }

    /** Whether the command may run, whatever it touches. */
    boolean allows(Command command, Request request) {
        return allCommands || has(command.number())
                || (!firstArguments.isEmpty() && allowsByArgument(command, request));
    }

    boolean has(int number) {
        return (commands[number >>> 6] & 1L << number) != 0;
    }

    private boolean allowsByArgument(Command command, Request request) {
        List<byte[]> allowed = firstArguments.get(command.number());
        if (allowed == null || request.count() < 2) {
            return false;
        }
        for (int i = 0; i < allowed.size(); i++) {
            if (equalsIgnoringCase(request.argument(1), allowed.get(i))) {
                return true;
            }
        }
        return false;
    }

    private static boolean equalsIgnoringCase(Bytes argument, byte[] small) {
        if (argument.length() != small.length) {
            return false;
        }
        for (int i = 0; i < small.length; i++) {
            int letter = argument.byteAt(i);
            if (letter >= 'A' && letter <= 'Z') {
                letter += 'a' - 'A';
            }
            if (letter != small[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether a key may be used in these ways; without any way named, any pattern that matches will do. */
    boolean allowsKey(Bytes key, int rights) {
        if (allKeys) {
            return true;
        }
        for (int i = 0; i < keys.size(); i++) {
            KeyRule rule = keys.get(i);
            if ((rule.rights() & rights) == rights && rule.pattern().matches(key)) {
                return true;
            }
        }
        return false;
    }

    /** Whether every key may be used in these ways. */
    boolean allowsEveryKey(int rights) {
        return allKeys || keys.stream()
                .anyMatch(rule -> rule.text().equals("*") && (rule.rights() & rights) == rights);
    }

    /** Whether the channel, or the very pattern, may be used. */
    boolean allowsChannel(Bytes channel, boolean isPattern) {
        if (allChannels) {
            return true;
        }
        for (int i = 0; i < channels.size(); i++) {
            Pattern pattern = channels.get(i).pattern();
            if (isPattern ? pattern.isSpelled(channel) : pattern.matches(channel)) {
                return true;
            }
        }
        return false;
    }

    boolean allowsDatabase(int database) {
        if (allDatabases) {
            return true;
        }
        for (int allowed : databases) {
            if (allowed == database) {
                return true;
            }
        }
        return false;
    }

    /** The patterns of channels, as they were given. */
    List<String> channelPatterns() {
        return channels.stream().map(ChannelRule::text).toList();
    }

    // --- in the original's words ---

    /** As in {@code +@all -get}: the commands alone. */
    public String commandText() {
        return commandText;
    }

    /** As in {@code ~a* %R~b}: the keys alone. */
    public String keyText() {
        return allKeys ? "~*" : keys.stream().map(KeyRule::told).collect(Collectors.joining(" "));
    }

    /** As in {@code &a &b}: the channels alone. */
    public String channelText() {
        return allChannels ? "&*" : channels.stream().map(rule -> "&" + rule.text()).collect(Collectors.joining(" "));
    }

    /** As in {@code db=0,1}; empty when all databases may be used, which older servers and clients take for granted. */
    public String databaseText() {
        if (allDatabases) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        for (int database : databases) {
            text.append(text.isEmpty() ? "db=" : ",").append(database);
        }
        return text.isEmpty() ? "resetdbs" : text.toString();
    }

    /** All of it as one line of rules. */
    String describe() {
        StringBuilder text = new StringBuilder();
        append(text, keyText());
        append(text, allChannels ? "&*" : "resetchannels");
        append(text, allChannels ? "" : channelText());
        append(text, databaseText());
        append(text, commandText);
        return text.toString();
    }

    private static void append(StringBuilder text, String part) {
        if (!part.isEmpty()) {
            text.append(text.isEmpty() ? "" : " ").append(part);
        }
    }

    // --- for the reader that goes on from here ---

    void copyTo(SelectorReader reader) {
        reader.allCommands = allCommands;
        reader.allKeys = allKeys;
        reader.allChannels = allChannels;
        reader.allDatabases = allDatabases;
        System.arraycopy(commands, 0, reader.commands, 0, commands.length);
        firstArguments.forEach((number, arguments) -> arguments
                .forEach(argument -> reader.allowArgument(number, new String(argument, StandardCharsets.ISO_8859_1))));
        reader.keys.addAll(keys);
        reader.channels.addAll(channels);
        for (int database : databases) {
            reader.databases.add(database);
        }
        reader.commandRules(commandText);
    }

    @Override
    public String toString() {
        return Objects.requireNonNull(describe());
    }
}
