package dev.cistern.engine.scripting;

import dev.cistern.lua.LuaFunction;
import org.jspecify.annotations.Nullable;

/**
 * A function that a library registered.
 *
 * @param flags bits of {@link ScriptFlag}
 * @param body of the functions' engine, to be called by it alone
 */
record Function(String name, @Nullable String description, int flags, LuaFunction body) {}
