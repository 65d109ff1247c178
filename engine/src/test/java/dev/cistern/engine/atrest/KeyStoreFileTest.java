package dev.cistern.engine.atrest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A keystore keeps what it is told, shows nobody a secret, and is for its owner alone. */
final class KeyStoreFileTest {
    @TempDir
    private Path directory;

    private KeyStoreFile store() {
        return new KeyStoreFile(directory.resolve("keys"));
    }

    @Test
    void whatIsMadeIsThereAndForItsOwnerAlone() throws IOException {
        StoredKey first = store().create("us-east-1", "123456789012", true, "for those who name none", 1_000);
        StoredKey second = store().create("eu-west-1", "123456789012", false, "", 2_000);
        var _ = store().rotate(second.id(), 3_000);
        var _ = store().state(first.id(), StoredKey.State.DISABLED);
        KeyRing read = store().read();
        assertThat(read.keys()).hasSize(2);
        StoredKey again = read.keys().getFirst();
        assertThat(again.isOwn()).isTrue();
        assertThat(again.description()).isEqualTo("for those who name none");
        assertThat(again.state()).isEqualTo(StoredKey.State.DISABLED);
        assertThat(again.newest().secret()).isEqualTo(first.newest().secret());
        assertThat(read.named("arn:aws:kms:eu-west-1:123456789012:key/" + second.id())).isEqualTo(read.keys().get(1));
        assertThat(read.keys().get(1).newest().version()).isEqualTo(2);
        assertThat(read.find(second.id(), 1)).isNotNull();
        assertThat(read.find(second.id(), 3)).isNull();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(store().path()))).isEqualTo("rw-------");
        assertThat(store().rotate(UUID.randomUUID(), 4_000)).isNull();
        assertThat(again.newest().toString()).doesNotContain("[");
    }

    @Test
    void whatOthersMayReadOrNobodyUnderstandsIsRefused() throws IOException {
        assertThatThrownBy(() -> store().read()).hasMessageContaining("there is no keystore");
        var _ = store().create("us-east-1", "123456789012", false, "", 0);
        Files.setPosixFilePermissions(store().path(), PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> store().read()).hasMessageContaining("chmod 600");
        Files.setPosixFilePermissions(store().path(), PosixFilePermissions.fromString("rw-------"));
        String text = Files.readString(store().path());
        String secret = text.substring(text.lastIndexOf(' ') + 1).strip();
        for (String damaged : new String[]{text.replace("version", "verse"), text.replace(secret, secret.substring(8)),
                text.lines().filter(line -> !line.startsWith("version")).reduce("", (a, b) -> a + b + "\n"),
                text.replace("enabled", "maybe")}) {
            Files.writeString(store().path(), damaged);
            assertThatThrownBy(() -> store().read()).isInstanceOf(IOException.class)
                    .hasMessageContaining("is damaged at or before line").message().doesNotContain(secret);
        }
    }
}
