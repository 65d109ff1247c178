package dev.cistern.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** What a second start learns about the first. */
final class RunningNoteTest {

    @TempDir
    private Path state;

    @Test
    void namesTheOwnerWhileItRuns() {
        try (RunningNote _ = RunningNote.leave(state, "http://127.0.0.1:8379")) {
            assertThat(RunningNote.read(state))
                    .hasValue("pid " + ProcessHandle.current().pid() + ", http://127.0.0.1:8379");
        }
        assertThat(RunningNote.read(state)).isEmpty();
    }

    @Test
    void aKilledOwnerIsNobody() throws IOException {
        // Above every pid that Linux gives.
        Files.writeString(state.resolve("running"), "2147483647 http://127.0.0.1:8379\n");
        assertThat(RunningNote.read(state)).isEmpty();
    }

    @Test
    void garbageIsNobody() throws IOException {
        Files.writeString(state.resolve("running"), "\u0000\u0000");
        assertThat(RunningNote.read(state)).isEmpty();
    }

    @Test
    void stateLiesWhereTheEnvironmentSaysElseInTheHomeFolder() {
        assertThat(StateFolder.byDefault(Map.of("CISTERN_HOME", "/srv/c"))).isEqualTo(Path.of("/srv/c"));
        assertThat(StateFolder.byDefault(Map.of("CISTERN_HOME", " ")))
                .isEqualTo(Path.of(System.getProperty("user.home"), ".cistern"));
    }
}
