package dev.cistern.toolkit.codec;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * What is stored for one key: a header that tells the value's age and meaning, then the value's bytes.
 *
 * <pre>
 *   offset  size  field
 *        0     1  magic            0xC5, so that a stranger's bytes are a miss and not an error
 *        1     1  format           1, the version of this table
 *        2     1  schema           the application's version of the value's shape
 *        3     1  flags            1 = compressed, 2 = the loader said there is no value
 *        4     8  writtenAtMillis  since 1970, by the writer's clock
 *       12     8  freshMillis      how long the value counts as fresh from then on
 *       20     8  stamp            of the tags' versions when it was written; 0 = no tags
 *       28     n  payload          if compressed: 4 bytes of its length before, then deflate
 * </pre>
 *
 * Big-endian. The server's own expiry is longer than freshMillis where stale values are still of use.
 */
public record Envelope(int schema, boolean absent, long writtenAtMillis, long freshMillis, long stamp,
        byte[] payload) {

    static final int MAGIC = 0;
    static final int FORMAT = MAGIC + 1;
    static final int SCHEMA = FORMAT + 1;
    static final int FLAGS = SCHEMA + 1;
    static final int WRITTEN_AT_MILLIS = FLAGS + 1;
    static final int FRESH_MILLIS = WRITTEN_AT_MILLIS + Long.BYTES;
    static final int STAMP = FRESH_MILLIS + Long.BYTES;
    static final int PAYLOAD = STAMP + Long.BYTES;

    static final byte MAGIC_BYTE = (byte) 0xC5;
    static final byte FORMAT_1 = 1;
    static final int COMPRESSED = 1;
    static final int ABSENT = 2;

    /** What a compressed value may grow to; a larger length is damage or an attack. */
    static final int MAX_INFLATED_BYTES = 256 << 20;

    /** Never compress. */
    public static final int NO_COMPRESSION = Integer.MAX_VALUE;

    /** The envelope's bytes; a payload of at least {@code compressFromBytes} is compressed when that makes it smaller. */
    public byte[] toBytes(int compressFromBytes) {
        byte[] deflated = payload.length >= compressFromBytes ? deflate(payload) : payload;
        boolean smaller = deflated.length + Integer.BYTES < payload.length;
        int flags = (smaller ? COMPRESSED : 0) | (absent ? ABSENT : 0);
        int length = PAYLOAD + (smaller ? Integer.BYTES + deflated.length : payload.length);
        ByteBuffer bytes = ByteBuffer.allocate(length).put(MAGIC_BYTE).put(FORMAT_1).put((byte) schema)
                .put((byte) flags).putLong(writtenAtMillis).putLong(freshMillis).putLong(stamp);
        if (smaller) {
            bytes.putInt(payload.length);
        }
        return bytes.put(smaller ? deflated : payload).array();
    }

    /** Reads an envelope; empty when these bytes are none, or damaged. */
    public static Optional<Envelope> parse(byte[] bytes) {
        if (bytes.length < PAYLOAD || bytes[MAGIC] != MAGIC_BYTE || bytes[FORMAT] != FORMAT_1) {
            return Optional.empty();
        }
        ByteBuffer header = ByteBuffer.wrap(bytes);
        int flags = bytes[FLAGS];
        byte[] payload = (flags & COMPRESSED) == 0
                ? Arrays.copyOfRange(bytes, PAYLOAD, bytes.length)
                : inflate(header.position(PAYLOAD));
        if ((flags & COMPRESSED) != 0 && payload.length == 0) {
            return Optional.empty();
        }
        return Optional.of(new Envelope(bytes[SCHEMA] & 0xFF, (flags & ABSENT) != 0, header.getLong(
                WRITTEN_AT_MILLIS), header.getLong(FRESH_MILLIS), header.getLong(STAMP), payload));
    }

    private static byte[] deflate(byte[] plain) {
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        try {
            deflater.setInput(plain);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream(plain.length / 2);
            byte[] chunk = new byte[Math.min(plain.length, 8_192)];
            while (!deflater.finished()) {
                out.write(chunk, 0, deflater.deflate(chunk));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    /** An empty array stands for damage: nothing empty is ever compressed. */
    private static byte[] inflate(ByteBuffer from) {
        if (from.remaining() < Integer.BYTES) {
            return new byte[0];
        }
        int length = from.getInt();
        // Deflate's best is about 1:1032, so that a length can be refused before memory is taken for it.
        if (length <= 0 || length > MAX_INFLATED_BYTES || length / 1_040 > from.remaining()) {
            return new byte[0];
        }
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(from);
            byte[] plain = new byte[length];
            int done = inflater.inflate(plain);
            return done == length && inflater.inflate(new byte[1]) == 0 && inflater.finished() ? plain : new byte[0];
        } catch (DataFormatException e) {
            return new byte[0];
        } finally {
            inflater.end();
        }
    }
}
