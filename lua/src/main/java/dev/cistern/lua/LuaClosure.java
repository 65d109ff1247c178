package dev.cistern.lua;

/** A Lua function: code, the cells it captured, and the table of its globals. */
public final class LuaClosure extends LuaFunction {
    static final int OVERHEAD_BYTES = 40;

    final Prototype prototype;
    final Cell[] upvalues;
    LuaTable environment;
    /** The census that saw this closure last; see {@link Memory}. */
    int mark;

    LuaClosure(Prototype prototype, Cell[] upvalues, LuaTable environment) {
        this.prototype = prototype;
        this.upvalues = upvalues;
        this.environment = environment;
    }

    long sizeBytes() {
        return OVERHEAD_BYTES + 4L * upvalues.length;
    }
}
