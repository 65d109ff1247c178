package dev.cistern.samples;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import dev.cistern.samples.hybrid.HybridCommand;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program behind {@code ./cistern demo}: names the demos. Exit codes are those of {@code cistern}. */
// @formatter:off
@Command(name = "cistern demo", mixinStandardHelpOptions = true, scope = ScopeType.INHERIT,
        description = "Shows on a page in your browser what a cache is good for.",
        subcommands = HybridCommand.class,
        footer = {"", "Examples:",
                "  cistern demo hybrid             a slow database made fast, and the pattern lab",
                "  cistern demo hybrid --help      its options"})
// @formatter:on
public final class Demo implements Runnable {

    private static final int BAD_SYNTAX = 252;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    Demo() {}

    public static void main(String[] args) {
        quiet();
        int code = commandLine().execute(args);
        System.out.flush();
        System.exit(code);
    }

    /** The configured parser; a test gives it other streams. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Demo());
        line.setUsageHelpAutoWidth(true);
        line.setParameterExceptionHandler((wrong, _) -> {
            wrong.getCommandLine().getErr().println("cistern: " + wrong.getMessage());
            wrong.getCommandLine().getErr().println("Try '" + wrong.getCommandLine().getCommandSpec().qualifiedName()
                    + " --help'.");
            return BAD_SYNTAX;
        });
        return line;
    }

    /** The terminal is for the address and the password; libraries tell their warnings only. */
    private static void quiet() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger("ROOT").setLevel(Level.ERROR);
            context.getLogger("dev.cistern").setLevel(Level.WARN);
        }
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Which demo? There is: cistern demo hybrid");
    }
}
