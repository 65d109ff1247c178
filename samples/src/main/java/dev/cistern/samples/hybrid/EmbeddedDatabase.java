package dev.cistern.samples.hybrid;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.stream.Stream;
import org.h2.tools.Server;

/**
 * The database of those who have none at hand: H2 with files in a temporary folder and a real server on a loopback port,
 * so that queries travel over a socket as they would to any other. Two users: the owner, whom only this process knows,
 * and a reader who may SELECT. Called by one thread at a time.
 */
final class EmbeddedDatabase implements AutoCloseable {

    static final String READER = "reader";

    private static final String OWNER = "owner";
    private static final String NAME = "city";
    /** The server's cache of pages, so that a large sample does not fill the heap. */
    private static final int CACHE_KILOBYTES = 64 * 1024;

    private final Path folder;
    private final String ownerPassword;
    private Server server;

    private EmbeddedDatabase(Path folder, String ownerPassword, Server server) {
        this.folder = folder;
        this.ownerPassword = ownerPassword;
        this.server = server;
    }

    /** Starts it with no tables; {@code readerPassword} is what the page will ask for. */
    static EmbeddedDatabase start(String readerPassword, String ownerPassword) throws SQLException {
        // Read once by H2 when its server class is loaded; without it the server would listen on all interfaces.
        System.setProperty("h2.bindAddress", "127.0.0.1");
        Path folder = temporaryFolder();
        EmbeddedDatabase database = new EmbeddedDatabase(folder, ownerPassword, listen(folder, 0));
        try (Connection owner = database.owner(); Statement statement = owner.createStatement()) {
            statement.execute("CREATE USER " + READER + " PASSWORD '" + readerPassword.replace("'", "''") + "'");
            statement.execute("GRANT SELECT ON SCHEMA PUBLIC TO " + READER);
        }
        return database;
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("cistern-demo");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Server listen(Path folder, int port) throws SQLException {
        return Server.createTcpServer("-tcpPort", Integer.toString(port), "-baseDir", folder.toString(), "-ifExists")
                .start();
    }

    /** What the page's form is filled with. */
    String url() {
        return "jdbc:h2:tcp://127.0.0.1:" + server.getPort() + "/./" + NAME;
    }

    /** A connection that may write, not over the link: the sample is loaded where the database is. */
    Connection owner() throws SQLException {
        return DriverManager.getConnection("jdbc:h2:file:" + folder.resolve(NAME) + ";DB_CLOSE_DELAY=-1;CACHE_SIZE="
                + CACHE_KILOBYTES, OWNER, ownerPassword);
    }

    /** Stops the server as an administrator would: its connections end and nobody listens. The data stay. */
    void stop() {
        server.stop();
    }

    /** Starts it again, at its old port. */
    void resume() throws SQLException {
        if (!server.isRunning(false)) {
            server = listen(folder, server.getPort());
        }
    }

    @Override
    public void close() {
        server.stop();
        try (Connection owner = owner(); Statement statement = owner.createStatement()) {
            statement.execute("SHUTDOWN IMMEDIATELY");
        } catch (SQLException e) {
            // It says so when it is gone.
        }
        deleteFolder();
    }

    private void deleteFolder() {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // A temporary folder that cannot be deleted is the operating system's to clear.
        }
    }
}
