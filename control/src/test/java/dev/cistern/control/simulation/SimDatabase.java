package dev.cistern.control.simulation;

import dev.cistern.control.state.Database;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database in memory, which every control plane of every history has after another. Before each transaction the thread may
 * have to wait: others come first then, or the control plane is killed just there. Within one nothing else happens.
 */
final class SimDatabase implements DataSource, AutoCloseable {

    private static final int WAIT_MILLIS = 3;
    private static final int WAITS_ONE_IN = 3;

    private final String url = "jdbc:h2:mem:simulation" + System.identityHashCode(this)
            + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=50";
    private final Deque<Connection> idle = new ArrayDeque<>();
    private final List<String> emptied = new ArrayList<>();
    private final List<String> sequences = new ArrayList<>();
    private int open;
    private @Nullable World world;

    SimDatabase() {
        Database.over(this, () -> {});
        try (Connection connection = getConnection(); Statement statement = connection.createStatement()) {
            emptied.addAll(names(statement, "select table_name from information_schema.tables where table_schema = "
                    + "'public' and table_name <> 'flyway_schema_history'"));
            emptied.removeIf(table -> !isEmpty(connection, table));
            sequences.addAll(names(statement, "select sequence_name from information_schema.sequences where "
                    + "sequence_schema = 'public' and sequence_name not like 'system_%'"));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> names(Statement statement, String query) throws SQLException {
        List<String> names = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }

    private static boolean isEmpty(Connection connection, String table) {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select count(*) from \"" + table + "\"")) {
            return rows.next() && rows.getLong(1) == 0;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Empties it for another history. */
    Database begin(World of) {
        world = null;
        open = 0;
        try (Connection connection = getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("set referential_integrity false");
            for (String table : emptied) {
                statement.execute("truncate table \"" + table + "\"");
            }
            for (String sequence : sequences) {
                statement.execute("alter sequence \"" + sequence + "\" restart with 1");
            }
            statement.execute("set referential_integrity true");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        world = of;
        return Database.over(this, () -> {});
    }

    @Override
    public Connection getConnection() throws SQLException {
        World present = world;
        if (present != null && open == 0 && Thread.currentThread().isVirtual() && present.oneIn(WAITS_ONE_IN)) {
            present.rest(present.upTo(WAIT_MILLIS));
        }
        Connection real = idle.isEmpty() ? DriverManager.getConnection(url, "cistern", "") : idle.pop();
        open++;
        return (Connection) Proxy.newProxyInstance(SimDatabase.class.getClassLoader(), new Class<?>[]{Connection.class},
                (_, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        open--;
                        idle.push(real);
                        return null;
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Override
    public void close() {
        try {
            for (Connection connection : idle) {
                connection.close();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return getConnection();
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) {
        // Nobody reads it.
    }

    @Override
    public void setLoginTimeout(int seconds) {
        // It is there.
    }

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getGlobal();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("it is what it is");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}
