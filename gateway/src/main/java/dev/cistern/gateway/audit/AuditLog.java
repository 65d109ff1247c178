package dev.cistern.gateway.audit;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the lines, in files for their owner alone: {@code audit.log}, and when that is full {@code audit.log.1} and so on
 * beside it, of which the oldest goes.
 *
 * <p>A line is with the operating system before its call is answered. A disk that refuses it does not stop the API: an
 * operator could not even look then. Safe for many threads.
 */
public final class AuditLog implements AutoCloseable {

    /** Writes nothing. */
    public static final AuditLog NONE = new AuditLog(null, 0, 0);

    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    /** Fifty megabytes in all: some hundred thousand calls. */
    private static final long USUAL_BYTES = 10 << 20;
    private static final int USUAL_OLDER = 4;

    private final @Nullable Path file;
    private final long maxBytes;
    private final int older;
    private @Nullable OutputStream out;
    private long bytes;
    private boolean failed;

    private AuditLog(@Nullable Path file, long maxBytes, int older) {
        this.file = file;
        this.maxBytes = maxBytes;
        this.older = older;
    }

    /** In that file, of the usual size. */
    public static AuditLog in(Path file) {
        return in(file, USUAL_BYTES, USUAL_OLDER);
    }

    /**
     * In that file.
     *
     * @param maxBytes  after which another file is begun
     * @param older     how many of the former ones are kept
     */
    static AuditLog in(Path file, long maxBytes, int older) {
        return new AuditLog(file, maxBytes, older);
    }

    public synchronized void record(AuditEntry entry) {
        if (file == null) {
            return;
        }
        byte[] line = (entry.json() + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            OutputStream open = out != null && bytes + line.length <= maxBytes ? out : open(file, line.length);
            open.write(line);
            bytes += line.length;
            failed = false;
        } catch (IOException refused) {
            if (!failed) {
                LOG.error("calls are not recorded: {} cannot be written: {}", file, refused.toString());
            }
            failed = true;
            close();
        }
    }

    private OutputStream open(Path path, int wanted) throws IOException {
        close();
        if (Files.exists(path) && Files.size(path) + wanted > maxBytes) {
            moveOn(path);
        }
        if (POSIX && !Files.exists(path)) {
            Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        OutputStream opened = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        out = opened;
        bytes = Files.size(path);
        return opened;
    }

    private void moveOn(Path path) throws IOException {
        for (int i = older; i >= 1; i--) {
            Path from = i == 1 ? path : path.resolveSibling(path.getFileName() + "." + (i - 1));
            if (Files.exists(from)) {
                Files.move(from, path.resolveSibling(path.getFileName() + "." + i),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** The next line opens it again. */
    @Override
    public synchronized void close() {
        OutputStream open = out;
        out = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.warn("{} could not be closed", file, e);
            }
        }
    }
}
