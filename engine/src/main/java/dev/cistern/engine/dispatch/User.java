package dev.cistern.engine.dispatch;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Who a session speaks for. Immutable.
 *
 * <p>Today there are two: the default user, and a hidden one for the control plane. Access rules come with ACLs.
 */
public final class User {
    public static final String DEFAULT_NAME = "default";

    private final String name;
    private final byte[] passwordDigest;
    private final boolean isInternal;

    private User(String name, byte[] passwordDigest, boolean isInternal) {
        this.name = name;
        this.passwordDigest = passwordDigest;
        this.isInternal = isInternal;
    }

    public String name() {
        return name;
    }

    /** Whether it is the control plane's own, which no customer sees. */
    public boolean isInternal() {
        return isInternal;
    }

    public static User of(String name, String password, boolean isInternal) {
        return new User(name, digest(password.getBytes(StandardCharsets.UTF_8)), isInternal);
    }

    /** Compares digests, whose length says nothing, in a time that depends on nothing. */
    boolean hasPassword(byte[] password) {
        return MessageDigest.isEqual(digest(password), passwordDigest);
    }

    private static byte[] digest(byte[] password) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(password);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
