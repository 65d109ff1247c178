package dev.cistern.engine.dispatch;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All commands of a node by name, found without allocation and whatever the case of the letters.
 *
 * <p>An open-addressing table over the name's first eight letters, folded to capitals in one step. Two commands of one
 * name are refused when it is built. Immutable; any thread.
 */
public final class CommandIndex {
    /** Clears the bit that tells small letters from capitals. Other characters fold too: the compare is exact. */
    private static final long FOLD = 0xDFDFDFDFDFDFDFDFL;
    private static final int TABLE_LENGTH = 2048;

    private final Command[] table = new Command[TABLE_LENGTH];
    private final byte[][] names = new byte[TABLE_LENGTH][];
    private final long[] words = new long[TABLE_LENGTH];
    private final Map<String, Command> byName = new TreeMap<>();
    private final java.util.IdentityHashMap<Command, SubcommandIndex> containers = new java.util.IdentityHashMap<>();
    private final List<Command> numbered = new ArrayList<>();
    private int highestNumber = -1;

    public CommandIndex(List<CommandTable> families) {
        for (CommandTable family : families) {
            for (Command command : family.commands()) {
                add(command);
            }
        }
    }

    /**
     * The same commands as some clients are to see them: without those that are hidden, others by a name of their own.
     * Numbers stay.
     */
    CommandIndex(CommandIndex whole, CommandView view) {
        for (Command command : whole.all()) {
            String name = view.nameOf(command);
            if (name != null) {
                putByName(name, command);
                numbered.add(command);
                addVisible(command, view);
            }
        }
        highestNumber = whole.highestNumber;
    }

    private void addVisible(Command container, CommandView view) {
        if (container.isContainer()) {
            Map<String, Command> visible = new LinkedHashMap<>(container.subcommands());
            visible.values().removeIf(subcommand -> view.hides(subcommand));
            numbered.addAll(visible.values());
            containers.put(container, new SubcommandIndex(visible));
        }
    }

    private void add(Command command) {
        putByName(command.name(), command);
        number(command);
        if (command.isContainer()) {
            command.subcommands().values().forEach(this::number);
            containers.put(command, new SubcommandIndex(command.subcommands()));
        }
    }

    private void putByName(String text, Command command) {
        if (byName.put(text, command) != null) {
            throw new IllegalArgumentException("two commands are called " + text);
        }
        byte[] name = text.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
        long word = firstWord(name);
        int place = place(word, name.length);
        while (table[place] != null) {
            place = (place + 1) & (TABLE_LENGTH - 1);
        }
        table[place] = command;
        names[place] = name;
        words[place] = word;
    }

    private void number(Command command) {
        command.number(numbered.size());
        numbered.add(command);
        highestNumber = command.number();
    }

    /** The highest number of any command, hidden ones included. */
    public int highestNumber() {
        return highestNumber;
    }

    private static long firstWord(byte[] name) {
        long word = 0;
        for (int i = 0; i < Math.min(name.length, Long.BYTES); i++) {
            word |= (name[i] & 0xffL) << (8 * i);
        }
        return word & FOLD;
    }

    private static int place(long word, int length) {
        long mixed = (word + length) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 53) & (TABLE_LENGTH - 1);
    }

    /** The command of this name, or null. The eight bytes from the name's start must be readable. */
    public @Nullable Command find(Bytes name) {
        int length = name.length();
        if (length == 0) {
            return null;
        }
        long address = name.address();
        long word = Memory.getLong(address) & FOLD;
        if (length < Long.BYTES) {
            word &= (1L << (8 * length)) - 1;
        }
        for (int place = place(word, length);; place = (place + 1) & (TABLE_LENGTH - 1)) {
            Command command = table[place];
            if (command == null) {
                return null;
            }
            if (words[place] == word && equalNames(names[place], address, length)) {
                return command;
            }
        }
    }

    static boolean equalNames(byte[] capitals, long address, int length) {
        if (capitals.length != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            int letter = Memory.getByte(address + i);
            if (letter >= 'a' && letter <= 'z') {
                letter -= 'a' - 'A';
            }
            if (letter != capitals[i]) {
                return false;
            }
        }
        return true;
    }

    /** The subcommand of this name, or null. */
    public @Nullable Command find(Command container, Bytes name) {
        SubcommandIndex index = containers.get(container);
        return index == null ? null : index.find(name);
    }

    /** By its name, or its full name ({@code client|list}), in any case. */
    public @Nullable Command find(String fullName) {
        String name = fullName.toLowerCase(Locale.ROOT);
        int bar = name.indexOf('|');
        Command command = byName.get(bar < 0 ? name : name.substring(0, bar));
        return command == null || bar < 0 ? command : subcommands(command).get(name.substring(bar + 1));
    }

    /** All commands but subcommands, ordered by name. */
    public Collection<Command> all() {
        return Collections.unmodifiableCollection(byName.values());
    }

    /** The subcommands of a command that can be seen here, by name; none for one that is no container. */
    public Map<String, Command> subcommands(Command command) {
        SubcommandIndex index = containers.get(command);
        return index == null ? Map.of() : index.byName;
    }

    /** All commands and subcommands, ordered by their numbers; where none is hidden, each stands at its own. */
    public List<Command> numbered() {
        return Collections.unmodifiableList(numbered);
    }

    /** The subcommands of one container: few, so a walk over their names is quick. */
    private static final class SubcommandIndex {
        private final Map<String, Command> byName;
        private final byte[][] names;
        private final Command[] commands;

        SubcommandIndex(Map<String, Command> subcommands) {
            byName = Collections.unmodifiableMap(subcommands);
            commands = subcommands.values().toArray(Command[]::new);
            names = new byte[commands.length][];
            for (int i = 0; i < commands.length; i++) {
                names[i] = commands[i].name().toUpperCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
            }
        }

        @Nullable
        Command find(Bytes name) {
            for (int i = 0; i < commands.length; i++) {
                if (equalNames(names[i], name.address(), name.length())) {
                    return commands[i];
                }
            }
            return null;
        }
    }
}
