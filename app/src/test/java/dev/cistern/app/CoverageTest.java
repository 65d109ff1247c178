package dev.cistern.app;

import dev.cistern.control.ControlPlane;
import dev.cistern.engine.commands.Families;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.awscore.AwsRequest;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds COVERAGE.md to what the code offers: every operation of the ElastiCache API, from the SDK's own interface, and
 * every command of Valkey, from a list beside this test. With -Dcoverage.write=true it writes the page instead.
 */
final class CoverageTest {

    private static final Path PAGE = Path.of("..", "COVERAGE.md");
    private static final String RENEW = "mvn -q -pl app -am verify -Dtest=CoverageTest -Dcoverage.write=true"
            + " -Dsurefire.failIfNoSpecifiedTests=false";

    /** One line of the list: a command or a subcommand, and the Valkey that brought it. */
    record Listed(String group, String name, String since) {}

    @Test
    void pageIsTrue() throws IOException {
        String page = page();
        if (Boolean.getBoolean("coverage.write")) {
            Files.writeString(PAGE, page);
        }
        assertThat(PAGE).as("renew it: " + RENEW).exists().content(StandardCharsets.UTF_8)
                .as("COVERAGE.md is out of date; renew it: " + RENEW).isEqualTo(page);
    }

    @Test
    void theListOfCommandsIsWhole() throws IOException {
        // What COMMAND COUNT of Valkey 8.0.1 answers, and the subcommands of its command files outside sentinel mode.
        List<Listed> old = listed().stream().filter(command -> command.since().equals("8.0")).toList();
        assertThat(old).filteredOn(command -> !command.name().contains(" ")).hasSize(241);
        assertThat(old).filteredOn(command -> command.name().contains(" ")).hasSize(132);
        assertThat(listed()).extracting(Listed::name).doesNotHaveDuplicates();
    }

    @Test
    void theApiHasItsSeventyFiveOperations() {
        assertThat(operations()).hasSize(75);
    }

    private static String page() throws IOException {
        StringBuilder page = new StringBuilder("""
                # What is there

                Generated from the code; a test fails when this page is not true. Renew it with
                `%s`.

                """.formatted(RENEW));
        operations(page);
        commands(page);
        return page.toString();
    }

    private static void operations(StringBuilder page) {
        SortedSet<String> offered = ControlPlane.offeredOperations();
        SortedSet<String> all = operations();
        page.append("## Operations of the ElastiCache API: %d of %d\n\n".formatted(offered.size(), all.size()));
        page.append("*acts*: does what AWS does. *refused*: answers a typed error that says it is not there yet.\n\n");
        page.append("| operation | |\n|---|---|\n");
        for (String operation : all) {
            page.append("| %s | %s |\n".formatted(operation, offered.contains(operation) ? "acts" : "refused"));
        }
        page.append('\n');
    }

    private static void commands(StringBuilder page) throws IOException {
        Set<String> present = Families.index().numbered().stream()
                .map(command -> command.fullName().replace('|', ' ').toUpperCase(Locale.ROOT))
                .collect(Collectors.toSet());
        List<Listed> listed = listed();
        long count = listed.stream().filter(command -> present.contains(command.name())).count();
        page.append("## Commands of Valkey: %d of %d\n\n".formatted(count, listed.size()));
        page.append(
                "Subcommands count as commands. In brackets the version of Valkey, where it is newer than 8.0.\n\n");
        page.append("| group | present | absent |\n|---|---|---|\n");
        Map<String, List<Listed>> groups = listed.stream()
                .collect(Collectors.groupingBy(Listed::group, LinkedHashMap::new, Collectors.toList()));
        groups.forEach((group, commands) -> page.append("| %s | %s | %s |\n".formatted(group.replace('_', ' '),
                names(commands, present, true), names(commands, present, false))));
        SortedSet<String> more = new TreeSet<>(present);
        listed.forEach(command -> more.remove(command.name()));
        if (!more.isEmpty()) {
            page.append("\nBeyond Valkey's own: %s.\n".formatted(String.join(", ", more)));
        }
    }

    private static String names(List<Listed> commands, Set<String> present, boolean wanted) {
        return commands.stream().filter(command -> present.contains(command.name()) == wanted)
                .map(command -> command.name() + (command.since().equals("8.0") ? "" : " (" + command.since() + ")"))
                .collect(Collectors.joining(", "));
    }

    /** An operation is a method of the SDK's interface that takes a request itself and not its builder. */
    private static SortedSet<String> operations() {
        SortedSet<String> names = new TreeSet<>();
        for (Method method : ElastiCacheClient.class.getMethods()) {
            if (method.getParameterCount() == 1 && AwsRequest.class.isAssignableFrom(method.getParameterTypes()[0])
                    && !method.getName().endsWith("Paginator")) {
                names.add(Character.toUpperCase(method.getName().charAt(0)) + method.getName().substring(1));
            }
        }
        return names;
    }

    private static List<Listed> listed() throws IOException {
        List<Listed> commands = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(CoverageTest.class.getResourceAsStream("valkey-commands.tsv"))) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t", -1))
                    .forEach(fields -> commands.add(new Listed(fields[0], fields[1], fields[2])));
        }
        return commands;
    }
}
