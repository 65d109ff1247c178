package dev.cistern.engine.acl;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * The passwords of one user, as far as they are kept: the SHA-256 of each. Immutable.
 *
 * <p>Asking takes a time that tells neither how much of a password is right nor how many there are: all are compared, and
 * where there are fewer than users have at most as a rule, bytes that no password has are compared in their place.
 */
final class PasswordHashes {
    /** While one takes the place of the other a user has two. */
    private static final int USUAL = 2;

    private final List<String> digits;
    /** As many as are there, and then nobody's. */
    private final byte[][] compared;

    PasswordHashes(List<String> digits) {
        this.digits = List.copyOf(digits);
        this.compared = new byte[Math.max(USUAL, digits.size())][];
        for (int i = 0; i < compared.length; i++) {
            compared[i] = i < digits.size() ? HexFormat.of().parseHex(digits.get(i)) : new byte[Passwords.DIGEST_BYTES];
        }
    }

    /** In hexadecimal digits. */
    List<String> digits() {
        return digits;
    }

    boolean contain(byte[] digest) {
        int found = -1;
        for (int i = 0; i < compared.length; i++) {
            if (MessageDigest.isEqual(compared[i], digest)) {
                found = i;
            }
        }
        return found >= 0 && found < digits.size();
    }
}
