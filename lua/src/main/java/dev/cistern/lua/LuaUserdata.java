package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/** An opaque value of the host. Scripts can hold and compare it and, through its metatable, no more. */
public final class LuaUserdata {
    final String label;
    final @Nullable LuaTable metatable;

    public LuaUserdata(String label, @Nullable LuaTable metatable) {
        this.label = label;
        this.metatable = metatable;
    }
}
