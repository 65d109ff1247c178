package dev.cistern.control.node;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/** A text that never shows itself: {@code toString} hides it, so no log line or exception can leak it by accident. */
public final class Secret {

    private static final int GENERATED_BYTES = 32;

    private final String text;

    public Secret(String text) {
        this.text = text;
    }

    /** A new secret of 256 random bits, in letters that need no quoting in any configuration file. */
    public static Secret generate(SecureRandom random) {
        byte[] bytes = new byte[GENERATED_BYTES];
        random.nextBytes(bytes);
        return new Secret(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    /** The text itself; hand it only to what must have it. */
    public String reveal() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret that
                && MessageDigest.isEqual(
                        text.getBytes(StandardCharsets.UTF_8), that.text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}
