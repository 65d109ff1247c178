package dev.cistern.engine.replication;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class SnapshotReceiverTest {
    @TempDir
    Path directory;

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatACrashHasLeftIsDeletedAtTheNextStartOfThatNode() throws IOException {
        try (SnapshotReceiver left = SnapshotReceiver.announced("$100", directory.toString(), 6379);
                SnapshotReceiver another = SnapshotReceiver.announced("$100", directory.toString(), 6380)) {
            Files.writeString(directory.resolve("dump.rdb"), "kept");
            assertThat(files()).hasSize(3);
            SnapshotReceiver.deleteRemains(directory.toString(), 6379);
            assertThat(left.path()).doesNotExist();
            assertThat(another.path()).exists();
            assertThat(files()).contains("dump.rdb").hasSize(2);
        }
        assertThat(files()).containsExactly("dump.rdb");
    }

    @Test
    void aStrangeAnnouncementIsRefused() {
        for (String line : List.of("$", "$-1", "$12x", "$EOF:short", "+OK", "$" + "9".repeat(19))) {
            assertThatThrownBy(() -> SnapshotReceiver.announced(line, directory.toString(), 1)).as(line)
                    .isInstanceOf(IOException.class);
        }
    }
}
