package dev.cistern.engine.memcached;

import dev.cistern.engine.network.SendBuffer;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Items;
import dev.cistern.store.Memory;
import java.nio.charset.StandardCharsets;

/**
 * Writes the replies of a turn, text or binary: words, numbers and bytes one after the other. One per event loop; its own
 * thread only.
 */
final class ItemReply extends SendBuffer {
    private static final short CRLF = (short) ('\r' | '\n' << 8);
    private static final int VALU = 'V' | 'A' << 8 | 'L' << 16 | 'U' << 24;
    private static final short E_SPACE = (short) ('E' | ' ' << 8);
    /** The longest unsigned 64-bit number. */
    private static final int NUMBER_BYTES = 20;
    private static final int VALUE_HEADER_BYTES = 6 + 1 + 10 + 1 + 10 + 1 + NUMBER_BYTES + 2 + 2;

    /** {@code VALUE key flags bytes[ unique]}, the data, and line ends. */
    void value(Bytes key, int flags, long data, int dataLength, boolean withUnique, long unique) {
        ensure(VALUE_HEADER_BYTES + key.length() + (long) dataLength);
        Memory.putInt(position, VALU);
        Memory.putShort(position + 4, E_SPACE);
        position += 6;
        key.copyTo(position);
        position += key.length();
        putByte(' ');
        putNumber(flags & 0xFFFF_FFFFL);
        putByte(' ');
        putNumber(dataLength);
        if (withUnique) {
            putByte(' ');
            putNumber(unique);
        }
        putCrlf();
        Memory.copy(data, position, dataLength);
        position += dataLength;
        putCrlf();
    }

    void value(Bytes key, long item, boolean withUnique, long unique) {
        value(key, Items.flags(item), Items.dataAddress(item), Items.dataLength(item), withUnique, unique);
    }

    /** Text that is a whole reply, its line end included: a constant of {@link Texts}. */
    void text(byte[] encoded) {
        ensure(encoded.length);
        Memory.copy(encoded, 0, position, encoded.length);
        position += encoded.length;
    }

    /** A line of text. */
    void line(String text) {
        text(text.getBytes(StandardCharsets.ISO_8859_1));
        crlf();
    }

    void ascii(String text) {
        ensure(text.length());
        for (int i = 0; i < text.length(); i++) {
            putByte(text.charAt(i));
        }
    }

    void character(int character) {
        ensure(1);
        putByte(character);
    }

    /** A space and a letter. */
    void token(char letter) {
        ensure(2);
        putByte(' ');
        putByte(letter);
    }

    /** An unsigned number in decimal. */
    void number(long value) {
        ensure(NUMBER_BYTES);
        putNumber(value);
    }

    void bytes(long address, long length) {
        ensure(length);
        Memory.copy(address, position, length);
        position += length;
    }

    void bytes(Bytes bytes) {
        bytes(bytes.address(), bytes.length());
    }

    void crlf() {
        ensure(2);
        putCrlf();
    }

    /** Writes {@code length} bytes of base64 text, made by {@link Base64Key}, from a key. */
    void base64(Bytes key) {
        ensure(Base64Key.encodedLength(key.length()));
        position += Base64Key.encode(key, position);
    }

    // --- binary: numbers in network order ---

    void int32(int value) {
        ensure(Integer.BYTES);
        Memory.putInt(position, Integer.reverseBytes(value));
        position += Integer.BYTES;
    }

    void int64(long value) {
        ensure(Long.BYTES);
        Memory.putLong(position, Long.reverseBytes(value));
        position += Long.BYTES;
    }

    private void putNumber(long value) {
        if (value >= 0 && value < 10) {
            putByte((int) ('0' + value));
        } else if (value >= 0) {
            position += Decimal.write(value, position);
        } else {
            long tens = Long.divideUnsigned(value, 10);
            position += Decimal.write(tens, position);
            putByte((int) ('0' + (value - tens * 10)));
        }
    }

    private void putByte(int value) {
        Memory.putByte(position++, (byte) value);
    }

    private void putCrlf() {
        Memory.putShort(position, CRLF);
        position += 2;
    }
}
