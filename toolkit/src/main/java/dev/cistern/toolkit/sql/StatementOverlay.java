package dev.cistern.toolkit.sql;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLType;
import java.sql.Statement;
import java.time.Duration;
import java.time.temporal.Temporal;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A statement, prepared or not, that asks the cache before the database. Settings and parameters are remembered, and
 * told to the driver's statement once that is needed; until then there is none.
 */
final class StatementOverlay extends Overlay {

    /** Settings that are only told; the others of Statement ask the driver. Of these, the first three shape results. */
    private static final Set<String> SETTINGS = Set.of("setMaxRows", "setLargeMaxRows", "setMaxFieldSize",
            "setFetchSize", "setQueryTimeout", "setFetchDirection", "setEscapeProcessing", "setPoolable");
    private static final Set<String> SHAPING = Set.of("setMaxRows", "setLargeMaxRows", "setMaxFieldSize",
            "setEscapeProcessing");

    private final ConnectionOverlay connection;
    private final @Nullable String preparedSql;
    private final boolean scrolls;
    private final Opener opener;
    private final Statement self;
    private final Map<String, Call> settings = new LinkedHashMap<>();
    private final Map<Integer, Call> parameters = new TreeMap<>();
    private final Set<Query> batch = new LinkedHashSet<>();
    private @Nullable Statement physical;
    private @Nullable ResultSet cachedResult;
    private boolean lastWasCached;
    private boolean cacheable = true;
    private boolean closed;

    /** Opens the driver's statement. */
    @FunctionalInterface
    interface Opener {
        Statement open() throws SQLException;
    }

    /** A call to be repeated on the driver's statement. */
    private record Call(Method method, Object[] arguments) {

        void on(Statement statement) throws SQLException {
            invokeOn(statement, method, arguments);
        }
    }

    StatementOverlay(ConnectionOverlay connection, Class<? extends Statement> face, @Nullable String preparedSql,
            boolean scrolls, Opener opener) {
        this.connection = connection;
        this.preparedSql = preparedSql;
        this.scrolls = scrolls;
        this.opener = opener;
        this.self = as(face);
    }

    void neverCached() {
        cacheable = false;
    }

    @Override
    @Nullable
    Object others(Method method, Object[] arguments) throws SQLException {
        String name = method.getName();
        if (name.startsWith("execute")) {
            return execute(method, arguments);
        }
        if (name.equals("addBatch")) {
            batch.add(connection.source().read(arguments.length == 0 ? prepared() : (String) arguments[0]));
        }
        if (SETTINGS.contains(name)) {
            return remember(settings, name, method, arguments);
        }
        boolean isParameter = name.startsWith("set") && method.getDeclaringClass().equals(PreparedStatement.class)
                && arguments.length > 1;
        if (isParameter) {
            cacheable &= Arrays.stream(arguments).allMatch(StatementOverlay::canBeKey);
            return remember(parameters, (Integer) arguments[0], method, arguments);
        }
        return invokeOn(physical(), method, arguments);
    }

    private <K> @Nullable Object remember(Map<K, Call> calls, K key, Method method, Object[] arguments)
            throws SQLException {
        Call call = new Call(method, arguments);
        calls.put(key, call);
        if (physical != null || !cacheable) {
            call.on(physical());
        }
        return null;
    }

    public void clearParameters() throws SQLException {
        parameters.clear();
        if (physical instanceof PreparedStatement prepared) {
            prepared.clearParameters();
        }
    }

    // Executing.

    private @Nullable Object execute(Method method, Object[] arguments) throws SQLException {
        forgetCachedResult();
        if (method.getName().endsWith("Batch")) {
            return executeBatch(method, arguments);
        }
        boolean isGiven = arguments.length > 0 && arguments[0] instanceof String;
        String sql = isGiven ? (String) arguments[0] : prepared();
        Query query = sql.isEmpty() ? new Query(Query.Kind.OTHER, Set.of(), null) : connection.source().read(sql);
        Duration ttl = connection.source().ttlOf(sql, query);
        boolean wantsRows = method.getName().equals("executeQuery") || method.getName().equals("execute");
        if (wantsRows && cacheable && !ttl.isZero() && connection.mayAskCache()) {
            try {
                ResultSet result = cached(sql, query, ttl, isGiven);
                return method.getName().equals("execute") ? (Object) true : result;
            } catch (RowsReader.NotForCache e) {
                // Too large, or of types that cannot be kept: the driver's own result it is.
            }
        }
        try {
            return invokeOn(physical(), method, arguments);
        } finally {
            connection.ran(query);
        }
    }

    private @Nullable Object executeBatch(Method method, Object[] arguments) throws SQLException {
        try {
            return invokeOn(physical(), method, arguments);
        } finally {
            for (Query query : batch) {
                connection.ran(query);
            }
            batch.clear();
        }
    }

    private ResultSet cached(String sql, Query query, Duration ttl, boolean isGiven) throws SQLException,
            RowsReader.NotForCache {
        Origin[] origin = {Origin.CACHE};
        Rows rows = connection.source().rows(connection.session(), question(sql), query, ttl, key -> {
            origin[0] = Origin.DATABASE;
            Statement open = physical();
            try (ResultSet live = isGiven ? open.executeQuery(sql) : ((PreparedStatement) open).executeQuery()) {
                return connection.source().reader().read(live);
            }
        });
        ResultSet result = RowCursor.over(rows, origin[0], self, scrolls);
        cachedResult = result;
        lastWasCached = true;
        return result;
    }

    /** The SQL with all that shapes its result. Lengths keep one value from running into the next. */
    private String question(String sql) {
        StringBuilder question = new StringBuilder(sql);
        settings.forEach((name, call) -> {
            if (SHAPING.contains(name)) {
                append(question, name, call.arguments());
            }
        });
        parameters.forEach((number, call) -> append(question, call.method().getName(), call.arguments()));
        return question.toString();
    }

    private static void append(StringBuilder question, String name, Object[] arguments) {
        question.append('\n').append(name);
        for (Object argument : arguments) {
            String text = argument instanceof byte[] bytes
                    ? HexFormat.of().formatHex(bytes)
                    : argument instanceof Calendar calendar ? calendar.getTimeZone().getID() : String.valueOf(argument);
            String type = argument == null ? "" : argument.getClass().getName();
            question.append(' ').append(type).append(' ').append(text.length()).append(' ').append(text);
        }
    }

    private static boolean canBeKey(@Nullable Object argument) {
        return argument == null || argument instanceof String || argument instanceof Number
                || argument instanceof Boolean || argument instanceof byte[] || argument instanceof Date
                || argument instanceof Temporal || argument instanceof UUID || argument instanceof Calendar
                || argument instanceof SQLType;
    }

    // Results.

    public @Nullable ResultSet getResultSet() throws SQLException {
        return lastWasCached ? cachedResult : physical().getResultSet();
    }

    public int getUpdateCount() throws SQLException {
        return lastWasCached ? -1 : physical().getUpdateCount();
    }

    public long getLargeUpdateCount() throws SQLException {
        return lastWasCached ? -1 : physical().getLargeUpdateCount();
    }

    public boolean getMoreResults() throws SQLException {
        if (lastWasCached) {
            closeCachedResult();
            return false;
        }
        return physical().getMoreResults();
    }

    public @Nullable Object getWarnings() throws SQLException {
        return physical == null ? null : physical.getWarnings();
    }

    public void clearWarnings() throws SQLException {
        if (physical != null) {
            physical.clearWarnings();
        }
    }

    private void forgetCachedResult() throws SQLException {
        closeCachedResult();
        lastWasCached = false;
    }

    private void closeCachedResult() throws SQLException {
        if (cachedResult != null) {
            cachedResult.close();
            cachedResult = null;
        }
    }

    // The statement itself.

    public Connection getConnection() {
        return connection.self();
    }

    public void close() throws SQLException {
        closed = true;
        forgetCachedResult();
        if (physical != null) {
            physical.close();
        }
    }

    public boolean isClosed() throws SQLException {
        return closed || (physical != null && physical.isClosed());
    }

    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return type.isInstance(self) || physical().isWrapperFor(type);
    }

    public <T> T unwrap(Class<T> type) throws SQLException {
        return type.isInstance(self) ? type.cast(self) : physical().unwrap(type);
    }

    Statement self() {
        return self;
    }

    private String prepared() {
        return preparedSql == null ? "" : preparedSql;
    }

    private Statement physical() throws SQLException {
        if (closed) {
            throw new SQLException("The statement is closed", "24000");
        }
        Statement open = physical;
        if (open == null) {
            open = opener.open();
            physical = open;
            for (Call call : settings.values()) {
                call.on(open);
            }
            for (Call call : parameters.values()) {
                call.on(open);
            }
        }
        return open;
    }

    private static @Nullable Object invokeOn(Statement target, Method method, Object[] arguments) throws SQLException {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause();
            if (cause instanceof SQLException failure) {
                throw failure;
            }
            if (cause instanceof RuntimeException bug) {
                throw bug;
            }
            throw new SQLException(cause);
        } catch (IllegalAccessException e) {
            throw new SQLException(e);
        }
    }
}
