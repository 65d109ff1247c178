package dev.cistern.engine.blocking;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.QueuedRequests;
import dev.cistern.engine.protocol.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One session that waits, with its request, and what has become of it.
 *
 * <pre>
 *   WAITING ──claim──▶ CLAIMED ──served──▶ SERVED     by who changed a key, holding its stripe
 *      ▲ │                │
 *      │ └──────end──────────────────────▶ ENDED      by timeout, CLIENT UNBLOCK or the end of the session
 *      └────── release ───┘                           the request would still wait
 * </pre>
 *
 * <p>Its places in queues are guarded by the keys' stripes; the rest is its session's loop's, and fixed once it waits.
 */
public final class Waiter {

    /** What has become of it. */
    private enum State {
        /** In its queues. */
        WAITING,
        /** Somebody runs its request; that takes microseconds, and ends in another state whatever happens. */
        CLAIMED,
        /** It was answered. */
        SERVED,
        /** It waits no longer, and was not answered. */
        ENDED
    }

    private final Session session;
    private final Command command;
    private final Blocking blocking;
    private final int database;
    private final int protocol;
    private final boolean isSilent;
    private final QueuedRequests copy = new QueuedRequests();
    private final List<BlockedKeys.WaitingKey> keys = new ArrayList<>(1);
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private @Nullable Future<?> timer;

    public Waiter(Session session, Command command, Blocking blocking, Request request, boolean isSilent) {
        this.session = session;
        this.command = command;
        this.blocking = blocking;
        this.database = session.database();
        this.protocol = session.protocol();
        this.isSilent = isSilent;
        copy.add(request);
    }

    public Session session() {
        return session;
    }

    public Command command() {
        return command;
    }

    public Blocking blocking() {
        return blocking;
    }

    int database() {
        return database;
    }

    public int protocol() {
        return protocol;
    }

    /** Whether the session asked for no replies when it began to wait. */
    public boolean isSilent() {
        return isSilent;
    }

    List<BlockedKeys.WaitingKey> keys() {
        return keys;
    }

    public void readRequest(Request target) {
        copy.read(0, target);
    }

    public void timer(Future<?> value) {
        timer = value;
    }

    /** Whether it has neither been answered nor given up. */
    public boolean isWaiting() {
        return state.get() == State.WAITING;
    }

    /** Whether its answer is being made, or is on its way. */
    public boolean isBeingAnswered() {
        State present = state.get();
        return present == State.CLAIMED || present == State.SERVED;
    }

    /** Whether the caller may now run the request. */
    boolean claim() {
        return state.compareAndSet(State.WAITING, State.CLAIMED);
    }

    void release() {
        state.set(State.WAITING);
    }

    void served() {
        state.set(State.SERVED);
    }

    /** Ends the waiting without an answer; false if there is one already. Waits for one who has claimed it. */
    public boolean end() {
        while (!state.compareAndSet(State.WAITING, State.ENDED)) {
            State present = state.get();
            if (present == State.SERVED || present == State.ENDED) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    /** Gives the copy of the request back; nobody can come upon this waiter any more. */
    public void close() {
        copy.close();
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
