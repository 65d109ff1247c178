package dev.cistern.lua;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Counts the memory of a state, and ends scripts that want too much.
 *
 * <p>Allocations are added up as they happen; what becomes garbage is not seen. When the sum passes the limit, a census
 * walks everything reachable and puts the true sum in its place, so only live memory counts, and the cost is that of a
 * collection: proportional to what lives, once per so many bytes allocated. Sizes are estimates of the Java objects.
 *
 * <p>Policy: a single request beyond the limit, and the first census that finds too much, raise "not enough memory",
 * which a {@code pcall} may catch to recover; the second failure of a run is a {@link LuaKilled}. Between two censuses a
 * script may pass the limit by an eighth, and by the one object whose growth made the next census due.
 */
final class Memory {
    private final LuaState state;
    private long limitBytes = Long.MAX_VALUE;
    private long usedBytes;
    private long nextCensusBytes = Long.MAX_VALUE;
    private boolean censusDue;
    private int failures;
    private int epoch;
    private long activeBytes;
    private final ArrayDeque<Object> pending = new ArrayDeque<>();

    Memory(LuaState state) {
        this.state = state;
    }

    void setLimit(long bytes) {
        limitBytes = bytes;
        nextCensusBytes = bytes;
    }

    void beginRun() {
        failures = 0;
    }

    long usedBytes() {
        return usedBytes;
    }

    /** Adds an allocation (or, negative, takes one back). May be called while registers are in flux. */
    void charge(long bytes) {
        if ((usedBytes += bytes) > nextCensusBytes) {
            exceeded(bytes);
        }
    }

    private void exceeded(long bytes) {
        if (bytes > limitBytes) {
            usedBytes -= bytes;
            throw fail();
        }
        if (!censusDue) {
            censusDue = true;
            // The machine takes the census before its next instruction, when all roots can be seen.
            state.interpreter.interrupt();
        }
    }

    /** As {@link #charge}, from host functions: settles at once, before the memory is taken. */
    void reserve(long bytes) {
        charge(bytes);
        settle();
    }

    void settle() {
        if (censusDue) {
            takeCensus();
            if (usedBytes > limitBytes) {
                throw fail();
            }
            nextCensusBytes = Math.max(limitBytes, usedBytes + limitBytes / 8);
        }
    }

    private RuntimeException fail() {
        if (++failures > 1) {
            return new LuaKilled("not enough memory", state.location());
        }
        // The script may recover; give its handler the room that it cannot have used yet.
        nextCensusBytes = Math.max(limitBytes, usedBytes + limitBytes / 8);
        return new LuaError((Object) LuaString.of("not enough memory"));
    }

    // ---- census

    void takeCensus() {
        censusDue = false;
        epoch++;
        state.pushRoots(this);
        long live = activeBytes;
        while (!pending.isEmpty()) {
            live += visit(pending.pop());
        }
        usedBytes = live;
    }

    /** Hands in a value that is alive. */
    void see(@Nullable Object value) {
        if (value != null && !(value instanceof Double) && !(value instanceof Boolean)
                && !(value instanceof HostFunction host && host.attachment == null)) {
            pending.push(value);
        }
    }

    void seeAll(@Nullable Object[] values, int from, int count) {
        for (int i = from; i < from + count; i++) {
            see(values[i]);
        }
    }

    private long visit(Object value) {
        return switch (value) {
            case LuaString string when string.mark != epoch -> {
                string.mark = epoch;
                yield LuaString.OVERHEAD_BYTES + string.length();
            }
            case LuaTable table when table.mark != epoch -> visitTable(table);
            case LuaClosure closure when closure.mark != epoch -> visitClosure(closure);
            case Cell cell when cell.mark != epoch -> {
                cell.mark = epoch;
                see(cell.value);
                yield Cell.SIZE_BYTES;
            }
            case Coroutine coroutine when coroutine.mark != epoch -> {
                coroutine.mark = epoch;
                see(coroutine.body);
                see(coroutine.environment);
                yield Coroutine.OVERHEAD_BYTES + seeChain(coroutine.suspended);
            }
            case HostFunction function -> {
                see(function.attachment);
                yield LuaClosure.OVERHEAD_BYTES;
            }
            case LuaUserdata userdata -> {
                see(userdata.metatable);
                yield 0;
            }
            default -> 0;
        };
    }

    private long visitTable(LuaTable table) {
        table.mark = epoch;
        see(table.metatable);
        for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
            see(table.keyAt(at));
            see(table.valueAt(at));
        }
        return table.sizeBytes();
    }

    private long visitClosure(LuaClosure closure) {
        closure.mark = epoch;
        see(closure.environment);
        for (Cell cell : closure.upvalues) {
            see(cell);
        }
        return closure.sizeBytes();
    }

    /** Sees all that a chain of activations refers to; answers the size of its frames. */
    long seeChain(@Nullable Activation top) {
        long bytes = 0;
        for (Activation at = top; at != null; at = at.caller) {
            if (at instanceof Frame frame) {
                see(frame.closure);
                seeAll(frame.registers, 0, frame.registers.length);
                seeAll(frame.varargs, 0, frame.varargs.length);
                bytes += frame.sizeBytes();
            } else if (at instanceof LuaCall call) {
                call.seeValues(this);
            }
        }
        return bytes;
    }

    /** The activations that run now; their frames are of no table or coroutine that {@link #visit} meets. */
    void seeActive(@Nullable Activation top) {
        activeBytes = seeChain(top);
        state.interpreter.counted(top);
    }
}
