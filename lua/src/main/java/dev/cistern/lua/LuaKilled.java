package dev.cistern.lua;

/** The end of a script by its host: no {@code pcall} catches it. Thrown by a {@link CountHook} or by {@link Memory}. */
public final class LuaKilled extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LuaKilled(String reason) {
        super(reason, null, false, false);
    }
}
