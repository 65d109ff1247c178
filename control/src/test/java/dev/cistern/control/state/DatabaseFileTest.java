package dev.cistern.control.state;

import dev.cistern.control.resource.TagRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The database's file stays small, and compacting it takes no row away and fails nobody. */
final class DatabaseFileTest {

    private static final long SMALL = 1 << 20;

    @TempDir
    Path directory;

    private Path path;
    private Path file;

    @BeforeEach
    void name() {
        path = directory.resolve("state");
        file = directory.resolve("state.mv.db");
    }

    @Test
    void aFileThatHasGrownIsSmallerAfterOpeningWithEveryRow() throws Exception {
        try (Database database = Database.open(path)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            IntStream.range(0, 200).forEach(i -> add(database, "grown", i));
        }
        long grown = Files.size(file);
        assertThat(grown).isGreaterThan(SMALL);
        // What a compaction leaves that a kill ended.
        Path half = Files.writeString(directory.resolve("state.mv.db.tempFile"), "half written");
        try (Database database = Database.open(path, SMALL)) {
            assertThat(Files.size(file)).isLessThan(grown / 2);
            assertThat(half).doesNotExist();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
            assertThat(keys(database)).hasSize(200);
        }
    }

    @Test
    void whatACompactionLeftThatAKillEndedDoesNoHarm() throws Exception {
        try (Database database = Database.open(path)) {
            add(database, "kept", 0);
        }
        List<Path> left = List.of(directory.resolve("state.mv.db.tempFile"), directory.resolve("state.mv.db.newFile"));
        for (Path one : left) {
            Files.writeString(one, "half written");
        }
        try (Database database = Database.open(path)) {
            assertThat(left).noneMatch(Files::exists);
            assertThat(keys(database)).containsExactly("kept-0");
        }
        // Where a file cannot be replaced in one go, the old one is deleted before the new one gets its name.
        Files.move(file, left.getLast());
        try (Database database = Database.open(path)) {
            assertThat(keys(database)).containsExactly("kept-0");
        }
    }

    @Test
    void underWorkTheFileStaysBoundedAndNobodyFails() throws Exception {
        Set<String> acknowledged = new HashSet<>();
        AtomicBoolean end = new AtomicBoolean();
        try (Database database = Database.open(path, SMALL);
                ExecutorService threads = Executors.newFixedThreadPool(5)) {
            Future<Long> largest = threads.submit(() -> readAlong(database, end));
            List<Future<List<String>>> writers = IntStream.range(0, 4)
                    .mapToObj(writer -> threads.submit(() -> write(database, "writer" + writer, end))).toList();
            for (Future<List<String>> writer : writers) {
                acknowledged.addAll(writer.get(60, TimeUnit.SECONDS));
            }
            // Between two looks at the size lie 256 changes, and those that come while the transactions end.
            assertThat(largest.get(10, TimeUnit.SECONDS)).isLessThan(16 * SMALL);
            assertThat(keys(database)).isEqualTo(acknowledged);
        }
        try (Database database = Database.open(path)) {
            assertThat(keys(database)).isEqualTo(acknowledged);
        }
    }

    private static List<String> write(Database database, String name, AtomicBoolean end) {
        List<String> acknowledged = new ArrayList<>();
        for (int i = 0; !end.get(); i++) {
            add(database, name, i);
            acknowledged.add(name + "-" + i);
        }
        return acknowledged;
    }

    /** Reads until the file was replaced twice; says how large the file was at most. */
    private long readAlong(Database database, AtomicBoolean end) throws IOException {
        try {
            long largest = 0;
            long seen = 0;
            Object before = identity();
            long deadline = System.nanoTime() + Duration.ofSeconds(40).toNanos();
            for (int replaced = 0; replaced < 2;) {
                assertThat(System.nanoTime()).as("%d compactions in time", replaced).isLessThan(deadline);
                long rows = database.<Long>read(handle -> TagRow.TABLE.count(handle, ""));
                assertThat(rows).isGreaterThanOrEqualTo(seen);
                seen = rows;
                largest = Math.max(largest, Files.size(file));
                Object now = identity();
                replaced += now.equals(before) ? 0 : 1;
                before = now;
            }
            return largest;
        } finally {
            end.set(true);
        }
    }

    private Object identity() throws IOException {
        return Objects.requireNonNull(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
    }

    private static void add(Database database, String name, int number) {
        database.run(handle -> TagRow.TABLE.insert(handle, new TagRow("arn:" + name, name + "-" + number, "shop")));
    }

    private static Set<String> keys(Database database) {
        return database.read(handle -> TagRow.TABLE.select(handle, "").stream().map(TagRow::tagKey)
                .collect(Collectors.toSet()));
    }
}
