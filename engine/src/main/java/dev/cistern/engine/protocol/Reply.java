package dev.cistern.engine.protocol;

import dev.cistern.engine.network.SendBuffer;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;
import dev.cistern.store.RealText;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes replies in RESP2 or RESP3, whichever the session speaks, into one reused off-heap buffer.
 *
 * <p>All replies of a session's turn stand in it one after the other; the connection sends them at once. Commands see
 * only the shapes; the spelling of a shape is decided here. One per event loop; its own thread only.
 *
 * <pre>
 *   shape      RESP2                        RESP3
 *   null       $-1 (bulk), *-1 (array)      _
 *   map        *2n, flat                    %n
 *   set, push  *n                           ~n, &gt;n
 *   real       bulk string                  ,1.5
 *   bool       :1 or :0                     #t or #f
 *   verbatim   bulk string                  =n txt:...
 * </pre>
 */
public final class Reply extends SendBuffer {
    private static final int CRLF = '\r' | '\n' << 8;
    /** A type letter, a 64-bit number, CR LF. */
    private static final int MAX_HEADER_BYTES = 1 + Decimal.MAX_BYTES + 2;
    private static final int OK_AS_INT = '+' | 'O' << 8 | 'K' << 16 | '\r' << 24;
    private static final int NULL_BULK_AS_INT = '$' | '-' << 8 | '1' << 16 | '\r' << 24;
    private static final int NULL_ARRAY_AS_INT = '*' | '-' << 8 | '1' << 16 | '\r' << 24;

    private static final byte[] TEXT = {'t', 'x', 't'};
    private boolean resp3;
    private @Nullable Bound bound;

    /** How long a reply may get; asked only when the buffer has to grow. */
    @FunctionalInterface
    public interface Bound {
        long mostReplyBytes();
    }

    /**
     * What is written from now on may be given up half written when it is longer than that; null when it has to be written
     * whole, because what it tells of is done.
     */
    public void bound(@Nullable Bound value) {
        bound = value;
    }

    @Override
    protected void growing(long bytes) {
        if (bound != null && bytes > bound.mostReplyBytes()) {
            throw new ReplyTooLongException(bytes);
        }
    }

    /** Chooses the protocol of the replies to come: 2 or 3. */
    public void protocol(int version) {
        resp3 = version == 3;
    }

    public boolean isResp3() {
        return resp3;
    }

    // --- simple values ---

    public void ok() {
        ensure(5);
        Memory.putInt(position, OK_AS_INT);
        Memory.putByte(position + 4, (byte) '\n');
        position += 5;
    }

    /** A simple string: one line of the server's own words. */
    public void status(String text) {
        ensure(text.length() + 3L);
        putByte('+');
        putAscii(text);
        putCrlf();
    }

    public void error(CommandException error) {
        raw(error.encoded());
    }

    public void integer(long value) {
        header(':', value);
    }

    public void bool(boolean value) {
        if (resp3) {
            ensure(4);
            putByte('#');
            putByte(value ? 't' : 'f');
            putCrlf();
        } else {
            integer(value ? 1 : 0);
        }
    }

    /** A floating-point number: a double in RESP3, its text in RESP2. */
    public void real(double value) {
        ensure(RealText.MAX_BYTES + MAX_HEADER_BYTES + 2L);
        if (resp3) {
            putByte(',');
            position += RealText.write(value, position);
        } else {
            putHeader('$', 10);
            // The length is known afterwards; it is of two digits or one.
            int length = RealText.write(value, position);
            if (length < 10) {
                Memory.copy(position, position - 1, length);
                position--;
                Memory.putShort(position - 2, (short) CRLF);
                Memory.putByte(position - 3, (byte) ('0' + length));
            } else {
                Memory.putByte(position - 4, (byte) ('0' + length / 10));
                Memory.putByte(position - 3, (byte) ('0' + length % 10));
            }
            position += length;
        }
        putCrlf();
    }

    /** A floating-point number whose text is more exact than that of a double. */
    public void realText(String text) {
        if (resp3) {
            ensure(text.length() + 3L);
            putByte(',');
            putAscii(text);
            putCrlf();
        } else {
            bulk(text);
        }
    }

    /** An integer of more than 64 bits. */
    public void bigNumber(String digits) {
        if (resp3) {
            ensure(digits.length() + 3L);
            putByte('(');
            putAscii(digits);
            putCrlf();
        } else {
            bulk(digits);
        }
    }

    // --- strings ---

    public void bulk(long address, int length) {
        ensure((long) length + MAX_HEADER_BYTES + 2);
        putHeader('$', length);
        Memory.copy(address, position, length);
        position += length;
        putCrlf();
    }

    public void bulk(Bytes bytes) {
        bulk(bytes.address(), bytes.length());
    }

    /** The bytes, or null for what is not there. */
    public void bulkOrNull(@Nullable Bytes bytes) {
        if (bytes == null) {
            nullBulk();
        } else {
            bulk(bytes.address(), bytes.length());
        }
    }

    public void bulk(byte[] bytes) {
        ensure((long) bytes.length + MAX_HEADER_BYTES + 2);
        putHeader('$', bytes.length);
        putBytes(bytes);
        putCrlf();
    }

    public void bulk(String text) {
        bulk(text.getBytes(StandardCharsets.UTF_8));
    }

    /** An integer spelled as a string, as values are. */
    public void bulk(long value) {
        int length = Decimal.length(value);
        ensure(length + MAX_HEADER_BYTES + 2L);
        putHeader('$', length);
        position += Decimal.write(value, position);
        putCrlf();
    }

    /** The id of a stream's entry, two numbers without sign, as a string. */
    public void streamId(long millis, long sequence) {
        int length = Decimal.unsignedLength(millis) + 1 + Decimal.unsignedLength(sequence);
        ensure(length + MAX_HEADER_BYTES + 2L);
        putHeader('$', length);
        position += Decimal.writeUnsigned(millis, position);
        putByte('-');
        position += Decimal.writeUnsigned(sequence, position);
        putCrlf();
    }

    /** Text for people: in RESP3 marked as such, so that clients show it as it is. */
    public void verbatim(String text) {
        verbatim(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Bytes with a format of three letters, which RESP2 does not tell. */
    public void verbatim(byte[] format, byte[] bytes) {
        if (!resp3) {
            bulk(bytes);
            return;
        }
        ensure((long) bytes.length + MAX_HEADER_BYTES + 6);
        putHeader('=', bytes.length + 4L);
        putBytes(format);
        putByte(':');
        putBytes(bytes);
        putCrlf();
    }

    /** A missing string. */
    public void nullBulk() {
        putNull(NULL_BULK_AS_INT);
    }

    /** A missing array: an aborted transaction, a timeout. */
    public void nullArray() {
        putNull(NULL_ARRAY_AS_INT);
    }

    private void putNull(int resp2) {
        ensure(5);
        if (resp3) {
            putByte('_');
            putCrlf();
        } else {
            Memory.putInt(position, resp2);
            Memory.putByte(position + 4, (byte) '\n');
            position += 5;
        }
    }

    // --- aggregates: a header, then as many replies ---

    public void array(long count) {
        header('*', count);
    }

    /** A header for {@code count} pairs. */
    public void map(long count) {
        header(resp3 ? '%' : '*', resp3 ? count : 2 * count);
    }

    public void set(long count) {
        header(resp3 ? '~' : '*', count);
    }

    /** Out-of-band data; only between replies, never inside one. */
    public void push(long count) {
        header(resp3 ? '>' : '*', count);
    }

    /** Pairs of facts about the reply that follows; in RESP3 only. */
    public void attribute(long count) {
        header('|', count);
    }

    /** Begins an aggregate whose count is known at its end: answers the mark for the closing call. */
    public long open() {
        return length();
    }

    public void closeArray(long mark, long count) {
        closeAs('*', mark, count);
    }

    public void closeSet(long mark, long count) {
        closeAs(resp3 ? '~' : '*', mark, count);
    }

    public void closeMap(long mark, long count) {
        closeAs(resp3 ? '%' : '*', mark, resp3 ? count : 2 * count);
    }

    private void closeAs(char type, long mark, long count) {
        long end = makeRoom(mark, 1 + Decimal.length(count) + 2);
        putHeader(type, count);
        position = end;
    }

    /** Writes a bulk string before what was written since the mark: for what goes first but is known last. */
    public void insertBulk(long mark, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        long end = makeRoom(mark, 1 + Decimal.length(bytes.length) + 2 + bytes.length + 2);
        bulk(bytes);
        position = end;
    }

    /**
     * Moves what was written since the mark up, which is cheaper than knowing beforehand what comes before it. Writing
     * goes on at the mark; answers the position to return to.
     */
    private long makeRoom(long mark, int bytes) {
        // The room for the longest header is what the calls that write into the gap ask for.
        ensure(bytes + MAX_HEADER_BYTES + 2L);
        long start = address() + mark;
        Memory.copy(start, start + bytes, position - start);
        long end = position + bytes;
        position = start;
        return end;
    }

    // --- bytes ---

    /** Bytes that are a reply already. */
    public void raw(byte[] encoded) {
        ensure(encoded.length);
        putBytes(encoded);
    }

    /** Bytes that are a reply already, but for their first one, which is {@code first}. */
    public void raw(byte[] encoded, byte first) {
        long at = length();
        raw(encoded);
        Memory.putByte(address() + at, first);
    }

    /** Replies that were written elsewhere. */
    public void raw(long address, long length) {
        ensure(length);
        Memory.copy(address, position, length);
        position += length;
    }

    private void header(char type, long number) {
        ensure(MAX_HEADER_BYTES);
        putHeader(type, number);
    }

    private void putHeader(char type, long number) {
        Memory.putByte(position++, (byte) type);
        if (number >= 0 && number < 100) {
            putSmall((int) number);
        } else {
            position += Decimal.write(number, position);
        }
        putCrlf();
    }

    /** Nearly all lengths are of one or two digits. */
    private void putSmall(int number) {
        if (number >= 10) {
            putByte('0' + number / 10);
        }
        putByte('0' + number % 10);
    }

    private void putCrlf() {
        Memory.putShort(position, (short) CRLF);
        position += 2;
    }

    private void putByte(int value) {
        Memory.putByte(position++, (byte) value);
    }

    private void putBytes(byte[] bytes) {
        Memory.copy(bytes, 0, position, bytes.length);
        position += bytes.length;
    }

    private void putAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            putByte(text.charAt(i));
        }
    }
}
