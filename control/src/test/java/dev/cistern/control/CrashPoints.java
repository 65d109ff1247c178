package dev.cistern.control;

import dev.cistern.control.workflow.StepObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
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
        int crashes = nodesOutlive ? killed(prepared, wish, after) : copied(prepared, wish, after);
        // A workflow of one step has the three points of that step, or two when it is a commit.
        assertThat(crashes).as("points at which it was killed").isGreaterThan(2);
    }

    /** One run for each point, which ends there: nodes that outlive it stay as they were at that moment. */
    private int killed(Path prepared, Consumer<TestPlane> wish, Consumer<TestPlane> after) throws IOException {
        int crashes = 0;
        while (killedAt(crashes, prepared, wish, after)) {
            crashes++;
        }
        return crashes;
    }

    /** Whether the workflow came as far as its point number {@code point}. */
    private boolean killedAt(int point, Path prepared, Consumer<TestPlane> wish, Consumer<TestPlane> after)
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
        goesOn(second, after);
        return true;
    }

    /**
     * One run for all points, whose files are copied at each: nodes that end with it leave nothing else behind, so a copy is
     * what a kill at that moment leaves.
     */
    private int copied(Path prepared, Consumer<TestPlane> wish, Consumer<TestPlane> after) throws IOException {
        Path whole = root.resolve("whole");
        copy(prepared, whole);
        List<Path> copies = Collections.synchronizedList(new ArrayList<>());
        AtomicBoolean ended = new AtomicBoolean();
        StepObserver copier = (workflow, step, where) -> {
            if (!ended.get()) {
                Path target = root.resolve(workflow + "-" + step + "-" + where + "-" + UUID.randomUUID());
                copyQuietly(whole, target);
                copies.add(target);
            }
        };
        try (TestPlane test = new TestPlane(whole, copier)) {
            wish.accept(test);
            test.settle();
            ended.set(true);
            after.accept(test);
        }
        for (Path copy : copies) {
            try {
                goesOn(copy, after);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("killed at " + copy.getFileName(), e);
            }
        }
        return copies.size();
    }

    private void goesOn(Path files, Consumer<TestPlane> after) {
        Instant later = TestPlane.START.plus(Duration.ofHours(1));
        try (TestPlane test = nodesOutlive ? TestPlane.adopting(files, later) : new TestPlane(files, later)) {
            test.settle();
            after.accept(test);
        }
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
            Path target = to.resolve(from.relativize(path));
            try {
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.write(target, atOneMoment(path));
                    Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(path));
                }
            } catch (NoSuchFileException e) {
                // Deleted since it was listed, as a temporary file is: a crash a moment later would not have left it.
            }
        }
    }

    /** Read until twice the same: other threads write meanwhile, and a kill leaves what there is at one moment. */
    private static byte[] atOneMoment(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (byte[] again = Files.readAllBytes(file); !Arrays.equals(bytes, again); again = Files.readAllBytes(file)) {
            bytes = again;
        }
        return bytes;
    }

    /** What an observer throws to kill the workflow; logged by the engine, so it has no stack. */
    private static final class Killed extends Error {

        private static final long serialVersionUID = 1;

        Killed(String message) {
            super(message, null, false, false);
        }
    }
}
