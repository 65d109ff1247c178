package dev.cistern.toolkit.sql;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Date;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneId;
import java.util.Calendar;
import java.util.Locale;
import java.util.UUID;
import javax.sql.rowset.serial.SerialBlob;
import javax.sql.rowset.serial.SerialClob;
import org.jspecify.annotations.Nullable;

/**
 * From what a column holds to what a getter wants, after the table of conversions in the JDBC specification. What does
 * not fit is an SQLDataException, never a silently wrong number.
 */
final class Conversions {

    private Conversions() {}

    static BigDecimal toDecimal(Object value) throws SQLException {
        try {
            if (value instanceof BigDecimal decimal) {
                return decimal;
            }
            if (value instanceof Double || value instanceof Float || value instanceof String) {
                return new BigDecimal(value.toString().strip());
            }
            if (value instanceof Number number) {
                return BigDecimal.valueOf(number.longValue());
            }
            if (value instanceof Boolean bool) {
                return bool ? BigDecimal.ONE : BigDecimal.ZERO;
            }
        } catch (NumberFormatException e) {
            throw unfit(value, "a number", e);
        }
        throw unfit(value, "a number", null);
    }

    /** The whole part, if it lies between the limits. */
    static long toWhole(Object value, long least, long most) throws SQLException {
        if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return within(((Number) value).longValue(), value, least, most);
        }
        BigInteger whole = toDecimal(value).toBigInteger();
        if (whole.bitLength() > 63) {
            throw unfit(value, "a number from " + least + " to " + most, null);
        }
        return within(whole.longValue(), value, least, most);
    }

    private static long within(long whole, Object value, long least, long most) throws SQLException {
        if (whole < least || whole > most) {
            throw unfit(value, "a number from " + least + " to " + most, null);
        }
        return whole;
    }

    static double toDouble(Object value) throws SQLException {
        if (value instanceof Double || value instanceof Float) {
            return ((Number) value).doubleValue();
        }
        return toDecimal(value).doubleValue();
    }

    static float toFloat(Object value) throws SQLException {
        return value instanceof Float number ? number : (float) toDouble(value);
    }

    static boolean toBoolean(Object value) throws SQLException {
        if (value instanceof Boolean bool) {
            return bool;
        }
        if (value instanceof Number) {
            return toDecimal(value).signum() != 0;
        }
        return switch (value.toString().strip().toLowerCase(Locale.ROOT)) {
            case "true", "t", "yes", "y", "on", "1" -> true;
            case "false", "f", "no", "n", "off", "0" -> false;
            default -> toDecimal(value).signum() != 0;
        };
    }

    static byte[] toBytes(Object value) throws SQLException {
        if (value instanceof byte[] bytes) {
            return bytes.clone();
        }
        if (value instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        throw unfit(value, "bytes", null);
    }

    static LocalDateTime toDateTime(Object value) throws SQLException {
        try {
            if (value instanceof LocalDateTime dateTime) {
                return dateTime;
            }
            if (value instanceof LocalDate date) {
                return date.atStartOfDay();
            }
            if (value instanceof LocalTime time) {
                return time.atDate(LocalDate.EPOCH);
            }
            if (value instanceof OffsetDateTime zoned) {
                return zoned.atZoneSameInstant(ZoneId.systemDefault()).toLocalDateTime();
            }
            if (value instanceof String text) {
                String iso = text.strip().replace(' ', 'T');
                return iso.length() == 10 ? LocalDate.parse(iso).atStartOfDay() : LocalDateTime.parse(iso);
            }
        } catch (DateTimeException e) {
            throw unfit(value, "a date and time", e);
        }
        throw unfit(value, "a date and time", null);
    }

    static LocalTime toTime(Object value) throws SQLException {
        if (value instanceof LocalTime time) {
            return time;
        }
        if (value instanceof OffsetTime zoned) {
            return zoned.toLocalTime();
        }
        if (value instanceof String text && text.strip().indexOf('-') < 0) {
            try {
                return LocalTime.parse(text.strip());
            } catch (DateTimeException e) {
                throw unfit(value, "a time", e);
            }
        }
        return toDateTime(value).toLocalTime();
    }

    static LocalDate toDate(Object value) throws SQLException {
        return toDateTime(value).toLocalDate();
    }

    static Timestamp toTimestamp(Object value, @Nullable Calendar calendar) throws SQLException {
        if (value instanceof OffsetDateTime zoned) {
            return Timestamp.from(zoned.toInstant());
        }
        LocalDateTime local = toDateTime(value);
        return calendar == null
                ? Timestamp.valueOf(local)
                : Timestamp.from(local.atZone(calendar.getTimeZone().toZoneId()).toInstant());
    }

    static Date toSqlDate(Object value, @Nullable Calendar calendar) throws SQLException {
        LocalDate date = toDate(value);
        return calendar == null
                ? Date.valueOf(date)
                : new Date(date.atStartOfDay(calendar.getTimeZone().toZoneId()).toInstant().toEpochMilli());
    }

    static Time toSqlTime(Object value, @Nullable Calendar calendar) throws SQLException {
        LocalTime time = toTime(value);
        ZoneId zone = calendar == null ? ZoneId.systemDefault() : calendar.getTimeZone().toZoneId();
        return new Time(time.atDate(LocalDate.EPOCH).atZone(zone).toInstant().toEpochMilli());
    }

    /** What getObject without a class answers: what the driver announced, for dates, times and large objects. */
    static Object toAnnounced(Object value, String className) throws SQLException {
        return switch (className) {
            case "java.sql.Timestamp" -> toTimestamp(value, null);
            case "java.sql.Date" -> toSqlDate(value, null);
            case "java.sql.Time" -> toSqlTime(value, null);
            case "java.sql.Blob" -> new SerialBlob(toBytes(value));
            case "java.sql.Clob", "java.sql.NClob" -> new SerialClob(value.toString().toCharArray());
            default -> value instanceof byte[] bytes ? bytes.clone() : value;
        };
    }

    static Object toClass(Object value, String text, Class<?> wanted) throws SQLException {
        return switch (wanted.getName()) {
            case "java.lang.String" -> text;
            case "java.lang.Boolean" -> toBoolean(value);
            case "java.lang.Byte" -> (byte) toWhole(value, Byte.MIN_VALUE, Byte.MAX_VALUE);
            case "java.lang.Short" -> (short) toWhole(value, Short.MIN_VALUE, Short.MAX_VALUE);
            case "java.lang.Integer" -> (int) toWhole(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case "java.lang.Long" -> toWhole(value, Long.MIN_VALUE, Long.MAX_VALUE);
            case "java.lang.Float" -> toFloat(value);
            case "java.lang.Double" -> toDouble(value);
            case "java.math.BigDecimal" -> toDecimal(value);
            case "java.math.BigInteger" -> toDecimal(value).toBigInteger();
            case "[B" -> toBytes(value);
            case "java.util.UUID" -> value instanceof UUID ? value : UUID.fromString(text);
            default -> toTemporal(value, wanted);
        };
    }

    private static Object toTemporal(Object value, Class<?> wanted) throws SQLException {
        return switch (wanted.getName()) {
            case "java.time.LocalDate" -> toDate(value);
            case "java.time.LocalTime" -> toTime(value);
            case "java.time.LocalDateTime" -> toDateTime(value);
            case "java.sql.Date" -> toSqlDate(value, null);
            case "java.sql.Time" -> toSqlTime(value, null);
            case "java.sql.Timestamp" -> toTimestamp(value, null);
            case "java.time.Instant" -> toInstant(value);
            case "java.time.OffsetDateTime" -> value instanceof OffsetDateTime
                    ? value
                    : toDateTime(value).atZone(ZoneId.systemDefault()).toOffsetDateTime();
            case "java.time.OffsetTime" -> {
                if (value instanceof OffsetTime) {
                    yield value;
                }
                throw unfit(value, "a " + wanted.getName(), null);
            }
            case "java.lang.Object" -> value;
            default -> throw unfit(value, "a " + wanted.getName(), null);
        };
    }

    private static Instant toInstant(Object value) throws SQLException {
        return value instanceof OffsetDateTime zoned
                ? zoned.toInstant()
                : toDateTime(value).atZone(ZoneId.systemDefault()).toInstant();
    }

    private static SQLDataException unfit(Object value, String wanted, @Nullable Exception cause) {
        return new SQLDataException("A " + value.getClass().getSimpleName() + " of the cached result is not " + wanted,
                "22018", cause);
    }
}
