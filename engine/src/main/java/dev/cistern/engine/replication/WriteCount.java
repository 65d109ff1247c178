package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.dispatch.Flag;
import dev.cistern.engine.dispatch.KeyFinder;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.Leftover;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.protocol.RequestParser;
import dev.cistern.store.Keyspace;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts the writes in a part of the log, and the keys that they change, each once in its database.
 *
 * <p>What it must remember for that is bounded: past it, keys are counted no further. One thread.
 */
final class WriteCount implements AutoCloseable {
    private static final long MAX_REMEMBERED_BYTES = 16 << 20;
    /** A key's place in a set, roughly. */
    private static final int PLACE_BYTES = 100;

    private final CommandIndex commands;
    private final Request request = new Request();
    private final RequestParser parser = new RequestParser(request);
    private final Leftover unread = new Leftover();
    private final Set<String> keys = new HashSet<>();
    private long rememberedBytes;
    private long database;
    private long writes;
    private boolean isUnderstood = true;
    private boolean isAll = true;

    WriteCount(CommandIndex commands) {
        this.commands = commands;
        unread.unread();
        parser.limits(true, Keyspace.MAX_STRING_BYTES);
    }

    /** Takes the next bytes, which may end in the middle of a command. */
    void add(long address, int length) {
        if (!isUnderstood) {
            return;
        }
        unread.append(address, length, 0);
        parser.resume(unread, unread.address(), unread.length());
        RequestParser.Result result = parser.next();
        while (result == RequestParser.Result.REQUEST) {
            count();
            result = parser.next();
        }
        isUnderstood = result == RequestParser.Result.NEEDS_MORE;
        parser.suspend(unread);
        unread.dropFirst(unread.length() - parser.unfinishedBytes());
    }

    private void count() {
        if (request.is(0, "SELECT") && request.count() == 2) {
            database = request.longAt(1);
            return;
        }
        Command command = command();
        if (command != null && command.is(Flag.WRITE)) {
            writes++;
            KeyFinder.eachKey(command, request, (spec, index) -> {
                if (!spec.is(KeySpec.Use.RO)) {
                    remember(index);
                }
            });
        }
    }

    private @Nullable Command command() {
        Command command = commands.find(request.text(0));
        return command != null && command.isContainer() && request.count() > 1
                ? commands.find(request.text(0) + "|" + request.text(1))
                : command;
    }

    private void remember(int index) {
        long bytes = (long) PLACE_BYTES + request.key(index).length();
        if (rememberedBytes + bytes > MAX_REMEMBERED_BYTES) {
            isAll = false;
        } else if (keys.add(database + " " + new String(request.copy(index), StandardCharsets.ISO_8859_1))) {
            rememberedBytes += bytes;
        }
    }

    /** Whether there was nothing but what keeps a link alive. */
    boolean isNone() {
        return isUnderstood && writes == 0;
    }

    /** Such as {@code 3 writes to 2 keys}. */
    @Override
    public String toString() {
        return number(writes, "write") + " to " + (isAll && isUnderstood ? "" : "at least ")
                + number(keys.size(), "key");
    }

    private static String number(long count, String word) {
        return count + " " + word + (count == 1 ? "" : "s");
    }

    @Override
    public void close() {
        unread.free();
    }
}
