package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Hashes;
import dev.cistern.store.Keyspace;
import java.util.HashSet;
import java.util.Set;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands that look at some fields of a hash: by chance (HRANDFIELD) or one part after the other (HSCAN).
 *
 * <p>Runs on the loop's thread while the key's stripe is held.
 */
final class HashWalkCommands {

    static final CommandTable TABLE = CommandTable.of("hash",
            command("HRANDFIELD", -2, key(1), READ, tip("nondeterministic_output")).runs(HashWalkCommands::random),
            command("HSCAN", -3, key(1), READ, tip("nondeterministic_output")).runs(HashWalkCommands::scan));

    private HashWalkCommands() {}

    /** HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES] */
    private static void scan(Keyspace keyspace, Request request, Reply reply) {
        long cursor = ScanCommands.cursorAt(request, 2);
        Hashes hashes = keyspace.hashes();
        if (!hashes.open(request.key(1))) {
            ElementScan.empty(reply);
            return;
        }
        ElementScan scan = new ElementScan(request, 3, "NOVALUES");
        long mark = scan.begin(reply);
        Bytes field = request.view();
        Bytes value = request.secondView();
        do {
            long shown = 0;
            hashes.beginPart(cursor);
            while (hashes.nextInPart(field, value)) {
                shown++;
                if (scan.matches(field)) {
                    scan.write(reply, field);
                    if (scan.showsValues()) {
                        scan.write(reply, value);
                    }
                }
            }
            cursor = hashes.cursorAfter(cursor);
            scan.passed(shown);
        } while (cursor != 0 && scan.wantsMore());
        scan.end(reply, mark, cursor);
    }

    /** HRANDFIELD key [count [WITHVALUES]] */
    private static void random(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        if (request.count() == 2) {
            boolean found = hashes.open(request.key(1))
                    && hashes.random(Sampling.RANDOM, request.view(), request.secondView());
            reply.bulkOrNull(found ? request.view() : null);
            return;
        }
        long count = request.longAt(2, -Long.MAX_VALUE, Long.MAX_VALUE, CommandException.OUT_OF_LONG_RANGE);
        boolean withValues = request.count() > 3;
        if (request.count() > 4 || (withValues && !request.is(3, "WITHVALUES"))) {
            throw CommandException.SYNTAX_ERROR;
        }
        if (withValues && (count < -Long.MAX_VALUE / 2 || count > Long.MAX_VALUE / 2)) {
            throw CommandException.OUT_OF_RANGE;
        }
        hashes.open(request.key(1));
        long size = HashCommands.liveSize(hashes, request);
        Fields fields = new Fields(hashes, request, reply, withValues);
        long mark = reply.open();
        if (size == 0 || count == 0) {
            fields.written = 0;
        } else if (count < 0) {
            fields.repeated(-count);
        } else if (!hashes.isPacked() && Sampling.isSmallShare(count, size)) {
            fields.drawn(count);
        } else {
            fields.selected(count, size);
        }
        reply.closeArray(mark, withValues && !reply.isResp3() ? 2 * fields.written : fields.written);
    }

    /** Writes fields, chosen one way or the other. */
    private static final class Fields {
        private final Hashes hashes;
        private final Bytes field;
        private final Bytes value;
        private final Reply reply;
        private final boolean withValues;
        private long written;

        Fields(Hashes hashes, Request request, Reply reply, boolean withValues) {
            this.hashes = hashes;
            this.field = request.view();
            this.value = request.secondView();
            this.reply = reply;
            this.withValues = withValues;
        }

        private void write() {
            if (withValues && reply.isResp3()) {
                reply.array(2);
            }
            reply.bulk(field);
            if (withValues) {
                reply.bulk(value);
            }
            written++;
        }

        /** The same field may come again. */
        void repeated(long count) {
            Sampling.requireEnd(count);
            while (written < count && hashes.random(Sampling.RANDOM, field, value)) {
                write();
            }
        }

        /** Different ones, few of many: drawn until there are enough. */
        void drawn(long count) {
            Set<Long> seen = new HashSet<>();
            for (long tries = count * Sampling.TRIES; tries > 0 && written < count; tries--) {
                if (hashes.random(Sampling.RANDOM, field, value) && seen.add(field.address())) {
                    write();
                }
            }
        }

        /** Different ones, of {@code size}, each as likely as another, in one walk over all. */
        void selected(long count, long size) {
            long left = size;
            hashes.beginWalk();
            while (written < count && hashes.next(field, value)) {
                if (Sampling.below(left) < count - written) {
                    write();
                }
                left--;
            }
        }
    }
}
