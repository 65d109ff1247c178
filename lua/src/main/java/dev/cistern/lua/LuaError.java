package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/**
 * An error of a script: any Lua value, usually a string. {@code pcall} catches it; what must not be caught is a
 * {@link LuaKilled}. It carries no Java stack, because scripts throw for control flow.
 *
 * <p>An error raised with a bare message in Java gets the position of the script ("chunk:line: ") in front by the
 * machine, as soon as it passes the function that was running; one raised with a value is left as it is.
 */
public final class LuaError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private transient @Nullable Object value;
    /** True until the machine has decided whether a position goes in front. */
    private boolean unplaced;
    /** The innermost function of the script that was running, and its line; null when there was none. */
    private transient @Nullable Prototype origin;
    private int line;

    /** An error of the machine or of a host function, to be given its position. */
    public LuaError(String message) {
        super(message, null, false, false);
        this.value = LuaString.of(message);
        this.unplaced = true;
    }

    /** An error value exactly as given. */
    public LuaError(@Nullable Object value) {
        super(null, null, false, false);
        this.value = value;
    }

    public @Nullable Object value() {
        return value;
    }

    /** Where it was raised, as "@chunk:line"; null when no script was running. */
    public @Nullable String origin() {
        return origin == null ? null : origin.chunkName + ":" + line;
    }

    /** Called by all that it passes: the first one knows. */
    void locate(@Nullable Activation raisedIn) {
        if (origin == null && raisedIn instanceof Frame frame) {
            origin = frame.closure.prototype;
            line = origin.lines[Math.max(frame.pc - 1, 0)];
        }
    }

    /** It is raised anew, by the next one that it passes. */
    void moveOn() {
        origin = null;
    }

    boolean isUnplaced() {
        return unplaced;
    }

    void place(String position) {
        unplaced = false;
        if (!position.isEmpty()) {
            value = LuaString.of(position + value);
        }
    }

    void replace(@Nullable Object newValue) {
        unplaced = false;
        value = newValue;
    }

    @Override
    public String getMessage() {
        if (value instanceof LuaString || value instanceof Double) {
            return Lua.toText(value);
        }
        return "(error object is a " + Lua.typeName(value) + " value)";
    }
}
