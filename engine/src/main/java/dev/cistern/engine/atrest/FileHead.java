package dev.cistern.engine.atrest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The first bytes of a sealed file, which say how and with which key it is sealed. They are no secret, and part of what
 * each seal covers: whoever changes one opens nothing.
 *
 * <pre>
 *   offset  size  field
 *        0     8  MAGIC         CISTSEAL
 *        8     1  FORMAT        1
 *        9     1  FORM          1 a stream, 2 records
 *       10     2  (zero)
 *       12     4  KEY_VERSION
 *       16    16  KEY_ID        a UUID
 *       32    32  SALT          random: no two files have the same keys
 *       64        what is sealed
 * </pre>
 *
 * Numbers have the highest byte first. All of it is persisted, and never changes its meaning.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record FileHead(Form form, UUID keyId, int keyVersion, byte[] bytes) {
    static final byte[] MAGIC = "CISTSEAL".getBytes(StandardCharsets.US_ASCII);
    static final int FORMAT_OFFSET = MAGIC.length;
    static final int FORM_OFFSET = FORMAT_OFFSET + 1;
    static final int KEY_VERSION_OFFSET = FORM_OFFSET + 3;
    static final int KEY_ID_OFFSET = KEY_VERSION_OFFSET + Integer.BYTES;
    static final int SALT_OFFSET = KEY_ID_OFFSET + 2 * Long.BYTES;
    static final int SALT_BYTES = 32;
    static final int BYTES = SALT_OFFSET + SALT_BYTES;

    private static final byte FORMAT = 1;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** What follows. The codes are persisted. */
    enum Form {
        STREAM(1), RECORDS(2);

        private final int code;

        Form(int code) {
            this.code = code;
        }
    }

    /** Of a file that is about to be written. */
    static FileHead create(Form form, DataKey key) {
        byte[] salt = new byte[SALT_BYTES];
        RANDOM.nextBytes(salt);
        byte[] bytes = ByteBuffer.allocate(BYTES).put(MAGIC).put(FORMAT).put((byte) form.code).putShort((short) 0)
                .putInt(key.version()).putLong(key.id().getMostSignificantBits())
                .putLong(key.id().getLeastSignificantBits()).put(salt).array();
        return new FileHead(form, key.id(), key.version(), bytes);
    }

    byte[] salt() {
        return Arrays.copyOfRange(bytes, SALT_OFFSET, BYTES);
    }

    /** Of a file that is there; null if that is not sealed. */
    static @Nullable FileHead read(FileChannel channel, Path file) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(BYTES);
        boolean isWhole = fill(channel, head, 0);
        byte[] bytes = head.array();
        if (head.position() < MAGIC.length || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            return null;
        }
        if (!isWhole) {
            throw new SealedFileException(file, 0, "it is encrypted, and ends within its head of " + BYTES + " bytes");
        }
        if (bytes[FORMAT_OFFSET] != FORMAT) {
            throw new SealedFileException(file, 0, "it is encrypted in format " + bytes[FORMAT_OFFSET]
                    + ", which this version does not know, or its head is damaged");
        }
        head.position(KEY_VERSION_OFFSET);
        int version = head.getInt();
        return new FileHead(form(bytes[FORM_OFFSET], file), new UUID(head.getLong(), head.getLong()), version, bytes);
    }

    /** Reads from there on until the buffer is full; false if the file ends before. */
    static boolean fill(FileChannel channel, ByteBuffer target, long position) throws IOException {
        long from = position - target.position();
        while (target.hasRemaining()) {
            if (channel.read(target, from + target.position()) < 0) {
                return false;
            }
        }
        return true;
    }

    private static Form form(int code, Path file) throws IOException {
        for (Form form : Form.values()) {
            if (form.code == code) {
                return form;
            }
        }
        throw new SealedFileException(file, 0, "it is encrypted in form " + code
                + ", which this version does not know, or its head is damaged");
    }

    /** The key that the file was sealed with. */
    DataKey key(KeyRing keys, Path file) throws IOException {
        DataKey key = keys.find(keyId, keyVersion);
        if (key != null) {
            return key;
        }
        String what = "it is encrypted with version " + keyVersion + " of key " + keyId;
        throw new SealedFileException(file, 0, keys.isEmpty()
                ? what + ", and no keys are given (at-rest-key-file)"
                : what + ", which is not among the keys that are given, or its head is damaged");
    }
}
