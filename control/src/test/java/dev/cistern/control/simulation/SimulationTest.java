package dev.cistern.control.simulation;

import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Histories of groups under every kind of failure, each by a seed of its own.
 *
 * <p>{@code -Dcistern.seed=n} plays from that seed on, {@code -Dcistern.effort=n} so many times more of them, and
 * {@code -Dcistern.histories=1} only one: a seed plays the same every time. {@code -Dcistern.losses=true} asks that nothing
 * is lost that all replicas had acknowledged, also when nodes crash; without it that is asked only where none does. Some
 * histories still break it: a primary can be ended while its only replica is loading.
 */
final class SimulationTest {

    private static final int HISTORIES = 12;
    private static final int LINES_SHOWN = 120;

    @TempDir
    Path folder;

    @Test
    void whateverFailsItEndsAsItShould() throws IOException {
        assumeTrue(World.isPossible(), "needs --add-opens java.base/java.lang=ALL-UNNAMED");
        long first = Long.getLong("cistern.seed", 1);
        int count = Integer.getInteger("cistern.histories", HISTORIES * Integer.getInteger("cistern.effort", 1));
        List<String> failures = new ArrayList<>();
        int leaders = 0;
        int deaths = 0;
        try (SimDatabase rows = new SimDatabase(); StateDirectory directory = StateDirectory.open(folder)) {
            for (long seed = first; seed < first + count; seed++) {
                History history = new History(seed, rows, directory, folder);
                try {
                    history.run();
                    leaders += history.leaders();
                    deaths += history.deaths();
                } catch (AssertionError | RuntimeException e) {
                    failures.add(told(seed, history.trace(), e));
                }
            }
        }
        assertThat(failures).as("failed of %d, the first of them", count).isEmpty();
        if (count >= HISTORIES) {
            // Else they would show nothing.
            assertThat(leaders).as("changes of who leads").isGreaterThan(count / 4);
            assertThat(deaths).as("kills of the control plane").isGreaterThan(count / 4);
        }
    }

    private static String told(long seed, List<String> trace, Throwable why) {
        Throwable deepest = why;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return "-Dcistern.seed=" + seed + " -Dcistern.histories=1: " + deepest + "\n"
                + String.join("\n", trace.subList(Math.max(0, trace.size() - LINES_SHOWN), trace.size()));
    }

    /** What is found can be played again. */
    @Test
    void aSeedPlaysTheSameEveryTime() throws IOException {
        assumeTrue(World.isPossible(), "needs --add-opens java.base/java.lang=ALL-UNNAMED");
        try (SimDatabase rows = new SimDatabase(); StateDirectory directory = StateDirectory.open(folder)) {
            assertThat(trace(7, rows, directory)).isEqualTo(trace(7, rows, directory));
        }
    }

    private List<String> trace(long seed, SimDatabase rows, StateDirectory directory) {
        History history = new History(seed, rows, directory, folder);
        history.run();
        return history.trace();
    }
}
