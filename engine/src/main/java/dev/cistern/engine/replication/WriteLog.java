package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.NodeIdentity;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Memory;
import dev.cistern.store.StoreListener;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All that a node writes, in command form and in one order, as far back as somebody needs it or the backlog reaches.
 *
 * <p>Its bytes are numbered: a history has an id, and an offset in it names the same byte on every node that has it.
 * Appended by loops while they hold stripes; the monitor is a leaf. Whether it {@link #isOn} changes under the exclusive
 * gate only, so whoever holds a stripe sees it as it is.
 */
public final class WriteLog implements StoreListener, AutoCloseable {
    private static final byte[] MULTI = ascii("*1\r\n$5\r\nMULTI\r\n");
    private static final byte[] EXEC = ascii("*1\r\n$4\r\nEXEC\r\n");
    private static final byte[] PING = ascii("*1\r\n$4\r\nPING\r\n");
    private static final byte[] GETACK = ascii("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n");
    private static final int NO_DATABASE = -1;
    /** For {@link #retainFrom}: the backlog is enough. */
    static final long NOTHING = Long.MAX_VALUE;
    private static final long MOST_KEPT_BYTES = 64L << 20;
    static final String NO_ID = "0".repeat(40);

    private final Supplier<LogFeed> feeds;
    private final LongSupplier backlogBytes;
    private volatile long retained = NOTHING;
    private final DeletionWords deletionWords;
    private final List<LogReader> readers = new CopyOnWriteArrayList<>();

    /** Effects of this node are appended. */
    private boolean isOn;
    private @Nullable LogBlock first;
    private @Nullable LogBlock last;
    private volatile long end;
    /** Up to here it consists of whole units of work. */
    private volatile long whole;
    private int database = NO_DATABASE;
    private volatile String id = NodeIdentity.randomId();
    private volatile String formerId = NO_ID;
    /** Up to here the former history is the same as this one; -1 if there is none. */
    private volatile long formerEnd = -1;

    /**
     * @param feeds the feed of the calling thread, for effects that no command asked for
     * @param backlogBytes how much is kept for replicas that come back
     * @param deletionWords how they are told of keys that go by themselves
     */
    public WriteLog(Supplier<LogFeed> feeds, LongSupplier backlogBytes, DeletionWords deletionWords) {
        this.feeds = feeds;
        this.backlogBytes = backlogBytes;
        this.deletionWords = deletionWords;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    // --- asked by loops ---

    /** Whether effects are to be logged. Asked while a stripe is held. */
    public boolean isOn() {
        return isOn;
    }

    /** Keys that go by themselves are gone for the followers only when they are told so. */
    @Override
    public void keyChanged(int databaseOfKey, Bytes key, KeyEvent event) {
        if (!isOn || (event != KeyEvent.EXPIRED && event != KeyEvent.EVICTED)) {
            return;
        }
        LogFeed feed = feeds.get();
        String word = event == KeyEvent.EXPIRED ? deletionWords.expired() : deletionWords.evicted();
        feed.begin(databaseOfKey, 2).word(word).argument(key);
        if (!feed.isHeld()) {
            feed.flush();
        }
    }

    /** A field that goes by itself goes from the followers' hash only when they are told so. */
    @Override
    public void fieldExpiring(int databaseOfKey, Bytes key, Bytes field) {
        if (isOn) {
            LogFeed feed = feeds.get();
            feed.begin(databaseOfKey, 3).word("HDEL").argument(key).argument(field);
            if (!feed.isHeld()) {
                feed.flush();
            }
        }
    }

    // --- appending ---

    /** Appends a unit of work; more than one effect stay together. */
    void append(LogFeed feed) {
        synchronized (this) {
            if (first == null) {
                return;
            }
            if (feed.isRaw()) {
                put(feed.start(0), feed.end(feed.count() - 1) - feed.start(0));
            } else {
                putEffects(feed);
            }
            whole = end;
            trim();
        }
        wakeAll();
    }

    private void putEffects(LogFeed feed) {
        boolean several = feed.count() > 1;
        if (several) {
            put(MULTI);
        }
        for (int i = 0; i < feed.count(); i++) {
            select(feed.database(i));
            put(feed.start(i), feed.end(i) - feed.start(i));
        }
        if (several) {
            put(EXEC);
        }
    }

    private void select(int wanted) {
        if (wanted != database) {
            database = wanted;
            String number = Integer.toString(wanted);
            put(ascii("*2\r\n$6\r\nSELECT\r\n$" + number.length() + "\r\n" + number + "\r\n"));
        }
    }

    /** A sign of life for the followers. */
    void ping() {
        appendAlone(PING);
    }

    /** Asks the followers how far they are. */
    void askForAcknowledgement() {
        appendAlone(GETACK);
    }

    private void appendAlone(byte[] command) {
        synchronized (this) {
            if (first == null) {
                return;
            }
            put(command);
            whole = end;
            trim();
        }
        wakeAll();
    }

    private void put(byte[] bytes) {
        for (int done = 0; done < bytes.length;) {
            int length = (int) Math.min(room(), bytes.length - done);
            Memory.copy(bytes, done, place(), length);
            done += length;
            advance(length);
        }
    }

    private void put(long address, long bytes) {
        for (long done = 0; done < bytes;) {
            long length = Math.min(room(), bytes - done);
            Memory.copy(address + done, place(), length);
            done += length;
            advance(length);
        }
    }

    private synchronized void advance(long bytes) {
        end += bytes;
    }

    /** How much the last block can take; there is a last block with room then. */
    private long room() {
        LogBlock filled = last;
        if (filled == null) {
            throw new IllegalStateException("nothing is logged");
        }
        if (filled.end() == end) {
            LogBlock added = new LogBlock(end);
            filled.next = added;
            last = added;
            return LogBlock.BYTES;
        }
        return filled.end() - end;
    }

    private long place() {
        LogBlock filled = last;
        return filled == null ? 0 : filled.address + (end - filled.start);
    }

    /**
     * Keeps what was written from that offset on, up to {@value #MOST_KEPT_BYTES} bytes, also beyond the backlog: it may turn
     * out to be what the others went on without.
     */
    void retainFrom(long offset) {
        retained = offset;
    }

    /** Frees blocks that are neither in the backlog, nor to be kept, nor wanted by a reader. */
    private void trim() {
        long needed = Math.min(end - backlogBytes.getAsLong(), Math.max(retained, end - MOST_KEPT_BYTES));
        LogBlock oldest = first;
        if (oldest == null || oldest.end() > needed) {
            return;
        }
        for (LogReader reader : readers) {
            needed = Math.min(needed, reader.position());
        }
        while (oldest != null && oldest.end() <= needed && oldest.next != null) {
            LogBlock gone = oldest;
            oldest = oldest.next;
            gone.free();
        }
        first = oldest;
    }

    private void wakeAll() {
        for (LogReader reader : readers) {
            reader.wake();
        }
    }

    // --- reading ---

    /** How many bytes the history has. */
    public long end() {
        return end;
    }

    /** Up to here it consists of whole units of work; what is behind that is being written. */
    public long whole() {
        return whole;
    }

    /** The block with this byte, or null. */
    synchronized @Nullable LogBlock blockAt(long offset) {
        LogBlock block = first;
        while (block != null && block.end() <= offset) {
            block = block.next;
        }
        return block;
    }

    /** A reader that begins at an offset, or null if the log does not reach back, or forth, so far. */
    public synchronized @Nullable LogReader read(long offset, Runnable waker) {
        LogBlock oldest = first;
        if (oldest == null || offset < oldest.start || offset > end) {
            return null;
        }
        LogReader reader = new LogReader(this, null, offset, waker);
        readers.add(reader);
        return reader;
    }

    public void forget(LogReader reader) {
        readers.remove(reader);
    }

    // --- its life; all stripes are held, or nobody is there yet ---

    /** Whether bytes are kept at all. */
    synchronized boolean isKept() {
        return first != null;
    }

    /** Begins to keep bytes, if it does not yet: a new history, as nobody knows what was before. */
    synchronized void begin() {
        if (first == null) {
            newHistory();
            formerId = NO_ID;
            formerEnd = -1;
            end++;
            keepFrom(end);
        }
    }

    private void keepFrom(long offset) {
        release();
        LogBlock block = new LogBlock(offset);
        first = block;
        last = block;
        end = offset;
        whole = offset;
    }

    /** Effects of this node are appended from now on, or not any more. */
    void on(boolean value) {
        isOn = value;
    }

    /** Where it is now. Who begins to read there knows of no database: the next effect of this node tells it. */
    synchronized long cut() {
        database = NO_DATABASE;
        return whole;
    }

    /** Nobody has followed for long: bytes are not kept any more, and who comes back has to begin anew. */
    synchronized void stop() {
        isOn = false;
        release();
        newHistory();
        formerId = NO_ID;
        formerEnd = -1;
    }

    private void newHistory() {
        id = NodeIdentity.randomId();
        database = NO_DATABASE;
    }

    /** This node has become another's replica, and has what that one has up to here. */
    synchronized void adopt(String history, long offset) {
        if (!readers.isEmpty()) {
            throw new IllegalStateException("somebody reads what is to go");
        }
        id = history;
        formerId = NO_ID;
        formerEnd = -1;
        database = NO_DATABASE;
        keepFrom(offset);
    }

    /** The primary goes on with a history of another name. */
    synchronized void rename(String history) {
        if (!history.equals(id)) {
            formerId = id;
            formerEnd = end;
            id = history;
        }
    }

    /** From here on this node writes a history of its own, which begins as the one before. */
    synchronized void branch() {
        formerId = id;
        formerEnd = end;
        newHistory();
    }

    private void release() {
        LogBlock block = first;
        while (block != null) {
            block.free();
            block = block.next;
        }
        first = null;
        last = null;
    }

    // --- what it is called ---

    public String id() {
        return id;
    }

    /** The history to ask a primary for: as long as nothing was written since, the former one is known to more. */
    synchronized String idToResume() {
        return formerEnd == end ? formerId : id;
    }

    public String formerId() {
        return formerId;
    }

    /** The log as INFO counts it: the first byte that is there, from 1. */
    public synchronized long firstOffset() {
        return first == null ? 0 : first.start + 1;
    }

    /** The first offset at which the histories differ, as the original counts; -1 for none. */
    public long formerEnd() {
        return formerEnd < 0 ? -1 : formerEnd + 1;
    }

    /** Whether a follower that has read so much of a history goes on with this one. */
    synchronized boolean continues(String history, long offset) {
        boolean same = history.equals(id) || (history.equals(formerId) && offset <= formerEnd);
        return same && first != null && offset >= first.start && offset <= end;
    }

    /** How many of its last bytes are there. */
    synchronized long keptBytes() {
        return first == null ? 0 : end - first.start;
    }

    @Override
    public synchronized void close() {
        isOn = false;
        release();
    }
}
