package dev.cistern.app;

import dev.cistern.engine.settings.MemorySize;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Looks at the machine before the user has to: what will not work, what could be better, and what to do. */
@Command(name = "doctor", description = "Checks the machine and says what to do.", subcommands = DoctorConnectCommand.class, footer = {
        "", "Examples:",
        "  cistern doctor", "  cistern doctor --port 9000 --state-dir /srv/cistern",
        "  cistern doctor connect 127.0.0.1:6379"})
final class DoctorCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8379", description = "The port that `up` shall use (default ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--state-dir", paramLabel = "DIR", description = "The folder that `up` shall use (default $CISTERN_HOME, else ~/.cistern).")
    private @Nullable Path stateDirectory;

    @SuppressWarnings("NullAway.Init")
    DoctorCommand() {}

    @Override
    public Integer call() {
        List<Finding> findings = new ArrayList<>();
        findings.add(java());
        findings.addAll(new MachineCheck(Path.of("/")).findings());
        findings.add(port(port));
        findings.add(state(stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv())));
        findings.add(tool("aws", "The AWS CLI talks to Cistern. Do: pip install awscli, or apt install awscli"));
        findings.add(tool("redis-cli", "Handy to look into a node. Do: apt install redis-tools"));
        findings.forEach(spec.commandLine().getOut()::println);
        boolean fit = findings.stream().noneMatch(finding -> finding.grade() == Finding.Grade.FAIL);
        return fit ? ExitCode.OK : ExitCode.BAD_ENVIRONMENT;
    }

    private static Finding java() {
        return Finding.ok("java", Runtime.version() + " at " + System.getProperty("java.home"));
    }

    static Finding port(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return Finding.ok("port " + port, "free");
        } catch (IOException taken) {
            return Finding.fail("port " + port, "taken",
                    "By a running Cistern, or see who: ss -ltnp 'sport = :" + port + "'. Else: --port OTHER");
        }
    }

    /** A folder that is still absent is judged by the nearest one above it that exists. */
    static Finding state(Path folder) {
        Path existing = nearestExisting(folder.toAbsolutePath());
        if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
            return Finding.fail("state folder", folder + ": " + existing + " is not writable",
                    "Give another: --state-dir DIR, or set CISTERN_HOME");
        }
        long freeBytes = existing.toFile().getUsableSpace();
        return Finding.ok("state folder", folder + ", " + MemorySize.human(freeBytes) + " free");
    }

    private static Path nearestExisting(Path folder) {
        Path parent = folder.getParent();
        return Files.exists(folder) || parent == null ? folder : nearestExisting(parent);
    }

    private static Finding tool(String name, String remedy) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, name)).filter(Files::isExecutable).findFirst()
                .map(path -> Finding.ok(name, path.toString()))
                .orElseGet(() -> Finding.warn(name, "not on the PATH", remedy));
    }
}
