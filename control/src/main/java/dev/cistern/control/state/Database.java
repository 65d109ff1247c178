package dev.cistern.control.state;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * Transactions over the embedded database.
 *
 * <p>A transaction that loses against another one is run again from its start, so its body must do nothing but read and
 * write rows. When {@link #change} returns, the change is on the disk.
 */
public final class Database implements AutoCloseable {

    /** The highest number of a file in {@code migrations}. */
    static final String NEWEST_MIGRATION = "20";

    /** Losing this often in a row means that something else is wrong. */
    private static final int MAX_ATTEMPTS = 50;

    /** Serialization failure, deadlock, lock timeout of H2, and a key that somebody else inserted first. */
    private static final Set<String> RETRIED_STATES = Set.of("40001", "40P01", "HYT00", "23505");

    private final Jdbi jdbi;
    private final Runnable changed;
    private final Runnable end;

    private Database(Jdbi jdbi, Runnable changed, Runnable end) {
        this.jdbi = jdbi;
        this.changed = changed;
        this.end = end;
    }

    /** Opens or makes the database {@code file}, and brings its tables up to date. */
    public static Database open(Path file) {
        return open(file, DatabaseFile.LIMIT);
    }

    /** {@link #open(Path)} with a file that is compacted from another size on. */
    static Database open(Path path, long limit) {
        DatabaseFile file = new DatabaseFile(path, limit);
        try {
            return new Database(Jdbi.create(file), file::changed, file::close).migrated(file.connections());
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** A database of H2 that is reached by these connections, wherever it lies; {@code end} is what closing it does. */
    public static Database over(DataSource connections, Runnable end) {
        return new Database(Jdbi.create(connections), () -> {}, end).migrated(connections);
    }

    /** Runs {@code body} in one transaction and returns when its changes are on the disk. */
    public <T extends @Nullable Object> T change(Function<Handle, T> body) {
        for (int attempt = 1;; attempt++) {
            try {
                T result = jdbi.inTransaction(body::apply);
                // A commit alone reaches the operating system; this reaches the disk, also when the power goes.
                jdbi.useHandle(handle -> handle.execute("checkpoint sync"));
                changed.run();
                return result;
            } catch (StaleRowException | JdbiException e) {
                if (attempt == MAX_ATTEMPTS || !isLostRace(e)) {
                    throw e;
                }
            }
        }
    }

    /** {@link #change} without a result. */
    public void run(Consumer<Handle> body) {
        this.<@Nullable Object>change(handle -> {
            body.accept(handle);
            return null;
        });
    }

    /** Reads as of one moment, so that the rows fit together: what is committed meanwhile is not seen. */
    public <T extends @Nullable Object> T read(Function<Handle, T> body) {
        return jdbi.inTransaction(TransactionIsolationLevel.SERIALIZABLE, body::apply);
    }

    @Override
    public void close() {
        end.run();
    }

    private Database migrated(DataSource connections) {
        if (!isUpToDate()) {
            Flyway.configure()
                    .dataSource(connections)
                    .locations("classpath:dev/cistern/control/migrations")
                    .load()
                    .migrate();
        }
        return this;
    }

    /** Asked first, because loading Flyway is two fifths of the processor time that opening takes. */
    private boolean isUpToDate() {
        return read(handle -> handle
                .select("select count(*) from information_schema.tables where table_name = 'flyway_schema_history'")
                .mapTo(Integer.class).one() > 0
                && handle.select(
                        "select count(*) from \"flyway_schema_history\" where \"version\" = ? and \"success\" = true",
                        NEWEST_MIGRATION).mapTo(Integer.class).one() > 0);
    }

    private static boolean isLostRace(RuntimeException e) {
        if (e instanceof StaleRowException) {
            return true;
        }
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return RETRIED_STATES.contains(sql.getSQLState());
            }
        }
        return false;
    }
}
