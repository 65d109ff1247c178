package dev.cistern.engine.acl;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/**
 * A name as {@link NameTable} compares it: half of the SHA-256 of a secret of this process and the name, so that nobody can
 * choose names that meet.
 */
record NameDigest(long high, long low) {
    private static final byte[] SECRET = secret();

    private static byte[] secret() {
        byte[] bytes = new byte[Passwords.DIGEST_BYTES];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    /** The name stands for bytes, one a character. */
    static NameDigest of(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = new byte[SECRET.length + bytes.length];
        System.arraycopy(SECRET, 0, all, 0, SECRET.length);
        System.arraycopy(bytes, 0, all, SECRET.length, bytes.length);
        ByteBuffer digest = ByteBuffer.wrap(Passwords.digest(all));
        return new NameDigest(digest.getLong(), digest.getLong());
    }
}
