package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.Items;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import org.jspecify.annotations.Nullable;

/**
 * The meta commands of the text protocol: {@code mg ms md ma mn me}. Everything that a flag asks to be told is written in
 * the order of the line. One per event loop; its own thread only.
 */
final class MetaCommands implements AutoCloseable {
    private static final int MAX_WORDS = 19;
    private static final int MAX_OPAQUE_BYTES = 32;
    private static final int LINE_END_BYTES = 2;
    private static final short LINE_END = (short) ('\r' | '\n' << 8);

    private final Rooms rooms;
    private final ItemActions actions;
    private final Counters counters;
    private final ItemReply reply;
    private final MetaFlags flags = new MetaFlags();
    private final Numbers numbers = new Numbers();
    private final Bytes key = new Bytes();
    private final Bytes data = new Bytes();
    private final long decodedKey = Memory.allocate(MemoryTag.SESSION, TextProtocol.MAX_KEY_BYTES);

    MetaCommands(Rooms rooms, ItemActions actions, Counters counters, ItemReply reply) {
        this.rooms = rooms;
        this.actions = actions;
        this.counters = counters;
        this.reply = reply;
    }

    @Override
    public void close() {
        Memory.free(MemoryTag.SESSION, decodedKey, TextProtocol.MAX_KEY_BYTES);
    }

    /** Executes a command of two letters that begins with an m; answers where the next one begins. */
    long execute(CommandLine line, ItemSession session, long from, long next, long end) {
        int letter = Memory.getByte(line.address(0) + 1);
        if (letter == 's') {
            return set(line, session, from, next, end);
        }
        long mark = reply.length();
        byte[] error = execute(line, letter, mark);
        if (error != null) {
            reply.truncate(mark);
            reply.text(error);
        }
        return next;
    }

    private byte @Nullable [] execute(CommandLine line, int letter, long mark) {
        return switch (letter) {
            case 'n' -> Texts.META_NO_OP;
            case 'g', 'd', 'a' -> executeOnItem(line, letter, mark);
            case 'e' -> debug(line);
            default -> Texts.ERROR;
        };
    }

    private byte @Nullable [] executeOnItem(CommandLine line, int letter, long mark) {
        if (line.count() < 2) {
            return Texts.ERROR;
        }
        if (line.length(1) > TextProtocol.MAX_KEY_BYTES) {
            return Texts.BAD_FORMAT;
        }
        if (line.count() > MAX_WORDS) {
            return letter == 'g' ? Texts.FLAGS_ARE_TOO_LONG : Texts.FLAGS_TOO_LONG;
        }
        byte[] error = readFlags(line, 2);
        if (error != null) {
            return letter == 'g' ? error : Texts.INVALID_OR_DUPLICATE_FLAG;
        }
        return switch (letter) {
            case 'g' -> get(line, mark);
            case 'd' -> delete(line, mark);
            default -> arithmetic(line, mark);
        };
    }

    /** Reads flags and key; answers what is wrong with them, or null. */
    private byte @Nullable [] readFlags(CommandLine line, int start) {
        byte[] error = flags.read(line, start, actions);
        line.word(1, key);
        boolean isBadKey = flags.isKeyBinary && !decodeKey();
        // As in the original, the complaint about the last of several flags is the one that is told.
        return isBadKey && (error == null || flags.isKeyLast()) ? Texts.BAD_KEY_TEXT : error;
    }

    private boolean decodeKey() {
        int length = Base64Key.decode(key.address(), key.length(), decodedKey);
        key.set(decodedKey, length);
        return length > 0;
    }

    // --- mg ---

    private byte @Nullable [] get(CommandLine line, long mark) {
        if (flags.vivifies) {
            // Whether there is one is known under the lock, and room is made without.
            boolean hasRoom = actions.makeRoom();
            flags.vivifies = hasRoom;
        }
        actions.lock(key);
        try {
            boolean found = actions.find(key);
            boolean created = !found && flags.vivifies;
            if (created) {
                actions.create(key);
            }
            return found || created ? hit(line, created) : miss(line, mark);
        } finally {
            actions.unlock();
        }
    }

    private byte @Nullable [] hit(CommandLine line, boolean created) {
        if (flags.wantsValue) {
            reply.ascii("VA ");
            reply.number(Items.dataLength(actions.item()));
        } else {
            reply.ascii("HD");
        }
        boolean wins = created;
        boolean touches = false;
        for (int i = 2; i < line.count(); i++) {
            int flag = line.first(i);
            if (flag == 'O') {
                if (line.length(i) > MAX_OPAQUE_BYTES) {
                    return Texts.LONG_OPAQUE;
                }
                opaque(line, i);
            } else if (flag == 'R') {
                wins |= !created && isToRenew();
            } else {
                touches |= flag == 'T';
                tell(flag, created);
            }
        }
        tellStates(wins);
        reply.crlf();
        if (flags.wantsValue) {
            reply.bytes(Items.readData(actions.item(), data));
            reply.crlf();
        }
        if (!flags.leavesUntouched) {
            actions.noteFetch();
        }
        counters.add(touches ? Count.CMD_TOUCH : Count.CMD_GET);
        counters.add(touches ? Count.TOUCH_HITS : Count.GET_HITS, actions.sizeClass());
        return null;
    }

    /** Whether nobody was told yet to renew the item found, and it has less time left than the flag says. */
    private boolean isToRenew() {
        long deadline = actions.keyspace().deadlineMillis(actions.item());
        return !Items.is(actions.item(), Items.WON) && deadline != Keyspace.NO_DEADLINE
                && deadline < flags.recacheDeadline;
    }

    private void tell(int flag, boolean created) {
        long item = actions.item();
        switch (flag) {
            case 'T' -> actions.setDeadline(key, flags.deadline);
            case 'N' -> {
                if (created) {
                    actions.setDeadline(key, flags.vivifyDeadline);
                }
            }
            case 's' -> number('s', Items.dataLength(item));
            case 't' -> secondsLeft();
            case 'c' -> number('c', actions.unique());
            case 'f' -> number('f', Items.flags(item) & 0xFFFF_FFFFL);
            case 'l' -> number('l', actions.secondsSinceAccess());
            case 'h' -> number('h', Items.is(item, Items.FETCHED) ? 1 : 0);
            case 'k' -> key(Items.is(item, Items.BINARY_KEY));
            default -> {
            }
        }
    }

    private void secondsLeft() {
        long seconds = actions.secondsLeft();
        if (seconds < 0) {
            reply.token('t');
            reply.ascii("-1");
        } else {
            number('t', seconds);
        }
    }

    private void tellStates(boolean wins) {
        long item = actions.item();
        boolean wasWon = Items.is(item, Items.WON);
        boolean isStale = Items.is(item, Items.STALE);
        if (wasWon) {
            reply.token('Z');
        }
        if (isStale) {
            reply.token('X');
        }
        if (wins || (isStale && !wasWon)) {
            reply.token('W');
            Items.set(item, Items.WON);
        }
    }

    private byte @Nullable [] miss(CommandLine line, long mark) {
        counters.add(Count.CMD_GET);
        counters.add(Count.GET_MISSES);
        reply.ascii("EN");
        byte[] error = opaqueAndKey(line);
        reply.crlf();
        if (error == null && flags.isQuiet) {
            reply.truncate(mark);
        }
        return error;
    }

    // --- md ---

    private byte @Nullable [] delete(CommandLine line, long mark) {
        actions.lock(key);
        try {
            boolean found = actions.find(key);
            if (found && flags.hasExpected && flags.expected != actions.unique()) {
                counters.add(Count.DELETE_MISSES);
                reply.ascii("EX");
                return closeLine(line, false, mark);
            }
            if (found && flags.invalidates) {
                invalidate();
            } else {
                actions.delete(key, 0);
            }
            reply.ascii(found ? "HD" : "NF");
            return closeLine(line, found && flags.isQuiet, mark);
        } finally {
            actions.unlock();
        }
    }

    private void invalidate() {
        if (flags.hasNewDeadline) {
            actions.setDeadline(key, flags.deadline);
        }
        Items.set(actions.item(), Items.STALE);
        // The next one who reads it is to renew it.
        Items.clear(actions.item(), Items.WON);
        actions.renumber(key);
    }

    private byte @Nullable [] closeLine(CommandLine line, boolean isSilent, long mark) {
        byte[] error = opaqueAndKey(line);
        reply.crlf();
        if (error == null && isSilent) {
            reply.truncate(mark);
        }
        return error;
    }

    // --- ma ---

    private byte @Nullable [] arithmetic(CommandLine line, long mark) {
        boolean increments;
        switch (flags.mode) {
            case 0, 'I', '+' -> increments = true;
            case 'D', '-' -> increments = false;
            default -> {
                return Texts.BAD_ARITHMETIC_MODE;
            }
        }
        boolean mayCreate = flags.vivifies && actions.makeRoom();
        actions.lock(key);
        try {
            return arithmetic(line, increments, mayCreate, mark);
        } finally {
            actions.unlock();
        }
    }

    private byte @Nullable [] arithmetic(CommandLine line, boolean increments, boolean mayCreate, long mark) {
        Outcome outcome = actions.add(key, increments, flags.delta, flags.expected);
        return switch (outcome) {
            case DONE -> {
                byte[] error = sum(line, false);
                if (error == null && flags.isQuiet) {
                    reply.truncate(mark);
                }
                yield error;
            }
            case NOT_FOUND -> noNumber(line, increments, mayCreate, mark);
            case EXISTS -> {
                reply.ascii("EX");
                yield closeLine(line, false, mark);
            }
            case NO_MEMORY -> Texts.NO_MEMORY;
            default -> Texts.NON_NUMERIC;
        };
    }

    private byte @Nullable [] noNumber(CommandLine line, boolean increments, boolean mayCreate, long mark) {
        if (mayCreate) {
            actions.create(key, flags.initial, Keyspace.NO_DEADLINE);
            return sum(line, true);
        }
        if (flags.vivifies) {
            return Texts.NO_MEMORY_ADDING;
        }
        counters.add(increments ? Count.INCR_MISSES : Count.DECR_MISSES);
        reply.ascii("NF");
        return closeLine(line, false, mark);
    }

    private byte @Nullable [] sum(CommandLine line, boolean created) {
        if (flags.wantsValue) {
            reply.ascii("VA ");
            reply.number(digits(actions.sum()));
        } else {
            reply.ascii("HD");
        }
        for (int i = 2; i < line.count(); i++) {
            switch (line.first(i)) {
                case 'c' -> number('c', actions.unique());
                case 't' -> secondsLeft();
                case 'T' -> actions.setDeadline(key, flags.deadline);
                case 'N' -> {
                    if (created) {
                        actions.setDeadline(key, flags.vivifyDeadline);
                    }
                }
                case 'O' -> {
                    if (line.length(i) > MAX_OPAQUE_BYTES) {
                        return Texts.LONG_OPAQUE;
                    }
                    opaque(line, i);
                }
                case 'k' -> key(flags.isKeyBinary);
                default -> {
                }
            }
        }
        reply.crlf();
        if (flags.wantsValue) {
            reply.number(actions.sum());
            reply.crlf();
        }
        return null;
    }

    private static int digits(long unsigned) {
        int digits = 1;
        for (long rest = Long.divideUnsigned(unsigned, 10); rest != 0; rest /= 10) {
            digits++;
        }
        return digits;
    }

    // --- ms ---

    private long set(CommandLine line, ItemSession session, long from, long next, long end) {
        if (line.count() < 2) {
            return refuse(Texts.ERROR, next);
        }
        if (line.length(1) > TextProtocol.MAX_KEY_BYTES || line.count() == 2) {
            return refuse(Texts.BAD_FORMAT, next);
        }
        if (line.count() > MAX_WORDS) {
            return refuse(Texts.FLAGS_TOO_LONG, next);
        }
        int length = numbers.signedInt(line.address(2), line.length(2));
        if (!numbers.isValid() || length < 0 || length > Integer.MAX_VALUE - LINE_END_BYTES) {
            return refuse(Texts.BAD_FORMAT, next);
        }
        byte[] error = readFlags(line, 3);
        if (error == null) {
            error = checkSet(line, length);
        }
        if (error != null) {
            session.swallowBytes = (long) length + LINE_END_BYTES;
            return refuse(error, next);
        }
        long after = next + length + LINE_END_BYTES;
        if (after > end) {
            session.awaitedBytes = after - from;
            return from;
        }
        setArrived(line, next, length);
        return after;
    }

    private long refuse(byte[] error, long next) {
        reply.text(error);
        return next;
    }

    private byte @Nullable [] checkSet(CommandLine line, int length) {
        for (int i = 2; i < line.count(); i++) {
            if (line.first(i) == 'O' && line.length(i) > MAX_OPAQUE_BYTES) {
                return Texts.LONG_OPAQUE;
            }
        }
        if (setMode() == null) {
            return Texts.BAD_SET_MODE;
        }
        if (sizeClass(length) == 0) {
            counters.add(Count.STORE_TOO_LARGE);
            drop();
            return Texts.TOO_LARGE;
        }
        return null;
    }

    private int sizeClass(int length) {
        SizeClasses sizes = rooms.sizeClasses();
        return sizes.classOf(sizes.itemBytes(key.length(), flags.clientFlags, length));
    }

    private @Nullable StoreMode setMode() {
        return switch (flags.mode) {
            case 0, 'S' -> flags.hasExpected ? StoreMode.CAS : StoreMode.SET;
            case 'R' -> flags.hasExpected ? StoreMode.CAS : StoreMode.REPLACE;
            case 'E' -> StoreMode.ADD;
            case 'A' -> StoreMode.APPEND;
            case 'P' -> StoreMode.PREPEND;
            default -> null;
        };
    }

    private void drop() {
        actions.lock(key);
        try {
            actions.drop(key);
        } finally {
            actions.unlock();
        }
    }

    private void setArrived(CommandLine line, long address, int length) {
        StoreMode mode = setMode();
        if (mode == null) {
            throw new IllegalStateException("the mode was checked");
        }
        if (Memory.getShort(address + length) != LINE_END) {
            counters.add(Count.CMD_SET, sizeClass(length));
            reply.text(Texts.BAD_CHUNK);
            return;
        }
        if (!actions.makeRoom()) {
            counters.add(Count.STORE_NO_MEMORY);
            drop();
            reply.text(Texts.NO_MEMORY_STORING);
            return;
        }
        actions.lock(key);
        try {
            Outcome outcome = actions.store(mode, key, flags.clientFlags, flags.deadline, data.set(address, length),
                    flags.expected, flags.invalidates);
            if (outcome == Outcome.DONE && flags.isKeyBinary && mode != StoreMode.APPEND && mode != StoreMode.PREPEND) {
                Items.set(actions.item(), Items.BINARY_KEY);
            }
            tellSet(line, outcome);
        } finally {
            actions.unlock();
        }
    }

    private void tellSet(CommandLine line, Outcome outcome) {
        if (outcome == Outcome.DONE && flags.isQuiet) {
            return;
        }
        reply.ascii(switch (outcome) {
            case DONE -> "HD";
            case EXISTS -> "EX";
            case NOT_FOUND -> "NF";
            default -> "NS";
        });
        for (int i = 2; i < line.count(); i++) {
            switch (line.first(i)) {
                case 'O' -> opaque(line, i);
                case 'k' -> key(flags.isKeyBinary);
                case 'c' -> number('c', outcome == Outcome.DONE ? actions.unique() : 0);
                default -> {
                }
            }
        }
        reply.crlf();
    }

    // --- me ---

    private byte @Nullable [] debug(CommandLine line) {
        if (line.count() < 2 || line.length(1) > TextProtocol.MAX_KEY_BYTES) {
            return Texts.BAD_FORMAT;
        }
        line.word(1, key);
        if (line.is(2, "b") && !decodeKey()) {
            return Texts.BAD_FORMAT;
        }
        counters.add(Count.CMD_META);
        actions.lock(key);
        try {
            if (!actions.find(key)) {
                return Texts.META_MISS;
            }
            long item = actions.item();
            reply.ascii("ME ");
            if (Items.is(item, Items.BINARY_KEY)) {
                reply.base64(key);
            } else {
                reply.bytes(key);
            }
            long left = actions.secondsLeft();
            reply.line(" exp=%d la=%d cas=%s fetch=%s cls=%d size=%d".formatted(left < 0 ? -1 : -left,
                    actions.secondsSinceAccess(), Long.toUnsignedString(actions.unique()),
                    Items.is(item, Items.FETCHED) ? "yes" : "no", rooms.sizeClassOf(item),
                    rooms.sizeClasses().itemBytes(key.length(), Items.flags(item), Items.dataLength(item))));
            return null;
        } finally {
            actions.unlock();
        }
    }

    // --- what flags ask to be told ---

    private byte @Nullable [] opaqueAndKey(CommandLine line) {
        for (int i = 2; i < line.count(); i++) {
            int flag = line.first(i);
            if (flag == 'O') {
                if (line.length(i) > MAX_OPAQUE_BYTES) {
                    return Texts.LONG_OPAQUE;
                }
                opaque(line, i);
            } else if (flag == 'k') {
                key(flags.isKeyBinary);
            }
        }
        return null;
    }

    private void opaque(CommandLine line, int index) {
        reply.character(' ');
        reply.bytes(line.address(index), line.length(index));
    }

    private void key(boolean isBinary) {
        reply.token('k');
        if (isBinary) {
            reply.base64(key);
            reply.token('b');
        } else {
            reply.bytes(key);
        }
    }

    private void number(char letter, long value) {
        reply.token(letter);
        reply.number(value);
    }
}
