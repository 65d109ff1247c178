package dev.cistern.engine.dispatch;

import dev.cistern.engine.appendonly.AppendOnly;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Replies of one loop that may not leave yet: what they tell of is not on the disk so far.
 *
 * <p>Only while writes are to be kept before they are acknowledged ({@code appendfsync always}). A turn's replies wait for
 * all that the log had when the turn ended: what its session wrote, and what it read of others. When the disk fails, only
 * those wait on that have written something; what merely reads goes on. What a session is sent waits in one order.
 *
 * <p>The loop's thread only.
 */
final class ReplyHold {
    /** A session with so much that waits is not read from, and executes nothing. */
    private static final long FULL_BYTES = 1 << 20;
    private static final int POOLED = 256;

    private final NodeLoop loop;
    private final AppendOnly appendOnly;
    private final ArrayDeque<Held> queue = new ArrayDeque<>();
    private final ArrayDeque<Held> pool = new ArrayDeque<>();
    private final Runnable releasing = this::release;
    /** Asked by other threads. */
    private volatile boolean isHolding;

    /** What one session is sent, once the log is on the disk up to the offset. */
    private static final class Held {
        final Outbox bytes = new Outbox();
        @Nullable
        Session session;
        long offset;
        boolean wrote;
    }

    ReplyHold(NodeLoop loop) {
        this.loop = loop;
        this.appendOnly = loop.node().appendOnly();
    }

    /** Whether anything may have to wait. */
    boolean isOn() {
        return isHolding || appendOnly.holdsReplies();
    }

    /** Takes what the session is to be sent, if it has to wait. */
    boolean takes(Session session, long address, long length, boolean wrote) {
        if (session.heldBytes == 0 && !mustHold(session, wrote)) {
            return false;
        }
        if (length > 0) {
            hold(session, address, length, wrote);
        }
        return session.heldBytes > 0;
    }

    private boolean mustHold(Session session, boolean wrote) {
        return session.follower() == null && appendOnly.holdsReplies()
                && (wrote || !appendOnly.isFailing()) && appendOnly.isAhead();
    }

    private void hold(Session session, long address, long length, boolean wrote) {
        Held held = pool.isEmpty() ? new Held() : pool.removeLast();
        held.session = session;
        held.offset = appendOnly.logEnd();
        held.wrote = wrote;
        held.bytes.append(address, length);
        session.heldBytes += length;
        queue.addLast(held);
        isHolding = true;
        if (isFull(session)) {
            session.connection().pauseReading();
        }
        if (!appendOnly.holdsReplies() || appendOnly.keptOffset() >= held.offset) {
            // What is waited for has come meanwhile: nobody else will say so.
            loop.execute(releasing);
        }
    }

    boolean isFull(Session session) {
        return session.heldBytes > FULL_BYTES;
    }

    /** Has the loop look at what may leave now. Any thread. */
    void releaseSoon() {
        if (isHolding) {
            loop.execute(releasing);
        }
    }

    private void release() {
        long kept = appendOnly.holdsReplies() ? appendOnly.keptOffset() : Long.MAX_VALUE;
        boolean passes = appendOnly.isFailing();
        int count = queue.size();
        boolean keeps = false;
        for (int i = 0; i < count; i++) {
            Held held = queue.peekFirst();
            if (held == null || (held.offset > kept && !passes)) {
                break;
            }
            queue.removeFirst();
            if (held.offset > kept && (held.wrote || isBehindAnother(held))) {
                keeps = true;
                note(held);
                queue.addLast(held);
            } else {
                send(held);
            }
        }
        if (keeps) {
            queue.forEach(ReplyHold::forgetNote);
        }
        isHolding = !queue.isEmpty();
    }

    private static boolean isBehindAnother(Held held) {
        Session session = held.session;
        return session != null && session.hasHeldBefore;
    }

    private static void note(Held held) {
        if (held.session != null) {
            held.session.hasHeldBefore = true;
        }
    }

    private static void forgetNote(Held held) {
        if (held.session != null) {
            held.session.hasHeldBefore = false;
        }
    }

    private void send(Held held) {
        Session session = held.session;
        if (session != null) {
            session.heldBytes -= held.bytes.length();
            if (held.wrote) {
                loop.withholdWithoutLease(session);
            }
            session.connection().send(held.bytes.address(), held.bytes.length());
            if (session.heldBytes == 0) {
                loop.heldHasLeft(session);
            }
        }
        recycle(held);
    }

    private void recycle(Held held) {
        held.session = null;
        held.bytes.clear();
        if (pool.size() < POOLED) {
            pool.addLast(held);
        } else {
            held.bytes.free();
        }
    }

    /** The session is gone, and what was meant for it. */
    void forget(Session session) {
        if (session.heldBytes > 0) {
            queue.forEach(held -> {
                if (session.equals(held.session)) {
                    held.session = null;
                    held.bytes.clear();
                }
            });
            session.heldBytes = 0;
        }
    }

    void close() {
        queue.forEach(held -> held.bytes.free());
        pool.forEach(held -> held.bytes.free());
        queue.clear();
        pool.clear();
    }
}
