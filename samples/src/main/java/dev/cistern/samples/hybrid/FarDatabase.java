package dev.cistern.samples.hybrid;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.sql.CachedDataSource;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import javax.sql.DataSource;

/**
 * A database behind a link, and the cache in front of it: the whole road that a query takes. Connections in the pool may
 * only read. The password lives in the pool and in the memory of the one who may load the sample, and nowhere else.
 */
final class FarDatabase implements AutoCloseable {

    /** As few as a database with licences for each would grant; under load that is what shows. */
    private static final int POOL_SIZE = 8;
    private static final Duration TTL = Duration.ofMinutes(10);
    private static final Duration STALE_IF_ERROR = Duration.ofHours(1);
    private static final int MOST_CACHED_BYTES = 8 << 20;

    private final DatabaseProfile.Address address;
    private final Link link;
    private final Pool pool;
    private final CachedDataSource cached;
    private final String title;
    private final String user;
    private final String password;

    private FarDatabase(DatabaseProfile.Address address, Link link, Pool pool, CachedDataSource cached, String title,
            String user, String password) {
        this.address = address;
        this.link = link;
        this.pool = pool;
        this.cached = cached;
        this.title = title;
        this.user = user;
        this.password = password;
    }

    /** Connects, and answers only when a query could be asked. */
    static FarDatabase connect(DatabaseProfile.Address address, String user, String password, LinkSettings far,
            CacheKit kit) throws SQLException, IOException {
        Link link = Link.to(address.server(), far);
        Pool pool = null;
        try {
            pool = new Pool(config(address.through(link.port()), user, password));
            CachedDataSource cached = CachedDataSource.over(pool, kit).everyQuery(TTL).staleIfError(STALE_IF_ERROR)
                    .limits(QueryRunner.MOST_ROWS, MOST_CACHED_BYTES).identity(address.direct()).build();
            return new FarDatabase(address, link, pool, cached, learn(cached), user, password);
        } catch (PoolInitializationException e) {
            link.close();
            throw e.getCause() instanceof SQLException reason ? reason : new SQLException(e.getMessage(), e);
        } catch (SQLException e) {
            pool.close();
            link.close();
            throw e;
        }
    }

    /** The database's name. Asking also teaches the cache whose results it keeps, before anybody cuts the link. */
    private static String learn(DataSource cached) throws SQLException {
        try (Connection connection = cached.getConnection()) {
            DatabaseMetaData metaData = connection.getMetaData();
            return metaData.getDatabaseProductName() + " " + metaData.getDatabaseProductVersion();
        }
    }

    private static HikariConfig config(String url, String user, String password) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("far-database");
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setPassword(password);
        config.setReadOnly(true);
        config.setMaximumPoolSize(POOL_SIZE);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(10_000);
        config.setValidationTimeout(5_000);
        config.setInitializationFailTimeout(10_000);
        return config;
    }

    /** Asks the cache first. */
    DataSource withCache() {
        return cached;
    }

    /** Asks the database every time. */
    DataSource withoutCache() {
        return pool;
    }

    /** A connection that may write, not over the link. For the owner of the database only: whoever gave the password. */
    Connection writing() throws SQLException {
        Properties who = new Properties();
        who.setProperty("user", user);
        who.setProperty("password", password);
        return DriverManager.getConnection(address.direct(), who);
    }

    /** The sample was loaded anew: what the cache has of it is old. */
    void forget(String table) {
        cached.invalidateTables(table);
    }

    boolean isReachable() {
        return !pool.isStopped;
    }

    /** Cuts the link, or mends it. Until it is mended every question fails at once, as it would in the end. */
    void setReachable(boolean reachable) {
        pool.isStopped = !reachable;
        link.setCut(!reachable);
    }

    Link link() {
        return link;
    }

    String title() {
        return title;
    }

    String address() {
        return address.direct();
    }

    @Override
    public void close() {
        pool.close();
        link.close();
    }

    /** A pool that does not wait for a database known to be away. */
    private static final class Pool extends HikariDataSource {

        private volatile boolean isStopped;

        Pool(HikariConfig config) {
            super(config);
        }

        @Override
        public Connection getConnection() throws SQLException {
            if (isStopped) {
                throw new SQLException("the database is stopped", "08001");
            }
            return super.getConnection();
        }
    }
}
