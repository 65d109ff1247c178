package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Ends a Cistern with all its nodes, also those that outlived it. Deletes nothing. */
// @formatter:off
@Command(name = "down",
        description = "Ends the Cistern of a state folder and the nodes that run as processes of their own.",
        footer = {"",
                "What you created is there again after the next `cistern up`; the nodes' data is not.",
                "",
                "Example:",
                "  cistern down"})
// @formatter:on
final class DownCommand implements Callable<Integer> {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Spec
    private CommandSpec spec;

    @Option(names = "--state-dir", paramLabel = "DIR", description = "Folder of all state (default $CISTERN_HOME, else ~/.cistern).")
    private @Nullable Path stateDirectory;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    DownCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path state = stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv());
        Optional<ProcessHandle> up = RunningNote.process(state);
        if (up.isPresent()) {
            end(up.get());
        }
        // The control plane first: it would start its nodes again.
        int nodes = ProcessRuntime.endAll(state.resolve("nodes"));
        spec.commandLine().getOut().println((up.isPresent() ? "Cistern is down" : "Cistern was not up")
                + (nodes == 0 ? "." : "; nodes ended: " + nodes + "."));
        spec.commandLine().getOut().flush();
        return ExitCode.OK;
    }

    private static void end(ProcessHandle up) throws InterruptedException {
        up.destroy();
        try {
            up.onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new EnvironmentException("Cistern (pid " + up.pid() + ") does not end",
                    "End it by force: kill -9 " + up.pid());
        }
    }
}
