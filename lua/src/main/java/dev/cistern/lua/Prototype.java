package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/**
 * A compiled function: immutable, of no state, shared by all closures over it and by all threads.
 *
 * <p>{@link Op} draws the instructions.
 */
public final class Prototype {
    /** Where a new closure finds a cell: in a register of the function that makes it, or among that one's upvalues. */
    record Capture(LuaString name, boolean fromRegister, int index) {}

    /** A local variable and the instructions during which its register is his, for messages. */
    record LocalRange(LuaString name, int register, int start, int end) {}

    final String chunkName;
    final int line;
    final long[] code;
    final int[] lines;
    final @Nullable Object[] constants;
    final Prototype[] children;
    final Capture[] captures;
    final LocalRange[] locals;
    final int parameterCount;
    final boolean vararg;
    /** 5.1's compatibility: a vararg function that never says {@code ...} gets a table {@code arg}. */
    final boolean needsArg;
    final int registerCount;

    /** Takes over what the compiler collected, which must not change any more. */
    Prototype(String chunkName, Ast.FunctionBody body, long[] code, int[] lines, @Nullable Object[] constants,
            Prototype[] children, Capture[] captures, LocalRange[] locals, int registerCount) {
        this.chunkName = chunkName;
        this.line = body.line;
        this.parameterCount = body.parameters.size();
        this.vararg = body.vararg;
        this.needsArg = body.argTable != null && !body.usesDots;
        this.code = code;
        this.lines = lines;
        this.constants = constants;
        this.children = children;
        this.captures = captures;
        this.locals = locals;
        this.registerCount = registerCount;
    }

    /** "chunk:line: " of an instruction. */
    String position(int pc) {
        return Lua.displayName(chunkName) + ":" + lines[pc] + ": ";
    }

    /** Name of the variable that owns a register at an instruction. */
    @Nullable
    LuaString localName(int register, int pc) {
        LuaString found = null;
        for (LocalRange local : locals) {
            if (local.register == register && local.start <= pc && pc < local.end) {
                found = local.name;
            }
        }
        return found;
    }
}
