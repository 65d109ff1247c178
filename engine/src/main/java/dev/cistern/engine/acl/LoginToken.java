package dev.cistern.engine.acl;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * One token that a user shows in place of a password: the address of a GET request that is signed as AWS signs requests
 * (Signature Version 4, in the query), without its {@code http://}.
 *
 * <pre>
 *   host/?Action=connect&User=ann&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=id%2Fdate%2Fregion%2Felasticache%2F
 *   aws4_request&X-Amz-Date=date-time&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=hex
 * </pre>
 *
 * <p>Only what it says; whether that is to be believed is {@link LoginTokens}'s question. Immutable; any thread.
 *
 * @param parameters  what stands behind the question mark, decoded
 */
record LoginToken(String host, Map<String, String> parameters) {
    static final String CREDENTIAL = "X-Amz-Credential";

    private static final int MAX_BYTES = 8192;
    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String DATE = "X-Amz-Date";
    private static final String SIGNATURE = "X-Amz-Signature";
    private static final DateTimeFormatter DATE_TIME = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'",
            Locale.ROOT);
    private static final int DATE_LENGTH = 8;
    private static final String TERMINATOR = "/elasticache/aws4_request";
    private static final String UNRESERVED = "-._~";
    private static final String HASH_OF_NOTHING = hex(sha256(""));

    /** What the bytes say; null when they are no token at all, or say something twice. */
    static @Nullable LoginToken parse(byte[] bytes) {
        String text = bytes.length > MAX_BYTES ? null : ascii(bytes);
        int slash = text == null ? -1 : text.indexOf('/');
        if (text == null || slash <= 0 || !text.startsWith("/?", slash)) {
            return null;
        }
        Map<String, String> parameters = new TreeMap<>();
        for (String pair : text.substring(slash + 2).split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? null : decoded(pair.substring(0, equals));
            String value = equals < 0 ? null : decoded(pair.substring(equals + 1));
            if (name == null || value == null || parameters.put(name, value) != null) {
                return null;
            }
        }
        return new LoginToken(text.substring(0, slash), parameters);
    }

    private static @Nullable String ascii(byte[] bytes) {
        for (byte each : bytes) {
            if (each <= ' ' || each == 127) {
                return null;
            }
        }
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static @Nullable String decoded(String text) {
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != '%') {
                bytes.put((byte) text.charAt(i));
            } else if (i + 2 < text.length() && HexFormat.isHexDigit(text.charAt(i + 1))
                    && HexFormat.isHexDigit(text.charAt(i + 2))) {
                bytes.put((byte) HexFormat.fromHexDigits(text, i + 1, i + 3));
                i += 2;
            } else {
                return null;
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException malformed) {
            return null;
        }
    }

    /** Whether it says this of that, in just these letters. */
    boolean says(String name, String value) {
        return value.equals(parameters.get(name));
    }

    boolean saysNothingOf(String name) {
        return !parameters.containsKey(name);
    }

    /** Whether it is signed in the one way that counts: over nothing but the address, and the host in it. */
    boolean isSignedAsExpected() {
        return says("X-Amz-Algorithm", ALGORITHM) && says("X-Amz-SignedHeaders", "host") && isDated();
    }

    private boolean isDated() {
        return dateTime().length() > DATE_LENGTH && signedMillis() != Long.MIN_VALUE;
    }

    private String dateTime() {
        return parameters.getOrDefault(DATE, "");
    }

    /** When it was signed, by the signer's clock; {@link Long#MIN_VALUE} when it does not say. */
    long signedMillis() {
        try {
            return LocalDateTime.parse(dateTime(), DATE_TIME).toInstant(ZoneOffset.UTC).toEpochMilli();
        } catch (DateTimeException malformed) {
            return Long.MIN_VALUE;
        }
    }

    /** For how long it wants to be good; -1 when it does not say. */
    long lifeSeconds() {
        String text = parameters.getOrDefault("X-Amz-Expires", "");
        return text.matches("[0-9]{1,6}") ? Long.parseLong(text) : -1;
    }

    String date() {
        return dateTime().substring(0, DATE_LENGTH);
    }

    /** The id of the key it is signed with; null unless it is scoped to that region, its own date and this service. */
    @Nullable
    String keyId(String region) {
        String credential = parameters.getOrDefault(CREDENTIAL, "");
        String scope = "/" + scope(region);
        return credential.length() > scope.length() && credential.endsWith(scope)
                ? credential.substring(0, credential.length() - scope.length())
                : null;
    }

    private String scope(String region) {
        return date() + "/" + region + TERMINATOR;
    }

    /** Whether the signature is the one that this key makes; takes as long for a wrong one as for a right one. */
    boolean isSignedWith(byte[] signingKey, String region) {
        String toSign = ALGORITHM + "\n" + dateTime() + "\n" + scope(region) + "\n" + hex(sha256(canonical()));
        byte[] wanted = hex(hmac(signingKey, toSign)).getBytes(StandardCharsets.US_ASCII);
        return MessageDigest.isEqual(wanted,
                parameters.getOrDefault(SIGNATURE, "").getBytes(StandardCharsets.UTF_8));
    }

    private String canonical() {
        SortedMap<String, String> encoded = new TreeMap<>();
        parameters.forEach((name, value) -> {
            if (!name.equals(SIGNATURE)) {
                encoded.put(encoded(name), encoded(value));
            }
        });
        StringJoiner query = new StringJoiner("&");
        encoded.forEach((name, value) -> query.add(name + "=" + value));
        return "GET\n/\n" + query + "\nhost:" + host + "\n\nhost\n" + HASH_OF_NOTHING;
    }

    private static String encoded(String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            char letter = (char) (each & 0xff);
            if (letter < 0x80 && (Character.isLetterOrDigit(letter) || UNRESERVED.indexOf(letter) >= 0)) {
                encoded.append(letter);
            } else {
                encoded.append('%').append(HexFormat.of().withUpperCase().toHexDigits(each));
            }
        }
        return encoded.toString();
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] sha256(String text) {
        return Passwords.digest(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    /** A signature is good for minutes, and then for nothing; until then it is as good as a password. */
    @Override
    public String toString() {
        return "LoginToken[" + host + "]";
    }
}
