package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/** A function written in Java. Without an attachment it is of no state, and one object may serve many of them. */
public final class HostFunction extends LuaFunction {

    /** Reads its arguments from the call and leaves its results there; see {@link LuaCall}. */
    @FunctionalInterface
    public interface Body {
        void run(LuaCall call);
    }

    final String name;
    final Body body;
    /** A value of the script that the body refers to; a census follows it. */
    final @Nullable Object attachment;

    public HostFunction(String name, Body body) {
        this(name, body, null);
    }

    HostFunction(String name, Body body, @Nullable Object attachment) {
        this.name = name;
        this.body = body;
        this.attachment = attachment;
    }

    @Override
    public String toString() {
        return "builtin " + name;
    }
}
