package dev.cistern.app.process;

import dev.cistern.control.node.NodeRuntimeException;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A server's process: one that this JVM started, or one that it found again by the record in its folder.
 *
 * <p>The process writes the record itself, before it becomes the server: there is no moment at which a crash of this JVM
 * could leave a server that nobody knows of. Where there is a record already, it ends instead. It has a session of its own,
 * so that a Ctrl-C in this JVM's terminal is not for it, and no more of this JVM's environment than it needs.
 */
final class ChildProcess {

    /** Lies in the node's folder as long as its process may be there. */
    static final String RECORD = "process";

    /** What the server wrote, and what it wrote before that. */
    static final String LOG = "node.log";
    private static final String OLDER_LOG = "node.log.1";
    private static final long LOG_BYTES = 2_000_000;

    private static final Path SESSION_LEADER = Path.of("/usr/bin/setsid");
    private static final Set<String> ENVIRONMENT = Set.of("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR",
            "LD_LIBRARY_PATH");
    private static final String BECOME = """
            umask 077
            read -r boot </proc/sys/kernel/random/boot_id && read -r stat </proc/$$/stat || exit 70
            set -C
            echo "$$ $boot $stat" >"$0" || exit 71
            exec "$@"
            """;

    private static final FileAttribute<Set<PosixFilePermission>> OWNER_FILE = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** One that stands still then, ends by force at once: it does not hear that it is to end. */
    private static final Duration FROZEN_LIMIT = Duration.ofSeconds(1);
    private static final Duration TERM_LIMIT = Duration.ofSeconds(10);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
    private static final Duration RECORD_LIMIT = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(5);

    private final Path folder;
    private final ProcessMark mark;
    private final @Nullable Process process;
    private final AtomicBoolean endTold = new AtomicBoolean();
    private volatile boolean stopped;

    private ChildProcess(Path folder, ProcessMark mark, @Nullable Process process) {
        this.folder = folder;
        this.mark = mark;
        this.process = process;
    }

    /** Starts the server with its log in the folder; there must be none. */
    static ChildProcess launch(Path folder, List<String> commandLine) throws IOException {
        Path record = folder.resolve(RECORD);
        Files.deleteIfExists(record);
        List<String> words = new ArrayList<>(List.of("/bin/sh", "-c", BECOME, record.toString()));
        if (Files.isExecutable(SESSION_LEADER)) {
            words.add(SESSION_LEADER.toString());
        }
        words.addAll(commandLine);
        Path log = folder.resolve(LOG);
        if (!Files.exists(log)) {
            Files.createFile(log, OWNER_FILE);
        }
        ProcessBuilder builder = new ProcessBuilder(words).directory(folder.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> !ENVIRONMENT.contains(name));
        Process process = builder.start();
        ProcessMark mark = read(folder, process);
        if (mark == null) {
            throw new IOException("it ended at once" + lastWords(folder));
        }
        return new ChildProcess(folder, mark, process);
    }

    /** The process whose record lies in the folder; null when it has ended. */
    static @Nullable ChildProcess find(Path folder) {
        try {
            ProcessMark mark = read(folder, null);
            return mark == null || !mark.isAlive() ? null : new ChildProcess(folder, mark, null);
        } catch (IOException damaged) {
            return null;
        }
    }

    /** The record, once it is whole; null when there is none, or none can come any more. */
    private static @Nullable ProcessMark read(Path folder, @Nullable Process process) throws IOException {
        long end = System.nanoTime() + RECORD_LIMIT.toNanos();
        while (System.nanoTime() < end) {
            boolean canCome = process != null && process.isAlive();
            try {
                String line = Files.readString(folder.resolve(RECORD), StandardCharsets.ISO_8859_1);
                if (line.endsWith("\n")) {
                    return ProcessMark.parse(line);
                }
            } catch (NoSuchFileException absent) {
                if (!canCome) {
                    return null;
                }
            }
            pause();
        }
        return null;
    }

    boolean isAlive() {
        return mark.isAlive();
    }

    /** Whether this JVM started it, and is told of its end by the system. */
    boolean isOwn() {
        return process != null;
    }

    /** Runs the task when the process ends, if this JVM started it. */
    void onExit(Runnable task) {
        if (process != null) {
            var _ = process.onExit().thenRun(task);
        }
    }

    /** Whether it ended by itself, answered with yes once. */
    boolean isNewsThatItEnded() {
        return !stopped && endTold.compareAndSet(false, true);
    }

    long pid() {
        return mark.pid();
    }

    /** Ends it, by force when it does not listen to kind words, and forgets it. Returns when it is gone. */
    void end() {
        stopped = true;
        signal(false);
        if (isGoneWithin(FROZEN_LIMIT) || (!mark.isFrozen() && isGoneWithin(TERM_LIMIT))) {
            forget();
        } else if (!kill()) {
            throw new NodeRuntimeException("process " + pid() + " does not end");
        }
    }

    /** Ends it by force, also one that stands still, and forgets it. Returns when it is gone; false if it does not go. */
    boolean kill() {
        stopped = true;
        signal(true);
        boolean isGone = isGoneWithin(KILL_LIMIT);
        if (isGone) {
            forget();
        }
        return isGone;
    }

    private void signal(boolean force) {
        ProcessHandle.of(pid()).filter(handle -> isAlive()).ifPresent(handle -> {
            var _ = force ? handle.destroyForcibly() : handle.destroy();
        });
    }

    private boolean isGoneWithin(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (isAlive()) {
            if (System.nanoTime() > end) {
                return false;
            }
            pause();
        }
        return true;
    }

    private void forget() {
        try {
            Files.deleteIfExists(folder.resolve(RECORD));
        } catch (IOException e) {
            // It is known by its mark to be nobody's.
        }
    }

    /** Bounds the log: what is in it becomes the older one. The server goes on writing at the end of the file. */
    static void trimLog(Path folder) {
        Path log = folder.resolve(LOG);
        try {
            if (Files.exists(log) && Files.size(log) > LOG_BYTES) {
                Files.copy(log, folder.resolve(OLDER_LOG), StandardCopyOption.REPLACE_EXISTING);
                try (var channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
                    channel.truncate(0);
                }
            }
        } catch (IOException e) {
            // It is tried again.
        }
    }

    /** The end of the log, to be told when a start failed. */
    static String lastWords(Path folder) {
        try {
            List<String> lines = Files.readAllLines(folder.resolve(LOG), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> !line.isBlank()).toList();
            return lines.isEmpty() ? "" : ": " + lines.getLast();
        } catch (IOException e) {
            return "";
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeRuntimeException("interrupted", e);
        }
    }
}
