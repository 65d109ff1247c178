package dev.cistern.lua;

/** Called by the machine every so many instructions, on the script's thread. Throws {@link LuaKilled} to end the script. */
@FunctionalInterface
public interface CountHook {
    void reached(LuaState state);
}
