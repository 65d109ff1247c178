package dev.cistern.engine.dispatch;

import dev.cistern.engine.dispatch.KeySpec.Use;
import dev.cistern.engine.protocol.Request;
import java.util.List;

/**
 * Finds the keys of a request with what is done to them, for the few commands whose row alone does not tell.
 *
 * <p>Some rows only say that it varies with the options (SET reads when it has GET), or that there are keys which no
 * place tells (SORT's STORE). For all others the row decides. Allocates nothing; stateless, any thread.
 */
public final class KeyFinder {
    private static final KeySpec READ = KeySpec.key(1).as(Use.RO, Use.ACCESS);
    private static final KeySpec OVERWRITE = KeySpec.key(1).as(Use.OW, Use.UPDATE);
    private static final KeySpec READ_AND_WRITE = KeySpec.key(1).as(Use.RW, Use.ACCESS, Use.UPDATE);
    private static final KeySpec TAKE_AWAY = KeySpec.key(1).as(Use.RW, Use.ACCESS, Use.DELETE);

    private KeyFinder() {}

    /** Shows the visitor each key's index, with a spec that tells its use in this very request. */
    public static void eachKey(Command command, Request request, Command.SpecVisitor visitor) {
        if (!command.hasUncertainKeys()) {
            eachOfRow(command, request, visitor);
            return;
        }
        switch (command.name()) {
            case "set" -> visitor.key(setReads(request) ? READ_AND_WRITE : OVERWRITE, 1);
            case "bitfield" -> visitor.key(bitfieldWrites(request) ? READ_AND_WRITE : READ, 1);
            case "sort" -> eachOfSort(request, visitor);
            case "sort_ro" -> visitor.key(READ, 1);
            case "migrate" -> eachOfMigrate(request, visitor);
            default -> eachOfRow(command, request, visitor);
        }
    }

    /** Whether this very request touches no other keys than {@link #eachKey} shows, though others of its command do. */
    static boolean tellsAllKeys(Command command, Request request) {
        return (command.name().equals("sort") || command.name().equals("sort_ro")) && !namesKeysByPattern(request);
    }

    private static boolean namesKeysByPattern(Request request) {
        for (int i = 2; i + 1 < request.count(); i++) {
            if (request.is(i, "BY") || request.is(i, "GET")) {
                return true;
            }
        }
        return false;
    }

    private static void eachOfRow(Command command, Request request, Command.SpecVisitor visitor) {
        List<KeySpec> specs = command.keySpecs();
        for (int i = 0; i < specs.size(); i++) {
            KeySpec spec = specs.get(i);
            if (!spec.is(Use.NOT_KEY)) {
                spec.eachIn(request, visitor);
            }
        }
    }

    private static boolean setReads(Request request) {
        for (int i = 3; i < request.count(); i++) {
            if (request.is(i, "GET")) {
                return true;
            }
        }
        return false;
    }

    /** Whatever is not understood might write. */
    private static boolean bitfieldWrites(Request request) {
        int i = 2;
        while (i < request.count()) {
            int left = request.count() - i - 1;
            if (request.is(i, "GET") && left >= 2) {
                i += 3;
            } else if (request.is(i, "OVERFLOW") && left >= 1) {
                i += 2;
            } else {
                return true;
            }
        }
        return false;
    }

    /** The last STORE counts. */
    private static void eachOfSort(Request request, Command.SpecVisitor visitor) {
        int storeAt = 0;
        int i = 2;
        while (i < request.count()) {
            int left = request.count() - i - 1;
            if (request.is(i, "LIMIT") && left >= 2) {
                i += 2;
            } else if ((request.is(i, "GET") || request.is(i, "BY")) && left >= 1) {
                i++;
            } else if (request.is(i, "STORE") && left >= 1) {
                storeAt = i + 1;
            }
            i++;
        }
        visitor.key(READ, 1);
        if (storeAt > 0) {
            visitor.key(OVERWRITE, storeAt);
        }
    }

    /**
     * One key at its place, or, when that is empty, all after the word KEYS. With a key at its place and keys after that
     * word it will be refused for its syntax, and names none.
     */
    private static void eachOfMigrate(Request request, Command.SpecVisitor visitor) {
        int word = saysKeys(request) ? wordKeysOfMigrate(request) : request.count();
        if (word == request.count()) {
            visitor.key(TAKE_AWAY, 3);
        } else if (request.key(3).length() == 0) {
            for (int key = word + 1; key < request.count(); key++) {
                visitor.key(TAKE_AWAY, key);
            }
        }
    }

    /** Whether something follows on the word KEYS, wherever that stands: otherwise the original looks no further. */
    private static boolean saysKeys(Request request) {
        for (int i = request.count() - 2; i > 0; i--) {
            if (request.is(i, "KEYS")) {
                return true;
            }
        }
        return false;
    }

    /** Where the word KEYS stands that is no password or user; behind the last argument when it is absent. */
    private static int wordKeysOfMigrate(Request request) {
        int i = 6;
        while (i < request.count() && !request.is(i, "KEYS")) {
            i += request.is(i, "AUTH") ? 2 : request.is(i, "AUTH2") ? 3 : 1;
        }
        return Math.min(i, request.count());
    }
}
