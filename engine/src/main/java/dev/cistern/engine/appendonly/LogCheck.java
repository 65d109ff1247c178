package dev.cistern.engine.appendonly;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.SealedFileException;
import dev.cistern.engine.persistence.SnapshotCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks at an append-only file that no node writes: each of its files, byte by byte. Loads nothing.
 *
 * <p>Mends one way only: what is behind the last whole command of the damaged file is moved into a file beside it. What
 * later files hold cannot follow on that, so it is told, and left alone.
 */
public final class LogCheck {
    private static final long COPY_BYTES = 1 << 20;

    /** What is the matter with one file. */
    public enum State {
        WHOLE, TORN, DAMAGED, MISSING
    }

    /**
     * What was found in one file.
     *
     * @param wholeBytes up to here all is well, on the disk
     * @param commands in these; of a snapshot, its keys
     * @param problem in words; empty if there is none
     */
    public record Finding(Path file, boolean isSnapshot, State state, long bytes, long wholeBytes, long commands,
            String problem) {}

    private LogCheck() {}

    /**
     * Looks at what a path names: a manifest, a folder with one, or one file of commands or a snapshot.
     *
     * @throws IOException there is nothing of that kind, or it cannot be read
     */
    public static List<Finding> of(Path path, KeyRing keys, long nowMillis) throws IOException {
        Path manifest = manifestOf(path);
        List<Finding> findings = new ArrayList<>();
        if (manifest == null) {
            findings.add(file(path, keys, nowMillis));
            return findings;
        }
        Manifest read = Manifest.of(Files.readString(manifest, StandardCharsets.UTF_8));
        for (Manifest.Part part : read.parts()) {
            findings.add(file(manifest.resolveSibling(part.name()), keys, nowMillis));
        }
        return findings;
    }

    private static @Nullable Path manifestOf(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return path.toString().endsWith(".manifest") ? path : null;
        }
        try (Stream<Path> inside = Files.list(path)) {
            return inside.filter(each -> each.toString().endsWith(".manifest"))
                    .filter(each -> !each.getFileName().toString().startsWith("temp-")).findFirst()
                    .orElseThrow(() -> new IOException(path + " has no manifest of an append-only file"));
        }
    }

    private static Finding file(Path file, KeyRing keys, long nowMillis) throws IOException {
        if (Files.notExists(file)) {
            return new Finding(file, false, State.MISSING, 0, 0, 0, "it is not there");
        }
        long bytes = Files.size(file);
        try {
            if (!LogReplay.isSnapshot(file, keys)) {
                return commands(file, keys, 0);
            }
        } catch (SealedFileException e) {
            // Not even its beginning can be opened: there is nothing that could be kept.
            return new Finding(file, true, State.DAMAGED, bytes, 0, 0, e.reason());
        }
        try {
            SnapshotCheck.Result result = SnapshotCheck.ofBase(file, keys, nowMillis);
            return result.bytes() < result.fileBytes()
                    ? commands(file, keys, result.bytes())
                    : new Finding(file, true, State.WHOLE, bytes, bytes, result.keys(), "");
        } catch (IOException e) {
            return new Finding(file, true, State.DAMAGED, bytes, 0, 0, String.valueOf(e.getMessage()));
        }
    }

    private static Finding commands(Path file, KeyRing keys, long skippedBytes) throws IOException {
        long bytes = Files.size(file);
        long[] whole = {skippedBytes};
        try {
            LogFileReader.End end = new LogFileReader(file, keys, (_, _) -> {}).read(skippedBytes);
            return new Finding(file, false, end.isTorn() ? State.TORN : State.WHOLE, bytes, end.cutBytes(),
                    end.commands(), end.isTorn() ? "it ends in the middle of something" : "");
        } catch (DamagedLogException e) {
            whole[0] = e.offset();
            return new Finding(file, false, State.DAMAGED, bytes, whole[0], 0, String.valueOf(e.getMessage()));
        }
    }

    /** Moves what is behind the whole part of a file into another beside it, whose path is returned. */
    public static Path cutOff(Finding damaged) throws IOException {
        Path kept = damaged.file().resolveSibling(damaged.file().getFileName() + ".cut-" + damaged.wholeBytes());
        try (FileChannel from = FileChannel.open(damaged.file(), StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileChannel to = FileChannel.open(kept, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer buffer = ByteBuffer.allocate((int) COPY_BYTES);
            long at = damaged.wholeBytes();
            while (from.read(buffer.clear(), at) > 0) {
                buffer.flip();
                at += buffer.remaining();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
            }
            to.force(true);
            from.truncate(damaged.wholeBytes());
            from.force(true);
        }
        return kept;
    }
}
