package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/**
 * One running Lua function: its registers and where it stands.
 *
 * <p>Every frame has an array of its own instead of a window of a shared stack: it is young garbage when the function
 * returns, and storing a new object into a young array costs the collector nothing, into an old one a fence.
 */
final class Frame extends Activation {
    static final @Nullable Object[] NO_VALUES = {};

    final LuaClosure closure;
    @Nullable
    Object[] registers;
    @Nullable
    Object[] varargs = NO_VALUES;
    /** The next instruction, valid while other code runs. */
    int pc;
    /** End of the values that an open call or {@code ...} left. */
    int top;
    /** Where the caller wants the results, and how many; -1: all of them. */
    int returnTo;
    int wanted;
    /** Started from Java: returning ends the machine's loop. */
    boolean entry;
    /** Callers that this function replaced by tail calls; they count as levels. */
    int tailCalls;

    Frame(LuaClosure closure, @Nullable Object[] registers) {
        this.closure = closure;
        this.registers = registers;
    }

    /** Registers with room for so many. */
    @Nullable
    Object[] withRoom(int count) {
        if (count > registers.length) {
            registers = java.util.Arrays.copyOf(registers, Math.max(count, registers.length * 2));
        }
        return registers;
    }

    /** "chunk:line: " of the instruction under way. */
    String position() {
        return closure.prototype.position(Math.max(pc - 1, 0));
    }

    long sizeBytes() {
        return 64 + 4L * registers.length + 4L * varargs.length;
    }
}
