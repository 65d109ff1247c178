package dev.cistern.samples.hybrid;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** H2 stands for a driver that the user brings: its jar is loaded once more, apart from the one of the class path. */
final class JdbcDriverTest {
    @TempDir
    Path folder;

    @Test
    void aBroughtDriverConnects() throws IOException, SQLException, URISyntaxException {
        Path jar = Path.of(org.h2.Driver.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<Driver> before = DriverManager.drivers().toList();
        JdbcDriver.load(jar);
        Driver brought = DriverManager.drivers().filter(driver -> !before.contains(driver)).findFirst().orElseThrow();
        try (Connection connection = brought.connect("jdbc:h2:mem:brought", new java.util.Properties())) {
            assertThat(connection.getMetaData().getDatabaseProductName()).isEqualTo("H2");
            assertThat(connection.getClass().getClassLoader()).isNotEqualTo(getClass().getClassLoader());
        } finally {
            DriverManager.deregisterDriver(brought);
        }
    }

    @Test
    void aFileWithoutADriverIsRefused() throws IOException {
        assertThatThrownBy(() -> JdbcDriver.load(folder.resolve("absent.jar"))).hasMessageContaining("cannot read");
        Path text = Files.writeString(folder.resolve("text.jar"), "no jar");
        assertThatThrownBy(() -> JdbcDriver.load(text)).hasMessageContaining("no JDBC driver");
    }

    @Test
    void aDriverIsThereForWhatComesWithTheDemo() {
        assertThat(JdbcDriver.isThereFor("jdbc:h2:tcp://127.0.0.1:1/x")).isTrue();
        assertThat(JdbcDriver.isThereFor("jdbc:nobody://127.0.0.1:1/x")).isFalse();
    }
}
