package dev.cistern.gateway.sign;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Keys in a file: made, found, gone, and nobody let in when it cannot be read. */
final class KeyFileTest {

    private final SecureRandom random = new SecureRandom();

    @TempDir
    private Path folder;

    private Path file;
    private KeyFile keys;

    @BeforeEach
    void make() {
        file = folder.resolve("access-keys");
        keys = new KeyFile(file);
    }

    @Test
    void whatIsMadeIsFoundUntilItIsDeleted() throws Exception {
        AccessKey ann = keys.create("ann", Role.OPERATOR, "210987654321", random);
        AccessKey bob = keys.create("bob", Role.ADMIN, null, random);
        assertThat(keys.find(ann.id())).isEqualTo(ann);
        assertThat(new KeyFile(file).find(bob.id())).isEqualTo(bob);
        assertThat(keys.delete("ann")).isEqualTo(ann);
        assertThat(keys.find(ann.id())).isNull();
        assertThat(keys.delete(bob.id())).isEqualTo(bob);
        assertThat(keys.read().all()).isEmpty();
    }

    /** Another process changes the file under us. */
    @Test
    void aChangeByOthersCountsFromTheNextLookOn() throws Exception {
        AccessKey ann = keys.create("ann", Role.ADMIN, null, random);
        assertThat(keys.find(ann.id())).isNotNull();
        new KeyFile(file).delete("ann");
        assertThat(keys.find(ann.id())).isNull();
    }

    @Test
    void theFileIsForItsOwnerAlone() throws Exception {
        keys.create("ann", Role.ADMIN, null, random);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
    }

    @Test
    @DisplayName("Login brute force, default password: keys by chance")
    void idsAndSecretsAreNeverTheSame() throws Exception {
        List<AccessKey> made = IntStream.range(0, 20).mapToObj(i -> {
            try {
                return keys.create("key" + i, Role.VIEWER, null, random);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }).toList();
        assertThat(made).extracting(AccessKey::id).doesNotHaveDuplicates()
                .allMatch(id -> id.matches("CSTN[A-Z2-7]{16}"));
        assertThat(made).extracting(AccessKey::secret).doesNotHaveDuplicates()
                .allMatch(secret -> secret.length() == 40);
    }

    @Test
    void whatCannotBeIsRefused() throws Exception {
        keys.create("ann", Role.ADMIN, null, random);
        assertThatThrownBy(() -> keys.create("ann", Role.ADMIN, null, random)).hasMessage("there is a key ann already");
        assertThatThrownBy(() -> keys.create("a]\nrole = x", Role.ADMIN, null, random))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> keys.delete("bob")).hasMessage("there is no key bob");
        assertThatThrownBy(() -> Role.named("king")).hasMessageContaining("viewer, operator, admin or client");
        assertThat(keys.read().all()).hasSize(1);
    }

    @Test
    void aFileThatCannotBeReadLetsNobodyIn() throws Exception {
        AccessKey ann = keys.create("ann", Role.ADMIN, null, random);
        String whole = Files.readString(file);
        Files.writeString(file, whole + "\n[half]\naws_access_key_id = X\n");
        assertThat(keys.find(ann.id())).isNull();
        Files.writeString(file, whole);
        assertThat(keys.find(ann.id())).isEqualTo(ann);
        Files.delete(file);
        assertThat(keys.find(ann.id())).isNull();
    }
}
