package dev.cistern.gateway.wire;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Base64;
import java.util.Locale;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.protocol.MarshallingKnownType;

/** Scalars as the query protocol writes them in requests and in XML. Not for protocols with typed numbers. */
final class ScalarText {

    /** AWS shows three digits of a second, always. */
    private static final DateTimeFormatter TIMESTAMP = new DateTimeFormatterBuilder()
            .appendPattern("uuuu-MM-dd'T'HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 3, 3, true)
            .appendLiteral('Z')
            .toFormatter(Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private ScalarText() {}

    static Object parse(MarshallingKnownType type, String text, String path) {
        try {
            return switch (type) {
                case STRING -> text;
                case BOOLEAN -> bool(text);
                case INTEGER -> Integer.valueOf(text);
                case LONG -> Long.valueOf(text);
                case SHORT -> Short.valueOf(text);
                case BYTE -> Byte.valueOf(text);
                case FLOAT -> Float.valueOf(text);
                case DOUBLE -> Double.valueOf(text);
                case BIG_DECIMAL -> new BigDecimal(text);
                case INSTANT -> instant(text);
                case SDK_BYTES -> SdkBytes.fromByteArray(Base64.getDecoder().decode(text));
                default -> throw new IllegalArgumentException("no scalar: " + type);
            };
        } catch (IllegalArgumentException | DateTimeException malformed) {
            throw WireFault.malformedInput("Invalid " + noun(type) + " value at " + path);
        }
    }

    static String format(Object value) {
        return switch (value) {
            case Instant instant -> TIMESTAMP.format(instant);
            case SdkBytes bytes -> Base64.getEncoder().encodeToString(bytes.asByteArrayUnsafe());
            case BigDecimal number -> number.toPlainString();
            default -> value.toString();
        };
    }

    private static Boolean bool(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> Boolean.TRUE;
            case "false" -> Boolean.FALSE;
            default -> throw new IllegalArgumentException("neither true nor false");
        };
    }

    /** ISO 8601 with or without an offset, a bare date, or seconds since 1970: all of them are sent by some client. */
    private static Instant instant(String text) {
        if (text.indexOf('T') < 0) {
            return text.indexOf('-', 1) > 0
                    ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                    : Instant.ofEpochMilli(new BigDecimal(text).movePointRight(3).longValueExact());
        }
        var parsed = DateTimeFormatter.ISO_DATE_TIME.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
        return parsed instanceof OffsetDateTime offset
                ? offset.toInstant()
                : ((LocalDateTime) parsed).toInstant(ZoneOffset.UTC);
    }

    private static String noun(MarshallingKnownType type) {
        return type == MarshallingKnownType.INSTANT ? "timestamp" : type.name().toLowerCase(Locale.ROOT);
    }
}
