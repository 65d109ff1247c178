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
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every workflow is killed at each point of each of its steps in turn, and must end, after the next start, as if nothing
 * had been.
 *
 * <p>The files are copied at the moment of the crash and the copy is opened: nothing that happens in the old process after
 * that moment can help.
 */
abstract class CrashPoints {

    /** How often workflows of each type were killed by the test that runs. */
    private final Map<String, Integer> kills = new ConcurrentSkipListMap<>();

    @TempDir
    Path root;

    /** Whether nodes are processes of their own: else what they hold ends with the one that is killed. */
    boolean nodesOutlive;

    /** What a test says that it kills, it has killed; how often, is printed. */
    @AfterEach
    final void requireKills(TestInfo test) {
        Kills kinds = test.getTestMethod().orElseThrow().getAnnotation(Kills.class);
        if (kinds != null && !kills.isEmpty()) {
            assertThat(kills).containsKeys(kinds.value());
            System.out.println(test.getTestMethod().orElseThrow().getName() + ": killed " + kills);
        }
    }

    final void atEveryPoint(Consumer<TestPlane> before, Consumer<TestPlane> wish, Consumer<TestPlane> after)
            throws IOException {
        Path prepared = root.resolve("prepared");
        try (TestPlane test = new TestPlane(prepared)) {
            before.accept(test);
        }
        int crashes = copied(prepared, wish, after);
        // A workflow of one step has the three points of that step, or two when it is a commit.
        assertThat(crashes).as("points at which it was killed").isGreaterThan(2);
    }

    /**
     * One run for all points, whose files are copied at each: what nodes have that outlive it lies in files too, so a copy is
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
                kills.merge(workflow, 1, Integer::sum);
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
}
