package dev.cistern.app;

import dev.cistern.control.node.NodeSpecFile;
import dev.cistern.engine.atrest.Transcript;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes what an encrypted file says, for programs that have not its key. */
@Command(name = "decrypt", description = "Writes an encrypted file's plain bytes to another file, for its owner alone.", footer = {
        "", "Any file that a node or a snapshot has: snapshots, parts of append-only files, divergent writes.", "",
        "Examples:", "  cistern decrypt dump.rdb --to plain.rdb",
        "  cistern decrypt cistern-divergent-6379-4 --to writes && redis-cli --pipe <writes"})
final class DecryptCommand implements Callable<Integer> {

    @Mixin
    private KeystoreOption keystore;

    @Option(names = "--to", required = true, paramLabel = "FILE", description = "The file to be made; there must be none.")
    private Path target;

    @Parameters(paramLabel = "FILE", description = "The encrypted file, under the name that it was given.")
    private Path file;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    DecryptCommand() {}

    @Override
    public Integer call() {
        if (Files.exists(target)) {
            throw new EnvironmentException("there is a file " + target, "Name another: --to FILE");
        }
        try {
            write();
            return ExitCode.OK;
        } catch (IOException e) {
            throw new EnvironmentException("cannot decrypt: " + e.getMessage(),
                    "Name the keystore: --at-rest-key-file FILE");
        }
    }

    private void write() throws IOException {
        boolean isWhole = false;
        try (OutputStream out = NodeSpecFile.privateFile(target)) {
            Transcript.open(file, keystore.keys(null), Channels.newChannel(out));
            isWhole = true;
        } finally {
            if (!isWhole) {
                Files.deleteIfExists(target);
            }
        }
    }
}
