package dev.cistern.toolkit.sql;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.util.Calendar;
import java.util.Map;
import javax.sql.rowset.serial.SerialBlob;
import javax.sql.rowset.serial.SerialClob;
import org.jspecify.annotations.Nullable;

/**
 * A read-only ResultSet over {@link Rows}. Getters by label are turned into getters by number before they come here;
 * methods that are not here change rows, and say that they are not supported.
 */
final class RowCursor extends Overlay {

    private final Rows rows;
    private final Origin origin;
    private final Statement statement;
    private final boolean scrolls;
    private final ResultSet self;
    private int at = -1;
    private boolean lastWasNull;
    private boolean closed;
    private int fetchSize;

    private RowCursor(Rows rows, Origin origin, Statement statement, boolean scrolls) {
        this.rows = rows;
        this.origin = origin;
        this.statement = statement;
        this.scrolls = scrolls;
        this.self = as(ResultSet.class);
    }

    /** The rows as the result of {@code statement}. */
    static ResultSet over(Rows rows, Origin origin, Statement statement, boolean scrolls) {
        return new RowCursor(rows, origin, statement, scrolls).self;
    }

    @Override
    @Nullable
    Object others(Method method, Object[] arguments) throws Throwable {
        boolean byLabel = method.getName().startsWith("get") && arguments.length > 0
                && arguments[0] instanceof String;
        if (!byLabel) {
            throw new SQLFeatureNotSupportedException(method.getName() + " on a cached result");
        }
        arguments[0] = findColumn((String) arguments[0]);
        Class<?>[] parameters = method.getParameterTypes();
        parameters[0] = int.class;
        return invoke(self, ResultSet.class.getMethod(method.getName(), parameters), arguments);
    }

    // Moving.

    public boolean next() throws SQLException {
        requireOpen();
        at = Math.min(at + 1, rows.rows().size());
        return isOnRow();
    }

    public boolean previous() throws SQLException {
        requireScrolling();
        at = Math.max(at - 1, -1);
        return isOnRow();
    }

    public boolean first() throws SQLException {
        return absolute(1);
    }

    public boolean last() throws SQLException {
        return absolute(-1);
    }

    public boolean absolute(int row) throws SQLException {
        requireScrolling();
        int wanted = row >= 0 ? row - 1 : rows.rows().size() + row;
        at = Math.max(-1, Math.min(wanted, rows.rows().size()));
        return isOnRow();
    }

    public boolean relative(int by) throws SQLException {
        requireScrolling();
        at = (int) Math.max(-1, Math.min((long) at + by, rows.rows().size()));
        return isOnRow();
    }

    public void beforeFirst() throws SQLException {
        requireScrolling();
        at = -1;
    }

    public void afterLast() throws SQLException {
        requireScrolling();
        at = rows.rows().size();
    }

    public boolean isBeforeFirst() throws SQLException {
        requireOpen();
        return at < 0 && !rows.rows().isEmpty();
    }

    public boolean isAfterLast() throws SQLException {
        requireOpen();
        return at == rows.rows().size() && !rows.rows().isEmpty();
    }

    public boolean isFirst() throws SQLException {
        requireOpen();
        return at == 0 && isOnRow();
    }

    public boolean isLast() throws SQLException {
        requireOpen();
        return isOnRow() && at == rows.rows().size() - 1;
    }

    public int getRow() throws SQLException {
        requireOpen();
        return isOnRow() ? at + 1 : 0;
    }

    // About the result.

    public ResultSetMetaData getMetaData() throws SQLException {
        requireOpen();
        return new ColumnsMetaData(rows.columns()).as(ResultSetMetaData.class);
    }

    public int findColumn(String label) throws SQLException {
        requireOpen();
        for (int column = 0; column < rows.columns().size(); column++) {
            if (rows.columns().get(column).label().equalsIgnoreCase(label)) {
                return column + 1;
            }
        }
        for (int column = 0; column < rows.columns().size(); column++) {
            if (rows.columns().get(column).name().equalsIgnoreCase(label)) {
                return column + 1;
            }
        }
        throw new SQLException("Column \"" + label + "\" not found", "42703");
    }

    public boolean wasNull() throws SQLException {
        requireOpen();
        return lastWasNull;
    }

    public Statement getStatement() throws SQLException {
        requireOpen();
        return statement;
    }

    public int getType() {
        return scrolls ? ResultSet.TYPE_SCROLL_INSENSITIVE : ResultSet.TYPE_FORWARD_ONLY;
    }

    public int getConcurrency() {
        return ResultSet.CONCUR_READ_ONLY;
    }

    public int getHoldability() {
        return ResultSet.HOLD_CURSORS_OVER_COMMIT;
    }

    public int getFetchDirection() {
        return ResultSet.FETCH_FORWARD;
    }

    public void setFetchDirection(int direction) {
        // A hint, and there is nothing to fetch.
    }

    public int getFetchSize() {
        return fetchSize;
    }

    public void setFetchSize(int rowsAtOnce) {
        fetchSize = rowsAtOnce;
    }

    public @Nullable SQLWarning getWarnings() throws SQLException {
        requireOpen();
        return null;
    }

    public void clearWarnings() throws SQLException {
        requireOpen();
    }

    public boolean rowUpdated() {
        return false;
    }

    public boolean rowInserted() {
        return false;
    }

    public boolean rowDeleted() {
        return false;
    }

    public void close() {
        closed = true;
    }

    public boolean isClosed() {
        return closed;
    }

    public boolean isWrapperFor(Class<?> type) {
        return type.equals(Origin.class) || type.isInstance(self);
    }

    public <T> T unwrap(Class<T> type) throws SQLException {
        if (type.equals(Origin.class)) {
            return type.cast(origin);
        }
        if (type.isInstance(self)) {
            return type.cast(self);
        }
        throw new SQLException("A cached result is no " + type.getName());
    }

    // Getters, by number.

    public @Nullable String getString(int column) throws SQLException {
        Rows.Cell cell = cell(column);
        return cell.value() == null ? null : text(cell);
    }

    public @Nullable String getNString(int column) throws SQLException {
        return getString(column);
    }

    public boolean getBoolean(int column) throws SQLException {
        Object value = value(column);
        return value != null && Conversions.toBoolean(value);
    }

    public byte getByte(int column) throws SQLException {
        return (byte) whole(column, Byte.MIN_VALUE, Byte.MAX_VALUE);
    }

    public short getShort(int column) throws SQLException {
        return (short) whole(column, Short.MIN_VALUE, Short.MAX_VALUE);
    }

    public int getInt(int column) throws SQLException {
        return (int) whole(column, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    public long getLong(int column) throws SQLException {
        return whole(column, Long.MIN_VALUE, Long.MAX_VALUE);
    }

    public float getFloat(int column) throws SQLException {
        Object value = value(column);
        return value == null ? 0 : Conversions.toFloat(value);
    }

    public double getDouble(int column) throws SQLException {
        Object value = value(column);
        return value == null ? 0 : Conversions.toDouble(value);
    }

    public @Nullable BigDecimal getBigDecimal(int column) throws SQLException {
        Object value = value(column);
        return value == null ? null : Conversions.toDecimal(value);
    }

    public @Nullable BigDecimal getBigDecimal(int column, int scale) throws SQLException {
        BigDecimal value = getBigDecimal(column);
        return value == null ? null : value.setScale(scale, RoundingMode.HALF_UP);
    }

    public byte @Nullable [] getBytes(int column) throws SQLException {
        Object value = value(column);
        return value == null ? null : Conversions.toBytes(value);
    }

    public @Nullable Date getDate(int column) throws SQLException {
        return getDate(column, null);
    }

    public @Nullable Date getDate(int column, @Nullable Calendar calendar) throws SQLException {
        Object value = value(column);
        return value == null ? null : Conversions.toSqlDate(value, calendar);
    }

    public @Nullable Time getTime(int column) throws SQLException {
        return getTime(column, null);
    }

    public @Nullable Time getTime(int column, @Nullable Calendar calendar) throws SQLException {
        Object value = value(column);
        return value == null ? null : Conversions.toSqlTime(value, calendar);
    }

    public @Nullable Timestamp getTimestamp(int column) throws SQLException {
        return getTimestamp(column, null);
    }

    public @Nullable Timestamp getTimestamp(int column, @Nullable Calendar calendar) throws SQLException {
        Object value = value(column);
        return value == null ? null : Conversions.toTimestamp(value, calendar);
    }

    public @Nullable Object getObject(int column) throws SQLException {
        Object value = value(column);
        return value == null ? null : Conversions.toAnnounced(value, rows.columns().get(column - 1).className());
    }

    public @Nullable Object getObject(int column, @Nullable Map<String, Class<?>> types) throws SQLException {
        return getObject(column);
    }

    public <T> @Nullable T getObject(int column, Class<T> type) throws SQLException {
        Rows.Cell cell = cell(column);
        Object value = cell.value();
        if (value == null) {
            return null;
        }
        return type.cast(type.equals(Object.class) ? getObject(column) : Conversions.toClass(value, text(cell), type));
    }

    public @Nullable InputStream getBinaryStream(int column) throws SQLException {
        byte[] bytes = getBytes(column);
        return bytes == null ? null : new ByteArrayInputStream(bytes);
    }

    public @Nullable InputStream getAsciiStream(int column) throws SQLException {
        String text = getString(column);
        return text == null ? null : new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
    }

    public @Nullable Reader getCharacterStream(int column) throws SQLException {
        String text = getString(column);
        return text == null ? null : new StringReader(text);
    }

    public @Nullable Reader getNCharacterStream(int column) throws SQLException {
        return getCharacterStream(column);
    }

    public @Nullable Blob getBlob(int column) throws SQLException {
        byte[] bytes = getBytes(column);
        return bytes == null ? null : new SerialBlob(bytes);
    }

    public @Nullable Clob getClob(int column) throws SQLException {
        String text = getString(column);
        return text == null ? null : new SerialClob(text.toCharArray());
    }

    public @Nullable URL getURL(int column) throws SQLException {
        String text = getString(column);
        try {
            return text == null ? null : new URL(text);
        } catch (MalformedURLException e) {
            throw new SQLDataException("not a URL", "22018", e);
        }
    }

    private long whole(int column, long least, long most) throws SQLException {
        Object value = value(column);
        return value == null ? 0 : Conversions.toWhole(value, least, most);
    }

    private @Nullable Object value(int column) throws SQLException {
        return cell(column).value();
    }

    private Rows.Cell cell(int column) throws SQLException {
        requireOpen();
        if (!isOnRow()) {
            throw new SQLException("No data is available: the cursor is not on a row", "02000");
        }
        if (column < 1 || column > rows.columns().size()) {
            throw new SQLException("There is no column " + column, "42703");
        }
        Rows.Cell cell = rows.rows().get(at)[column - 1];
        lastWasNull = cell.value() == null;
        return cell;
    }

    private static String text(Rows.Cell cell) {
        if (cell.driverText() != null) {
            return cell.driverText();
        }
        return cell.value() instanceof byte[] bytes
                ? new String(bytes, StandardCharsets.UTF_8)
                : String.valueOf(cell.value());
    }

    private boolean isOnRow() {
        return at >= 0 && at < rows.rows().size();
    }

    private void requireOpen() throws SQLException {
        if (closed) {
            throw new SQLException("The result is closed", "24000");
        }
    }

    private void requireScrolling() throws SQLException {
        requireOpen();
        if (!scrolls) {
            throw new SQLException("The result moves forward only", "24000");
        }
    }
}
