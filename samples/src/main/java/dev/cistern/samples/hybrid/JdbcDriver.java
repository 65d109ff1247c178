package dev.cistern.samples.hybrid;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.logging.Logger;

/**
 * A JDBC driver that the user brings as a jar: those of MySQL and MariaDB do not come with the demo, because of their
 * licences. The jar's code runs with the rights of this process; it stays loaded until the process ends.
 */
public final class JdbcDriver {

    private JdbcDriver() {}

    /**
     * Makes the drivers in the jar known to {@link DriverManager}.
     *
     * @throws IOException the file cannot be read, or has no driver in it
     */
    @SuppressWarnings("resource") // a driver loads classes as long as it is used: to the end
    public static void load(Path jar) throws IOException {
        if (!Files.isReadable(jar)) {
            throw new IOException("cannot read " + jar);
        }
        URL[] path = {jar.toUri().toURL()};
        URLClassLoader loader = new URLClassLoader(path, ClassLoader.getPlatformClassLoader());
        boolean isThere = false;
        try {
            for (Driver driver : ServiceLoader.load(Driver.class, loader)) {
                DriverManager.registerDriver(new Delegate(driver));
                isThere = true;
            }
        } catch (SQLException e) {
            throw new IOException(jar + ": " + e.getMessage(), e);
        }
        if (!isThere) {
            throw new IOException("there is no JDBC driver in " + jar);
        }
    }

    /** Whether some driver takes this address. */
    static boolean isThereFor(String jdbcUrl) {
        return DriverManager.drivers().anyMatch(driver -> accepts(driver, jdbcUrl));
    }

    private static boolean accepts(Driver driver, String jdbcUrl) {
        try {
            return driver.acceptsURL(jdbcUrl);
        } catch (SQLException e) {
            return false;
        }
    }

    /** DriverManager gives a caller only drivers of the caller's own class loader: this one is, and passes all on. */
    private record Delegate(Driver driver) implements Driver {
        @Override
        public Connection connect(String url, Properties info) throws SQLException {
            return driver.connect(url, info);
        }

        @Override
        public boolean acceptsURL(String url) throws SQLException {
            return driver.acceptsURL(url);
        }

        @Override
        public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) throws SQLException {
            return driver.getPropertyInfo(url, info);
        }

        @Override
        public int getMajorVersion() {
            return driver.getMajorVersion();
        }

        @Override
        public int getMinorVersion() {
            return driver.getMinorVersion();
        }

        @Override
        public boolean jdbcCompliant() {
            return driver.jdbcCompliant();
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getLogger(JdbcDriver.class.getName());
        }
    }
}
