/**
 * Lua 5.1 for scripts that strangers send: lexer, parser, compiler to register code, machine, libraries.
 *
 * <p>What a script does is counted (instructions, memory, depth) and can be ended at any instruction; there is no way
 * from a script to Java. It knows no keyspace and no replies: the engine registers what scripts may call. A
 * {@link dev.cistern.lua.LuaState} belongs to the thread that runs it, one at a time; a compiled
 * {@link dev.cistern.lua.Prototype} is immutable and may be shared by all threads.
 */
@NullMarked
package dev.cistern.lua;

import org.jspecify.annotations.NullMarked;
