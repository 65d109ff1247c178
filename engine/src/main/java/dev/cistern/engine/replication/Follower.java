package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.Connection;
import dev.cistern.engine.settings.OutputLimits;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A replica of ours, as this node sees it: what it said of itself, what it is being sent, how far it is.
 *
 * <pre>
 *   KNOWN ──PSYNC──▶ WAITING ──snapshot made──▶ LOADING ──all of it sent──▶ ONLINE
 *      └──────────PSYNC, and the log reaches back──────────────────────────▶
 * </pre>
 *
 * <p>Sends on its session's loop, and no more at a time than the socket takes: what waits, waits in the log, which all
 * followers share. Other threads look at what is volatile.
 */
public final class Follower {
    private static final byte[] SIGN_OF_LIFE = {'\n'};
    /** With so much unsent in the connection nothing is added. */
    private static final long FULL_BYTES = 1 << 20;
    private static final int CHUNK_BYTES = 256 * 1024;

    /** How far it has come. */
    enum State {
        KNOWN("wait_bgsave"), WAITING("wait_bgsave"), LOADING("send_bulk"), ONLINE("online");

        private final String word;

        State(String word) {
            this.word = word;
        }

        /** As INFO tells it. */
        String word() {
            return word;
        }
    }

    /** What of our data it wants. */
    enum Share {
        ALL, FUNCTIONS, NOTHING
    }

    private final Replication replication;
    private final Session session;
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Runnable serving = this::serveScheduled;
    private volatile State state = State.KNOWN;
    private volatile int port;
    private volatile String address = "";
    private volatile long acknowledged;
    private volatile long kept = -1;
    private volatile long acknowledgedMillis;
    private volatile @Nullable LogReader reader;
    private Payload.@Nullable Reader payload;
    private long payloadSent;
    private long softLimitSinceMillis;
    private volatile boolean isGone;
    private volatile boolean isOld;
    private volatile Share share = Share.ALL;
    private boolean wantsNoLog;
    private boolean knowsEnds;

    Follower(Replication replication, Session session) {
        this.replication = replication;
        this.session = session;
    }

    // --- what it says of itself ---

    void port(int value) {
        port = value;
    }

    void address(String value) {
        address = value;
    }

    /** It asked with SYNC, and knows nothing of histories. */
    void isOld() {
        isOld = true;
    }

    /** It wants a snapshot, and nothing that happens afterwards. */
    void wantsNoLog(boolean value) {
        wantsNoLog = value;
    }

    /** It can read a snapshot whose length is not told first. */
    void knowsEnds(boolean value) {
        knowsEnds = value;
    }

    boolean knowsEnds() {
        return knowsEnds;
    }

    void share(Share value) {
        share = value;
    }

    Share share() {
        return share;
    }

    Session session() {
        return session;
    }

    State state() {
        return state;
    }

    boolean isOnline() {
        return state == State.ONLINE;
    }

    /** Whether it asked for the log, and not only said something of itself. */
    boolean isFollowing() {
        return state != State.KNOWN;
    }

    /** Where clients, and other replicas, find it. */
    String host() {
        String remote = session.remoteAddress();
        return address.isEmpty() ? remote.substring(0, remote.lastIndexOf(':')) : address;
    }

    int port() {
        return port;
    }

    /** It has so much of the log. */
    void acknowledge(long offset, long nowMillis) {
        acknowledged = Math.max(acknowledged, offset);
        acknowledgedMillis = nowMillis;
    }

    long acknowledged() {
        return acknowledged;
    }

    /** Its disk has so much of the log. */
    void keep(long offset) {
        kept = Math.max(kept, offset);
    }

    long kept() {
        return kept;
    }

    /** Seconds since it was heard of. */
    long lagSeconds(long nowMillis) {
        return Math.max(0, nowMillis - acknowledgedMillis) / 1000;
    }

    // --- what it is sent ---

    /** It waits for a snapshot. */
    void awaitSnapshot() {
        state = State.WAITING;
    }

    Runnable waker() {
        return this::wake;
    }

    /** It reads the log from here on, which it is told first. */
    void goOnWith(LogReader from, long nowMillis) {
        reader = from;
        acknowledged = from.position();
        acknowledgedMillis = nowMillis;
        state = State.ONLINE;
        // After this turn, at whose end it is told so.
        session.execute(serving);
    }

    /** From the cut of a snapshot on; the loop's thread sends it when it is made. */
    void readFrom(@Nullable LogReader from) {
        forgetReader();
        reader = from;
    }

    /** Sends the snapshot, and then the log from the cut on. The session's loop. */
    void begin(String announcement, Payload.Reader snapshot, long nowMillis) {
        if (isGone) {
            snapshot.release();
            forgetReader();
            return;
        }
        payload = snapshot;
        payloadSent = 0;
        acknowledgedMillis = nowMillis;
        send(((isOld ? "" : announcement) + "$" + snapshot.length() + "\r\n").getBytes(StandardCharsets.US_ASCII));
        state = State.LOADING;
        serve();
    }

    /** Tells a replica that waits that we are still at it. */
    void giveSignOfLife() {
        session.execute(() -> {
            if (state == State.WAITING && !isGone) {
                send(SIGN_OF_LIFE);
            }
        });
    }

    private void send(byte[] bytes) {
        long copy = Memory.allocate(MemoryTag.REPLICATION, bytes.length);
        Memory.copy(bytes, 0, copy, bytes.length);
        session.connection().send(copy, bytes.length);
        Memory.free(MemoryTag.REPLICATION, copy, bytes.length);
    }

    private void wake() {
        if (state == State.ONLINE && scheduled.compareAndSet(false, true)) {
            session.execute(serving);
        }
    }

    private void serveScheduled() {
        scheduled.set(false);
        serve();
    }

    /** Sends as much as the socket takes. The session's loop. */
    public void serve() {
        Connection connection = session.connection();
        boolean more = true;
        while (more && !isGone && !connection.isClosing() && connection.backlogBytes() < FULL_BYTES) {
            more = sendChunk(connection);
        }
    }

    private boolean sendChunk(Connection connection) {
        Payload.Reader snapshot = payload;
        if (snapshot != null) {
            long length = Math.min(CHUNK_BYTES, snapshot.length() - payloadSent);
            connection.send(snapshot.read(payloadSent, (int) length), length);
            payloadSent += length;
            replication.sent(length);
            if (payloadSent == snapshot.length()) {
                payload = null;
                snapshot.release();
                state = State.ONLINE;
                if (wantsNoLog) {
                    connection.closeAfterSending();
                    return false;
                }
            }
            return true;
        }
        LogReader from = reader;
        return from != null && state == State.ONLINE && from.read(CHUNK_BYTES, (address, length) -> {
            connection.send(address, length);
            replication.sent(length);
        });
    }

    // --- its end ---

    /** Why it is to be dropped, or null: it is too far behind, or silent for too long. */
    @Nullable
    String complaint(OutputLimits.Limit limit, long leastBytes, long timeoutMillis, long nowMillis) {
        long behind = behindBytes();
        if (limit.hardBytes() > 0 && behind > Math.max(limit.hardBytes(), leastBytes)) {
            return "it is " + behind + " bytes behind";
        }
        if (limit.softBytes() == 0 || behind <= Math.max(limit.softBytes(), leastBytes)) {
            softLimitSinceMillis = 0;
        } else if (softLimitSinceMillis == 0) {
            softLimitSinceMillis = nowMillis;
        } else if (nowMillis - softLimitSinceMillis > limit.softSeconds() * 1000L) {
            return "it has been " + behind + " bytes behind for too long";
        }
        return state == State.ONLINE && nowMillis - acknowledgedMillis > timeoutMillis
                ? "it has not been heard of for " + (nowMillis - acknowledgedMillis) / 1000 + " s"
                : null;
    }

    /** Of the log, what it has not been sent; 0 as long as the snapshot that it waits for has no cut. */
    long behindBytes() {
        LogReader from = reader;
        return from == null ? 0 : replication.log().end() - from.position();
    }

    boolean isGone() {
        return isGone;
    }

    private void forgetReader() {
        LogReader from = reader;
        if (from != null) {
            reader = null;
            replication.log().forget(from);
        }
    }

    /** The session is gone. Its loop. */
    void gone() {
        isGone = true;
        forgetReader();
        if (payload != null) {
            payload.release();
            payload = null;
        }
    }
}
