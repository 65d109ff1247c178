package dev.cistern.lua;

/** Anything that can be called without a metatable: a {@link LuaClosure} or a {@link HostFunction}. */
public abstract sealed class LuaFunction permits LuaClosure, HostFunction {}
