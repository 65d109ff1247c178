package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/** One running function: a {@link Frame} of Lua code or a {@link LuaCall} of Java code, and who called it. */
abstract sealed class Activation permits Frame, LuaCall, Coroutine.Base {
    @Nullable
    Activation caller;
    /** How many activations lie below, also across coroutines. */
    int depth;
}
