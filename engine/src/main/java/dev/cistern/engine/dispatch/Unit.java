package dev.cistern.engine.dispatch;

import dev.cistern.engine.blocking.HandOver;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.replication.LogFeed;
import dev.cistern.store.Bytes;
import dev.cistern.store.Store;

/**
 * Several requests that run as one: no other command sees what is between them. EXEC is such a unit, and a script.
 *
 * <pre>
 *   EXEC      note(command, request)…  begin()                     run(…)…  end()    closed: all keys are known before
 *   EVAL                               beginOpen(command, request) run(…)…  end()    open: may come upon other keys
 * </pre>
 *
 * <p>A closed unit takes its stripes at once, in ascending order; one with a request whose keys its arguments do not
 * tell takes all. An open unit begins with the keys that its own command declares. When it runs a request on another
 * key, it takes all stripes on top of what it holds ({@link Store#escalate}) and goes on, so nothing that it did before
 * is seen by anybody. For that there is one open unit at a time in a node; closed ones and plain commands run beside it.
 * An open unit inside another unit needs no more than that one holds, or escalates it.
 *
 * <p>The command whose body opens a unit is marked OWN_LOCKING (or has no keys), and checks by itself whether what it
 * runs is allowed: a unit counts, times and answers each request as the dispatcher does, errors included, but asks no
 * gate. A blocking command does not wait inside a unit. One per node and loop; the loop's thread only.
 */
public final class Unit {
    private final Dispatcher dispatcher;
    private final KeyLocks locks;
    private final Stopwatch stopwatch;
    private final HandOver handOver;
    private final LogFeed feed;
    private final Store store;
    private final BusyScript busyScript;
    private int depth;
    private boolean isOpen;
    /** The depth at which a script began; 0 while none runs. */
    private int scriptDepth;
    private long outerStartNanos;
    private long executedCommands;

    Unit(Dispatcher dispatcher, KeyLocks locks, Stopwatch stopwatch, HandOver handOver, LogFeed feed, Node node) {
        this.dispatcher = dispatcher;
        this.locks = locks;
        this.stopwatch = stopwatch;
        this.handOver = handOver;
        this.feed = feed;
        this.store = node.store();
        this.busyScript = node.busyScript();
    }

    /** Whether one has begun and not ended. */
    public boolean isRunning() {
        return depth > 0;
    }

    /** Whether a script runs. */
    public boolean isInScript() {
        return scriptDepth > 0;
    }

    /** The unit to come will run this request. */
    public void note(Command command, Request request) {
        locks.note(command, request);
    }

    /** The unit to come needs this key's stripe for something else than a request. */
    public void note(Bytes key) {
        locks.note(key);
    }

    /**
     * Begins a closed unit on what was noted. One that takes all stripes counts as open as well: it may run scripts, and
     * those of functions share a machine.
     */
    public void begin() {
        if (locks.willHoldAll()) {
            beginAlone();
        }
        beginNoted();
    }

    /** Waits until no other open unit runs. */
    private void beginAlone() {
        if (!store.beginOpenUnitUnlessBusy()) {
            locks.forget();
            throw busyScript.refusal();
        }
        isOpen = true;
    }

    private void beginNoted() {
        try {
            locks.lockNoted();
        } catch (CommandException busy) {
            endAlone();
            throw busy;
        }
        depth = 1;
        outerStartNanos = stopwatch.enter();
    }

    private void endAlone() {
        if (isOpen) {
            isOpen = false;
            store.endOpenUnit();
        }
    }

    /** Begins an open unit with the keys that this request declares. */
    public void beginOpen(Command command, Request request) {
        if (depth > 0) {
            depth++;
        } else {
            beginAlone();
            locks.noteKeys(command, request);
            beginNoted();
        }
        if (scriptDepth == 0) {
            scriptDepth = depth;
        }
    }

    /** Runs one request and writes exactly one reply, an error as well as another, into {@code into}. */
    public void run(Session session, Command command, Request request, Reply into) {
        if (!locks.cover(command, request)) {
            if (!isOpen) {
                throw new IllegalStateException("a closed unit came upon a key that it did not expect");
            }
            locks.escalate();
        }
        executedCommands++;
        session.executedCommands++;
        dispatcher.runInUnit(session, command, request, into);
    }

    /** Ends it: others see what it did. */
    public void end() {
        depth--;
        if (depth < scriptDepth) {
            scriptDepth = 0;
        }
        if (depth > 0) {
            return;
        }
        stopwatch.leave(outerStartNanos);
        if (feed.isHeld()) {
            feed.flush();
        }
        if (handOver.isDue()) {
            handOver.serve();
        }
        locks.unlockAll();
        endAlone();
    }

    /** Requests that ran inside units: they are counted on top of the commands that began these. */
    long executedCommands() {
        return executedCommands;
    }

    void resetStatistics() {
        executedCommands = 0;
    }
}
