package dev.cistern.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

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
        // With the words that it needs: what is missing is told first.
        CommandSpec spec = Objects.requireNonNull(line.getSubcommands().get(command)).getCommandSpec();
        List<String> needed = new ArrayList<>(List.of(command));
        spec.options().stream().filter(OptionSpec::required).forEach(option -> needed.add(option.longestName() + "=x"));
        if (!spec.positionalParameters().isEmpty()) {
            needed.add("word");
        }
        needed.add("--hlp");
        String[] words = needed.toArray(String[]::new);
        assertThat(line.execute(words)).isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("Unknown option: '--hlp'", "Did you mean --help?",
                "Try 'cistern " + command + " --help'");
    }

    @Test
    void aLimitThatAwsHasIsNotRaisedBeyondIt() {
        assertThat(line.execute("up", "--nodes-per-group", "501")).isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("--nodes-per-group 501: write a number from 1 to 500");
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
