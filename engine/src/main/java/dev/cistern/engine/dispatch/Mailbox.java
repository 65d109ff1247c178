package dev.cistern.engine.dispatch;

import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.protocol.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loop's mail from itself and from others, and what its sessions are sent outside of their own turns.
 *
 * <p>Mail waits in a queue that any thread may add to without waiting, stripes in hand or not. What is pushed to a
 * session is gathered in its {@link Outbox} and written once, after the sockets that were ready, so that a subscriber
 * gets many messages by one system call. A session in the middle of its turn gets pushes between its replies. One per
 * node and loop; everything but {@link #post} on the loop's thread.
 */
final class Mailbox {
    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);
    /** So much waits in an outbox at most before it is written, and its session measured by the limits. */
    private static final long FULL_BYTES = 64 * 1024;
    private static final int POOLED_OUTBOXES = 64;

    private final NodeLoop nodeLoop;
    private final EventLoops.Loop loop;
    private final Reply turnReply;
    private final Queue<Mail> queue = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Runnable round = this::round;
    private final List<Session> unsent = new ArrayList<>();
    private final ArrayDeque<Outbox> pool = new ArrayDeque<>();
    private @Nullable Session inTurn;
    /** This loop has posted mail to itself since it looked last. */
    private boolean hasOwn;

    Mailbox(NodeLoop nodeLoop, EventLoops.Loop loop, Reply turnReply) {
        this.nodeLoop = nodeLoop;
        this.loop = loop;
        this.turnReply = turnReply;
    }

    /** Adds mail, and has the loop look at it soon. Any thread. */
    void post(Mail mail) {
        queue.add(mail);
        if (loop.executor().inEventLoop()) {
            hasOwn = true;
        }
        schedule();
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            loop.executor().execute(round);
        }
    }

    /** Whether a command of this loop posted mail to it: that is delivered before the next command. */
    boolean hasOwn() {
        return hasOwn;
    }

    /** Delivers everything that has been posted. No stripe is held. */
    void deliver() {
        hasOwn = false;
        for (Mail mail = queue.poll(); mail != null; mail = queue.poll()) {
            try {
                mail.deliver(nodeLoop);
            } catch (RuntimeException bug) {
                LOG.error("bug in delivering mail", bug);
                nodeLoop.node().counters().bugs.increment();
            }
        }
    }

    private void round() {
        if (nodeLoop.isServingOthers()) {
            // The turn that is under way is in the middle of a reply.
            loop.afterIteration(round);
            return;
        }
        scheduled.set(false);
        deliver();
        for (int i = 0; i < unsent.size(); i++) {
            flush(unsent.get(i));
        }
        unsent.clear();
    }

    // --- pushing ---

    /** A session's turn begins: what it was sent before comes first. */
    void beginTurn(Session session) {
        inTurn = session;
        Outbox outbox = session.outbox;
        if (outbox != null) {
            turnReply.raw(outbox.address(), outbox.length());
            nodeLoop.goesOnFrom(session);
            drop(session, outbox);
        }
    }

    boolean isInTurn(Session session) {
        return session.equals(inTurn);
    }

    void endTurn() {
        inTurn = null;
    }

    /** Sends whole replies, or pushes, to a session of this loop; {@code first} replaces the first byte. */
    void push(Session session, byte[] bytes, byte first) {
        if (session.connection().isClosing()) {
            return;
        }
        if (isInTurn(session)) {
            turnReply.raw(bytes, first);
            nodeLoop.goesOnFrom(session);
            return;
        }
        Outbox outbox = session.outbox;
        if (outbox == null) {
            outbox = pool.isEmpty() ? new Outbox() : pool.removeLast();
            session.outbox = outbox;
            unsent.add(session);
            schedule();
        }
        long at = outbox.length();
        outbox.append(bytes);
        outbox.set(at, first);
        if (outbox.length() > FULL_BYTES) {
            flush(session);
        }
    }

    private void flush(Session session) {
        Outbox outbox = session.outbox;
        if (outbox == null) {
            return;
        }
        nodeLoop.sendPushed(session, outbox.address(), outbox.length());
        drop(session, outbox);
    }

    private void drop(Session session, Outbox outbox) {
        session.outbox = null;
        outbox.clear();
        if (pool.size() < POOLED_OUTBOXES) {
            pool.addLast(outbox);
        } else {
            outbox.free();
        }
    }

    /** The session is gone, and what was meant for it. */
    void forget(Session session) {
        Outbox outbox = session.outbox;
        if (outbox != null) {
            drop(session, outbox);
        }
    }

    void close() {
        pool.forEach(Outbox::free);
        pool.clear();
    }
}
