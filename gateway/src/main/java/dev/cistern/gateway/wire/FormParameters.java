package dev.cistern.gateway.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a form body or query string, in the client's order, each name once.
 *
 * <p>Strict where tolerance would let two readers see two requests: a broken escape, bytes that are no UTF-8 and a name
 * given twice are refused. Knows nothing of dots in names: that is {@link ParameterTree}.
 */
public final class FormParameters {

    /** Far above any real request (500 tags of two parameters), far below what would cost memory. */
    static final int MAX_PARAMETERS = 8192;

    private final Map<String, String> values = new LinkedHashMap<>();

    public static FormParameters parse(String... encodedParts) {
        FormParameters parameters = new FormParameters();
        for (String encoded : encodedParts) {
            parameters.addAll(encoded);
        }
        return parameters;
    }

    public @Nullable String get(String name) {
        return values.get(name);
    }

    public Map<String, String> asMap() {
        return Collections.unmodifiableMap(values);
    }

    private void addAll(String encoded) {
        int start = 0;
        while (start < encoded.length()) {
            int ampersand = encoded.indexOf('&', start);
            int end = ampersand < 0 ? encoded.length() : ampersand;
            if (end > start) {
                add(encoded.substring(start, end));
            }
            start = end + 1;
        }
    }

    private void add(String pair) {
        int equals = pair.indexOf('=');
        String name = decode(equals < 0 ? pair : pair.substring(0, equals));
        String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
        if (values.size() == MAX_PARAMETERS || values.putIfAbsent(name, value) != null) {
            throw WireFault.malformedQueryString();
        }
    }

    /** Percent escapes and plus signs to text. */
    public static String decode(String encoded) {
        if (encoded.indexOf('%') < 0) {
            return encoded.replace('+', ' ');
        }
        byte[] in = encoded.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[in.length];
        int length = 0;
        for (int i = 0; i < in.length; i++) {
            switch (in[i]) {
                case '+' -> out[length++] = ' ';
                case '%' -> {
                    out[length++] = escaped(in, i);
                    i += 2;
                }
                default -> out[length++] = in[i];
            }
        }
        return text(out, length);
    }

    private static byte escaped(byte[] in, int percent) {
        if (percent + 2 >= in.length) {
            throw WireFault.malformedQueryString();
        }
        int high = Character.digit(in[percent + 1], 16);
        int low = Character.digit(in[percent + 2], 16);
        if (high < 0 || low < 0) {
            throw WireFault.malformedQueryString();
        }
        return (byte) (high << 4 | low);
    }

    private static String text(byte[] bytes, int length) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
        } catch (CharacterCodingException notUtf8) {
            throw WireFault.malformedQueryString();
        }
    }
}
