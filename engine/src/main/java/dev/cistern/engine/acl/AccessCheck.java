package dev.cistern.engine.acl;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Flag;
import dev.cistern.engine.dispatch.KeyFinder;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a user may run a command with these arguments.
 *
 * <p>Allocates nothing. One per event loop and for its thread, because the visitor that looks at the keys is made once;
 * asked only for users who may not do everything.
 */
public final class AccessCheck {
    private final int databases;
    private Selector selector = NOBODY;
    private Request request = new Request();
    private boolean keyIsDenied;
    private int deniedAt;
    private int furthestAt;

    private static final Selector NOBODY = SelectorReader.nothing();

    private final Command.SpecVisitor checkKey = this::checkKey;

    /** For a node with so many databases. */
    public AccessCheck(int databases) {
        this.databases = databases;
    }

    /** Why the user may not, or null if it may. The request's database is the session's, unless it names others. */
    public @Nullable Denial denial(User user, Command command, Request asked, int database) {
        List<Selector> selectors = user.rules().selectors();
        request = asked;
        Denial furthest = Denial.DATABASE;
        furthestAt = 0;
        for (int i = 0; i < selectors.size(); i++) {
            selector = selectors.get(i);
            deniedAt = 0;
            Denial denial = denialOf(command, database);
            if (denial == null) {
                return null;
            }
            int further = denial.compareTo(furthest);
            if (further > 0 || (further == 0 && deniedAt > furthestAt)) {
                furthest = denial;
                furthestAt = deniedAt;
            }
        }
        return furthest;
    }

    /** Which argument of the last denied request it was about; 0 for the command itself. */
    public int deniedArgument() {
        return furthestAt;
    }

    /** Whether the user may use every key there is in these ways: patterns that a command takes from values need it. */
    public static boolean mayReadEveryKey(User user, Command command, Request asked) {
        for (Selector selector : user.rules().selectors()) {
            if (selector.allows(command, asked) && selector.allowsEveryKey(KeyRule.READ)) {
                return true;
            }
        }
        return false;
    }

    private @Nullable Denial denialOf(Command command, int database) {
        boolean always = command.is(Flag.NO_AUTH);
        if (!always && !selector.allows(command, request)) {
            return Denial.COMMAND;
        }
        if (!selector.allowsAllDatabases() && !allowsDatabases(command, database)) {
            return Denial.DATABASE;
        }
        if (!selector.allowsAllKeys() && !command.keySpecs().isEmpty()) {
            keyIsDenied = false;
            KeyFinder.eachKey(command, request, checkKey);
            if (keyIsDenied) {
                return Denial.KEY;
            }
        }
        return selector.allowsAllChannels() || allowsChannels(command) ? null : Denial.CHANNEL;
    }

    private void checkKey(KeySpec spec, int index) {
        if (!keyIsDenied && !selector.allowsKey(request.key(index), rights(spec))) {
            keyIsDenied = true;
            deniedAt = index;
        }
    }

    private static int rights(KeySpec spec) {
        boolean writes = spec.is(KeySpec.Use.INSERT) || spec.is(KeySpec.Use.DELETE) || spec.is(KeySpec.Use.UPDATE);
        return (spec.is(KeySpec.Use.ACCESS) ? KeyRule.READ : 0) | (writes ? KeyRule.WRITE : 0);
    }

    // --- channels ---

    private boolean allowsChannels(Command command) {
        return switch (command.name()) {
            case "publish", "spublish" -> allowsChannels(1, 1, false);
            case "subscribe", "ssubscribe" -> allowsChannels(1, request.count() - 1, false);
            case "psubscribe" -> allowsChannels(1, request.count() - 1, true);
            default -> true;
        };
    }

    private boolean allowsChannels(int from, int to, boolean arePatterns) {
        for (int i = from; i <= to; i++) {
            if (!selector.allowsChannel(request.argument(i), arePatterns)) {
                deniedAt = i;
                return false;
            }
        }
        return true;
    }

    // --- databases ---

    /** A command touches the session's database if it has keys or walks over them, and those that it names. */
    private boolean allowsDatabases(Command command, int database) {
        return switch (command.fullName()) {
            case "select" -> allowsNamed(1);
            case "swapdb" -> allowsNamed(1) && allowsNamed(2);
            case "move" -> selector.allowsDatabase(database) && allowsNamed(2);
            case "copy" -> selector.allowsDatabase(database) && allowsCopyTarget();
            case "flushall" -> false;
            case "flushdb", "keys", "scan", "randomkey", "dbsize" -> selector.allowsDatabase(database);
            default -> command.keySpecs().isEmpty() || selector.allowsDatabase(database);
        };
    }

    private boolean allowsCopyTarget() {
        for (int i = 3; i + 1 < request.count(); i++) {
            if (request.is(i, "DB")) {
                return allowsNamed(i + 1);
            }
        }
        return true;
    }

    /** What is no database at all is for the command to refuse. */
    private boolean allowsNamed(int index) {
        Bytes argument = request.argument(index);
        long number = 0;
        for (int i = 0; i < argument.length(); i++) {
            int digit = argument.byteAt(i) - '0';
            if (digit < 0 || digit > 9 || number >= databases) {
                return true;
            }
            number = number * 10 + digit;
        }
        deniedAt = index;
        return number >= databases || selector.allowsDatabase((int) number);
    }
}
