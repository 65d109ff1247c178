package dev.cistern.engine.replication;

import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.Arrays;

/**
 * What one loop has to add to the log: the effects of the unit of work that is under way, in command form.
 *
 * <p>Gathered while the unit runs, appended as a whole before its stripes are given back ({@link #flush}), so nothing of
 * another loop comes in between. One per node and loop; its thread only.
 */
public final class LogFeed implements AutoCloseable {
    private static final int USUAL_BYTES = 16 * 1024;
    private static final int KEPT_BYTES = 1 << 20;
    private static final int FEW_EFFECTS = 16;
    private static final int RAW = -1;

    private final WriteLog log;
    private long address;
    private long capacity;
    private long length;
    private int count;
    private int[] ends = new int[FEW_EFFECTS];
    private int[] databases = new int[FEW_EFFECTS];
    private boolean isHeld;
    private long flushes;

    public LogFeed(WriteLog log) {
        this.log = log;
    }

    // --- the unit of work ---

    /** Effects wait from now on for the end of the unit, who holds stripes, and calls {@link #flush}. */
    public void hold() {
        isHeld = true;
    }

    /** Whether a unit is to call {@link #flush} at its end. */
    public boolean isHeld() {
        return isHeld;
    }

    /** What was gathered has not happened. */
    public void forget() {
        isHeld = false;
        count = 0;
        length = 0;
    }

    /** Appends what was gathered. The unit's stripes are still held. */
    public void flush() {
        isHeld = false;
        if (count > 0) {
            log.append(this);
            flushes++;
            count = 0;
            length = 0;
            shrink();
        }
    }

    /** How often something was appended. */
    public long flushes() {
        return flushes;
    }

    private void shrink() {
        if (capacity > KEPT_BYTES) {
            close();
        }
    }

    // --- effects ---

    /** Begins an effect in a database; so many arguments follow. */
    public LogFeed begin(int database, int arguments) {
        note(database);
        header('*', arguments);
        return this;
    }

    private void note(int database) {
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, count * 2);
            databases = Arrays.copyOf(databases, count * 2);
        }
        databases[count] = database;
        count++;
    }

    private void header(char type, long number) {
        reserve(1 + Decimal.MAX_BYTES + 2);
        Memory.putByte(address + length++, (byte) type);
        length += Decimal.write(number, address + length);
        lineEnd();
    }

    private void lineEnd() {
        Memory.putByte(address + length++, (byte) '\r');
        Memory.putByte(address + length++, (byte) '\n');
        ends[count - 1] = Math.toIntExact(length);
    }

    public LogFeed argument(Bytes bytes) {
        header('$', bytes.length());
        reserve(bytes.length() + 2L);
        bytes.copyTo(address + length);
        length += bytes.length();
        lineEnd();
        return this;
    }

    /** An argument of ASCII letters. */
    public LogFeed word(String letters) {
        header('$', letters.length());
        reserve(letters.length() + 2L);
        for (int i = 0; i < letters.length(); i++) {
            Memory.putByte(address + length++, (byte) letters.charAt(i));
        }
        lineEnd();
        return this;
    }

    public LogFeed number(long value) {
        header('$', Decimal.length(value));
        reserve(Decimal.MAX_BYTES + 2);
        length += Decimal.write(value, address + length);
        lineEnd();
        return this;
    }

    /** A stream's id. */
    public LogFeed id(long millis, long sequence) {
        return word(Long.toUnsignedString(millis) + '-' + Long.toUnsignedString(sequence));
    }

    /** A request as it came. */
    public void request(int database, Request request) {
        begin(database, request.count());
        for (int i = 0; i < request.count(); i++) {
            argument(request.argument(i));
        }
    }

    /** Bytes of the log of our primary, which are whole commands. They do not mix with effects of our own. */
    void raw(long from, long bytes) {
        note(RAW);
        reserve(bytes);
        Memory.copy(from, address + length, bytes);
        length += bytes;
        ends[count - 1] = Math.toIntExact(length);
    }

    /** Hands everything over to another feed, as it is. */
    void moveTo(LogFeed other) {
        if (count > 0) {
            other.raw(address, length);
            count = 0;
            length = 0;
            shrink();
        }
    }

    private void reserve(long bytes) {
        long needed = length + bytes;
        if (needed <= capacity) {
            return;
        }
        long larger = Math.max(needed, Math.max(USUAL_BYTES, capacity * 2));
        long moved = Memory.allocate(MemoryTag.REPLICATION, larger);
        if (capacity > 0) {
            Memory.copy(address, moved, length);
            Memory.free(MemoryTag.REPLICATION, address, capacity);
        }
        address = moved;
        capacity = larger;
    }

    // --- for the log ---

    public int count() {
        return count;
    }

    boolean isRaw() {
        return databases[0] == RAW;
    }

    int database(int number) {
        return databases[number];
    }

    long start(int number) {
        return address + (number == 0 ? 0 : ends[number - 1]);
    }

    long end(int number) {
        return address + ends[number];
    }

    /** Gives the buffer back. */
    @Override
    public void close() {
        if (capacity > 0) {
            Memory.free(MemoryTag.REPLICATION, address, capacity);
        }
        capacity = 0;
        length = 0;
        count = 0;
    }
}
