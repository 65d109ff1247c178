package dev.cistern.samples.hybrid;

import dev.cistern.toolkit.sql.Origin;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Runs one question and tells what came, from where and how fast. The clock stops when the last row has been read. */
final class QueryRunner {

    /** More rows than this are not fetched. */
    static final int MOST_ROWS = 2_000;
    /** And of these, as many are sent to the page. */
    private static final int SHOWN_ROWS = 100;
    private static final int TIME_LIMIT_SECONDS = 30;

    private QueryRunner() {}

    /** A table of text. */
    record Data(List<String> columns, List<List<@Nullable String>> rows) {}

    /** What the page is told: data when status is "ok", messages in any case. Time in milliseconds. */
    record Answer(String status, List<String> messages, @Nullable String origin, @Nullable Data data, int rowCount,
            double time) {

        static Answer failed(String message, double millis) {
            return new Answer("error", List.of(message), null, null, 0, millis);
        }
    }

    /** Rows as they were read, and who gave them. */
    private record Found(Origin origin, Data data) {}

    /** Asks {@code question} of the database, by way of the cache or not. */
    static Answer run(FarDatabase database, QueryGate.Question question, boolean withCache) {
        long startNanos = System.nanoTime();
        try {
            Found found = find(withCache ? database.withCache() : database.withoutCache(), question);
            return answer(found, question, millisSince(startNanos));
        } catch (SQLException e) {
            return Answer.failed(explain(database, e), millisSince(startNanos));
        }
    }

    private static double millisSince(long startNanos) {
        return Math.round((System.nanoTime() - startNanos) / 1e3) / 1e3;
    }

    private static Answer answer(Found found, QueryGate.Question question, double millis) {
        List<String> messages = new ArrayList<>();
        List<List<@Nullable String>> rows = found.data().rows();
        if (rows.size() == MOST_ROWS) {
            messages.add("Only the first " + MOST_ROWS + " rows were fetched.");
        }
        if (!(question instanceof QueryGate.Question.Rows)) {
            messages.add("What the database says of itself is not cached.");
        }
        Data shown = new Data(found.data().columns(), rows.subList(0, Math.min(rows.size(), SHOWN_ROWS)));
        return new Answer("ok", messages, found.origin().name().toLowerCase(Locale.ROOT), shown, rows.size(), millis);
    }

    private static String explain(FarDatabase database, SQLException failure) {
        return database.isReachable()
                ? "The database says: " + failure.getMessage()
                : "The database is stopped, and this result is not in the cache, so there is nobody to ask.";
    }

    private static Found find(DataSource source, QueryGate.Question question) throws SQLException {
        try (Connection connection = source.getConnection()) {
            return switch (question) {
                case QueryGate.Question.Rows rows -> rows(connection, rows.sql());
                case QueryGate.Question.Told told -> rows(connection, told.sql());
                case QueryGate.Question.Tables _ -> tables(connection);
                case QueryGate.Question.Columns columns -> columns(connection, columns.table());
            };
        }
    }

    private static Found rows(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(MOST_ROWS);
            statement.setQueryTimeout(TIME_LIMIT_SECONDS);
            try (ResultSet result = statement.executeQuery(sql)) {
                Origin origin = result.isWrapperFor(Origin.class) ? result.unwrap(Origin.class) : Origin.DATABASE;
                return new Found(origin, read(result));
            }
        }
    }

    private static Data read(ResultSet result) throws SQLException {
        ResultSetMetaData metaData = result.getMetaData();
        List<String> columns = new ArrayList<>();
        for (int at = 1; at <= metaData.getColumnCount(); at++) {
            columns.add(metaData.getColumnLabel(at).toLowerCase(Locale.ROOT));
        }
        List<List<@Nullable String>> rows = new ArrayList<>();
        while (result.next()) {
            List<@Nullable String> row = new ArrayList<>();
            for (int at = 1; at <= columns.size(); at++) {
                row.add(result.getString(at));
            }
            rows.add(row);
        }
        return new Data(columns, rows);
    }

    /** SHOW TABLES and DESCRIBE by JDBC, for not every database has them. */
    private static Found tables(Connection connection) throws SQLException {
        DatabaseMetaData metaData = connection.getMetaData();
        List<List<@Nullable String>> rows = new ArrayList<>();
        String[] types = {"TABLE", "BASE TABLE", "VIEW"};
        try (ResultSet tables = metaData.getTables(connection.getCatalog(), connection.getSchema(), null, types)) {
            while (tables.next() && rows.size() < MOST_ROWS) {
                List<@Nullable String> row = new ArrayList<>();
                row.add(tables.getString("TABLE_NAME"));
                row.add(tables.getString("TABLE_TYPE"));
                rows.add(row);
            }
        }
        return new Found(Origin.DATABASE, new Data(List.of("table", "type"), rows));
    }

    private static Found columns(Connection connection, String table) throws SQLException {
        List<List<@Nullable String>> rows = new ArrayList<>();
        for (List<String> column : Incidents.columns(connection, table)) {
            rows.add(new ArrayList<>(column));
        }
        if (rows.isEmpty()) {
            throw new SQLException("there is no table " + table, "42S02");
        }
        return new Found(Origin.DATABASE, new Data(List.of("column", "type", "size", "nullable"), rows));
    }
}
