package dev.cistern.app;

import dev.cistern.control.backup.FileFacts;
import dev.cistern.control.backup.SnapshotManifest;
import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.persistence.SnapshotCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What can be done with snapshots without a running Cistern. Works on files alone. */
@Command(name = "snapshot", description = "Looks after snapshots' files.", subcommands = {
        SnapshotCommand.VerifyCommand.class}, footer = {"", "Example:", "  cistern snapshot verify nightly"})
final class SnapshotCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    SnapshotCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What with snapshots? There is: cistern snapshot verify");
    }

    /** Reads every byte: the digest against the manifest, the file's own checksum, and each value's form. */
    // @formatter:off
    @Command(name = "verify",
            description = "Reads snapshots whole and tells whether they can be restored.",
            footer = {"",
                    "A snapshot is named as DescribeSnapshots names it, or by a file or folder.",
                    "",
                    "Examples:",
                    "  cistern snapshot verify nightly",
                    "  cistern snapshot verify ./dump.rdb /mnt/backups/exports/nightly-0001.rdb",
                    "  cistern snapshot verify --state-dir ./cache-state"})
    // @formatter:on
    static final class VerifyCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Option(names = "--state-dir", paramLabel = "DIR", description = "Folder of all state (default $CISTERN_HOME, else ~/.cistern).")
        private @Nullable Path stateDirectory;

        @Mixin
        private KeystoreOption keystore;

        @Parameters(paramLabel = "SNAPSHOT", arity = "0..*", description = "Names, files or folders (default: every snapshot of the state folder).")
        private @Nullable List<String> names;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        VerifyCommand() {}

        @Override
        public Integer call() throws IOException {
            Path state = stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv());
            Path snapshots = state.resolve("snapshots");
            List<Path> wanted = names == null || names.isEmpty() ? manifests(snapshots) : find(snapshots, names);
            KeyRing keys = keystore.keys(stateDirectory);
            PrintWriter out = spec.commandLine().getOut();
            boolean allWell = true;
            for (Path path : wanted) {
                allWell &= verify(path, keys, out);
            }
            out.println(wanted.isEmpty()
                    ? "There are no snapshots in " + snapshots + "."
                    : allWell ? "All can be restored." : "Not all can be restored.");
            out.flush();
            return allWell ? ExitCode.OK : ExitCode.OTHER;
        }

        private List<Path> find(Path snapshots, List<String> wanted) throws IOException {
            List<Path> found = new ArrayList<>();
            List<Path> all = manifests(snapshots);
            for (String name : wanted) {
                Path path = Path.of(name);
                if (Files.isDirectory(path)) {
                    found.addAll(manifests(path));
                } else if (Files.isRegularFile(path)) {
                    found.add(path);
                } else {
                    List<Path> named = all.stream()
                            .filter(manifest -> manifest.endsWith(Path.of(name, SnapshotManifest.FILE))).toList();
                    if (named.isEmpty()) {
                        throw new ParameterException(spec.commandLine(),
                                "there is neither a snapshot in " + snapshots + " nor a file called " + name);
                    }
                    found.addAll(named);
                }
            }
            return found;
        }

        private static List<Path> manifests(Path folder) throws IOException {
            if (!Files.isDirectory(folder)) {
                return List.of();
            }
            try (Stream<Path> files = Files.walk(folder)) {
                return files.filter(file -> file.endsWith(SnapshotManifest.FILE)).sorted().toList();
            }
        }

        private static boolean verify(Path path, KeyRing keys, PrintWriter out) throws IOException {
            if (!path.endsWith(SnapshotManifest.FILE)) {
                return isWhole(path, keys, path.toString(), out);
            }
            SnapshotManifest manifest = SnapshotManifest.read(path);
            boolean well = true;
            for (SnapshotManifest.Part part : manifest.parts()) {
                Path file = path.resolveSibling(part.file());
                String title = manifest.snapshot() + " " + part.nodeGroupId();
                if (!Files.isRegularFile(file)) {
                    out.println(title + ": MISSING: " + file);
                    well = false;
                } else if (!FileFacts.of(file).equals(new FileFacts(part.bytes(), part.sha256()))) {
                    out.println(title + ": DAMAGED: it is not what was saved: " + file);
                    well = false;
                } else {
                    well &= isWhole(file, keys, title, out);
                }
            }
            return well;
        }

        private static boolean isWhole(Path file, KeyRing keys, String title, PrintWriter out) {
            try {
                SnapshotCheck.Result result = SnapshotCheck.of(file, keys, System.currentTimeMillis());
                out.println("%s: well, %,d bytes, %,d keys%s".formatted(title, Files.size(file), result.keys(),
                        result.expired() == 0 ? "" : ", %,d more that are over by now".formatted(result.expired())));
                return true;
            } catch (IOException damaged) {
                out.println(title + ": DAMAGED: " + damaged.getMessage());
                return false;
            }
        }
    }
}
