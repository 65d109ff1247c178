package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Glob;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.EntryVisitor;
import dev.cistern.store.Keyspace;
import dev.cistern.store.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.READ;

/**
 * Commands that walk over the keys of a database.
 *
 * <p>They hold no stripe when they start: the keyspace takes one after the other, so that a walk never stops the other
 * loops. KEYS is therefore no snapshot: a key that is renamed meanwhile may appear under both names or none. Runs on
 * the loop's thread.
 */
final class ScanCommands {
    private static final int USUAL_COUNT = 10;

    static final CommandTable TABLE = CommandTable.of("generic",
            command("KEYS", 2, READ, Category.DANGEROUS, tip("request_policy:all_shards"),
                    tip("nondeterministic_output_order")).runs(ScanCommands::keys),
            command("SCAN", -2, READ, tip("nondeterministic_output"), tip("request_policy:special"))
                    .runs(ScanCommands::scan),
            command("RANDOMKEY", 1, READ, tip("request_policy:all_shards"), tip("nondeterministic_output"))
                    .runs(ScanCommands::randomKey));

    private ScanCommands() {}

    /** Writes the keys that fit into the reply, as they come by. */
    private static final class KeyWriter implements EntryVisitor {
        private final Bytes key = new Bytes();
        private final Reply reply;
        private @Nullable Bytes pattern;
        private @Nullable ValueType type;
        private int count = USUAL_COUNT;
        private int written;
        private final List<byte[]> expired = new ArrayList<>(0);

        KeyWriter(Reply reply) {
            this.reply = reply;
        }

        void pattern(Bytes wanted) {
            pattern = Glob.matchesAll(wanted) ? null : wanted;
        }

        @Override
        public void visit(Keyspace keyspace, long entry) {
            if (matches(keyspace, entry)) {
                reply.bulk(key);
                written++;
            }
        }

        /** It cannot be deleted in the middle of a walk. */
        @Override
        public void visitExpired(Keyspace keyspace, long entry) {
            if (matches(keyspace, entry)) {
                expired.add(key.toByteArray());
            }
        }

        private boolean matches(Keyspace keyspace, long entry) {
            if (type != null && keyspace.type(entry) != type) {
                return false;
            }
            keyspace.readKey(entry, key);
            return pattern == null || Glob.matches(pattern, key);
        }

        /** Deletes those that the walk would have shown if their time were not over. */
        void deleteExpired(Keyspace keyspace) {
            for (byte[] each : expired) {
                Bytes copy = Bytes.copyOf(each);
                try {
                    keyspace.expireIfDue(copy);
                } finally {
                    copy.free();
                }
            }
        }

        /** Reads MATCH, COUNT and TYPE. */
        void readOptions(Request request) {
            for (int i = 2; i < request.count(); i += 2) {
                if (i + 1 == request.count()) {
                    throw CommandException.SYNTAX_ERROR;
                }
                if (request.is(i, "MATCH")) {
                    pattern(request.argument(i + 1));
                } else if (request.is(i, "COUNT")) {
                    count = countAt(request, i + 1);
                } else if (request.is(i, "TYPE")) {
                    type = typeAt(request, i + 1);
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
            }
        }

        private static int countAt(Request request, int index) {
            long count = request.longAt(index);
            if (count < 1) {
                throw CommandException.SYNTAX_ERROR;
            }
            return (int) Math.min(count, Integer.MAX_VALUE);
        }

        private static ValueType typeAt(Request request, int index) {
            for (ValueType type : ValueType.values()) {
                if (request.is(index, type.typeName().toUpperCase(Locale.ROOT))) {
                    return type;
                }
            }
            throw CommandException.of("ERR unknown type name '" + request.text(index) + "'");
        }
    }

    private static void keys(Keyspace keyspace, Request request, Reply reply) {
        KeyWriter writer = new KeyWriter(reply);
        writer.pattern(request.argument(1));
        long mark = reply.open();
        long cursor = 0;
        do {
            cursor = keyspace.scan(cursor, Integer.MAX_VALUE, writer);
        } while (cursor != 0);
        writer.deleteExpired(keyspace);
        reply.closeArray(mark, writer.written);
    }

    /** SCAN cursor [MATCH pattern] [COUNT count] [TYPE type] */
    private static void scan(Keyspace keyspace, Request request, Reply reply) {
        long cursor = cursorAt(request, 1);
        KeyWriter writer = new KeyWriter(reply);
        writer.readOptions(request);
        reply.array(2);
        long mark = reply.open();
        long next = keyspace.scan(cursor, writer.count, writer);
        writer.deleteExpired(keyspace);
        reply.closeArray(mark, writer.written);
        // The cursor goes first but is known last.
        reply.insertBulk(mark, Long.toUnsignedString(next));
    }

    /** Any unsigned 64-bit number, a plus sign and leading zeros included. */
    static long cursorAt(Request request, int index) {
        Bytes cursor = request.argument(index);
        try {
            boolean isLong = cursor.length() > MAX_CURSOR_LENGTH;
            return Long.parseUnsignedLong(isLong ? "" : request.text(index));
        } catch (NumberFormatException e) {
            throw CommandException.INVALID_CURSOR;
        }
    }

    /** No cursor that was ever given out is longer than 20 digits; zeros before it are tolerated, but not for ever. */
    private static final int MAX_CURSOR_LENGTH = 64;

    private static void randomKey(Keyspace keyspace, Request request, Reply reply) {
        Bytes key = request.view();
        boolean found = keyspace.random(() -> ThreadLocalRandom.current().nextLong(),
                (holder, entry) -> reply.bulk(holder.readKey(entry, key)));
        if (!found) {
            reply.nullBulk();
        }
    }
}
