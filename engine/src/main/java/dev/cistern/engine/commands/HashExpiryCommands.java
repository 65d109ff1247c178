package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Hashes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import java.util.Locale;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.store.Keyspace.NO_DEADLINE;

/**
 * Commands that give fields of a hash a deadline, take it away, or tell it; and those that read, write or remove fields in
 * the same step.
 *
 * <p>Their fields stand at the end, after the word FIELDS and their number. Runs on the loop's thread while the key's
 * stripe is held.
 */
final class HashExpiryCommands {
    private static final CommandException BAD_FIELDS = CommandException.of(
            "ERR numfields should be greater than 0 and match the provided number of fields");

    /** Where the number of fields stands when nothing may come before the word FIELDS but the key. */
    private static final int COUNT_INDEX = 3;

    private static final int NOT_THERE = -2;
    private static final int NO_TTL = -1;
    private static final int NOT_ALLOWED = 0;
    private static final int DONE = 1;
    private static final int DELETED = 2;

    private static final KeySpec UPDATED = key(1).as(RW, UPDATE);

    static final CommandTable TABLE = CommandTable.of("hash",
            command("HEXPIRE", -6, UPDATED, WRITE, FAST)
                    .runs((keyspace, request, reply) -> expire(keyspace, request, reply, Unit.SECONDS)),
            command("HPEXPIRE", -6, UPDATED, WRITE, FAST)
                    .runs((keyspace, request, reply) -> expire(keyspace, request, reply, Unit.MILLIS)),
            command("HEXPIREAT", -6, UPDATED, WRITE, FAST)
                    .runs((keyspace, request, reply) -> expire(keyspace, request, reply, Unit.UNIX_SECONDS)),
            command("HPEXPIREAT", -6, UPDATED, WRITE, FAST)
                    .runs((keyspace, request, reply) -> expire(keyspace, request, reply, Unit.UNIX_MILLIS)),
            command("HTTL", -5, key(1), READ, FAST)
                    .runs((keyspace, request, reply) -> tell(keyspace, request, reply, Unit.SECONDS)),
            command("HPTTL", -5, key(1), READ, FAST)
                    .runs((keyspace, request, reply) -> tell(keyspace, request, reply, Unit.MILLIS)),
            command("HEXPIRETIME", -5, key(1), READ, FAST)
                    .runs((keyspace, request, reply) -> tell(keyspace, request, reply, Unit.UNIX_SECONDS)),
            command("HPEXPIRETIME", -5, key(1), READ, FAST)
                    .runs((keyspace, request, reply) -> tell(keyspace, request, reply, Unit.UNIX_MILLIS)),
            command("HPERSIST", -5, UPDATED, WRITE, FAST).runs(HashExpiryCommands::persist),
            command("HSETEX", -6, key(1).as(RW, INSERT), WRITE, DENY_OOM, FAST).runs(HashExpiryCommands::setEx),
            command("HGETEX", -5, key(1).as(RW, ACCESS), WRITE, FAST).runs(HashExpiryCommands::getEx),
            command("HGETDEL", -5, key(1).as(RW, ACCESS, DELETE), WRITE, FAST).runs(HashExpiryCommands::getDel));

    private HashExpiryCommands() {}

    /** How a command counts time, and from when. */
    private enum Unit {
        SECONDS(1000, true), MILLIS(1, true), UNIX_SECONDS(1000, false), UNIX_MILLIS(1, false);

        private final long millis;
        private final boolean isRelative;

        Unit(long millis, boolean isRelative) {
            this.millis = millis;
            this.isRelative = isRelative;
        }

        long base(Keyspace keyspace) {
            return isRelative ? keyspace.nowMillis() : 0;
        }

        /** The moment that the argument means; times before 1970 and beyond 64 bits are refused. */
        long deadlineMillis(Request request, int index, Keyspace keyspace) {
            long time = request.longAt(index);
            long base = base(keyspace);
            if (time < 0 || time > (Long.MAX_VALUE - base) / millis) {
                throw CommandException.invalidExpireTime(request.text(0).toLowerCase(Locale.ROOT));
            }
            return base + time * millis;
        }

        long tell(long deadlineMillis, Keyspace keyspace) {
            long left = Math.max(0, deadlineMillis - base(keyspace));
            return this.millis == 1 ? left : ExpiryCommands.toSeconds(left);
        }
    }

    /** The argument that says FIELDS, from this one on; the last one if none does. */
    private static int fieldsWord(Request request, int from) {
        int at = from;
        while (at < request.count() - 1 && !request.is(at, "FIELDS")) {
            at++;
        }
        return at;
    }

    /** The number of fields or pairs at this argument, after which they all stand. */
    private static int fieldCount(Request request, int index, int argumentsPerField) {
        if (index >= request.count()) {
            throw BAD_FIELDS;
        }
        long count = request.longAt(index);
        int arguments = request.count() - index - 1;
        if (count <= 0 || count > arguments || count * argumentsPerField != arguments) {
            throw BAD_FIELDS;
        }
        return (int) count;
    }

    // --- deadlines ---

    /** HEXPIRE key time [NX|XX|GT|LT] FIELDS numfields field [field ...] */
    private static void expire(Keyspace keyspace, Request request, Reply reply, Unit unit) {
        int word = fieldsWord(request, 3);
        int conditions = word < request.count() - 1 ? ExpiryCommands.conditions(request, 3, word) : 0;
        int count = fieldCount(request, word + 1, 1);
        long deadline = unit.deadlineMillis(request, 2, keyspace);
        Hashes hashes = keyspace.hashes();
        hashes.openToChange(request.key(1));
        reply.array(count);
        int updated = 0;
        int deleted = 0;
        for (int i = word + 2; i < request.count(); i++) {
            int result = expireField(keyspace, hashes, request.argument(i), conditions, deadline);
            updated += result == DONE ? 1 : 0;
            deleted += result == DELETED ? 1 : 0;
            reply.integer(result);
        }
        if (deleted > 0) {
            hashes.expired(deleted, updated + deleted);
            hashes.endChange();
        } else if (updated > 0) {
            hashes.changed(KeyEvent.HEXPIRE, updated);
        }
    }

    private static int expireField(Keyspace keyspace, Hashes hashes, Bytes field, int conditions, long deadline) {
        long present = hashes.deadlineMillis(field);
        if (present == Hashes.ABSENT_FIELD) {
            return NOT_THERE;
        }
        if (!ExpiryCommands.isAllowed(conditions, present, deadline)) {
            return NOT_ALLOWED;
        }
        if (deadline <= keyspace.nowMillis()) {
            hashes.remove(field);
            return DELETED;
        }
        hashes.setDeadline(field, deadline);
        return DONE;
    }

    /** HTTL key FIELDS numfields field [field ...] */
    private static void tell(Keyspace keyspace, Request request, Reply reply, Unit unit) {
        long count = request.longAt(COUNT_INDEX);
        if (count <= 0 || count != request.count() - COUNT_INDEX - 1) {
            throw CommandException.SYNTAX_ERROR;
        }
        Hashes hashes = keyspace.hashes();
        hashes.open(request.key(1));
        reply.array(count);
        for (int i = COUNT_INDEX + 1; i < request.count(); i++) {
            long deadline = hashes.deadlineMillis(request.argument(i));
            reply.integer(deadline < 0 ? deadline : unit.tell(deadline, keyspace));
        }
    }

    /** HPERSIST key FIELDS numfields field [field ...] */
    private static void persist(Keyspace keyspace, Request request, Reply reply) {
        int count = fieldCount(request, COUNT_INDEX, 1);
        Hashes hashes = keyspace.hashes();
        hashes.openToChange(request.key(1));
        reply.array(count);
        int persisted = 0;
        for (int i = COUNT_INDEX + 1; i < request.count(); i++) {
            int result = persistField(hashes, request.argument(i));
            persisted += result == DONE ? 1 : 0;
            reply.integer(result);
        }
        if (persisted > 0) {
            hashes.changed(KeyEvent.HPERSIST, persisted);
        }
    }

    private static int persistField(Hashes hashes, Bytes field) {
        long deadline = hashes.deadlineMillis(field);
        if (deadline == Hashes.ABSENT_FIELD) {
            return NOT_THERE;
        }
        if (deadline == NO_DEADLINE) {
            return NO_TTL;
        }
        hashes.setDeadline(field, NO_DEADLINE);
        return DONE;
    }

    // --- reading, writing and removing at the same time ---

    /** HSETEX key [NX|XX] [FNX|FXX] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL] FIELDS numfields field value [...] */
    private static void setEx(Keyspace keyspace, Request request, Reply reply) {
        int word = fieldsWord(request, 2);
        HashOptions options = HashOptions.ofSetEx(request, 2, word);
        int count = fieldCount(request, word + 1, 2);
        Hashes hashes = keyspace.hashes();
        boolean there = hashes.openToChange(request.key(1));
        long deadline = options.deadlineMillis(request, keyspace);
        if (!options.allows(there, hashes, request, word + 2)) {
            reply.integer(0);
            return;
        }
        if (deadline >= 0 && deadline <= keyspace.nowMillis()) {
            setExpired(hashes, request, word + 2);
        } else {
            setFields(hashes, request, word + 2, count, deadline);
        }
        reply.integer(1);
    }

    private static void setFields(Hashes hashes, Request request, int first, int count, long deadline) {
        int revived = 0;
        for (int i = first; i < request.count(); i += 2) {
            Hashes.Put put = hashes.put(request.argument(i), request.argument(i + 1), deadline);
            revived += put == Hashes.Put.REVIVED ? 1 : 0;
        }
        HashCommands.tellPut(hashes, KeyEvent.HSET, count, revived);
        if (deadline >= 0) {
            hashes.changed(KeyEvent.HEXPIRE, 0);
        }
    }

    /** A deadline in the past: the fields are set and gone at once. */
    private static void setExpired(Hashes hashes, Request request, int first) {
        int removed = 0;
        for (int i = first; i < request.count() && hashes.isThere(); i += 2) {
            removed += hashes.remove(request.argument(i)) ? 1 : 0;
        }
        if (removed > 0) {
            hashes.changed(KeyEvent.HSET, removed);
            hashes.changed(KeyEvent.HEXPIRE, 0);
            hashes.expired(removed, 0);
            hashes.endChange();
        }
    }

    /** HGETEX key [EX s|PX ms|EXAT s|PXAT ms|PERSIST] FIELDS numfields field [field ...] */
    private static void getEx(Keyspace keyspace, Request request, Reply reply) {
        int word = fieldsWord(request, 2);
        HashOptions options = HashOptions.ofGetEx(request, 2, word);
        int count = fieldCount(request, word + 1, 1);
        Hashes hashes = keyspace.hashes();
        hashes.open(request.key(1));
        long deadline = options.deadlineMillis(request, keyspace);
        reply.array(count);
        int changes = 0;
        for (int i = word + 2; i < request.count(); i++) {
            Bytes field = request.argument(i);
            reply.bulkOrNull(hashes.get(field, request.view()) ? request.view() : null);
            changes += options.isTimed() && expireField(keyspace, hashes, field, 0, deadline) > 0 ? 1 : 0;
            changes += options.isPersist() && persistField(hashes, field) == DONE ? 1 : 0;
        }
        if (changes > 0) {
            tellGetEx(hashes, options, changes, options.isTimed() && deadline <= keyspace.nowMillis());
        }
    }

    private static void tellGetEx(Hashes hashes, HashOptions options, int changes, boolean removed) {
        if (removed) {
            hashes.expired(changes, changes);
            hashes.endChange();
        } else {
            hashes.changed(options.isPersist() ? KeyEvent.HPERSIST : KeyEvent.HEXPIRE, changes);
        }
    }

    /** HGETDEL key FIELDS numfields field [field ...] */
    private static void getDel(Keyspace keyspace, Request request, Reply reply) {
        int count = fieldCount(request, COUNT_INDEX, 1);
        Hashes hashes = keyspace.hashes();
        hashes.openToChange(request.key(1));
        reply.array(count);
        int deleted = 0;
        for (int i = COUNT_INDEX + 1; i < request.count(); i++) {
            boolean found = hashes.get(request.argument(i), request.view());
            reply.bulkOrNull(found ? request.view() : null);
            deleted += found && hashes.remove(request.argument(i)) ? 1 : 0;
        }
        if (deleted > 0) {
            hashes.changed(KeyEvent.HDEL, deleted);
            hashes.endChange();
        }
    }
}
