package dev.cistern.gateway.sign;

import dev.cistern.gateway.wire.FormParameters;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;

/**
 * The one spelling of a request that both sides sign.
 *
 * <pre>
 *   method \n encoded path \n sorted encoded query \n name:value \n (for each signed header) \n names \n hex(sha256(body))
 * </pre>
 *
 * <p>The body's hash is always computed from the bytes that came: what a client claims in a header does not count, and
 * neither does UNSIGNED-PAYLOAD.
 */
final class CanonicalRequest {

    private static final String UNRESERVED = "-._~";

    private CanonicalRequest() {}

    static String of(SignedRequest request, List<String> signedHeaders) {
        StringBuilder text = new StringBuilder();
        text.append(request.method()).append('\n');
        text.append(path(request.rawPath())).append('\n');
        text.append(query(request.rawQuery())).append('\n');
        for (String name : signedHeaders) {
            text.append(name).append(':').append(header(request.headers(name))).append('\n');
        }
        text.append('\n').append(String.join(";", signedHeaders)).append('\n');
        return text.append(Hashes.hexSha256(request.body())).toString();
    }

    /** Dot segments resolved, each segment encoded once more: what every service but S3 signs. */
    static String path(String rawPath) {
        List<String> segments = new ArrayList<>();
        for (String segment : rawPath.split("/", -1)) {
            if (segment.equals("..")) {
                if (!segments.isEmpty()) {
                    segments.removeLast();
                }
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                segments.add(encode(segment));
            }
        }
        String joined = "/" + String.join("/", segments);
        return joined.length() > 1 && rawPath.endsWith("/") ? joined + "/" : joined;
    }

    private record Parameter(String name, String value) {}

    static String query(String rawQuery) {
        List<Parameter> parameters = new ArrayList<>();
        FormParameters.parse(rawQuery).asMap().forEach((name, value) -> {
            if (!name.equals(Authorization.SIGNATURE_PARAMETER)) {
                parameters.add(new Parameter(encode(name), encode(value)));
            }
        });
        parameters.sort(Comparator.comparing(Parameter::name).thenComparing(Parameter::value));
        StringJoiner joined = new StringJoiner("&");
        parameters.forEach(parameter -> joined.add(parameter.name() + "=" + parameter.value()));
        return joined.toString();
    }

    private static String header(List<String> values) {
        StringJoiner joined = new StringJoiner(",");
        values.forEach(value -> joined.add(value.strip().replaceAll(" +", " ")));
        return joined.toString();
    }

    private static String encode(String text) {
        StringBuilder encoded = new StringBuilder(text.length());
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            if (c < 0x80 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0)) {
                encoded.append(c);
            } else {
                encoded.append('%').append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
                        .append(Character.toUpperCase(Character.forDigit(c & 0xF, 16)));
            }
        }
        return encoded.toString();
    }
}
