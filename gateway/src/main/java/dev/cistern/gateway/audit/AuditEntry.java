package dev.cistern.gateway.audit;

import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One call: when, from where, by whom, what, and how it ended. Written as a line of JSON.
 *
 * @param source      the address that the call came from
 * @param keyId       empty when none was named
 * @param keyName     what the key is called here; empty when it is none of ours
 * @param parameters  what it was called with; null when the caller was not believed, who could fill the file else
 * @param code        the fault's code; empty when there was none
 */
public record AuditEntry(
        Instant at,
        String requestId,
        String source,
        String keyId,
        String keyName,
        String account,
        String region,
        String service,
        String action,
        @Nullable Map<String, String> parameters,
        int status,
        String code) {

    private static final int MAX_TEXT = 256;
    private static final int MAX_PARAMETERS = 64;
    private static final String MASK = "***";
    private static final Pattern PASSWORD_RULE = Pattern.compile("(?<![^\\s(])([<>#!])[^\\s)]*");

    /** The line, without its end. */
    String json() {
        StringBuilder json = new StringBuilder("{");
        field(json, "time", at.toString());
        field(json, "requestId", requestId);
        field(json, "source", source);
        field(json, "keyId", keyId);
        field(json, "keyName", keyName);
        field(json, "account", account);
        field(json, "region", region);
        field(json, "service", service);
        field(json, "action", action);
        if (parameters != null) {
            json.append(",\"parameters\":{");
            StringBuilder inner = new StringBuilder("{");
            parameters.entrySet().stream().filter(entry -> isTold(entry.getKey())).limit(MAX_PARAMETERS)
                    .forEach(entry -> field(inner, entry.getKey(), shown(entry.getKey(), entry.getValue())));
            json.append(inner, 1, inner.length()).append('}');
        }
        json.append(",\"status\":").append(status);
        field(json, "code", code);
        return json.append('}').toString();
    }

    /** What stands elsewhere in the line, or belongs to the signature, is left out. */
    private static boolean isTold(String name) {
        return !name.equals("Action") && !name.equals("Version") && !name.startsWith("X-Amz-");
    }

    /** In a user's rules passwords are refused, and yet there may be some. */
    private static String shown(String name, String value) {
        if (isSecret(name)) {
            return MASK;
        }
        return name.toLowerCase(Locale.ROOT).endsWith("accessstring")
                ? PASSWORD_RULE.matcher(value).replaceAll("$1" + Matcher.quoteReplacement(MASK))
                : value;
    }

    /** By what AWS calls its parameters of this kind: AuthToken, Passwords.member.1, AuthenticationMode.Passwords. */
    static boolean isSecret(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return (lower.contains("password") && !lower.endsWith("nopasswordrequired")) || lower.contains("secret")
                || (lower.contains("authtoken") && !lower.endsWith("updatestrategy"));
    }

    private static void field(StringBuilder json, String name, String value) {
        if (json.length() > 1) {
            json.append(',');
        }
        text(json, name);
        json.append(':');
        text(json, value);
    }

    private static void text(StringBuilder json, String value) {
        json.append('"');
        String shown = value.length() <= MAX_TEXT ? value : value.substring(0, MAX_TEXT) + "...";
        shown.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
            } else if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                // Half of a pair, which a cut may leave, is no text.
                json.append('\uFFFD');
            } else if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
                // These would confuse a terminal, or be taken for the end of a line.
                json.append(String.format("\\u%04x", c));
            } else {
                json.appendCodePoint(c);
            }
        });
        json.append('"');
    }
}
