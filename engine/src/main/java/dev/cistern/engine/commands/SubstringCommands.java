package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.ValueType;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.QUICK;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.range;
import static dev.cistern.store.Keyspace.ABSENT;

/**
 * Commands that look into a string or change a part of it.
 *
 * <p>Runs on the loop's thread while the stripes of the keys are held.
 */
final class SubstringCommands {
    private static final CommandException LCS_NOT_STRINGS = CommandException.of(
            "ERR The specified keys must contain string values");
    private static final CommandException LCS_LEN_AND_IDX = CommandException.of(
            "ERR If you want both the length and indexes, please just use IDX.");

    static final CommandTable TABLE = CommandTable.of("string",
            command("APPEND", 3, key(1).as(RW, INSERT), WRITE, DENY_OOM, FAST)
                    .runsInSession(SubstringCommands::append),
            command("STRLEN", 2, key(1).as(RO), READ, FAST).runs(SubstringCommands::strlen),
            command("GETRANGE", 4, key(1), READ, QUICK).runs(SubstringCommands::getRange),
            command("SUBSTR", 4, key(1), READ, QUICK).runs(SubstringCommands::getRange),
            command("SETRANGE", 4, key(1).as(RW, UPDATE), WRITE, DENY_OOM)
                    .runsInSession(SubstringCommands::setRange),
            command("LCS", -3, range(1, 1, 1), READ).runsInSession(SubstringCommands::lcs));

    private SubstringCommands() {}

    /** The limit is asked of a string that grows, not of one that is created: that one arrived within it. */
    private static void append(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        Bytes suffix = request.argument(2);
        long entry = keyspace.findForWrite(request.key(1));
        if (entry != ABSENT) {
            requireLength(session, keyspace.stringLength(entry), suffix.length());
        }
        reply.integer(keyspace.append(request.key(1), suffix));
    }

    private static void requireLength(Session session, long before, int added) {
        if (before > session.node().settings().protoMaxBulkLen.value() - added) {
            throw CommandException.STRING_TOO_LONG;
        }
    }

    private static void strlen(Keyspace keyspace, Request request, Reply reply) {
        long entry = keyspace.find(request.key(1));
        reply.integer(entry == ABSENT ? 0 : keyspace.stringLength(entry));
    }

    /** GETRANGE key start end: both inclusive, negative ones count from the end. */
    private static void getRange(Keyspace keyspace, Request request, Reply reply) {
        long start = request.longAt(2);
        long end = request.longAt(3);
        long entry = keyspace.find(request.key(1));
        if (entry == ABSENT) {
            reply.bulk(0, 0);
            return;
        }
        Bytes string = keyspace.readString(entry, request.view());
        int length = string.length();
        // Both before the beginning and crossed: not to be moved to the first byte like others.
        boolean crossed = start < 0 && end < 0 && start > end;
        long first = Math.max(0, start < 0 ? length + start : start);
        long last = Math.min(length - 1, Math.max(0, end < 0 ? length + end : end));
        if (crossed || first > last) {
            reply.bulk(0, 0);
        } else {
            reply.bulk(string.address() + first, (int) (last - first + 1));
        }
    }

    private static void setRange(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        long offset = request.longAt(2);
        if (offset < 0) {
            throw CommandException.OFFSET_OUT_OF_RANGE;
        }
        Bytes bytes = request.argument(3);
        long entry = keyspace.findForWrite(request.key(1));
        int length = entry == ABSENT ? 0 : keyspace.stringLength(entry);
        if (bytes.length() == 0) {
            reply.integer(length);
            return;
        }
        requireLength(session, offset, bytes.length());
        reply.integer(keyspace.setRange(request.key(1), (int) offset, bytes));
    }

    // --- LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN] ---

    private record LcsOptions(boolean len, boolean idx, long minMatchLength, boolean withMatchLength) {

        static LcsOptions parse(Request request) {
            boolean len = false;
            boolean idx = false;
            boolean withMatchLength = false;
            long minMatchLength = 0;
            for (int i = 3; i < request.count(); i++) {
                if (request.is(i, "LEN")) {
                    len = true;
                } else if (request.is(i, "IDX")) {
                    idx = true;
                } else if (request.is(i, "WITHMATCHLEN")) {
                    withMatchLength = true;
                } else if (request.is(i, "MINMATCHLEN") && i + 1 < request.count()) {
                    minMatchLength = request.longAt(++i);
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
            }
            if (len && idx) {
                throw LCS_LEN_AND_IDX;
            }
            return new LcsOptions(len, idx, minMatchLength, withMatchLength);
        }
    }

    private static void lcs(Session session, Request request, Reply reply) {
        // Numbers have no text in memory: each gets a place for its own.
        long texts = Memory.allocate(MemoryTag.SCRATCH, 2 * Decimal.MAX_BYTES);
        try {
            Bytes a = text(session.keyspace(), request.key(1), texts);
            Bytes b = text(session.keyspace(), request.key(2), texts + Decimal.MAX_BYTES);
            LcsOptions options = LcsOptions.parse(request);
            long limit = session.node().settings().protoMaxBulkLen.value();
            try (LongestCommonSubsequence common = new LongestCommonSubsequence(a, b, limit)) {
                replyCommon(common, options, reply);
            }
        } finally {
            Memory.free(MemoryTag.SCRATCH, texts, 2 * Decimal.MAX_BYTES);
        }
    }

    private static Bytes text(Keyspace keyspace, Bytes key, long place) {
        long entry = keyspace.find(key);
        if (entry == ABSENT) {
            return new Bytes(place, 0);
        }
        if (keyspace.type(entry) != ValueType.STRING) {
            throw LCS_NOT_STRINGS;
        }
        return keyspace.isInt(entry)
                ? new Bytes(place, Decimal.write(keyspace.intValue(entry), place))
                : keyspace.readString(entry, new Bytes());
    }

    private static void replyCommon(LongestCommonSubsequence common, LcsOptions options, Reply reply) {
        if (options.idx()) {
            replyRanges(common, options, reply);
        } else if (options.len()) {
            reply.integer(common.length());
        } else {
            byte[] letters = new byte[common.length()];
            common.copyTo(letters);
            reply.bulk(letters);
        }
    }

    private static void replyRanges(LongestCommonSubsequence common, LcsOptions options, Reply reply) {
        reply.map(2);
        reply.bulk("matches");
        long mark = reply.open();
        int[] shown = {0};
        common.eachRange((firstInA, lastInA, firstInB, lastInB) -> {
            int length = lastInA - firstInA + 1;
            if (length >= options.minMatchLength()) {
                shown[0]++;
                reply.array(options.withMatchLength() ? 3 : 2);
                replyRange(reply, firstInA, lastInA);
                replyRange(reply, firstInB, lastInB);
                if (options.withMatchLength()) {
                    reply.integer(length);
                }
            }
        });
        reply.closeArray(mark, shown[0]);
        reply.bulk("len");
        reply.integer(common.length());
    }

    private static void replyRange(Reply reply, int first, int last) {
        reply.array(2);
        reply.integer(first);
        reply.integer(last);
    }
}
