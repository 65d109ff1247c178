package dev.cistern.toolkit.sql;

import java.math.BigDecimal;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads a driver's result into {@link Rows}, as far as it is small enough and of types that can be kept. */
final class RowsReader {

    private final int maxRows;
    private final long maxBytes;

    RowsReader(int maxRows, long maxBytes) {
        this.maxRows = maxRows;
        this.maxBytes = maxBytes;
    }

    /** This result is not for the cache; the message says why. Costs no stack trace. */
    static final class NotForCache extends Exception {

        private static final long serialVersionUID = 1L;

        NotForCache(String why) {
            super(why, null, false, false);
        }
    }

    /** Reads all rows of {@code result}. */
    Rows read(ResultSet result) throws SQLException, NotForCache {
        ResultSetMetaData metaData = result.getMetaData();
        List<Rows.Column> columns = new ArrayList<>();
        for (int at = 1; at <= metaData.getColumnCount(); at++) {
            columns.add(column(metaData, at));
        }
        List<Rows.Cell[]> rows = new ArrayList<>();
        long bytes = 0;
        while (result.next()) {
            Rows.Cell[] row = new Rows.Cell[columns.size()];
            for (int at = 0; at < row.length; at++) {
                row[at] = cell(result, at + 1, columns.get(at).type());
                bytes += roughBytes(row[at]);
            }
            rows.add(row);
            if (rows.size() > maxRows || bytes > maxBytes) {
                throw new NotForCache("more than " + maxRows + " rows or " + maxBytes + " bytes");
            }
        }
        return new Rows(List.copyOf(columns), rows);
    }

    private static Rows.Column column(ResultSetMetaData from, int at) throws SQLException {
        int flags = (from.isAutoIncrement(at) ? Rows.Column.AUTO_INCREMENT : 0)
                | (from.isSigned(at) ? Rows.Column.SIGNED : 0)
                | (from.isCaseSensitive(at) ? Rows.Column.CASE_SENSITIVE : 0)
                | (from.isSearchable(at) ? Rows.Column.SEARCHABLE : 0)
                | (from.isCurrency(at) ? Rows.Column.CURRENCY : 0);
        return new Rows.Column(text(from.getColumnLabel(at)), text(from.getColumnName(at)), text(from.getTableName(at)),
                text(from.getSchemaName(at)), text(from.getCatalogName(at)), from.getColumnType(at), text(from
                        .getColumnTypeName(at)),
                text(from.getColumnClassName(at)), from.getPrecision(at), from
                        .getScale(at),
                from.getColumnDisplaySize(at), from.isNullable(at), flags);
    }

    private static String text(@Nullable String maybe) {
        return maybe == null ? "" : maybe;
    }

    private static Rows.Cell cell(ResultSet from, int at, int type) throws SQLException, NotForCache {
        Object value = value(from, at, type);
        if (value == null || value instanceof String || value instanceof byte[]) {
            return new Rows.Cell(value, null);
        }
        String driverText = from.getString(at);
        return new Rows.Cell(value, Objects.equals(driverText, value.toString()) ? null : driverText);
    }

    private static @Nullable Object value(ResultSet from, int at, int type) throws SQLException, NotForCache {
        return switch (type) {
            case Types.DATE -> from.getObject(at, LocalDate.class);
            case Types.TIME -> from.getObject(at, LocalTime.class);
            case Types.TIMESTAMP -> from.getObject(at, LocalDateTime.class);
            case Types.TIMESTAMP_WITH_TIMEZONE -> from.getObject(at, OffsetDateTime.class);
            case Types.TIME_WITH_TIMEZONE -> from.getObject(at, OffsetTime.class);
            case Types.CLOB, Types.NCLOB, Types.LONGVARCHAR, Types.LONGNVARCHAR -> from.getString(at);
            case Types.BLOB, Types.LONGVARBINARY -> from.getBytes(at);
            default -> kept(from.getObject(at));
        };
    }

    private static @Nullable Object kept(@Nullable Object value) throws NotForCache {
        if (value == null) {
            return null;
        }
        if (value instanceof Timestamp timestamp) {
            return timestamp.toLocalDateTime();
        }
        if (value instanceof Date date) {
            return date.toLocalDate();
        }
        if (value instanceof Time time) {
            return time.toLocalTime();
        }
        boolean known = value instanceof Boolean || value instanceof Byte || value instanceof Short
                || value instanceof Integer || value instanceof Long || value instanceof Float
                || value instanceof Double || value instanceof BigDecimal || value instanceof String
                || value instanceof UUID || value instanceof byte[] || value instanceof LocalDate
                || value instanceof LocalTime || value instanceof LocalDateTime || value instanceof OffsetDateTime
                || value instanceof OffsetTime;
        if (!known) {
            throw new NotForCache("a value of " + value.getClass());
        }
        return value;
    }

    private static long roughBytes(Rows.Cell cell) {
        Object value = cell.value();
        return 8L + (value instanceof String text ? text.length() : value instanceof byte[] bytes ? bytes.length : 0);
    }
}
