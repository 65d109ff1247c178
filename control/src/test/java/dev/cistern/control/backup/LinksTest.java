package dev.cistern.control.backup;

import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Links that somebody put where files of ours are wanted: nothing is read, written or deleted behind them. */
@DisplayName("Path traversal in snapshot, cluster, export, parameter-group names: symlinks")
final class LinksTest {

    @TempDir
    private Path folder;

    private Path outside;
    private Path secret;
    private Path bucket;
    private FolderStore store;

    @BeforeEach
    void plant() throws IOException {
        outside = Files.createDirectory(folder.resolve("outside"));
        secret = Files.writeString(outside.resolve("secret"), "not for you");
        bucket = Files.createDirectories(folder.resolve("root/bucket"));
        store = new FolderStore(folder.resolve("root"));
        Files.createSymbolicLink(bucket.resolve("link"), secret);
        Files.createSymbolicLink(bucket.resolve("folder"), outside);
    }

    @Test
    void anObjectIsNoLinkAndLiesBehindNone() throws IOException {
        Path copy = folder.resolve("copy");
        for (String key : new String[]{"link", "folder/secret", "folder/new", "folder/deep/new"}) {
            Path file = Files.writeString(folder.resolve("file"), "mine");
            assertThatThrownBy(() -> store.get("bucket", key, copy)).as(key).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> store.has("bucket", key)).as(key).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> store.put("bucket", key, file)).as(key).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> store.delete("bucket", key)).as(key).isInstanceOf(IOException.class);
        }
        assertThat(copy).doesNotExist();
        assertThat(outside).isDirectoryNotContaining(path -> !path.equals(secret));
        assertThat(secret).hasContent("not for you");
    }

    @Test
    void aBucketMayBeALinkThatTheOperatorMade() throws IOException {
        Files.createSymbolicLink(folder.resolve("root/elsewhere"), outside);
        assertThat(store.hasBucket("elsewhere")).isTrue();
        assertThat(store.has("elsewhere", "secret")).isTrue();
    }

    @Test
    void aFolderIsDeletedWithItsLinksAndNotWithWhatTheyLeadTo() throws IOException {
        StateDirectory.deleteAll(bucket);
        assertThat(bucket).doesNotExist();
        assertThat(secret).hasContent("not for you");
        Path link = Files.createSymbolicLink(folder.resolve("whole"), outside);
        StateDirectory.deleteAll(link);
        assertThat(link).doesNotExist();
        assertThat(secret).hasContent("not for you");
    }
}
