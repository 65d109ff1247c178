package dev.cistern.app;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_COMMAND_LIST;

/**
 * The program's entry: names the commands and turns whatever ends them into a message and an exit code. It does no work
 * of its own. Runs on the main thread.
 */
// @formatter:off
@Command(name = "cistern", mixinStandardHelpOptions = true, scope = ScopeType.INHERIT,
        versionProvider = VersionCommand.Provider.class,
        subcommands = {UpCommand.class, DownCommand.class, NodeCommand.class, RehearseCommand.class,
                SnapshotCommand.class, CheckAofCommand.class, CheckRdbCommand.class, KeysCommand.class,
                DataKeysCommand.class, DecryptCommand.class, CertificateCommand.class,
                StatusCommand.class, StatusCommand.WatchCommand.class, DoctorCommand.class, VersionCommand.class},
        description = "Amazon ElastiCache that anyone can run: "
                + "cache nodes and the control plane that AWS tools talk to.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footer = {"", "Examples:",
                "  cistern up                      the whole of it, on 127.0.0.1:8379",
                "  cistern up --port 9000          the same elsewhere",
                "  cistern down                    the end of it, and of nodes that outlived it",
                "  cistern node --port 6379        one cache node, nothing around it",
                "  cistern status                  what exists, and what is being done",
                "  cistern snapshot verify         whether snapshots can be restored",
                "  cistern check-aof DIRECTORY     whether an append-only file can be loaded",
                "  cistern up --help               what a command takes"},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done, or ended by Ctrl-C",
                "143:ended by SIGTERM, cleanly",
                "252:the command line is wrong",
                "253:the machine is not as needed (port taken, folder not writable, no JDK)",
                "255:anything else"})
// @formatter:on
public final class Cistern implements Runnable {

    /** Programs of the modules above this one, so only the launcher can start them. */
    private static final String LAUNCHED = "  bench     Runs Cistern and redis-server side by side (by ./cistern only)."
            + System.lineSeparator()
            + "  demo      Shows on a page what a cache is good for: demo hybrid (by ./cistern only)."
            + System.lineSeparator();

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    Cistern() {}

    public static void main(String[] args) {
        int code = commandLine().execute(args);
        System.out.flush();
        System.exit(code);
    }

    /** The configured parser; a test gives it other streams. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Cistern());
        line.setParameterExceptionHandler(Cistern::explainSyntax);
        line.setExecutionExceptionHandler(Cistern::explainFailure);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        line.getHelpSectionMap().put(SECTION_KEY_COMMAND_LIST, help -> help.commandList() + LAUNCHED);
        return line;
    }

    /** No command given: the help text is the answer, and nothing was done. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Which command? Most users want: cistern up");
    }

    /** Says what is wrong, what was probably meant, and where to read on. */
    private static int explainSyntax(ParameterException wrong, String[] args) {
        CommandLine line = wrong.getCommandLine();
        PrintWriter err = line.getErr();
        err.println("cistern: " + wrong.getMessage());
        if (wrong instanceof UnmatchedArgumentException unmatched) {
            Suggestion.nearest(unmatched.getUnmatched().getFirst(), names(line))
                    .ifPresent(name -> err.println("Did you mean " + name + "?"));
        }
        err.println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
        return ExitCode.BAD_SYNTAX;
    }

    /** What could have stood there: the options of the command, and the commands below it. */
    private static List<String> names(CommandLine line) {
        List<String> names = new ArrayList<>();
        line.getSubcommands().forEach((name, command) -> {
            if (!command.getCommandSpec().usageMessage().hidden()) {
                names.add(name);
            }
        });
        line.getCommandSpec().options().forEach(option -> names.addAll(List.of(option.names())));
        return names;
    }

    /** A machine that is not as needed gets its remedy; anything else is our defect and shows where it happened. */
    private static int explainFailure(Exception failure, CommandLine line, ParseResult parsed) {
        PrintWriter err = line.getErr();
        if (failure instanceof EnvironmentException environment) {
            err.println("cistern: " + environment.getMessage());
            environment.remedy().lines().forEach(step -> err.println("  " + step));
            return ExitCode.BAD_ENVIRONMENT;
        }
        err.println("cistern: this should not have happened. Please report it with the lines below.");
        failure.printStackTrace(err);
        return ExitCode.OTHER;
    }
}
