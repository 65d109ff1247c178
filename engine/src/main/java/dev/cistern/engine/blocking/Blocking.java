package dev.cistern.engine.blocking;

import dev.cistern.engine.protocol.CommandException;

import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Keyspace;
import dev.cistern.store.RealText;
import dev.cistern.store.ValueType;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What makes a command a blocking one. Immutable; any thread.
 *
 * @param body tries to answer
 * @param timeout how long the session waits when there is no answer; checks the other arguments first
 * @param awaits the value type that a key must have for the body to be tried again; null for a command without keys
 * @param nothing the reply inside a transaction or a script, where nobody waits
 * @param timedOut the reply when the time is over
 * @param fixing makes the request independent of the moment, before it is kept
 * @param evenGone whether the body is tried again, too, when a key is gone or of another type: it has an error for that
 */
public record Blocking(Body body, Timeout timeout, @Nullable ValueType awaits, Consumer<Reply> nothing,
        Consumer<Reply> timedOut, Fixing fixing, boolean evenGone) {

    /** Returned by a timeout: the request does not want to wait. */
    public static final long NO_WAIT = -1;
    /** Returned by a timeout: the session waits until there is an answer. */
    public static final long FOR_EVER = 0;

    private static final CommandException NOT_A_FLOAT = CommandException.of(
            "ERR timeout is not a float or out of range");
    private static final CommandException NOT_AN_INTEGER = CommandException.of(
            "ERR timeout is not an integer or out of range");
    private static final CommandException NEGATIVE = CommandException.of("ERR timeout is negative");
    private static final CommandException OUT_OF_RANGE = CommandException.of("ERR timeout is out of range");
    /** A timeout is added to the clock's time: so much may be. */
    private static final double MOST_MILLIS = Long.MAX_VALUE / 2.0;

    /**
     * Answers, or writes nothing and says so. It runs on the thread of whoever made the key ready, while the stripes of
     * the request's keys are held: it may use the keyspace that it is given and no other.
     */
    @FunctionalInterface
    public interface Body {
        boolean run(Keyspace keyspace, Request request, Reply reply);
    }

    /** Milliseconds to wait, {@link #FOR_EVER} or {@link #NO_WAIT}; throws if the request is malformed. */
    @FunctionalInterface
    public interface Timeout {
        long millis(Request request);
    }

    /** Replaces what means something else later ({@link Request#replace}); the stripes are held. */
    @FunctionalInterface
    public interface Fixing {
        /** For requests that mean the same at any time. */
        Fixing NONE = (keyspace, request) -> {};

        void fix(Keyspace keyspace, Request request);
    }

    public Blocking(Body body, Timeout timeout, @Nullable ValueType awaits, Consumer<Reply> nothing,
            Consumer<Reply> timedOut) {
        this(body, timeout, awaits, nothing, timedOut, Fixing.NONE, false);
    }

    /** Whether the body has something to say to a key of this type, null for one that is gone. */
    boolean concerns(@Nullable ValueType type) {
        return evenGone || (type != null && type == awaits);
    }

    /** A command on keys. Their timeouts are all answered with the null array, whatever they answer else. */
    public static Blocking on(ValueType type, Timeout timeout, Body body, Consumer<Reply> nothing) {
        return new Blocking(body, timeout, type, nothing, Reply::nullArray);
    }

    /** Seconds with a fraction, as most blocking commands have them. */
    public static long secondsAt(Request request, int index) {
        double seconds = RealText.parseDouble(request.argument(index));
        if (Double.isNaN(seconds)) {
            throw NOT_A_FLOAT;
        }
        double millis = Math.ceil(seconds * 1000);
        if (millis > MOST_MILLIS) {
            throw OUT_OF_RANGE;
        }
        if (millis < 0) {
            throw NEGATIVE;
        }
        return (long) millis;
    }

    public static long millisAt(Request request, int index) {
        long millis = request.longAt(index, NOT_AN_INTEGER);
        if (millis < 0) {
            throw NEGATIVE;
        }
        return millis;
    }
}
