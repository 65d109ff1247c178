package dev.cistern.engine.atrest;

import java.io.IOException;
import java.nio.file.Path;

/** A sealed file cannot be opened: its key is not there, or it is not what was written. */
public final class SealedFileException extends IOException {
    private static final long serialVersionUID = 1;

    private final long offset;
    private final String reason;

    SealedFileException(Path file, long offset, String reason) {
        super(file + ": " + reason);
        this.offset = offset;
        this.reason = reason;
    }

    /** Up to here, in bytes of the file as it lies on the disk, all is well. */
    public long offset() {
        return offset;
    }

    /** In words, without the file's name. */
    public String reason() {
        return reason;
    }
}
