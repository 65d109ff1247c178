package dev.cistern.app;

import dev.cistern.engine.appendonly.LogCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells whether an append-only file can be loaded and, if not, where it is damaged and what can be done. */
// @formatter:off
@Command(name = "check-aof",
        description = "Reads an append-only file whole, and tells where it is damaged.",
        footer = {"",
                "No node may write to it meanwhile. --fix cuts the damaged file off behind its last whole command; what is",
                "cut off is kept beside it.",
                "",
                "Examples:",
                "  cistern check-aof /var/lib/cistern/7000/appendonlydir",
                "  cistern check-aof --fix /var/lib/cistern/7000/appendonlydir/appendonly.aof.manifest"})
// @formatter:on
final class CheckAofCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private KeystoreOption keystore;

    @Option(names = "--fix", description = "Cuts off what is damaged.")
    private boolean fix;

    @Parameters(paramLabel = "PATH", description = "A folder, a manifest, or one file.")
    private Path path;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    CheckAofCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            List<LogCheck.Finding> findings = LogCheck.of(path, keystore.keys(null), System.currentTimeMillis());
            findings.forEach(finding -> print(finding, out));
            LogCheck.Finding wrong = findings.stream().filter(each -> each.state() != LogCheck.State.WHOLE).findFirst()
                    .orElse(null);
            if (wrong == null) {
                out.println("All of it can be loaded.");
                return ExitCode.OK;
            }
            return advise(wrong, findings, out);
        } catch (IOException e) {
            throw new EnvironmentException(path + ": " + e.getMessage(), "Give the folder, its manifest, or one file");
        }
    }

    private static void print(LogCheck.Finding finding, PrintWriter out) {
        out.println(finding.file().getFileName() + ": " + finding.bytes() + " bytes, "
                + switch (finding.state()) {
                    case WHOLE -> finding.commands() + (finding.isSnapshot() ? " keys" : " commands") + ", whole";
                    case TORN -> "torn after byte " + finding.wholeBytes();
                    case DAMAGED -> "damaged: " + finding.problem();
                    case MISSING -> "missing";
                });
    }

    private Integer advise(LogCheck.Finding wrong, List<LogCheck.Finding> all, PrintWriter out) throws IOException {
        boolean isLast = wrong.equals(all.getLast());
        boolean canBeCut = wrong.state() == LogCheck.State.TORN
                || (wrong.state() == LogCheck.State.DAMAGED && !wrong.isSnapshot());
        if (!canBeCut) {
            out.println("This file cannot be mended. Take it from a backup, or from a replica.");
            return ExitCode.OTHER;
        }
        long lost = wrong.bytes() - wrong.wholeBytes();
        if (!fix) {
            out.println(wrong.state() == LogCheck.State.TORN && isLast
                    ? "A node that starts leaves out the last " + lost + " bytes by itself (aof-load-truncated yes)."
                    : "--fix cuts off the last " + lost + " bytes of that file. A replica or a backup has more.");
            tellLater(wrong, all, out);
            return ExitCode.OTHER;
        }
        @Nullable
        Path kept = LogCheck.cutOff(wrong);
        out.println("Cut off " + lost + " bytes; they are kept in " + kept + ".");
        tellLater(wrong, all, out);
        return ExitCode.OK;
    }

    private static void tellLater(LogCheck.Finding wrong, List<LogCheck.Finding> all, PrintWriter out) {
        int later = all.size() - 1 - all.indexOf(wrong);
        if (later > 0) {
            out.println("What the " + later + " files after it hold was written on top of what is lost.");
        }
    }
}
