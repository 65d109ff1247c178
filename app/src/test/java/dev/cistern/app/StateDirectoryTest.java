package dev.cistern.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** One process at a time owns the state folder, and the next one learns who it is. */
final class StateDirectoryTest {

    @TempDir
    private Path temp;

    @Test
    void isMadeForItsOwnerAlone() throws IOException {
        Path folder = temp.resolve("a/b");
        try (StateDirectory _ = StateDirectory.take(folder, "http://127.0.0.1:1")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder))).isEqualTo("rwx------");
        }
    }

    @Test
    void secondOwnerIsToldWhoTheFirstIs() {
        try (StateDirectory _ = StateDirectory.take(temp, "http://127.0.0.1:8379")) {
            assertThatThrownBy(() -> StateDirectory.take(temp, "http://127.0.0.1:9000"))
                    .isInstanceOf(EnvironmentException.class)
                    .hasMessageContaining("pid " + ProcessHandle.current().pid() + ", http://127.0.0.1:8379")
                    .extracting(e -> ((EnvironmentException) e).remedy()).asString().contains("--state-dir");
        }
    }

    @Test
    void isFreeAgainAfterClose() {
        StateDirectory.take(temp, "first").close();
        StateDirectory.take(temp, "second").close();
    }

    @Test
    void aFileInItsPlaceIsExplained() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));
        assertThatThrownBy(() -> StateDirectory.take(file, "x"))
                .isInstanceOf(EnvironmentException.class).hasMessageContaining("cannot use " + file);
    }

    @Test
    void defaultIsTheEnvironmentsWishElseTheHomeFolder() {
        assertThat(StateDirectory.byDefault(Map.of("CISTERN_HOME", "/srv/c"))).isEqualTo(Path.of("/srv/c"));
        assertThat(StateDirectory.byDefault(Map.of("CISTERN_HOME", " ")))
                .isEqualTo(Path.of(System.getProperty("user.home"), ".cistern"));
    }
}
