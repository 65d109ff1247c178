package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/**
 * A coroutine: the frames of a Lua function that stands still between two resumes.
 *
 * <p>A running coroutine is a machine's loop within the loop of its resumer; yielding leaves the inner loop and keeps the
 * frames. So it costs no thread, and as in 5.1 it cannot yield while Java code (a metamethod's, an iterator's or
 * {@code pcall}'s caller) stands between.
 */
public final class Coroutine {
    static final int OVERHEAD_BYTES = 200;

    /** What {@code coroutine.status} answers. */
    enum Status {
        /** Not started, or at a yield. */
        SUSPENDED,
        /** The one whose code runs. */
        RUNNING,
        /** Has resumed another one. */
        NORMAL,
        /** Has returned or failed. */
        DEAD
    }

    final LuaFunction body;
    Status status = Status.SUSPENDED;
    /** The frame that yielded, while suspended. */
    @Nullable
    Frame suspended;
    /** Where that frame wants the arguments of the next resume, and how many. */
    int resumeTo;
    int resumeWanted;
    /** Nesting of Java calls while it runs its own code: only at this depth may it yield. */
    int nativeDepth;
    /** Lies below its frames; links them to the resumer while it runs. */
    final Base base = new Base();
    @Nullable
    Coroutine resumer;
    /** Depth up to which its frames have been charged. */
    int chargedDepth;
    /** Globals of functions that {@code loadstring} makes here. */
    LuaTable environment;
    int mark;

    /** The bottom of a coroutine's activations. */
    static final class Base extends Activation {}

    Coroutine(LuaFunction body, LuaTable environment) {
        this.body = body;
        this.environment = environment;
    }
}
