package dev.cistern.control.state;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.sql.DataSource;
import org.jdbi.v3.core.ConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the embedded database and the pool of connections to it.
 *
 * <p>The database only appends to the file, so a file that has grown is compacted: the rows are written to another file,
 * which then takes its place. A kill leaves the one or the other whole, and the next opening deletes what is half written.
 * Nobody is connected meanwhile; who asks for a connection waits. A connection is given back by the thread that took it.
 */
final class DatabaseFile implements ConnectionFactory, AutoCloseable {

    /** A file up to this many bytes is never compacted. */
    static final long LIMIT = 64L << 20;

    /** How often as large as it was when all in it was needed, a file above the limit may become. */
    private static final int MAX_GROWTH = 4;

    /** So many changes lie between two looks at the file's size. */
    private static final int CHANGES_PER_LOOK = 256;

    /** Longer than this nobody waits for transactions that do not end. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final String USER = "cistern";
    private static final Logger log = LoggerFactory.getLogger(DatabaseFile.class);

    private final Path file;
    private final String url;
    private final long limit;
    private final AtomicLong changes = new AtomicLong();
    private final ReentrantLock compaction = new ReentrantLock();
    /** Shared by all connections that are in use; alone it is held to compact. */
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

    private HikariDataSource pool;
    private volatile long allowed;

    /** Opens or makes the database {@code path}, which is the file's name without its ending. */
    DatabaseFile(Path path, long limit) {
        this.file = path.resolveSibling(path.getFileName() + ".mv.db").toAbsolutePath();
        // WRITE_DELAY 0 stores at every commit instead of each half second. FILE_LOCK FS is the operating system's lock,
        // which ends with the process, however it ends. The shutdown hook would close the database under running work.
        // ASYNC is the one file access that an interrupted caller does not close for everybody. REUSE_SPACE off has what is
        // stored last lie at the end of the file: elsewhere it is not always found after a kill, and acknowledged changes were
        // lost.
        this.url = "jdbc:h2:async:" + path.toAbsolutePath()
                + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH"
                + ";WRITE_DELAY=0;REUSE_SPACE=FALSE;FILE_LOCK=FS;DB_CLOSE_ON_EXIT=FALSE;LOCK_TIMEOUT=2000";
        this.limit = limit;
        if (size() > limit) {
            try (Connection only = connect()) {
                shutDownCompact(only);
            } catch (SQLException | IOException e) {
                log.warn("could not compact the database at its opening", e);
            }
        }
        this.pool = new HikariDataSource(poolSettings());
        this.allowed = allowance();
    }

    /** The connections as they are before the first change, for whoever makes the tables. */
    DataSource connections() {
        return pool;
    }

    @Override
    public Connection openConnection() throws SQLException {
        use.readLock().lock();
        try {
            return pool.getConnection();
        } catch (SQLException | RuntimeException | Error e) {
            use.readLock().unlock();
            throw e;
        }
    }

    @Override
    public void closeConnection(Connection connection) throws SQLException {
        try {
            connection.close();
        } finally {
            use.readLock().unlock();
        }
    }

    /** Counts a change that is on the disk, and now and then has the file compacted if it became too large. */
    void changed() {
        if (changes.incrementAndGet() % CHANGES_PER_LOOK == 0 && size() > allowed) {
            // On a thread of its own, because callers get interrupted, and this has to come to its end.
            Thread.ofPlatform().name("state-compaction").daemon().start(this::compact);
        }
    }

    @Override
    public void close() {
        compaction.lock();
        try {
            pool.close();
        } finally {
            compaction.unlock();
        }
    }

    private void compact() {
        if (!compaction.tryLock()) {
            return;
        }
        try {
            if (pool.isClosed() || !use.writeLock().tryLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
            try {
                compactAlone();
            } finally {
                use.writeLock().unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            compaction.unlock();
        }
    }

    /** The pool is made anew, because one that goes on may hand out a connection that this has ended. */
    private void compactAlone() {
        try (Connection last = connect()) {
            pool.close();
            shutDownCompact(last);
            allowed = allowance();
        } catch (SQLException | IOException e) {
            log.warn("could not compact the database", e);
        } finally {
            if (pool.isClosed()) {
                HikariConfig settings = poolSettings();
                settings.setInitializationFailTimeout(-1); // who asks for a connection hears of a failure and may ask again
                pool = new HikariDataSource(settings);
            }
        }
    }

    /** Ends the database, which has it write and sync another file and rename that. Every connection is dead then. */
    private void shutDownCompact(Connection last) throws SQLException, IOException {
        long before = size();
        Set<PosixFilePermission> rights = StateDirectory.POSIX ? Files.getPosixFilePermissions(file) : Set.of();
        try (Statement statement = last.createStatement()) {
            statement.execute("shutdown compact");
        }
        if (StateDirectory.POSIX) {
            Files.setPosixFilePermissions(file, rights);
            // Else a power cut could bring the old file back, without what is acknowledged from now on.
            try (FileChannel folder = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
        log.info("compacted the database from {} to {} bytes", before, size());
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(url, USER, "");
    }

    private HikariConfig poolSettings() {
        HikariConfig settings = new HikariConfig();
        settings.setPoolName("state");
        settings.setJdbcUrl(url);
        settings.setUsername(USER);
        settings.setPassword("");
        settings.setMaximumPoolSize(8);
        settings.setMinimumIdle(1);
        return settings;
    }

    private long allowance() {
        return Math.max(limit, MAX_GROWTH * size());
    }

    private long size() {
        return file.toFile().length();
    }
}
