package dev.cistern.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

import static org.assertj.core.api.Assertions.assertThat;

/** What the command line answers to right and wrong words: texts, suggestions, exit codes. */
final class CommandLineTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine line = Cistern.commandLine()
            .setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

    /** Those that the help shows. */
    static Stream<String> commands() {
        return Cistern.commandLine().getSubcommands().entrySet().stream()
                .filter(command -> !command.getValue().getCommandSpec().usageMessage().hidden()).map(Map.Entry::getKey);
    }

    @Test
    void helpListsEveryCommandAndTheExitCodes() {
        assertThat(line.execute("--help")).isEqualTo(ExitCode.OK);
        assertThat(commands()).allSatisfy(command -> assertThat(out.toString()).contains("  " + command));
        assertThat(out.toString()).contains("bench", "Examples:", "Exit codes:", "252", "253");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpOfEveryCommandHasAnExample(String command) {
        assertThat(line.execute(command, "--help")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).containsPattern("Examples?:\\R  cistern " + command);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void unknownOptionIsRefusedAndTheNearestNamed(String command) {
        // With a word for those that need one: what is missing is told first.
        boolean needsWord = !Objects.requireNonNull(line.getSubcommands().get(command)).getCommandSpec()
                .positionalParameters().isEmpty();
        String[] words = needsWord ? new String[]{command, "word", "--hlp"} : new String[]{command, "--hlp"};
        assertThat(line.execute(words)).isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("Unknown option: '--hlp'", "Did you mean --help?",
                "Try 'cistern " + command + " --help'");
    }

    @Test
    void unknownCommandIsRefusedAndTheNearestNamed() {
        assertThat(line.execute("doctr")).isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("Did you mean doctor?");
    }

    @Test
    void noCommandSaysWhichOneMostUsersWant() {
        assertThat(line.execute()).isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("cistern up");
    }

    @Test
    void versionIsThePomsAndNotThePlaceholder() {
        assertThat(line.execute("version")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).containsPattern("cistern \\d+\\.\\d+\\.\\d+").contains("java 25");
    }
}
