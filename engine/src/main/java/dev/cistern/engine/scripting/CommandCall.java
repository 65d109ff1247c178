package dev.cistern.engine.scripting;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.lua.LuaCall;
import dev.cistern.lua.LuaError;
import dev.cistern.lua.LuaString;
import dev.cistern.lua.LuaTable;
import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.RealText;
import org.jspecify.annotations.Nullable;

/**
 * {@code redis.call} and {@code redis.pcall}: arguments become a request, the node runs it within the script's unit, the
 * reply becomes a value.
 *
 * <p>One per engine, with its own buffers, because the loop's hold what is under way.
 */
final class CommandCall {
    private static final String NO_ARGUMENTS = "ERR Please specify at least one argument for this call";
    private static final String WRONG_ARGUMENT = "ERR Command arguments must be strings or integers";
    private static final CommandException UNKNOWN = CommandException.of(
            "ERR Unknown command called from script");
    private static final CommandException WRONG_ARITY = CommandException.of(
            "ERR Wrong number of args calling command from script");
    private static final int USUAL_BYTES = 4 * 1024;
    /** A command's name is compared eight bytes at a time, which may reach beyond the last argument. */
    private static final int SLACK_BYTES = Long.BYTES;

    private final ScriptRun run;
    private final ReplyReader reader;
    private final Request request = new Request();
    private final Reply reply = new Reply();
    private long address = Memory.allocate(MemoryTag.SESSION, USUAL_BYTES);
    private long capacity = USUAL_BYTES;

    CommandCall(ScriptRun run, ReplyReader reader) {
        this.run = run;
        this.reader = reader;
    }

    void call(LuaCall call) {
        LuaTable error = run(call);
        if (error != null) {
            throw new LuaError(error);
        }
    }

    void protectedCall(LuaCall call) {
        LuaTable error = run(call);
        if (error != null) {
            call.returns(error);
        }
    }

    /** Leaves the result with the call, or answers the error. */
    private @Nullable LuaTable run(LuaCall call) {
        String wrong = read(call);
        if (wrong != null) {
            return reader.plainError(wrong);
        }
        Session session = run.session();
        NodeLoop loop = session.loop();
        Command command = loop.commandOf(request);
        CommandException refusal = refusal(command);
        if (refusal != null || command == null) {
            return refused(session, command, refusal == null ? UNKNOWN : refusal);
        }
        reply.clear();
        reply.protocol(run.protocol());
        loop.unit().run(session, command, request, reply);
        if (Memory.getByte(reply.address()) == '-') {
            return (LuaTable) reader.read(reply);
        }
        call.returns(reader.read(reply));
        return null;
    }

    /** Counted here; that the script fails for it is not the same error once more. */
    private LuaTable refused(Session session, @Nullable Command command, CommandException refusal) {
        session.node().errors().count(refusal.code());
        if (command != null) {
            session.loop().statistics().rejected(command);
        }
        return reader.error(LuaString.of(refusal.text()));
    }

    private @Nullable CommandException refusal(@Nullable Command command) {
        if (command == null) {
            return UNKNOWN;
        }
        return command.accepts(request.count()) ? run.refusal(command, request) : WRONG_ARITY;
    }

    // --- arguments ---

    /** Fills the request; answers what is wrong with the arguments, if anything is. */
    @Nullable
    String read(LuaCall call) {
        if (call.count() == 0) {
            return NO_ARGUMENTS;
        }
        long needed = SLACK_BYTES;
        for (int i = 1; i <= call.count(); i++) {
            Object value = call.arg(i);
            if (value instanceof LuaString string) {
                needed += string.length();
            } else if (value instanceof Double) {
                needed += MAX_NUMBER_BYTES;
            } else {
                return WRONG_ARGUMENT;
            }
        }
        reserve(needed);
        request.clear();
        long at = address;
        for (int i = 1; i <= call.count(); i++) {
            int length = write(call.arg(i), at);
            request.add(at, length);
            at += length;
        }
        return null;
    }

    private static final int MAX_NUMBER_BYTES = RealText.MAX_BYTES;

    private static int write(@Nullable Object value, long at) {
        if (value instanceof LuaString string) {
            Memory.copy(string.shared(), 0, at, string.length());
            return string.length();
        }
        double number = (Double) java.util.Objects.requireNonNull(value);
        long whole = (long) number;
        if (whole == number && Math.abs(whole) < 1L << 53) {
            return Decimal.write(whole, at);
        }
        return RealText.write(number, at);
    }

    private void reserve(long bytes) {
        if (bytes > capacity || (capacity > USUAL_BYTES && bytes <= USUAL_BYTES)) {
            Memory.free(MemoryTag.SESSION, address, capacity);
            capacity = Math.max(bytes, USUAL_BYTES);
            address = Memory.allocate(MemoryTag.SESSION, capacity);
        }
    }

    Request request() {
        return request;
    }

    /** Gives the buffers back. */
    void close() {
        reply.close();
        Memory.free(MemoryTag.SESSION, address, capacity);
        capacity = 0;
        address = 0;
    }
}
