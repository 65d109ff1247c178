package dev.cistern.engine.appendonly;

import dev.cistern.engine.testing.NodeProcess;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** A disk that is full, and one that does not keep what it took: what was acknowledged is there, and reading goes on. */
final class DiskFaultTest {
    private static final int VALUE_BYTES = 1024;
    private static final int SILENCE_MILLIS = 20;
    private static final int FILLER_BYTES = 3 << 20;

    @TempDir
    private Path directory;

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start().waitFor();
    }

    /** Whether a program can be run at all. */
    private static boolean has(String... command) throws InterruptedException {
        try {
            return run(command) == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    @Test
    void aFullDiskRefusesWritesUntilThereIsRoom() throws IOException, InterruptedException {
        Path disk = Files.createDirectories(directory.resolve("disk"));
        Assumptions.assumeTrue(has("mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", disk.toString()),
                "no small file system can be mounted here");
        try {
            Path filler = Files.write(disk.resolve("filler"), new byte[FILLER_BYTES]);
            int written = writeUntilRefused(disk, filler);
            try (TestServer server = start(disk); TestClient client = server.connect()) {
                client.send("DBSIZE").expect(WireReply.integer(written));
            }
        } finally {
            assertThat(run("umount", disk.toString())).isZero();
        }
    }

    private static TestServer start(Path disk) {
        return TestServer.cistern("dir", disk.toString(), "appendonly", "yes", "appendfsync", "always");
    }

    /** Answers how many keys were acknowledged. One that was under way when the disk was full is, when there is room. */
    private static int writeUntilRefused(Path disk, Path filler) throws IOException {
        try (TestServer server = start(disk);
                TestClient client = server.connect();
                TestClient other = server.connect()) {
            int written = 0;
            boolean isFull = false;
            while (!isFull) {
                client.write("SET", "key" + written, "v".repeat(VALUE_BYTES));
                while (!isFull && client.isSilentFor(SILENCE_MILLIS)) {
                    isFull = other.send("INFO", "persistence").text().contains("aof_last_write_status:err");
                }
                if (!isFull) {
                    client.read().expect(ok());
                    written++;
                }
            }
            assertThat(other.send("SET", "refused", "x").text()).startsWith("MISCONF Errors writing to the AOF file: ");
            other.send("GET", "key0").expect(WireReply.bulk("v".repeat(VALUE_BYTES)));
            Files.delete(filler);
            client.read().expect(ok());
            written++;
            AppendOnlyTest.await(other, "aof_last_write_status:ok");
            other.send("SET", "key" + written, "x").expect(ok());
            return written + 1;
        }
    }

    @Test
    void whatTheDiskDidNotKeepIsWrittenToAnotherFile() throws InterruptedException {
        Assumptions.assumeTrue(has("strace", "-e", "trace=none", "true"), "no strace that may trace is installed");
        String[] settings = {"dir", directory.toString(), "appendonly", "yes", "appendfsync", "always"};
        int failing = 20;
        try (NodeProcess node = NodeProcess.start(List.of("strace", "-f", "-qq", "-o", "/dev/null", "-e",
                "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=" + failing), settings);
                TestClient client = node.connect();
                TestClient other = node.connect()) {
            for (int i = 0; i < 2 * failing; i++) {
                client.write("SET", "key" + i, "v" + i);
                // The answer to the one that failed comes when another file has it.
                client.read().expect(ok());
            }
            String info = other.send("INFO", "persistence").text();
            // One for each thread that met its failure, beside the first base.
            assertThat(info).contains("aof_last_write_status:ok").containsPattern("aof_rewrites:[2-9]");
        }
        try (TestServer server = TestServer.cistern(settings); TestClient client = server.connect()) {
            client.send("DBSIZE").expect(WireReply.integer(2L * failing));
            assertThat(Files.exists(directory.resolve("appendonlydir").resolve("appendonly.aof.1.incr.aof"))).isFalse();
        }
    }
}
