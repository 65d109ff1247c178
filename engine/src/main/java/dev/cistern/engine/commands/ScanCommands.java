package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import java.util.concurrent.ThreadLocalRandom;

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
    static final CommandTable TABLE = CommandTable.of("generic",
            command("KEYS", 2, READ, Category.DANGEROUS, tip("request_policy:all_shards"),
                    tip("nondeterministic_output_order")).runs(ScanCommands::keys),
            command("SCAN", -2, READ, tip("nondeterministic_output"), tip("request_policy:special"))
                    .runs(ScanCommands::scan),
            command("RANDOMKEY", 1, READ, tip("request_policy:all_shards"), tip("nondeterministic_output"))
                    .runs(ScanCommands::randomKey));

    private ScanCommands() {}

    private static void keys(Keyspace keyspace, Request request, Reply reply) {
        KeyWriter writer = new KeyWriter(reply);
        writer.pattern(request.argument(1));
        long mark = reply.open();
        long cursor = 0;
        do {
            cursor = keyspace.scan(cursor, Integer.MAX_VALUE, writer);
        } while (cursor != 0);
        writer.deleteExpired(keyspace);
        reply.closeArray(mark, writer.written());
    }

    /** SCAN cursor [MATCH pattern] [COUNT count] [TYPE type] */
    private static void scan(Keyspace keyspace, Request request, Reply reply) {
        long cursor = cursorAt(request, 1);
        KeyWriter writer = new KeyWriter(reply);
        writer.readOptions(request, 2);
        reply.array(2);
        long mark = reply.open();
        long next = keyspace.scan(cursor, writer.count(), writer);
        writer.deleteExpired(keyspace);
        reply.closeArray(mark, writer.written());
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
