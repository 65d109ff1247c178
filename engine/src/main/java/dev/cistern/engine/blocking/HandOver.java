package dev.cistern.engine.blocking;

import dev.cistern.engine.acl.Denial;
import dev.cistern.engine.acl.User;
import dev.cistern.engine.blocking.BlockedKeys.WaitingKey;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.replication.LogFeed;
import dev.cistern.engine.tracking.Tracking;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import dev.cistern.store.StoreException;
import dev.cistern.store.ValueType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves those who wait for keys that this loop's units have changed. One per node and loop; the loop's thread only.
 *
 * <p>{@link #serve} runs at the end of a unit, its stripes still held. What could not be served then, since a further
 * stripe was not to be had, is served by {@link #settle} right after it.
 */
public final class HandOver {
    private static final Logger LOG = LoggerFactory.getLogger(HandOver.class);
    private static final int LOOK = Keyspace.NO_TOUCH | Keyspace.NO_STATS | Keyspace.EVEN_EXPIRED;
    private static final int TRIES = 256;

    private final NodeLoop loop;
    private final Store store;
    private final ArrayDeque<WaitingKey> ready = new ArrayDeque<>();
    private final List<WaitingKey> postponed = new ArrayList<>();
    /** Stripes that a waiter's request needed on top of the unit's. */
    private final List<Integer> extraStripes = new ArrayList<>();
    private final Request request = new Request();
    private final Bytes view = new Bytes();
    private @Nullable Reply scratch;

    public HandOver(NodeLoop loop) {
        this.loop = loop;
        this.store = loop.node().store();
    }

    void add(WaitingKey waiting) {
        ready.addLast(waiting);
    }

    /** Whether some key that is waited for has changed. */
    public boolean isDue() {
        return !ready.isEmpty();
    }

    /** Serves who can be served, and who can be then. Called with the unit's stripes held; holds them still. */
    public void serve() {
        for (WaitingKey waiting = ready.pollFirst(); waiting != null; waiting = ready.pollFirst()) {
            if (!store.isHeldByMe(waiting.stripe()) || !serveAll(waiting)) {
                postponed.add(waiting);
            }
        }
        extraStripes.forEach(store::unlock);
        extraStripes.clear();
        // Only now: who looks at the stripes once they are free finds a list of what is still to be done.
        ready.addAll(postponed);
        postponed.clear();
    }

    /** Serves what {@link #serve} could not, or nobody asked it to. No stripe is held. */
    public void settle() {
        while (isDue()) {
            store.lockAll();
            try {
                serve();
            } finally {
                store.unlockAll();
            }
        }
    }

    /** Serves a key's waiters in their order; false if one could not be, for want of a stripe. */
    private boolean serveAll(WaitingKey waiting) {
        waiting.isReady(false);
        if (waiting.isGone()) {
            return true;
        }
        Keyspace keyspace = loop.keyspaceOf(waiting.database());
        // What fed the key may have taken long: meanwhile it may have expired.
        keyspace.setNowMillis(loop.node().clock().wallMillis());
        Iterator<Waiter> waiters = waiting.waiters().iterator();
        while (waiters.hasNext()) {
            Waiter waiter = waiters.next();
            // Looking deletes nothing: followers are told of an expired key by who comes for it.
            long entry = keyspace.find(waiting.key(), LOOK);
            ValueType type = entry == Keyspace.ABSENT || keyspace.isExpired(entry) ? null : keyspace.type(entry);
            if (!waiter.blocking().concerns(type) || !waiter.isWaiting()) {
                continue;
            }
            waiter.readRequest(request);
            if (!takeStripes(waiter)) {
                waiting.isReady(true);
                return false;
            }
            if (waiter.claim()) {
                serve(waiter, keyspace);
            }
        }
        return true;
    }

    /** Takes what the waiter's request needs beside what is held, as far as that is possible without waiting. */
    private boolean takeStripes(Waiter waiter) {
        List<Integer> missing = new ArrayList<>();
        waiter.command().eachKey(request, index -> {
            int stripe = store.stripeOf(request.key(index));
            if (!store.isHeldByMe(stripe) && !missing.contains(stripe)) {
                missing.add(stripe);
            }
        });
        for (int stripe : missing) {
            if (!tryLock(stripe)) {
                return false;
            }
            extraStripes.add(stripe);
        }
        return true;
    }

    private boolean tryLock(int stripe) {
        for (int i = 0; i < TRIES; i++) {
            if (store.tryLock(stripe)) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    private void serve(Waiter waiter, Keyspace keyspace) {
        Reply reply = scratch();
        reply.clear();
        reply.protocol(waiter.protocol());
        boolean answered = true;
        long startNanos = loop.node().clock().nanos();
        LogFeed feed = loop.logFeed();
        boolean isLogged = loop.node().writeLog().isOn();
        long changes = isLogged ? loop.changes() : 0;
        if (isLogged) {
            feed.hold();
        }
        try {
            refuseIfDenied(waiter);
            answered = runBody(waiter, keyspace, reply);
        } catch (CommandException error) {
            loop.statistics().failed(waiter.command());
            answerError(reply, error);
        } catch (StoreException error) {
            loop.statistics().failed(waiter.command());
            answerError(reply, loop.errorOf(error));
        } catch (RuntimeException | Error bug) {
            LOG.error("bug in {}, run for one who waited", waiter.command().fullName(), bug);
            loop.node().counters().bugs.increment();
            answerError(reply, CommandException.of("ERR internal error"));
        }
        if (isLogged) {
            if (loop.changes() != changes) {
                loop.rewrites().log(keyspace, waiter.command(), request, reply, 0, feed);
            }
            feed.flush();
        }
        if (!answered) {
            waiter.release();
            return;
        }
        logIfSlow(waiter, (loop.node().clock().nanos() - startNanos) / 1000);
        byte[] bytes = view.set(reply.address(), (int) reply.length()).toByteArray();
        waiter.served();
        waiter.session().loop().post(theirs -> theirs.unblocked(waiter, bytes));
    }

    private void logIfSlow(Waiter waiter, long micros) {
        Node node = loop.node();
        long slowMicros = node.settings().slowlogLogSlowerThan.value();
        if (slowMicros >= 0 && micros >= slowMicros) {
            node.slowLog().add(waiter.session(), waiter.command(), request, micros, node.clock().wallMillis() / 1000,
                    node.settings().slowlogMaxLen.value());
        }
    }

    /** Its rights may have been taken away while it waited. */
    private void refuseIfDenied(Waiter waiter) {
        User user = waiter.session().user();
        if (user.conditions() == 0) {
            return;
        }
        Denial denial = loop.accessCheck().denial(user, waiter.command(), request, waiter.database());
        if (denial != null) {
            throw CommandException.of("NOPERM " + denial.message(user, waiter.command().fullName()));
        }
    }

    /** What it changes and reads, it does in the waiter's name. */
    private boolean runBody(Waiter waiter, Keyspace keyspace, Reply reply) {
        Node node = loop.node();
        if (!node.is(Condition.TRACKED)) {
            return waiter.blocking().body().run(keyspace, request, reply);
        }
        Session session = waiter.session();
        Session before = node.trackedKeys().acts(session);
        try {
            return waiter.blocking().body().run(keyspace, request, reply);
        } finally {
            Tracking tracking = session.tracking();
            if (tracking != null) {
                node.trackedKeys().remember(session, tracking, waiter.command(), request);
            }
            if (before == null) {
                node.trackedKeys().acted();
            } else {
                var _ = node.trackedKeys().acts(before);
            }
        }
    }

    /** A reply as bytes, for a session that does not run anything right now. */
    public byte[] encode(int protocol, Consumer<Reply> writer) {
        Reply reply = scratch();
        reply.clear();
        reply.protocol(protocol);
        writer.accept(reply);
        return view.set(reply.address(), (int) reply.length()).toByteArray();
    }

    private void answerError(Reply reply, CommandException error) {
        reply.truncate(0);
        loop.node().errors().count(error.code());
        reply.error(error);
    }

    private Reply scratch() {
        if (scratch == null) {
            scratch = new Reply();
        }
        return scratch;
    }

    /** Gives the buffer back. */
    public void close() {
        if (scratch != null) {
            scratch.close();
        }
    }
}
