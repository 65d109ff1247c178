package dev.cistern.engine.memcached;

import dev.cistern.store.EntryVisitor;

/**
 * A walk over all items for one session, in slices between the turns of its loop, so that nobody else waits for it. What
 * the session sends meanwhile waits. Runs on its loop's thread.
 */
final class ItemWalk {
    /** Some fifty microseconds. */
    private static final int ITEMS_A_SLICE = 512;

    private final ItemSession session;
    private final EntryVisitor visitor;
    private final Runnable atEnd;
    private long cursor;
    private boolean isScheduled;

    /** {@code atEnd} writes what is still to be written of the reply. */
    ItemWalk(ItemSession session, EntryVisitor visitor, Runnable atEnd) {
        this.session = session;
        this.visitor = visitor;
        this.atEnd = atEnd;
    }

    /** Walks in the turn that asked for it as long as a slice lasts, and suspends the session if there is more. */
    void start() {
        if (walkSlice()) {
            atEnd.run();
        } else {
            session.isSuspended = true;
            session.walk = this;
            schedule();
        }
    }

    private boolean walkSlice() {
        cursor = session.loop().actions().keyspace().scan(cursor, ITEMS_A_SLICE, visitor);
        return cursor == 0;
    }

    private void schedule() {
        isScheduled = true;
        session.loop().later(this::run);
    }

    /** The client has read what it was sent. */
    void goOn() {
        if (!isScheduled) {
            run();
        }
    }

    private void run() {
        isScheduled = false;
        if (session.connection().isClosing()) {
            return;
        }
        boolean isOver = walkSlice();
        if (isOver) {
            atEnd.run();
            session.walk = null;
            session.loop().resume(session);
            return;
        }
        session.loop().send(session);
        if (session.connection().backlogBytes() == 0) {
            schedule();
        }
    }
}
