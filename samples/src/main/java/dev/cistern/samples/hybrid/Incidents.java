package dev.cistern.samples.hybrid;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import java.util.random.RandomGenerator;

/**
 * The sample data: a table of 14 columns with the incidents of a city that does not exist. Made, not collected; the same
 * seed makes the same city.
 */
final class Incidents {

    static final String TABLE = "incidents";

    static final List<String> COLUMNS = List.of("incident_id", "reported_on", "occurred_on", "occurred_hour",
            "district_no", "district", "kind_code", "kind", "severity", "status", "street", "cross_street", "latitude",
            "longitude");

    private static final String CREATE = "CREATE TABLE " + TABLE + " (incident_id INTEGER PRIMARY KEY,"
            + " reported_on DATE, occurred_on DATE, occurred_hour INTEGER, district_no INTEGER, district VARCHAR(30),"
            + " kind_code INTEGER, kind VARCHAR(40), severity INTEGER, status VARCHAR(20), street VARCHAR(40),"
            + " cross_street VARCHAR(40), latitude DECIMAL(8, 5), longitude DECIMAL(8, 5))";

    private static final List<String> DISTRICTS = List.of("Harbour", "Old Town", "North Gate", "Mill Lane", "Riverside",
            "University", "Market", "Hillcrest", "Station", "Gardens", "Foundry", "Lakeside");
    private static final List<String> KINDS = List.of("Bicycle taken", "Window broken", "Noise at night",
            "Car scratched", "Wallet lost in a crowd", "Graffiti", "Shop theft", "Parcel gone", "Burst pipe",
            "Fallen tree", "Traffic light out", "Street flooded", "False alarm", "Quarrel", "Stray dog",
            "Illegal parking");
    private static final List<String> STATUSES = List.of("open", "open", "investigating", "closed", "closed", "closed");
    private static final List<String> STREETS = List.of("ROSE HOUSE  ST", "MILL  LN", "HARBOUR  RD", "CANAL  ST",
            "CHESTNUT  AV", "BAKER  ST", "STATION  SQ", "COLLEGE  RD", "MARKET  PL", "ORCHARD  WY", "FOUNDRY  ST",
            "LAKE  DR", "GARDEN  TE", "BRIDGE  ST", "TOWER  HL");
    private static final LocalDate FIRST_DAY = LocalDate.of(2012, 1, 1);
    private static final int DAYS = 4 * 365;
    private static final int BATCH = 1_000;

    private Incidents() {}

    /**
     * Makes the table anew and fills it. Tells after every batch how many rows are in.
     *
     * @throws SQLException among others when a table of this name is there that is not ours; it stays as it was
     */
    static void load(Connection database, int rows, long seed, IntConsumer progress) throws SQLException {
        requireOursOrAbsent(database);
        try (Statement statement = database.createStatement()) {
            statement.execute("DROP TABLE IF EXISTS " + TABLE);
            statement.execute(CREATE);
        }
        database.setAutoCommit(false);
        String insert = "INSERT INTO " + TABLE + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        try (PreparedStatement statement = database.prepareStatement(insert)) {
            SplittableRandom random = new SplittableRandom(seed);
            for (int number = 1; number <= rows; number++) {
                fill(statement, number, random);
                statement.addBatch();
                if (number % BATCH == 0 || number == rows) {
                    statement.executeBatch();
                    database.commit();
                    progress.accept(number);
                }
            }
        }
    }

    private static void fill(PreparedStatement statement, int number, RandomGenerator random) throws SQLException {
        int district = skewed(random, DISTRICTS.size());
        int kind = skewed(random, KINDS.size());
        LocalDate occurred = FIRST_DAY.plusDays(random.nextInt(DAYS));
        Object[] row = {number, occurred.plusDays(random.nextInt(4)), occurred, random.nextInt(24), district + 1,
                DISTRICTS.get(district), 100 + 10 * kind, KINDS.get(kind), 1 + skewed(random, 5),
                STATUSES.get(random.nextInt(STATUSES.size())), STREETS.get(random.nextInt(STREETS.size())),
                STREETS.get(random.nextInt(STREETS.size())), 47 + random.nextInt(100_000) / 1e5,
                8 + random.nextInt(100_000) / 1e5};
        for (int at = 0; at < row.length; at++) {
            statement.setObject(at + 1, row[at]);
        }
    }

    /** Of {@code bound} numbers the low ones more often, as cities have it. */
    private static int skewed(RandomGenerator random, int bound) {
        return Math.min(random.nextInt(bound), random.nextInt(bound));
    }

    private static void requireOursOrAbsent(Connection database) throws SQLException {
        List<String> columns = columns(database, TABLE).stream().map(row -> row.getFirst().toLowerCase(Locale.ROOT))
                .toList();
        if (!columns.isEmpty() && !columns.equals(COLUMNS)) {
            throw new SQLException("there is a table " + TABLE + " already, and it is not the sample; it stays");
        }
    }

    /** How many rows the sample has, or -1 if there is none. */
    static int count(Connection database) throws SQLException {
        if (columns(database, TABLE).isEmpty()) {
            return -1;
        }
        try (Statement statement = database.createStatement();
                ResultSet result = statement.executeQuery("SELECT COUNT(*) FROM " + TABLE)) {
            return result.next() ? result.getInt(1) : -1;
        }
    }

    /** Name, type and whether it may be null, of each column of a table, whatever case the database keeps names in. */
    static List<List<String>> columns(Connection database, String table) throws SQLException {
        String schema = database.getSchema();
        for (String name : List.of(table, table.toLowerCase(Locale.ROOT), table.toUpperCase(Locale.ROOT))) {
            List<List<String>> rows = new ArrayList<>();
            String exact = name.replace("_", database.getMetaData().getSearchStringEscape() + "_");
            try (ResultSet result = database.getMetaData().getColumns(database.getCatalog(), schema, exact, null)) {
                while (result.next()) {
                    rows.add(List.of(result.getString("COLUMN_NAME"), result.getString("TYPE_NAME"), "("
                            + result.getInt("COLUMN_SIZE") + ")",
                            Objects.requireNonNullElse(result.getString(
                                    "IS_NULLABLE"), "")));
                }
            }
            if (!rows.isEmpty()) {
                return rows;
            }
        }
        return List.of();
    }
}
