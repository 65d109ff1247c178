package dev.cistern.samples.hybrid;

import dev.cistern.samples.Browser;
import dev.cistern.samples.web.Tokens;
import dev.cistern.samples.web.WebServer;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The same story over a database of the user's own, a real one from Maven. Skipped where it does not start. */
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
