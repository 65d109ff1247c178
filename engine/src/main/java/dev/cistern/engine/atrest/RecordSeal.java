package dev.cistern.engine.atrest;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.subtle.AesGcmJce;
import com.google.crypto.tink.subtle.Hkdf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Seals and opens the records of one file.
 *
 * <pre>
 *   offset  size  field
 *        0     4  LENGTH   of the plain bytes, 1 to 1 MB, the highest byte first
 *        4    12  CHECK    HMAC-SHA256 of the record's number (8 bytes) and LENGTH, its first bytes
 *       16    12  nonce    random, from here on as Tink's AEAD writes it: AES-256-GCM, the record's number as associated data
 *       28     n  sealed
 *     28+n    16  tag
 * </pre>
 *
 * <p>Both keys are the file's own: HKDF-SHA256 of our key, the head's salt, a word for what the key is for, the head and the
 * file's name. So a record counts in its place of its file alone. LENGTH has a seal of its own, because one that were wrong
 * would make the rest of the file look like a tail that a crash has torn. Nonces are random, so that writing behind a tail
 * that was cut off never uses one twice; a file would need billions of records before that mattered.
 *
 * <p>One thread at a time.
 */
final class RecordSeal {
    static final int LENGTH_OFFSET = 0;
    static final int CHECK_OFFSET = LENGTH_OFFSET + Integer.BYTES;
    static final int CHECK_BYTES = 12;
    static final int HEAD_BYTES = CHECK_OFFSET + CHECK_BYTES;
    static final int NONCE_BYTES = 12;
    static final int TAG_BYTES = 16;
    static final int MORE_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;
    static final int MAX_PLAIN_BYTES = 1 << 20;

    private static final String HMAC = "HmacSha256";

    private final Aead aead;
    private final Mac mac;

    RecordSeal(DataKey key, FileHead head, Path file) {
        try {
            aead = new AesGcmJce(derive(key, head, file, "record"));
            mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(derive(key, head, file, "length"), HMAC));
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    private static byte[] derive(DataKey key, FileHead head, Path file, String use) throws GeneralSecurityException {
        byte[] name = file.getFileName().toString().getBytes(StandardCharsets.UTF_8);
        byte[] word = ("cistern " + use + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] info = ByteBuffer.allocate(word.length + FileHead.BYTES + name.length).put(word).put(head.bytes())
                .put(name).array();
        return Hkdf.computeHkdf(HMAC, key.secret(), head.salt(), info, DataKey.SECRET_BYTES);
    }

    private static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("every JVM has AES-GCM and HMAC-SHA256", e);
    }

    /** A record, ready to be written. */
    byte[] seal(long number, byte[] plain) {
        try {
            byte[] sealed = aead.encrypt(plain, ByteBuffer.allocate(Long.BYTES).putLong(number).array());
            return ByteBuffer.allocate(HEAD_BYTES + sealed.length).putInt(plain.length)
                    .put(check(number, plain.length)).put(sealed).array();
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    private byte[] check(long number, int length) {
        mac.update(ByteBuffer.allocate(Long.BYTES + Integer.BYTES).putLong(number).putInt(length).flip());
        return Arrays.copyOf(mac.doFinal(), CHECK_BYTES);
    }

    /** The plain bytes that the record's head tells of; -1 if it was not written there. */
    int length(long number, ByteBuffer head) {
        int length = head.getInt();
        byte[] found = new byte[CHECK_BYTES];
        head.get(found);
        boolean isOurs = MessageDigest.isEqual(found, check(number, length));
        return isOurs && length > 0 && length <= MAX_PLAIN_BYTES ? length : -1;
    }

    /** The plain bytes of what follows a record's head; null if it was not written there. */
    byte @Nullable [] open(long number, byte[] sealed) {
        try {
            return aead.decrypt(sealed, ByteBuffer.allocate(Long.BYTES).putLong(number).array());
        } catch (GeneralSecurityException changed) {
            return null;
        }
    }
}
