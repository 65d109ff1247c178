package dev.cistern.gateway.sign;

import dev.cistern.control.Caller;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A credential as a signature states it: {@code accessKeyId/date/region/service/aws4_request}.
 *
 * <p>Only what was said; whether it is true is {@link SignatureVerifier}'s question.
 */
record CallerScope(String accessKeyId, String date, String region, String service) {

    private static final Pattern ACCOUNT = Pattern.compile("[0-9]{12}");
    private static final Pattern REGION = Pattern.compile("[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}");
    private static final int PARTS = 5;
    private static final String TERMINATOR = "aws4_request";

    /** Null when it is not of this form. An access key id may hold slashes: the scope is counted from the end. */
    static @Nullable CallerScope parse(String credential) {
        String[] parts = credential.split("/", -1);
        int first = parts.length - PARTS;
        if (first < 0 || !parts[parts.length - 1].equals(TERMINATOR)) {
            return null;
        }
        int scopeLength = parts[first + 1].length() + parts[first + 2].length() + parts[first + 3].length()
                + TERMINATOR.length();
        // Four slashes stand before the four parts.
        String id = credential.substring(0, credential.length() - scopeLength - PARTS + 1);
        return id.isEmpty() ? null : new CallerScope(id, parts[first + 1], parts[first + 2], parts[first + 3]);
    }

    static boolean isAccount(String text) {
        return ACCOUNT.matcher(text).matches();
    }

    /** What the string to sign calls the credential scope. */
    String text() {
        return date + "/" + region + "/" + service + "/" + TERMINATOR;
    }

    /**
     * The caller that this credential names: an access key id of twelve digits is an account, as users of other local
     * clouds know it; what is missing or malformed comes from {@code fallback}.
     */
    Caller caller(@Nullable String accountOfKey, Caller fallback) {
        String account = accountOfKey != null
                ? accountOfKey
                : isAccount(accessKeyId) ? accessKeyId : fallback.account();
        return new Caller(account, REGION.matcher(region).matches() ? region : fallback.region());
    }
}
