package dev.cistern.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A line in the state directory that says who uses it: pid and endpoint. It is there for the message that a second start
 * gives, and decides nothing: the directory's lock, which is the control plane's, does. A note that a killed process left
 * behind is recognised by its pid.
 */
final class RunningNote implements AutoCloseable {

    private final Path file;

    private RunningNote(Path file) {
        this.file = file;
    }

    /** Leaves the note for as long as the returned object is open. A directory that refuses it goes without. */
    static RunningNote leave(Path stateDirectory, String endpoint) {
        Path file = fileIn(stateDirectory);
        try {
            Files.writeString(file, ProcessHandle.current().pid() + " " + endpoint + "\n");
        } catch (IOException refused) {
            // Only a message of a later start would be poorer for it.
        }
        return new RunningNote(file);
    }

    /** "pid 42, http://127.0.0.1:8379" when the process that left a note is still there. */
    static Optional<String> read(Path stateDirectory) {
        try {
            String[] words = Files.readString(fileIn(stateDirectory)).strip().split(" ", 2);
            boolean isAlive = ProcessHandle.of(Long.parseLong(words[0])).isPresent();
            return isAlive && words.length == 2 ? Optional.of("pid " + words[0] + ", " + words[1]) : Optional.empty();
        } catch (IOException | NumberFormatException absent) {
            return Optional.empty();
        }
    }

    /** The endpoint of the process that left a note and is still there. */
    static Optional<String> endpoint(Path stateDirectory) {
        return read(stateDirectory).map(words -> words.substring(words.indexOf(", ") + 2));
    }

    /** The process that left a note, when it is still there: one that has its number only began after the note. */
    static Optional<ProcessHandle> process(Path stateDirectory) {
        try {
            Path file = fileIn(stateDirectory);
            long pid = Long.parseLong(Files.readString(file).strip().split(" ", 2)[0]);
            Instant latest = Files.getLastModifiedTime(file).toInstant().plusSeconds(1);
            return ProcessHandle.of(pid).filter(ProcessHandle::isAlive)
                    .filter(process -> process.info().startInstant().map(start -> start.isBefore(latest))
                            .orElse(false));
        } catch (IOException | NumberFormatException absent) {
            return Optional.empty();
        }
    }

    private static Path fileIn(Path stateDirectory) {
        return stateDirectory.resolve("running");
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The next start sees by the pid that nobody is there.
        }
    }
}
