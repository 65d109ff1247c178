package dev.cistern.engine.memcached;

import dev.cistern.engine.network.Connection;
import dev.cistern.engine.network.Conversation;
import dev.cistern.engine.protocol.Leftover;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One client of a Memcached node: which protocol it speaks, whether it is known, and what of its bytes is not executed
 * yet. Not its socket and not the work of a turn ({@link ItemLoop}). Changed on its loop's thread only.
 */
final class ItemSession implements Conversation {
    private final ItemLoop loop;
    private final Connection connection;
    private final String remoteAddress;
    private boolean closesAfterReply;

    /** Null until the first byte says which. */
    @Nullable
    Dialect dialect;
    @Nullable
    Leftover leftover;
    /** Waits for its next turn, or for the end of a walk: nothing is executed meanwhile. */
    boolean isWaiting;
    /** Its last request is answered later, by a walk over all items. */
    boolean isSuspended;
    /** What the session is suspended for. */
    @Nullable
    ItemWalk walk;
    boolean isWatching;
    /** What it sent is no request, and ends it: watchers are told so. */
    boolean isRefused;
    /** Of what it watches, what it was not told since it was last told anything. */
    private long linesLost;
    boolean isAuthenticated;
    /** It said the manager's password. */
    boolean isManager;
    /** Bytes of a refused request that are still to come and mean nothing. */
    long swallowBytes;
    /** Bytes that the request at the leftover's start takes; 0 if not known. */
    long awaitedBytes;
    /** Bytes of the leftover in which there is no line end. */
    long scannedBytes;
    /** A get whose reply would be very long is answered in parts: what the rest of its line is. */
    @Nullable
    GetRequest openGet;
    /** Bytes of the password that a client of the text protocol announced; 0 when none is awaited. */
    int credentialBytes;
    volatile long lastActiveMillis;

    ItemSession(ItemLoop loop, Connection connection) {
        this.loop = loop;
        this.connection = connection;
        this.remoteAddress = connection.remoteAddress();
        this.lastActiveMillis = loop.rooms().clock().wallMillis();
        this.isAuthenticated = !connection.isForInsiders() && !loop.rooms().passwords().areRequired();
    }

    /** From where nobody but the manager may come, so that nothing but its password counts. */
    boolean isForManager() {
        return connection.isForInsiders();
    }

    @Override
    public void opened() {
        loop.opened(this);
    }

    @Override
    public void received(long address, int length) {
        loop.received(this, address, length);
    }

    @Override
    public void drained() {
        loop.drained(this);
    }

    @Override
    public void closed() {
        loop.closed(this);
    }

    ItemLoop loop() {
        return loop;
    }

    Connection connection() {
        return connection;
    }

    /** {@code host:port} of the client. */
    String remoteAddress() {
        return remoteAddress;
    }

    int descriptor() {
        return connection.descriptor();
    }

    /** Runs a task on this session's loop. Any thread. */
    void execute(Runnable task) {
        connection.execute(task);
    }

    void closeAfterReply() {
        closesAfterReply = true;
    }

    boolean isClosing() {
        return closesAfterReply || connection.isClosing();
    }

    /** Sends a line of what it watches; says whether it could: who leaves too much unread loses what else there is. */
    boolean sendWatched(String line) {
        if (isClosing() || connection.backlogBytes() > loop.rooms().settings().watcherBufferBytes) {
            linesLost++;
            return false;
        }
        if (linesLost > 0) {
            loop.reply().text(("skipped=" + linesLost + "\n").getBytes(StandardCharsets.ISO_8859_1));
            linesLost = 0;
        }
        loop.reply().text(line.getBytes(StandardCharsets.ISO_8859_1));
        loop.send(this);
        return true;
    }
}
