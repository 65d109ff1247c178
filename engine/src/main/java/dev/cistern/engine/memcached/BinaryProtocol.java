package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.Items;
import dev.cistern.store.Memory;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;

/**
 * The binary protocol: what each packet asks for. One per event loop; its own thread only.
 *
 * <pre>
 *   offset  size  request         reply
 *        0     1  magic 0x80      0x81
 *        1     1  opcode          the request's
 *        2     2  key length
 *        4     1  extras length
 *        5     1  data type, 0
 *        6     2  reserved        status
 *        8     4  body length: extras, key and value together
 *       12     4  opaque          the request's
 *       16     8  unique number
 * </pre>
 *
 * Numbers are in network order.
 */
final class BinaryProtocol implements Dialect {
    private static final int HEADER_BYTES = 24;
    private static final int OPCODE_OFFSET = 1;
    private static final int KEY_LENGTH_OFFSET = 2;
    private static final int EXTRAS_LENGTH_OFFSET = 4;
    private static final int BODY_LENGTH_OFFSET = 8;
    private static final int OPAQUE_OFFSET = 12;
    private static final int UNIQUE_OFFSET = 16;
    private static final byte REQUEST_MAGIC = (byte) 0x80;
    private static final int REPLY_MAGIC = 0x81;
    private static final int STORE_EXTRAS_BYTES = 8;
    private static final int SUM_EXTRAS_BYTES = 20;
    private static final int FLAGS_BYTES = 4;
    private static final int MAX_MECHANISM_BYTES = 32;
    private static final int MAX_CREDENTIAL_BYTES = 1 << 16;
    /** An expiration of a sum that asks not to create the item. */
    private static final int NO_CREATION = -1;
    private static final String MECHANISM = "PLAIN";

    private final Rooms rooms;
    private final ItemActions actions;
    private final Counters counters;
    private final ItemReply reply;
    private final StatisticsPages pages;
    private final Bytes key = new Bytes();
    private final Bytes value = new Bytes();

    private int opcodeByte;
    private Opcode opcode = Opcode.UNKNOWN;
    private boolean isQuiet;
    private int extrasLength;
    private int bodyLength;
    private int opaque;
    private long unique;
    private long extras;

    BinaryProtocol(Rooms rooms, ItemActions actions, Counters counters, ItemReply reply, StatisticsPages pages) {
        this.rooms = rooms;
        this.actions = actions;
        this.counters = counters;
        this.reply = reply;
        this.pages = pages;
    }

    // --- packets ---

    @Override
    public long execute(ItemSession session, long from, long end) {
        if (end - from < HEADER_BYTES) {
            session.awaitedBytes = HEADER_BYTES;
            return from;
        }
        if (Memory.getByte(from) != REQUEST_MAGIC) {
            session.closeAfterReply();
            return end;
        }
        readHeader(from);
        if (!check(session)) {
            return end;
        }
        long prefixEnd = from + HEADER_BYTES + extrasLength + key.length();
        if (prefixEnd > end) {
            session.awaitedBytes = prefixEnd - from;
            return from;
        }
        int valueLength = bodyLength - extrasLength - key.length();
        if (isRefused(valueLength)) {
            session.swallowBytes = valueLength;
            return prefixEnd;
        }
        long next = prefixEnd + valueLength;
        if (next > end) {
            session.awaitedBytes = next - from;
            return from;
        }
        value.set(prefixEnd, valueLength);
        dispatch(session);
        return next;
    }

    private void readHeader(long from) {
        opcodeByte = Memory.getByte(from + OPCODE_OFFSET) & 0xFF;
        Opcode given = Opcode.of(opcodeByte);
        opcode = given.plain();
        isQuiet = given.isQuiet();
        int keyLength = Short.reverseBytes(Memory.getShort(from + KEY_LENGTH_OFFSET)) & 0xFFFF;
        extrasLength = Memory.getByte(from + EXTRAS_LENGTH_OFFSET) & 0xFF;
        bodyLength = Integer.reverseBytes(Memory.getInt(from + BODY_LENGTH_OFFSET));
        opaque = Memory.getInt(from + OPAQUE_OFFSET);
        unique = Long.reverseBytes(Memory.getLong(from + UNIQUE_OFFSET));
        extras = from + HEADER_BYTES;
        key.set(extras + extrasLength, keyLength);
    }

    /** Says whether the packet is to be gone on with; if not, the session is closed. */
    private boolean check(ItemSession session) {
        if (bodyLength < 0 || key.length() + extrasLength > bodyLength) {
            return fail(session, Status.UNKNOWN_COMMAND);
        }
        if (!session.isAuthenticated && (session.isForManager() || !isForStrangers())) {
            return fail(session, Status.AUTHENTICATION_FAILED);
        }
        if (key.length() > TextProtocol.MAX_KEY_BYTES || !isWellFormed()) {
            return fail(session, Status.INVALID);
        }
        return true;
    }

    private boolean isForStrangers() {
        return opcode == Opcode.SASL_LIST_MECHANISMS || opcode == Opcode.SASL_AUTHENTICATE || opcode == Opcode.SASL_STEP
                || opcode == Opcode.VERSION;
    }

    private boolean isWellFormed() {
        boolean hasKey = key.length() > 0;
        boolean hasValue = bodyLength > extrasLength + key.length();
        return switch (opcode) {
            case VERSION, NOOP, QUIT, SASL_LIST_MECHANISMS -> bodyLength == 0;
            case FLUSH -> !hasKey && !hasValue && (extrasLength == 0 || extrasLength == 4);
            case SET, ADD, REPLACE -> extrasLength == STORE_EXTRAS_BYTES && hasKey;
            case GET, GETK, DELETE -> extrasLength == 0 && !hasValue && hasKey;
            case INCREMENT, DECREMENT -> extrasLength == SUM_EXTRAS_BYTES && !hasValue && hasKey;
            case APPEND, PREPEND, SASL_AUTHENTICATE, SASL_STEP -> extrasLength == 0 && hasKey;
            case STAT -> extrasLength == 0;
            case TOUCH, GAT, GATK -> extrasLength == 4 && hasKey;
            case CONFIG_GET, CONFIG_DELETE -> extrasLength == 0 && !hasValue && hasKey;
            case CONFIG_SET -> hasKey && (extrasLength == 0 || extrasLength == FLAGS_BYTES
                    || extrasLength == STORE_EXTRAS_BYTES);
            default -> true;
        };
    }

    private boolean fail(ItemSession session, Status status) {
        error(status);
        session.closeAfterReply();
        return false;
    }

    /** Whether the packet is refused by what its header says; its value is then not waited for. */
    private boolean isRefused(int valueLength) {
        Status refusal = switch (opcode) {
            case SET, ADD, REPLACE, APPEND, PREPEND -> refusalOfStore(valueLength);
            case SASL_AUTHENTICATE, SASL_STEP -> refusalOfSasl(valueLength);
            case TOUCH, GAT, GATK -> rooms.settings().hasTouch ? Status.DONE : Status.UNKNOWN_COMMAND;
            case CONFIG_GET -> rooms.settings().hasConfig ? Status.DONE : Status.UNKNOWN_COMMAND;
            // The manager speaks the text protocol.
            case CONFIG_SET -> rooms.settings().manager.isThere()
                    ? Status.UNKNOWN_COMMAND
                    : valueLength <= rooms.cluster().largestBytes() ? Status.DONE : Status.TOO_LARGE;
            case CONFIG_DELETE -> rooms.settings().manager.isThere() ? Status.UNKNOWN_COMMAND : Status.DONE;
            case UNKNOWN -> Status.UNKNOWN_COMMAND;
            default -> Status.DONE;
        };
        if (refusal != Status.DONE) {
            error(refusal);
        }
        return refusal != Status.DONE;
    }

    private Status refusalOfStore(int valueLength) {
        int flags = extrasLength == 0 ? 0 : Integer.reverseBytes(Memory.getInt(extras));
        SizeClasses sizes = rooms.sizeClasses();
        if (sizes.classOf(sizes.itemBytes(key.length(), flags, valueLength)) != 0) {
            return Status.DONE;
        }
        counters.add(Count.STORE_TOO_LARGE);
        if (opcode == Opcode.SET) {
            drop();
        }
        return Status.TOO_LARGE;
    }

    private Status refusalOfSasl(int valueLength) {
        if (!rooms.settings().isSasl) {
            return Status.UNKNOWN_COMMAND;
        }
        boolean fits = key.length() <= MAX_MECHANISM_BYTES && valueLength <= MAX_CREDENTIAL_BYTES;
        return fits ? Status.DONE : Status.INVALID;
    }

    private void dispatch(ItemSession session) {
        switch (opcode) {
            case GET, GETK -> get(false);
            case GAT, GATK, TOUCH -> get(true);
            case SET -> store(StoreMode.SET);
            case ADD -> store(StoreMode.ADD);
            case REPLACE -> store(StoreMode.REPLACE);
            case APPEND -> store(StoreMode.APPEND);
            case PREPEND -> store(StoreMode.PREPEND);
            case DELETE -> delete();
            case INCREMENT, DECREMENT -> sum();
            case FLUSH -> flush();
            case NOOP -> done();
            case VERSION -> text(rooms.settings().version);
            case QUIT -> {
                done();
                session.closeAfterReply();
            }
            case STAT -> stat(session);
            case SASL_LIST_MECHANISMS -> listMechanisms();
            case SASL_AUTHENTICATE, SASL_STEP -> authenticate(session);
            case CONFIG_GET -> configGet();
            case CONFIG_SET -> configSet();
            case CONFIG_DELETE -> configDelete();
            default -> throw new IllegalStateException("opcode " + opcodeByte);
        }
    }

    // --- replies ---

    private void header(Status status, int extrasBytes, int keyBytes, int bodyBytes, long number) {
        reply.int32(REPLY_MAGIC << 24 | opcodeByte << 16 | keyBytes);
        reply.int32(extrasBytes << 24 | status.code());
        reply.int32(bodyBytes);
        reply.int32(Integer.reverseBytes(opaque));
        reply.int64(number);
    }

    private void error(Status status) {
        header(status, 0, 0, status.text().length, 0);
        reply.text(status.text());
    }

    /** It was done, and there is no more to say. */
    private void done() {
        done(0);
    }

    private void done(long number) {
        if (!isQuiet) {
            header(Status.DONE, 0, 0, 0, number);
        }
    }

    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        header(Status.DONE, 0, 0, bytes.length, 0);
        reply.text(bytes);
    }

    // --- get, touch ---

    private void get(boolean touches) {
        boolean withKey = opcode == Opcode.GETK || opcode == Opcode.GATK;
        boolean found;
        actions.lock(key);
        try {
            found = touches
                    ? actions.touch(key, actions.deadline(Integer.reverseBytes(Memory.getInt(extras)) & 0xFFFF_FFFFL))
                    : actions.fetch(key);
            if (found) {
                hit(withKey);
            }
        } finally {
            actions.unlock();
        }
        if (!found && !isQuiet) {
            miss(withKey);
        }
        if (rooms.settings().countsPrefixes) {
            rooms.prefixes().get(key, found);
        }
    }

    private void hit(boolean withKey) {
        long item = actions.item();
        int keyBytes = withKey ? key.length() : 0;
        int dataBytes = opcode == Opcode.TOUCH ? 0 : Items.dataLength(item);
        header(Status.DONE, FLAGS_BYTES, keyBytes, FLAGS_BYTES + keyBytes + dataBytes, actions.unique());
        reply.int32(Items.flags(item));
        if (withKey) {
            reply.bytes(key);
        }
        reply.bytes(Items.dataAddress(item), dataBytes);
    }

    private void miss(boolean withKey) {
        if (withKey) {
            header(Status.NOT_FOUND, 0, key.length(), key.length(), 0);
            reply.bytes(key);
        } else {
            error(Status.NOT_FOUND);
        }
    }

    // --- set, add, replace, append, prepend ---

    private void store(StoreMode mode) {
        if (rooms.settings().countsPrefixes) {
            rooms.prefixes().set(key);
        }
        boolean hasRoom = actions.makeRoom();
        int flags = extrasLength == 0 ? 0 : Integer.reverseBytes(Memory.getInt(extras));
        long exptime = extrasLength == 0 ? 0 : Integer.reverseBytes(Memory.getInt(extras + FLAGS_BYTES)) & 0xFFFF_FFFFL;
        boolean extendsItem = mode == StoreMode.APPEND || mode == StoreMode.PREPEND;
        Outcome outcome = Outcome.NO_MEMORY;
        actions.lock(key);
        try {
            if (hasRoom) {
                outcome = actions.store(unique != 0 && !extendsItem ? StoreMode.CAS : mode, key, flags,
                        actions.deadline(exptime), value, unique, false);
            } else if (mode == StoreMode.SET) {
                actions.drop(key);
            }
        } finally {
            actions.unlock();
        }
        tellStored(mode, outcome);
    }

    private void tellStored(StoreMode mode, Outcome outcome) {
        switch (outcome) {
            case DONE -> done(actions.unique());
            case EXISTS -> error(Status.EXISTS);
            case NOT_FOUND -> error(Status.NOT_FOUND);
            case NO_MEMORY -> {
                counters.add(Count.STORE_NO_MEMORY);
                error(Status.NO_MEMORY);
            }
            default -> {
                Status notAdded = mode == StoreMode.ADD ? Status.EXISTS : Status.NOT_STORED;
                error(mode == StoreMode.REPLACE ? Status.NOT_FOUND : notAdded);
            }
        }
    }

    /** A refused set leaves nothing behind that its sender believes replaced. */
    private void drop() {
        actions.lock(key);
        try {
            actions.drop(key);
        } finally {
            actions.unlock();
        }
    }

    // --- delete, incr, decr ---

    private void delete() {
        if (rooms.settings().countsPrefixes) {
            rooms.prefixes().delete(key);
        }
        Outcome outcome;
        actions.lock(key);
        try {
            outcome = actions.delete(key, unique);
        } finally {
            actions.unlock();
        }
        switch (outcome) {
            case DONE -> done();
            case EXISTS -> error(Status.EXISTS);
            default -> error(Status.NOT_FOUND);
        }
    }

    private void sum() {
        boolean increments = opcode == Opcode.INCREMENT;
        long delta = Long.reverseBytes(Memory.getLong(extras));
        long initial = Long.reverseBytes(Memory.getLong(extras + 8));
        int expiration = Integer.reverseBytes(Memory.getInt(extras + 16));
        boolean mayCreate = expiration != NO_CREATION && actions.makeRoom();
        actions.lock(key);
        try {
            Outcome outcome = actions.add(key, increments, delta, unique);
            if (outcome == Outcome.NOT_FOUND && mayCreate) {
                actions.create(key, initial, actions.deadline(expiration & 0xFFFF_FFFFL));
                outcome = Outcome.DONE;
            }
            tellSum(outcome, increments);
        } finally {
            actions.unlock();
        }
    }

    private void tellSum(Outcome outcome, boolean increments) {
        switch (outcome) {
            case DONE -> {
                if (!isQuiet) {
                    header(Status.DONE, 0, 0, Long.BYTES, actions.unique());
                    reply.int64(actions.sum());
                }
            }
            case NOT_FOUND -> {
                counters.add(increments ? Count.INCR_MISSES : Count.DECR_MISSES);
                error(Status.NOT_FOUND);
            }
            case EXISTS -> error(Status.EXISTS);
            default -> error(Status.NON_NUMERIC);
        }
    }

    // --- flush, stat ---

    private void flush() {
        counters.add(Count.CMD_FLUSH);
        if (!rooms.settings().mayFlush) {
            error(Status.AUTHENTICATION_FAILED);
            return;
        }
        long exptime = extrasLength == 0 ? 0 : Integer.reverseBytes(Memory.getInt(extras)) & 0xFFFF_FFFFL;
        AdminCommands.flush(rooms, actions, exptime);
        done();
    }

    private void stat(ItemSession session) {
        String page = key.toString();
        int statOpcode = opcodeByte;
        int statOpaque = opaque;
        StatisticsPages.Sink sink = (name, text) -> {
            // A walk may end long after this request: then others have been read.
            opcodeByte = statOpcode;
            opaque = statOpaque;
            statistic(name, text);
        };
        BiConsumer<Census, StatisticsPages.Sink> censusPage = pages.censusPage(page);
        if (censusPage != null) {
            Census census = new Census(rooms.sizeClasses());
            new ItemWalk(session, census, () -> {
                censusPage.accept(census, sink);
                sink.tell("", "");
            }).start();
        } else if (isPageWritten(page, sink)) {
            sink.tell("", "");
        }
    }

    private boolean isPageWritten(String page, StatisticsPages.Sink sink) {
        switch (page) {
            case "" -> pages.general(sink);
            case "settings" -> pages.settings(sink);
            case "reset" -> {
                rooms.resetStatistics();
                counters.reset();
            }
            case "detail on", "detail off" -> rooms.settings().countsPrefixes = page.equals("detail on");
            case "detail dump" -> sink.tell("detailed", rooms.prefixes().dump());
            default -> {
                error(Status.NOT_FOUND);
                return false;
            }
        }
        return true;
    }

    private void statistic(String name, String text) {
        byte[] nameBytes = name.getBytes(StandardCharsets.ISO_8859_1);
        byte[] textBytes = text.getBytes(StandardCharsets.ISO_8859_1);
        header(Status.DONE, 0, nameBytes.length, nameBytes.length + textBytes.length, 0);
        reply.text(nameBytes);
        reply.text(textBytes);
    }

    // --- SASL ---

    private void listMechanisms() {
        if (rooms.settings().isSasl) {
            text(MECHANISM);
        } else {
            error(Status.UNKNOWN_COMMAND);
        }
    }

    /** PLAIN: an identity that means nothing here, a user and a password, each after a zero byte but the first. */
    private void authenticate(ItemSession session) {
        counters.add(Count.AUTH_CMDS);
        String[] parts = new String(value.toByteArray(), StandardCharsets.ISO_8859_1).split("\0", -1);
        boolean isKnown = opcode == Opcode.SASL_AUTHENTICATE && key.toString().equals(MECHANISM) && parts.length == 3
                && rooms.passwords().match(parts[1], parts[2]);
        if (isKnown) {
            session.isAuthenticated = true;
            text("Authenticated");
        } else {
            session.isAuthenticated = false;
            counters.add(Count.AUTH_ERRORS);
            error(Status.AUTHENTICATION_FAILED);
        }
    }

    // --- the list of nodes for auto discovery ---

    private void configGet() {
        counters.add(Count.CMD_CONFIG_GET);
        ClusterConfiguration.Value found = rooms.cluster().get(key.toString());
        if (found == null) {
            error(Status.NOT_FOUND);
            return;
        }
        header(Status.DONE, FLAGS_BYTES, 0, FLAGS_BYTES + found.bytes().length, 0);
        reply.int32(found.flags());
        reply.text(found.bytes());
    }

    private void configSet() {
        counters.add(Count.CMD_CONFIG_SET);
        int flags = extrasLength == 0 ? 0 : Integer.reverseBytes(Memory.getInt(extras));
        if (rooms.cluster().set(key.toString(), flags, value.toByteArray())) {
            done();
        } else {
            error(Status.NOT_STORED);
        }
    }

    private void configDelete() {
        if (rooms.cluster().delete(key.toString())) {
            done();
        } else {
            error(Status.NOT_FOUND);
        }
    }
}
