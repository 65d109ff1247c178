package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/** The end of a script by its host: no {@code pcall} catches it. Thrown by a {@link CountHook} or by {@link Memory}. */
public final class LuaKilled extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String origin;

    public LuaKilled(String reason) {
        this(reason, null);
    }

    /** With the place that the script had reached; see {@link LuaState#location}. */
    public LuaKilled(String reason, @Nullable String origin) {
        super(reason, null, false, false);
        this.origin = origin;
    }

    /** Where the script was ended, as "@chunk:line"; null when that is not known. */
    public @Nullable String origin() {
        return origin;
    }
}
