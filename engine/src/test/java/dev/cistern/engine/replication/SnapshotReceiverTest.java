package dev.cistern.engine.replication;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.KeyStoreFile;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class SnapshotReceiverTest {
    private static final AtRest PLAIN = new AtRest("", "");

    @TempDir
    Path directory;

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatACrashHasLeftIsDeletedAtTheNextStartOfThatNode() throws IOException {
        try (SnapshotReceiver left = SnapshotReceiver.announced("$100", directory.toString(), 6379, PLAIN);
                SnapshotReceiver another = SnapshotReceiver.announced("$100", directory.toString(), 6380, PLAIN)) {
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
    void theMarkIsNoPartOfItAndTheFileIsEncryptedWhileItGrows() throws IOException {
        KeyStoreFile store = new KeyStoreFile(directory.resolve("keys"));
        var _ = store.create("us-east-1", "000000000000", false, "", 0);
        AtRest atRest = new AtRest(store.path().toString(), "");
        String mark = "m".repeat(40);
        String content = "a word that is looked for, and others behind it ".repeat(3000);
        byte[] sent = (content + mark).getBytes(StandardCharsets.ISO_8859_1);
        long address = Memory.allocate(MemoryTag.TEST, sent.length);
        Memory.copy(sent, 0, address, sent.length);
        for (AtRest used : List.of(PLAIN, atRest)) {
            for (int step : new int[]{7, 41, 5000, sent.length}) {
                try (SnapshotReceiver receiver = SnapshotReceiver.announced("$EOF:" + mark, directory.toString(), 1,
                        used)) {
                    for (int at = 0; at < sent.length; at += step) {
                        receiver.take(address + at, address + Math.min(at + step, sent.length));
                    }
                    assertThat(receiver.isWhole()).isTrue();
                    assertThat(new String(PlainBytes.first(receiver.path(), used.keys(), sent.length),
                            StandardCharsets.ISO_8859_1)).isEqualTo(content);
                    assertThat(Files.readString(receiver.path(), StandardCharsets.ISO_8859_1).contains("looked for"))
                            .isEqualTo(used == PLAIN);
                }
            }
        }
        Memory.free(MemoryTag.TEST, address, sent.length);
    }

    @Test
    void aStrangeAnnouncementIsRefused() {
        for (String line : List.of("$", "$-1", "$12x", "$EOF:short", "+OK", "$" + "9".repeat(19))) {
            assertThatThrownBy(() -> SnapshotReceiver.announced(line, directory.toString(), 1, PLAIN)).as(line)
                    .isInstanceOf(IOException.class);
        }
    }
}
