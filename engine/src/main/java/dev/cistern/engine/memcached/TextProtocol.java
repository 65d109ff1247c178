package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.Prefetcher;
import org.jspecify.annotations.Nullable;

/**
 * The text protocol: what each line asks for, with the original's checks in the original's order. Commands about items
 * are here, {@link MetaCommands} and {@link AdminCommands} are its other halves. One per event loop; its own thread only.
 */
final class TextProtocol implements Dialect, AutoCloseable {
    /** The longest key. */
    static final int MAX_KEY_BYTES = 250;

    private static final int LONGEST_LINE_BYTES = 2048;
    /** Blanks that may stand before a long get. */
    private static final int LEADING_BLANKS = 100;
    /** A get that has answered so much is interrupted until the client has read it. */
    private static final long GET_PART_BYTES = 512 * 1024;
    private static final int LINE_END_BYTES = 2;
    private static final short LINE_END = (short) ('\r' | '\n' << 8);

    private static final long GET = CommandLine.packed("get");
    private static final long GETS = CommandLine.packed("gets");
    private static final long GAT = CommandLine.packed("gat");
    private static final long GATS = CommandLine.packed("gats");
    private static final long BGET = CommandLine.packed("bget");
    private static final long SET = CommandLine.packed("set");
    private static final long ADD = CommandLine.packed("add");
    private static final long REPLACE = CommandLine.packed("replace");
    private static final long APPEND = CommandLine.packed("append");
    private static final long PREPEND = CommandLine.packed("prepend");
    private static final long CAS = CommandLine.packed("cas");
    private static final long INCR = CommandLine.packed("incr");
    private static final long DECR = CommandLine.packed("decr");
    private static final long DELETE = CommandLine.packed("delete");
    private static final long TOUCH = CommandLine.packed("touch");

    private final Rooms rooms;
    private final ItemActions actions;
    private final Counters counters;
    private final ItemReply reply;
    private final MetaCommands meta;
    private final AdminCommands admin;
    private final CommandLine line = new CommandLine();
    private final Numbers numbers = new Numbers();
    private final Prefetcher prefetcher = new Prefetcher();
    private final Bytes key = new Bytes();
    private final Bytes value = new Bytes();
    /** What the get that is being answered asks of each of its keys. */
    private boolean getsUnique;
    private boolean getTouches;
    private long getDeadlineMillis;

    TextProtocol(Rooms rooms, ItemActions actions, Counters counters, ItemReply reply, StatisticsPages pages) {
        this.rooms = rooms;
        this.actions = actions;
        this.counters = counters;
        this.reply = reply;
        this.meta = new MetaCommands(rooms, actions, counters, reply);
        this.admin = new AdminCommands(rooms, actions, counters, reply, pages);
    }

    @Override
    public void close() {
        meta.close();
    }

    // --- lines ---

    @Override
    public long execute(ItemSession session, long from, long end) {
        if (session.credentialBytes > 0) {
            return readCredentials(session, from, end);
        }
        int length = readLine(session, from, end);
        if (length == CommandLine.INCOMPLETE) {
            checkUnfinished(session, from, end);
            return session.isClosing() ? end : from;
        }
        long next = from + length;
        if (session.openGet != null) {
            beginGet(session.openGet.withUnique(), session.openGet.touches(), session.openGet.deadlineMillis());
            return get(session, 0, reply.length(), next);
        }
        if (!session.isAuthenticated && session.isForManager()) {
            return askForManager(session, from, next, end);
        }
        if (!session.isAuthenticated) {
            askForCredentials(session);
            return next;
        }
        return dispatch(session, from, next, end);
    }

    private int readLine(ItemSession session, long from, long end) {
        // Only a long line comes in parts: it is not cut into words again and again.
        if (session.scannedBytes > 0 && CommandLine.newline(from + session.scannedBytes, end) == end) {
            session.scannedBytes = end - from;
            return CommandLine.INCOMPLETE;
        }
        int length = line.read(from, end);
        if (length == CommandLine.INCOMPLETE) {
            session.scannedBytes = end - from;
        }
        return length;
    }

    /** Only a get may be longer than {@value #LONGEST_LINE_BYTES} bytes. */
    private void checkUnfinished(ItemSession session, long from, long end) {
        if (end - from <= LONGEST_LINE_BYTES || session.openGet != null) {
            return;
        }
        long at = from;
        while (at < end && Memory.getByte(at) == ' ') {
            at++;
        }
        boolean isGet = session.isAuthenticated && at - from <= LEADING_BLANKS
                && (startsWith(at, end, "get ") || startsWith(at, end, "gets "));
        if (!isGet) {
            session.isRefused = true;
            session.closeAfterReply();
        }
    }

    private static boolean startsWith(long at, long end, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (at + i >= end || Memory.getByte(at + i) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private long dispatch(ItemSession session, long from, long next, long end) {
        if (line.count() == 0 || line.length(0) < 2) {
            reply.text(Texts.ERROR);
            return next;
        }
        if (line.length(0) == 2 && line.first(0) == 'm' && rooms.settings().hasMetaCommands) {
            return meta.execute(line, session, from, next, end);
        }
        if (line.length(0) > Long.BYTES) {
            return admin.execute(line, session, from, next, end);
        }
        long word = line.packed(0);
        if (word == GET || word == BGET) {
            return plainGet(session, false, next);
        }
        if (word == SET) {
            return store(session, StoreMode.SET, from, next, end);
        }
        if (word == GETS) {
            return plainGet(session, true, next);
        }
        StoreMode mode = modeOf(word);
        if (mode != null) {
            return store(session, mode, from, next, end);
        }
        return dispatchRest(session, word, from, next, end);
    }

    private static @Nullable StoreMode modeOf(long word) {
        if (word == ADD) {
            return StoreMode.ADD;
        } else if (word == REPLACE) {
            return StoreMode.REPLACE;
        } else if (word == APPEND) {
            return StoreMode.APPEND;
        } else if (word == PREPEND) {
            return StoreMode.PREPEND;
        } else {
            return word == CAS ? StoreMode.CAS : null;
        }
    }

    private long dispatchRest(ItemSession session, long word, long from, long next, long end) {
        long mark = reply.length();
        boolean isQuiet = line.is(line.count() - 1, "noreply");
        if (word == INCR || word == DECR) {
            isQuiet &= arithmetic(word == INCR);
        } else if (word == DELETE) {
            isQuiet &= delete(isQuiet);
        } else if (word == TOUCH && rooms.settings().hasTouch) {
            isQuiet &= touch();
        } else if ((word == GAT || word == GATS) && rooms.settings().hasGetAndTouch) {
            return getAndTouch(session, word == GATS, next);
        } else {
            return admin.execute(line, session, from, next, end);
        }
        if (isQuiet) {
            reply.truncate(mark);
        }
        return next;
    }

    private long refuse(long next) {
        reply.text(Texts.ERROR);
        return next;
    }

    private boolean hasLongKey(int index) {
        return line.length(index) > MAX_KEY_BYTES;
    }

    // --- get, gets, gat, gats ---

    private void beginGet(boolean withUnique, boolean touches, long deadlineMillis) {
        getsUnique = withUnique;
        getTouches = touches;
        getDeadlineMillis = deadlineMillis;
    }

    private long plainGet(ItemSession session, boolean withUnique, long next) {
        if (line.count() < 2) {
            return refuse(next);
        }
        beginGet(withUnique, false, 0);
        return get(session, 1, reply.length(), next);
    }

    private long getAndTouch(ItemSession session, boolean withUnique, long next) {
        if (line.count() < 2) {
            return refuse(next);
        }
        int exptime = numbers.signedInt(line.address(1), line.length(1));
        if (!numbers.isValid()) {
            reply.text(Texts.BAD_EXPTIME);
            return next;
        }
        beginGet(withUnique, true, actions.deadline(exptime));
        return get(session, 2, reply.length(), next);
    }

    /** Answers the keys of the line from this word on; a very long answer in parts, so that the rest is executed later. */
    private long get(ItemSession session, int first, long mark, long next) {
        session.openGet = null;
        int fetched = first;
        for (int i = first; i < line.count(); i++) {
            if (i == fetched) {
                fetched = prefetch(i);
            }
            if (hasLongKey(i)) {
                reply.truncate(mark);
                reply.text(Texts.BAD_FORMAT);
                return next;
            }
            if (reply.length() - mark > GET_PART_BYTES) {
                session.openGet = new GetRequest(getsUnique, getTouches, getDeadlineMillis);
                return line.address(i);
            }
            get(line.word(i, key));
        }
        reply.text(Texts.END);
        line.shrink();
        return next;
    }

    /** Has what the lookups of the next keys will read fetched from memory together; answers the first one beyond. */
    private int prefetch(int first) {
        int end = Math.min(line.count(), first + Prefetcher.MOST_KEYS);
        for (int i = first; i < end; i++) {
            prefetcher.add(line.address(i), line.length(i));
        }
        prefetcher.fetch(actions.keyspace());
        return end;
    }

    private void get(Bytes wanted) {
        boolean found;
        actions.lock(wanted);
        try {
            found = getTouches ? actions.touch(wanted, getDeadlineMillis) : actions.fetch(wanted);
            if (found) {
                reply.value(wanted, actions.item(), getsUnique, actions.unique());
            }
        } finally {
            actions.unlock();
        }
        if (!found) {
            admin.legacyClusterValue(wanted, getsUnique);
        }
        if (rooms.settings().countsPrefixes) {
            rooms.prefixes().get(wanted, found);
        }
    }

    // --- storing ---

    private long store(ItemSession session, StoreMode mode, long from, long next, long end) {
        int words = line.count();
        int needed = mode == StoreMode.CAS ? 6 : 5;
        if (words != needed && words != needed + 1) {
            return refuse(next);
        }
        long mark = reply.length();
        boolean isQuiet = line.is(words - 1, "noreply");
        long after = storeChecked(session, mode, from, next, end);
        if (isQuiet) {
            reply.truncate(mark);
        }
        return after;
    }

    private long storeChecked(ItemSession session, StoreMode mode, long from, long next, long end) {
        if (hasLongKey(1)) {
            return refuse(Texts.BAD_FORMAT, next);
        }
        int flags = numbers.unsignedInt(line.address(2), line.length(2));
        boolean isValid = numbers.isValid();
        int exptime = numbers.signedInt(line.address(3), line.length(3));
        isValid &= numbers.isValid();
        int length = numbers.signedInt(line.address(4), line.length(4));
        isValid &= numbers.isValid();
        long expected = 0;
        if (mode == StoreMode.CAS) {
            expected = numbers.unsigned(line.address(5), line.length(5));
            isValid &= numbers.isValid();
        }
        if (!isValid || length < 0 || length > Integer.MAX_VALUE - LINE_END_BYTES) {
            return refuse(Texts.BAD_FORMAT, next);
        }
        line.word(1, key);
        if (sizeClass(length, flags) == 0) {
            counters.add(Count.STORE_TOO_LARGE);
            return refuseData(session, mode == StoreMode.SET, Texts.TOO_LARGE, next, length);
        }
        long after = next + length + LINE_END_BYTES;
        if (after > end) {
            session.awaitedBytes = after - from;
            return from;
        }
        storeArrived(mode, flags, actions.deadline(exptime), next, length, expected);
        return after;
    }

    private long refuse(byte[] error, long next) {
        reply.text(error);
        return next;
    }

    /** Refuses data that is announced, and takes away what is there: nobody must read what the writer believes replaced. */
    private long refuseData(ItemSession session, boolean drops, byte[] error, long next, long length) {
        reply.text(error);
        session.swallowBytes = length + LINE_END_BYTES;
        if (drops) {
            drop();
        }
        return next;
    }

    private void drop() {
        actions.lock(key);
        try {
            actions.drop(key);
        } finally {
            actions.unlock();
        }
    }

    private void storeArrived(StoreMode mode, int flags, long deadline, long data, int length, long expected) {
        if (rooms.settings().countsPrefixes) {
            rooms.prefixes().set(key);
        }
        if (Memory.getShort(data + length) != LINE_END) {
            counters.add(Count.CMD_SET, sizeClass(length, flags));
            reply.text(Texts.BAD_CHUNK);
            return;
        }
        if (!actions.makeRoom()) {
            counters.add(Count.STORE_NO_MEMORY);
            reply.text(Texts.NO_MEMORY_STORING);
            if (mode == StoreMode.SET) {
                drop();
            }
            return;
        }
        Outcome outcome;
        actions.lock(key);
        try {
            outcome = actions.store(mode, key, flags, deadline, value.set(data, length), expected, false);
        } finally {
            actions.unlock();
        }
        reply.text(textOf(outcome));
    }

    private int sizeClass(int length, int flags) {
        SizeClasses sizes = rooms.sizeClasses();
        return sizes.classOf(sizes.itemBytes(key.length(), flags, length));
    }

    private static byte[] textOf(Outcome outcome) {
        return switch (outcome) {
            case DONE -> Texts.STORED;
            case NOT_STORED -> Texts.NOT_STORED;
            case EXISTS -> Texts.EXISTS;
            case NOT_FOUND -> Texts.NOT_FOUND;
            case NON_NUMERIC -> Texts.NON_NUMERIC;
            case TOO_LARGE -> Texts.TOO_LARGE;
            case NO_MEMORY -> Texts.NO_MEMORY_STORING;
        };
    }

    // --- incr, decr, delete, touch: each says whether noreply counts ---

    private boolean arithmetic(boolean increments) {
        if (line.count() != 3 && line.count() != 4) {
            reply.text(Texts.ERROR);
            return false;
        }
        if (hasLongKey(1)) {
            reply.text(Texts.BAD_FORMAT);
            return true;
        }
        long delta = numbers.unsigned(line.address(2), line.length(2));
        if (!numbers.isValid()) {
            reply.text(Texts.BAD_DELTA);
            return true;
        }
        line.word(1, key);
        actions.lock(key);
        try {
            answer(actions.add(key, increments, delta, 0), increments);
        } finally {
            actions.unlock();
        }
        return true;
    }

    private void answer(Outcome outcome, boolean increments) {
        switch (outcome) {
            case DONE -> {
                reply.number(actions.sum());
                reply.crlf();
            }
            case NOT_FOUND -> {
                counters.add(increments ? Count.INCR_MISSES : Count.DECR_MISSES);
                reply.text(Texts.NOT_FOUND);
            }
            case NO_MEMORY -> reply.text(Texts.NO_MEMORY);
            default -> reply.text(textOf(outcome));
        }
    }

    private boolean delete(boolean saysNoreply) {
        int words = line.count();
        if (words < 2 || words > 4) {
            reply.text(Texts.ERROR);
            return false;
        }
        if (words > 2) {
            boolean isZero = line.is(2, "0");
            if (words == 3 ? !isZero && !saysNoreply : !isZero || !saysNoreply) {
                reply.text(Texts.BAD_DELETE);
                return true;
            }
        }
        if (hasLongKey(1)) {
            reply.text(Texts.BAD_FORMAT);
            return words > 2;
        }
        line.word(1, key);
        if (rooms.settings().countsPrefixes) {
            rooms.prefixes().delete(key);
        }
        actions.lock(key);
        try {
            reply.text(actions.delete(key, 0) == Outcome.DONE ? Texts.DELETED : Texts.NOT_FOUND);
        } finally {
            actions.unlock();
        }
        return words > 2;
    }

    private boolean touch() {
        if (line.count() != 3 && line.count() != 4) {
            reply.text(Texts.ERROR);
            return false;
        }
        if (hasLongKey(1)) {
            reply.text(Texts.BAD_FORMAT);
            return true;
        }
        int exptime = numbers.signedInt(line.address(2), line.length(2));
        if (!numbers.isValid()) {
            reply.text(Texts.BAD_EXPTIME);
            return true;
        }
        line.word(1, key);
        actions.lock(key);
        try {
            reply.text(actions.touch(key, actions.deadline(exptime)) ? Texts.TOUCHED : Texts.NOT_FOUND);
        } finally {
            actions.unlock();
        }
        return true;
    }

    // --- authentication: a set whose data is a name and a password ---

    private long askForManager(ItemSession session, long from, long next, long end) {
        long after = line.count() == 3 && line.is(0, "config") && line.is(1, "manager")
                ? dispatch(session, from, next, end)
                : next;
        session.isAuthenticated = session.isManager;
        if (!session.isManager) {
            session.closeAfterReply();
        }
        return after;
    }

    private void askForCredentials(ItemSession session) {
        int length = line.count() < 5 || !line.is(0, "set") ? -1 : numbers.unsignedInt(line.address(4), line.length(4));
        if (length < 0 || !numbers.isValid() || length > LONGEST_LINE_BYTES) {
            reply.text(Texts.UNAUTHENTICATED);
            return;
        }
        session.credentialBytes = length + LINE_END_BYTES;
    }

    private long readCredentials(ItemSession session, long from, long end) {
        int length = session.credentialBytes;
        if (end - from < length) {
            session.awaitedBytes = length;
            return from;
        }
        session.credentialBytes = 0;
        long next = from + length;
        if (Memory.getShort(next - LINE_END_BYTES) != LINE_END) {
            return refuse(Texts.BAD_TERMINATION, next);
        }
        line.read(from, next);
        if (line.count() < 2) {
            return refuse(Texts.BAD_AUTHENTICATION, next);
        }
        counters.add(Count.AUTH_CMDS);
        if (rooms.passwords().match(line.text(0), line.text(1))) {
            session.isAuthenticated = true;
            reply.text(Texts.STORED);
        } else {
            counters.add(Count.AUTH_ERRORS);
            reply.text(Texts.AUTHENTICATION_FAILED);
        }
        return next;
    }
}
