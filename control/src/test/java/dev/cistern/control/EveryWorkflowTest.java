package dev.cistern.control;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** There is no workflow that is not killed at each of its points by one of the tests. */
final class EveryWorkflowTest {

    @Test
    void isKilledAtEachOfItsPoints(@TempDir Path directory) {
        Set<String> killed = new TreeSet<>();
        Stream.of(CrashTest.class, GroupCrashTest.class, ChangeCrashTest.class, SnapshotCrashTest.class,
                UserCrashTest.class, MigrationTest.class)
                .flatMap(tests -> Arrays.stream(tests.getDeclaredMethods()))
                .map(method -> method.getAnnotation(Kills.class)).filter(kills -> kills != null)
                .forEach(kills -> killed.addAll(Arrays.asList(kills.value())));
        try (TestPlane test = new TestPlane(directory)) {
            assertThat(killed).containsExactlyInAnyOrderElementsOf(test.plane.workflowTypes());
        }
    }
}
