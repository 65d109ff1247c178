package dev.cistern.control;

import dev.cistern.control.workflow.StepObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Every workflow is killed at each point of each of its steps in turn, and must end, after the next start, as if nothing
 * had been.
 *
 * <p>The files are copied at the moment of the crash and the copy is opened: nothing that happens in the old process after
 * that moment can help.
 */
abstract class CrashPoints {

    @TempDir
    Path root;

    /** Whether nodes are processes of their own: else what they hold ends with the one that is killed. */
    boolean nodesOutlive;

    final void atEveryPoint(Consumer<TestPlane> before, Consumer<TestPlane> wish, Consumer<TestPlane> after)
            throws IOException {
        Path prepared = root.resolve("prepared");
        try (TestPlane test = new TestPlane(prepared)) {
            before.accept(test);
        }
        int crashes = 0;
        while (crashAt(crashes, prepared, wish, after)) {
            crashes++;
        }
        // A workflow of one step has the three points of that step, or two when it is a commit.
        assertThat(crashes).as("points at which it was killed").isGreaterThan(2);
    }

    /** Whether the workflow came as far as its point number {@code point}. */
    private boolean crashAt(int point, Path prepared, Consumer<TestPlane> wish, Consumer<TestPlane> after)
            throws IOException {
        Path first = root.resolve("first-" + point);
        Path second = root.resolve("second-" + point);
        copy(prepared, first);
        AtomicInteger reached = new AtomicInteger();
        AtomicBoolean crashed = new AtomicBoolean();
        StepObserver killer = (workflow, step, where) -> {
            if (reached.getAndIncrement() == point) {
                copyQuietly(first, second);
                crashed.set(true);
                throw new Killed(workflow + " at " + step + " " + where);
            }
        };
        try (TestPlane test = new TestPlane(first, killer)) {
            wish.accept(test);
            await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(2))
                    .until(() -> crashed.get() || test.plane.isIdle());
            if (!crashed.get()) {
                // What the check itself begins is not to be killed.
                reached.set(Integer.MIN_VALUE);
                after.accept(test);
                return false;
            }
        }
        Instant later = TestPlane.START.plus(Duration.ofHours(1));
        try (TestPlane test = nodesOutlive ? TestPlane.adopting(second, later) : new TestPlane(second, later)) {
            test.settle();
            after.accept(test);
        }
        return true;
    }

    private static void copyQuietly(Path from, Path to) {
        try {
            copy(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(from)) {
            paths = walk.toList();
        }
        for (Path path : paths) {
            try {
                Files.copy(path, to.resolve(from.relativize(path)));
            } catch (NoSuchFileException e) {
                // Deleted since it was listed, as a temporary file is: a crash a moment later would not have left it.
            }
        }
    }

    /** What an observer throws to kill the workflow; logged by the engine, so it has no stack. */
    private static final class Killed extends Error {

        private static final long serialVersionUID = 1;

        Killed(String message) {
            super(message, null, false, false);
        }
    }
}
