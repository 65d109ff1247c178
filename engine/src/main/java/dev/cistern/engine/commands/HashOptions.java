package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Hashes;
import dev.cistern.store.Keyspace;
import java.util.Locale;

/** The options of HSETEX and HGETEX, which stand before the word FIELDS. Immutable. */
final class HashOptions {
    private static final int NX = 1;
    private static final int XX = 1 << 1;
    private static final int FNX = 1 << 2;
    private static final int FXX = 1 << 3;
    private static final int KEEPTTL = 1 << 4;
    private static final int PERSIST = 1 << 5;
    private static final int EX = 1 << 6;
    private static final int PX = 1 << 7;
    private static final int EXAT = 1 << 8;
    private static final int PXAT = 1 << 9;

    private static final int TIME = EX | PX | EXAT | PXAT;
    private static final int OF_SETEX = NX | XX | FNX | FXX | KEEPTTL | TIME;
    private static final int OF_GETEX = PERSIST | TIME;
    private static final int[] EXCLUSIVE = {NX | XX, FNX | FXX, KEEPTTL | PERSIST | TIME};

    private final int options;
    private final int timeIndex;

    private HashOptions(int options, int timeIndex) {
        this.options = options;
        this.timeIndex = timeIndex;
    }

    static HashOptions ofSetEx(Request request, int from, int end) {
        return parse(request, from, end, OF_SETEX);
    }

    static HashOptions ofGetEx(Request request, int from, int end) {
        return parse(request, from, end, OF_GETEX);
    }

    private static HashOptions parse(Request request, int from, int end, int allowed) {
        int options = 0;
        int timeIndex = 0;
        // Without the word FIELDS there are no options either: the number of fields is what the client is told of.
        int stop = end < request.count() - 1 ? end : from;
        for (int i = from; i < stop; i++) {
            int option = optionAt(request, i) & allowed;
            if (option == 0 || (options & excludedBy(option)) != 0) {
                throw CommandException.SYNTAX_ERROR;
            }
            options |= option;
            if ((option & TIME) != 0) {
                i++;
                if (i == stop) {
                    throw CommandException.SYNTAX_ERROR;
                }
                timeIndex = i;
            }
        }
        return new HashOptions(options, timeIndex);
    }

    private static int optionAt(Request request, int index) {
        return switch (request.text(index).toUpperCase(Locale.ROOT)) {
            case "NX" -> NX;
            case "XX" -> XX;
            case "FNX" -> FNX;
            case "FXX" -> FXX;
            case "KEEPTTL" -> KEEPTTL;
            case "PERSIST" -> PERSIST;
            case "EX" -> EX;
            case "PX" -> PX;
            case "EXAT" -> EXAT;
            case "PXAT" -> PXAT;
            default -> 0;
        };
    }

    private static int excludedBy(int option) {
        for (int group : EXCLUSIVE) {
            if ((group & option) != 0) {
                return group & ~option;
            }
        }
        return 0;
    }

    private boolean has(int option) {
        return (options & option) != 0;
    }

    boolean isTimed() {
        return has(TIME);
    }

    boolean isPersist() {
        return has(PERSIST);
    }

    /** The deadline for the fields, in the words of {@link Hashes#put}; one that cannot be is refused. */
    long deadlineMillis(Request request, Keyspace keyspace) {
        if (!isTimed()) {
            return has(KEEPTTL) ? Keyspace.KEEP_DEADLINE : Keyspace.NO_DEADLINE;
        }
        long time = request.longAt(timeIndex);
        long unit = has(EX | EXAT) ? 1000 : 1;
        long base = has(EX | PX) ? keyspace.nowMillis() : 0;
        if (time < 0 || time > (Long.MAX_VALUE - base) / unit) {
            throw CommandException.invalidExpireTime(request.text(0).toLowerCase(Locale.ROOT));
        }
        return base + time * unit;
    }

    /** Whether the conditions on the key and on its fields, which stand with values from this argument on, are met. */
    boolean allows(boolean keyIsThere, Hashes hashes, Request request, int firstField) {
        if ((has(NX) && keyIsThere) || (has(XX) && !keyIsThere)) {
            return false;
        }
        for (int i = firstField; has(FNX | FXX) && i < request.count(); i += 2) {
            if (hashes.has(request.argument(i)) == has(FNX)) {
                return false;
            }
        }
        return true;
    }
}
