package dev.cistern.gateway.sign;

import dev.cistern.gateway.wire.FormParameters;
import dev.cistern.gateway.wire.WireFault;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a request says about its signature, in the Authorization header or, presigned, in its query.
 *
 * <pre>
 *   Authorization: AWS4-HMAC-SHA256 Credential=ID/20260101/us-east-1/elasticache/aws4_request,
 *                  SignedHeaders=host;x-amz-date, Signature=...
 *   ?X-Amz-Algorithm=AWS4-HMAC-SHA256&amp;X-Amz-Credential=...&amp;X-Amz-Date=...&amp;X-Amz-Expires=900
 *   &amp;X-Amz-SignedHeaders=host&amp;X-Amz-Signature=...
 * </pre>
 *
 * @param expiresSeconds  how long a presigned request is good, or null for the header form
 */
record Authorization(
        CallerScope scope,
        String dateTime,
        List<String> signedHeaders,
        String signature,
        @Nullable Long expiresSeconds) {

    static final String ALGORITHM = "AWS4-HMAC-SHA256";
    static final String SIGNATURE_PARAMETER = "X-Amz-Signature";

    private static final long MAX_EXPIRES_SECONDS = 604_800;
    private static final int INCOMPLETE_STATUS = 400;
    private static final int MISSING_STATUS = 403;

    /** Does the request carry a signature, or what wants to be one? */
    static boolean isPresent(SignedRequest request, FormParameters query) {
        return !request.headers("authorization").isEmpty() || isPresigned(query);
    }

    /**
     * Reads the header form if there is a header, else the presigned form.
     *
     * @throws WireFault MissingAuthenticationToken or IncompleteSignature
     */
    static Authorization of(SignedRequest request, FormParameters query) {
        List<String> headers = request.headers("authorization");
        if (headers.size() > 1) {
            throw incomplete("Only one 'Authorization' header is allowed.");
        }
        if (!headers.isEmpty()) {
            return ofHeader(headers.getFirst(), request);
        }
        if (isPresigned(query)) {
            return ofQuery(query);
        }
        throw new WireFault("MissingAuthenticationToken", MISSING_STATUS, "Request is missing Authentication Token");
    }

    boolean isPresigned() {
        return expiresSeconds != null;
    }

    private static boolean isPresigned(FormParameters query) {
        return query.get("X-Amz-Algorithm") != null || query.get(SIGNATURE_PARAMETER) != null;
    }

    private static Authorization ofHeader(String header, SignedRequest request) {
        int space = header.indexOf(' ');
        if (space < 0 || !header.substring(0, space).equals(ALGORITHM)) {
            throw incomplete(
                    "Unsupported algorithm in the 'Authorization' header; only " + ALGORITHM + " is supported.");
        }
        Map<String, String> fields = fields(header.substring(space + 1));
        List<String> dates = request.headers("x-amz-date");
        return complete(fields.get("Credential"), fields.get("SignedHeaders"), fields.get("Signature"),
                dates.size() == 1 ? dates.getFirst() : null, null);
    }

    private static Map<String, String> fields(String text) {
        Map<String, String> fields = new TreeMap<>();
        for (String field : text.split(",", -1)) {
            int equals = field.indexOf('=');
            if (equals < 0
                    || fields.put(field.substring(0, equals).strip(), field.substring(equals + 1).strip()) != null) {
                throw incomplete("The 'Authorization' header is not a list of key=value pairs, each key once.");
            }
        }
        return fields;
    }

    private static Authorization ofQuery(FormParameters query) {
        if (!ALGORITHM.equals(query.get("X-Amz-Algorithm"))) {
            throw incomplete("'X-Amz-Algorithm' must be " + ALGORITHM + ".");
        }
        return complete(query.get("X-Amz-Credential"), query.get("X-Amz-SignedHeaders"),
                query.get(SIGNATURE_PARAMETER), query.get("X-Amz-Date"), expires(query.get("X-Amz-Expires")));
    }

    private static Long expires(@Nullable String text) {
        try {
            long seconds = Long.parseLong(text == null ? "" : text);
            if (seconds > 0 && seconds <= MAX_EXPIRES_SECONDS) {
                return seconds;
            }
        } catch (NumberFormatException notANumber) {
            // Falls out of the range in the same way.
        }
        throw incomplete("'X-Amz-Expires' must be a number of seconds from 1 to " + MAX_EXPIRES_SECONDS + ".");
    }

    private static Authorization complete(@Nullable String credential, @Nullable String signedHeaders,
            @Nullable String signature, @Nullable String dateTime, @Nullable Long expiresSeconds) {
        CallerScope scope = credential == null ? null : CallerScope.parse(credential);
        if (scope == null || signedHeaders == null || signature == null || dateTime == null) {
            throw incomplete("A signature needs a 'Credential' of five parts, 'SignedHeaders', a 'Signature' and one"
                    + " 'X-Amz-Date'.");
        }
        List<String> names = List.of(signedHeaders.split(";", -1));
        return new Authorization(scope, dateTime, names, signature, expiresSeconds);
    }

    static WireFault incomplete(String message) {
        return new WireFault("IncompleteSignature", INCOMPLETE_STATUS, message);
    }
}
