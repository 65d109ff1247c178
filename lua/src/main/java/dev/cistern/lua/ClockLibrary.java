package dev.cistern.lua;

/** The library {@code os}, of which scripts have the clock and nothing else. */
final class ClockLibrary {
    private static final double NANOS_PER_SECOND = 1e9;

    private ClockLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "os", 1);
        Library.add(library, "clock", call -> call.returns(call.state().cpuNanos.getAsLong() / NANOS_PER_SECOND));
    }
}
