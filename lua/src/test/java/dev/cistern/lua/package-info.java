/** Tests of the Lua machine, most of them against the native Lua 5.1. */
@NullMarked
package dev.cistern.lua;

import org.jspecify.annotations.NullMarked;
