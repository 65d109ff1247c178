package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.rdb.Crc64;
import dev.cistern.engine.rdb.DumpPayload;
import dev.cistern.engine.rdb.Rdb;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbInput;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.rdb.ValueBuilder;
import dev.cistern.engine.rdb.ValueReader;
import dev.cistern.engine.rdb.ValueSink;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.OutOfNativeMemoryException;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ASKING;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.store.Keyspace.ABSENT;
import static dev.cistern.store.Keyspace.NO_DEADLINE;

/**
 * DUMP and RESTORE: a value in the format of snapshots, with a checksum, for another key or another server.
 *
 * <p>Runs on the loop's thread while the key's stripe is held. RESTORE reads the whole of what it was given before it
 * changes anything.
 */
final class DumpCommands {
    private static final KeySpec OVERWRITTEN = key(1).as(OW, UPDATE);

    static final CommandTable TABLE = CommandTable.of("generic",
            command("DUMP", 2, key(1), READ, tip("nondeterministic_output")).runs(DumpCommands::dump),
            command("RESTORE", -4, OVERWRITTEN, WRITE, DENY_OOM, Category.DANGEROUS)
                    .runsInSession(DumpCommands::restore),
            command("RESTORE-ASKING", -4, OVERWRITTEN, WRITE, DENY_OOM, ASKING, Category.DANGEROUS)
                    .runsInSession(DumpCommands::restore));

    private static final CommandException BUSY_KEY = CommandException.of("BUSYKEY Target key name already exists.");
    private static final CommandException WRONG_PAYLOAD = CommandException.of(
            "ERR DUMP payload version or checksum are wrong");
    private static final CommandException BAD_DATA = CommandException.of("ERR Bad data format");
    private static final CommandException INVALID_TTL = CommandException.of("ERR Invalid TTL value, must be >= 0");
    private static final CommandException INVALID_IDLE_TIME = CommandException.of(
            "ERR Invalid IDLETIME value, must be >= 0");
    private static final CommandException INVALID_FREQUENCY = CommandException.of(
            "ERR Invalid FREQ value, must be >= 0 and <= 255");

    private static final int NONE = -1;

    private DumpCommands() {}

    private static void dump(Keyspace keyspace, Request request, Reply reply) {
        long entry = keyspace.find(request.key(1), Keyspace.NO_TOUCH);
        if (entry == ABSENT) {
            reply.nullBulk();
            return;
        }
        try (RdbOutput output = new RdbOutput()) {
            DumpPayload.write(keyspace, entry, output);
            reply.bulk(output.address(), Math.toIntExact(output.length()));
        }
    }

    /** What follows the payload. */
    private record Options(boolean replaces, boolean isAbsolute, long idleSeconds, long frequency) {

        static Options of(Request request) {
            boolean replaces = false;
            boolean isAbsolute = false;
            long idleSeconds = NONE;
            long frequency = NONE;
            for (int i = 4; i < request.count(); i++) {
                boolean hasMore = i + 1 < request.count();
                if (request.is(i, "REPLACE")) {
                    replaces = true;
                } else if (request.is(i, "ABSTTL")) {
                    isAbsolute = true;
                } else if (request.is(i, "IDLETIME") && hasMore && frequency == NONE) {
                    idleSeconds = request.longAt(++i, 0, Long.MAX_VALUE, INVALID_IDLE_TIME);
                } else if (request.is(i, "FREQ") && hasMore && idleSeconds == NONE) {
                    frequency = request.longAt(++i, 0, 255, INVALID_FREQUENCY);
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
            }
            return new Options(replaces, isAbsolute, idleSeconds, frequency);
        }
    }

    static void restore(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        Bytes name = request.key(1);
        Options options = Options.of(request);
        if (!options.replaces && keyspace.findForWrite(name) != ABSENT) {
            throw BUSY_KEY;
        }
        long ttl = request.longAt(2, 0, Long.MAX_VALUE, INVALID_TTL);
        if (!options.isAbsolute && ttl > Long.MAX_VALUE - keyspace.nowMillis()) {
            // A sum that begins anew below zero would be a time long ago.
            throw INVALID_TTL;
        }
        RdbInput input = payload(request.argument(3));
        try (ValueReader reader = new ValueReader()) {
            check(reader, request.argument(3));
            if (options.replaces) {
                keyspace.delete(name);
            }
            long deadline = ttl == 0 ? NO_DEADLINE : options.isAbsolute ? ttl : ttl + keyspace.nowMillis();
            if (ttl == 0 || !keyspace.isPast(deadline)) {
                build(keyspace, name, reader, input, deadline);
                applyAccess(keyspace, name, options);
                keyspace.restored(name);
            }
        }
        reply.ok();
    }

    /** The payload without its footer, which was checked. */
    private static RdbInput payload(Bytes bytes) {
        long length = bytes.length() - (long) Rdb.FOOTER_BYTES;
        if (length < 1) {
            throw WRONG_PAYLOAD;
        }
        long footer = bytes.address() + length;
        int version = Memory.getShort(footer) & 0xFFFF;
        long checksum = Memory.getLong(footer + Short.BYTES);
        boolean isKnown = version <= Rdb.MAX_VERSION || version == Rdb.VALKEY_VERSION;
        if (!isKnown || (checksum != 0 && checksum != Crc64.update(0, bytes.address(), length + Short.BYTES))) {
            throw WRONG_PAYLOAD;
        }
        return new RdbInput(bytes.address(), length);
    }

    private static void check(ValueReader reader, Bytes bytes) {
        RdbInput input = payload(bytes);
        try {
            reader.read(input.readByte(), input, ValueSink.NONE);
        } catch (RdbException e) {
            throw BAD_DATA;
        }
    }

    private static void build(Keyspace keyspace, Bytes name, ValueReader reader, RdbInput input, long deadline) {
        keyspace.beginRestoring();
        try {
            ValueBuilder builder = new ValueBuilder(keyspace);
            builder.key(name);
            reader.read(input.readByte(), input, builder);
            if (deadline != NO_DEADLINE) {
                keyspace.setDeadline(name, deadline);
            }
        } catch (OutOfNativeMemoryException e) {
            // Half a value is worse than none.
            keyspace.delete(name);
            throw e;
        } finally {
            keyspace.endRestoring();
        }
    }

    private static void applyAccess(Keyspace keyspace, Bytes name, Options options) {
        long entry = keyspace.find(name, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        if (entry == ABSENT) {
            // Nothing of the value is left: the fields of a hash have times of their own.
            return;
        }
        if (options.idleSeconds != NONE) {
            keyspace.setIdleSeconds(entry, options.idleSeconds);
        } else if (options.frequency != NONE) {
            keyspace.setUseCounter(entry, (int) options.frequency);
        }
    }
}
