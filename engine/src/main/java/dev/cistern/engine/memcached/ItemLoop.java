package dev.cistern.engine.memcached;

import dev.cistern.engine.network.Connection;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.ReceiveBuffer;
import dev.cistern.engine.protocol.Leftover;
import dev.cistern.store.Memory;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a Memcached node owns on one event loop, and the work of a turn: received bytes become requests, requests become
 * replies.
 *
 * <p>A turn is one session's, and bounded: after {@value #TURN_REQUESTS} requests or {@value #TURN_REPLY_BYTES} bytes of
 * replies the rest of its bytes wait until the other sessions of the loop have had theirs. Replies leave once a turn, and
 * nothing more is executed for a client that does not read them. Runs on its loop's thread only.
 */
final class ItemLoop {
    private static final Logger LOG = LoggerFactory.getLogger(ItemLoop.class);
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int TURN_REQUESTS = 256;
    private static final int TURN_REPLY_BYTES = 64 * 1024;
    /** A session that waits for its turn may have so many bytes received before its socket has to wait as well. */
    private static final long PAUSE_READING_WAITING_BYTES = 64 * 1024;
    private static final int POOLED_LEFTOVERS = 16;
    private static final int KEEP_ALIVE_SECONDS = 300;
    private static final byte BINARY_REQUEST = (byte) 0x80;

    private final Rooms rooms;
    private final EventLoops.Loop loop;
    private final Counters counters = new Counters();
    private final ItemReply reply = new ItemReply();
    private final ItemActions actions;
    private final TextProtocol text;
    private final BinaryProtocol binary;
    private final ArrayDeque<Leftover> leftoverPool = new ArrayDeque<>();
    private final ArrayDeque<ItemSession> waiting = new ArrayDeque<>();
    private final Runnable serveWaiting = this::serveWaiting;
    private boolean waitingIsScheduled;
    private long clockOffsetMillis;
    private long nowMillis;

    ItemLoop(Rooms rooms, EventLoops.Loop loop) {
        this.rooms = rooms;
        this.loop = loop;
        this.actions = new ItemActions(rooms, counters);
        StatisticsPages pages = new StatisticsPages(rooms);
        this.text = new TextProtocol(rooms, actions, counters, reply, pages);
        this.binary = new BinaryProtocol(rooms, actions, counters, reply, pages);
        adjustClock();
    }

    Rooms rooms() {
        return rooms;
    }

    Counters counters() {
        return counters;
    }

    ItemReply reply() {
        return reply;
    }

    ItemActions actions() {
        return actions;
    }

    /** Runs a task on this loop. Any thread. */
    void execute(Runnable task) {
        loop.executor().execute(task);
    }

    /** Runs a task after the sockets that are ready have had their turn. On the loop's thread. */
    void later(Runnable task) {
        loop.afterIteration(task);
    }

    /** Aligns the turns' clock, which counts from the monotonic one, with the wall's. */
    void adjustClock() {
        clockOffsetMillis = rooms.clock().wallMillis() - rooms.clock().nanos() / NANOS_PER_MILLI;
    }

    // --- a session's life ---

    ItemSession accept(Connection connection) {
        return new ItemSession(this, connection);
    }

    void opened(ItemSession session) {
        boolean hasRoom = rooms.connections().add(session);
        if (!hasRoom && rooms.settings().rejectsFast) {
            rooms.connections().countRejected();
            reply.text(Texts.TOO_MANY_CONNECTIONS);
            session.connection().send(reply);
            session.connection().closeAfterSending();
            return;
        }
        rooms.connectionsChanged();
        session.connection().keepAlive(KEEP_ALIVE_SECONDS);
        if (rooms.watchers().wants(Watchers.CONNECTIONS)) {
            rooms.watchers().tellConnection(true, session);
        }
    }

    void closed(ItemSession session) {
        rooms.connections().remove(session);
        rooms.connectionsChanged();
        rooms.watchers().remove(session);
        if (rooms.watchers().wants(Watchers.CONNECTIONS)) {
            rooms.watchers().tellConnection(false, session);
        }
        Leftover kept = session.leftover;
        if (kept != null) {
            session.leftover = null;
            recycle(kept);
        }
    }

    // --- a turn ---

    void received(ItemSession session, long address, int length) {
        counters.addBytes(Count.BYTES_READ, length);
        Leftover kept = session.leftover;
        if (session.isWaiting || session.isSuspended) {
            waitWith(session, address, length);
        } else if (kept == null) {
            turn(session, address, address + length, null);
        } else if (kept.length() <= ReceiveBuffer.HEADROOM_BYTES && session.awaitedBytes <= kept.length() + length) {
            long start = address - kept.length();
            Memory.copy(kept.address(), start, kept.length());
            session.leftover = null;
            recycle(kept);
            turn(session, start, address + length, null);
        } else {
            gather(session, kept, address, length);
        }
    }

    private void waitWith(ItemSession session, long address, int length) {
        Leftover kept = session.leftover;
        if (kept == null) {
            kept = leftover();
            session.leftover = kept;
        }
        kept.append(address, length, 0);
        if (kept.length() > PAUSE_READING_WAITING_BYTES) {
            session.connection().pauseReading();
        }
    }

    /** A large request goes on arriving: it is looked at when it is whole. */
    private void gather(ItemSession session, Leftover kept, long address, int length) {
        kept.append(address, length, Math.max(0, session.awaitedBytes - kept.length() - length));
        if (kept.length() >= session.awaitedBytes) {
            turn(session, kept.address(), kept.address() + kept.length(), kept);
        }
    }

    /** Executes what is there, up to the bound of a turn, and sends the replies. */
    private void turn(ItemSession session, long start, long end, @Nullable Leftover source) {
        beginTurn(session);
        long at = start;
        int requests = 0;
        boolean isIncomplete = false;
        while (at < end && requests < TURN_REQUESTS && reply.length() < TURN_REPLY_BYTES && mayExecute(session)) {
            long next = session.swallowBytes > 0 ? swallow(session, at, end) : execute(session, at, end);
            isIncomplete = next == at;
            if (isIncomplete) {
                break;
            }
            at = next;
            session.scannedBytes = 0;
            requests++;
        }
        keepRest(session, at, end, source, !isIncomplete);
        send(session);
    }

    private static boolean mayExecute(ItemSession session) {
        return !session.isClosing() && !session.isSuspended;
    }

    private void beginTurn(ItemSession session) {
        long nanos = rooms.clock().nanos();
        nowMillis = nanos / NANOS_PER_MILLI + clockOffsetMillis;
        session.lastActiveMillis = nowMillis;
        rooms.flushIfDue(nowMillis / 1000);
        actions.beginTurn(nowMillis, nanos, rooms.watchers().wants(-1) ? session.descriptor() : 0);
    }

    private static long swallow(ItemSession session, long at, long end) {
        long bytes = Math.min(session.swallowBytes, end - at);
        session.swallowBytes -= bytes;
        return at + bytes;
    }

    private long execute(ItemSession session, long at, long end) {
        Dialect dialect = session.dialect;
        if (dialect == null) {
            dialect = dialectOf(session, Memory.getByte(at));
            session.dialect = dialect;
            if (dialect == null) {
                return end;
            }
        }
        session.awaitedBytes = 0;
        try {
            return dialect.execute(session, at, end);
        } catch (RuntimeException e) {
            LOG.error("a request of {} failed", session.remoteAddress(), e);
            reply.text(Texts.BUG);
            session.closeAfterReply();
            return end;
        }
    }

    /** Null, and the session is closed, if that protocol is not spoken here. */
    private @Nullable Dialect dialectOf(ItemSession session, byte first) {
        MemcachedSettings settings = rooms.settings();
        if (first == BINARY_REQUEST ? settings.isBinaryAllowed : settings.isTextAllowed) {
            return first == BINARY_REQUEST ? binary : text;
        }
        session.closeAfterReply();
        return null;
    }

    /** Keeps the bytes that were not executed: half a request, or what is beyond the bound of this turn. */
    private void keepRest(ItemSession session, long at, long end, @Nullable Leftover source, boolean moreMayBeWhole) {
        long rest = session.isClosing() ? 0 : end - at;
        if (rest == 0) {
            if (source != null) {
                session.leftover = null;
                recycle(source);
            }
            return;
        }
        if (source == null) {
            Leftover kept = leftover();
            kept.append(at, rest, Math.max(0, session.awaitedBytes - rest));
            session.leftover = kept;
        } else if (source.length() > rest) {
            source.dropFirst(source.length() - rest);
        }
        if (moreMayBeWhole && !session.isSuspended) {
            awaitTurn(session);
        }
    }

    private Leftover leftover() {
        Leftover pooled = leftoverPool.pollLast();
        return pooled == null ? new Leftover() : pooled;
    }

    private void recycle(Leftover leftover) {
        leftover.reset();
        if (leftoverPool.size() < POOLED_LEFTOVERS) {
            leftoverPool.addLast(leftover);
        } else {
            leftover.free();
        }
    }

    // --- sessions that have more to do ---

    private void awaitTurn(ItemSession session) {
        counters.add(Count.CONN_YIELDS);
        session.isWaiting = true;
        waiting.addLast(session);
        if (!waitingIsScheduled) {
            waitingIsScheduled = true;
            // First the sockets that are ready, then these: a task that is queued now would come before them.
            loop.afterIteration(serveWaiting);
        }
    }

    private void serveWaiting() {
        waitingIsScheduled = false;
        for (int left = waiting.size(); left > 0; left--) {
            ItemSession session = waiting.pollFirst();
            if (session != null) {
                session.isWaiting = false;
                if (session.connection().backlogBytes() == 0) {
                    serve(session);
                }
            }
        }
    }

    /** Goes on with what a session had received, and reads on from it when that is done. */
    private void serve(ItemSession session) {
        Leftover kept = session.leftover;
        if (session.connection().isClosing() || session.isSuspended || session.isWaiting) {
            return;
        }
        if (kept != null && kept.length() >= session.awaitedBytes) {
            turn(session, kept.address(), kept.address() + kept.length(), kept);
        }
        if (!session.isWaiting && !session.isSuspended && session.connection().backlogBytes() == 0
                && !session.isClosing()) {
            session.connection().resumeReading();
        }
    }

    /** The reply that a session was waiting for has been written; sends it and goes on. */
    void resume(ItemSession session) {
        session.isSuspended = false;
        send(session);
        if (session.connection().backlogBytes() == 0) {
            serve(session);
        }
    }

    // --- sending ---

    void send(ItemSession session) {
        counters.addBytes(Count.BYTES_WRITTEN, reply.length());
        Connection connection = session.connection();
        connection.send(reply);
        if (session.isClosing()) {
            connection.closeAfterSending();
        } else if (connection.backlogBytes() > 0) {
            connection.pauseReading();
        }
    }

    void drained(ItemSession session) {
        ItemWalk walk = session.walk;
        if (walk != null) {
            walk.goOn();
        } else {
            serve(session);
        }
    }

    /** Closes sessions of this loop that were silent for too long. */
    void lookAfterSessions() {
        long timeoutMillis = rooms.settings().idleTimeoutSeconds * 1000;
        if (timeoutMillis == 0) {
            return;
        }
        long now = rooms.clock().wallMillis();
        for (ItemSession session : rooms.connections().all()) {
            if (session.loop() == this && !session.isWatching && now - session.lastActiveMillis > timeoutMillis) {
                counters.add(Count.IDLE_KICKS);
                session.connection().closeNow();
            }
        }
    }

    /** Gives the buffers back; the node's connections are closed. */
    void close() {
        reply.close();
        actions.close();
        text.close();
        leftoverPool.forEach(Leftover::free);
        leftoverPool.clear();
    }
}
