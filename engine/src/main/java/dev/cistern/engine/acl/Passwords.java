package dev.cistern.engine.acl;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Digests of passwords: what is kept of them, and compared. Stateless; any thread. */
final class Passwords {
    static final int DIGEST_BYTES = 32;

    private Passwords() {}

    static byte[] digest(byte[] password) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(password);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
