package dev.cistern.app;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.persistence.SnapshotCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells whether snapshots' files can be loaded and, if not, where they are damaged. */
@Command(name = "check-rdb", description = "Reads snapshots' files whole, and tells where they are damaged.", footer = {
        "", "Example:", "  cistern check-rdb dump.rdb"})
final class CheckRdbCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private KeystoreOption keystore;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "Snapshots, of this program, of Redis or of Valkey.")
    private List<Path> files;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    CheckRdbCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        KeyRing keys = keystore.keys(null);
        boolean isWhole = true;
        for (Path file : files) {
            if (Files.notExists(file)) {
                throw new EnvironmentException("there is no file " + file, "Give the path of a snapshot");
            }
            try {
                SnapshotCheck.Result result = SnapshotCheck.of(file, keys, System.currentTimeMillis());
                out.println(file + ": " + Files.size(file) + " bytes, " + result.keys() + " keys, " + result.expired()
                        + " of them expired, whole");
            } catch (IOException e) {
                isWhole = false;
                out.println(file + ": damaged: " + e.getMessage());
                out.println("A snapshot cannot be mended. Take it from a backup, or from a replica.");
            }
        }
        return isWhole ? ExitCode.OK : ExitCode.OTHER;
    }
}
