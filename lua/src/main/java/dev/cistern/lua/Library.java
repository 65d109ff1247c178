package dev.cistern.lua;

/** Puts functions into tables, for our libraries and for those of a host. */
public final class Library {
    private Library() {}

    public static void add(LuaTable table, String name, HostFunction.Body body) {
        table.set(name, new HostFunction(name, body));
    }

    /** A new table under a global name. */
    static LuaTable open(LuaState state, String name, int functions) {
        LuaTable library = state.newTable(0, functions);
        state.globals().set(name, library);
        return library;
    }
}
