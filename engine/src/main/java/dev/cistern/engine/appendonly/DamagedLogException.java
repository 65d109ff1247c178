package dev.cistern.engine.appendonly;

import java.io.IOException;
import java.nio.file.Path;

/** A file of the log holds something that was not written there. */
public final class DamagedLogException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Path file;
    private final long offset;

    /** @param offset up to here all is well */
    public DamagedLogException(Path file, long offset, String what) {
        super(file + " is damaged after byte " + offset + ": " + what);
        this.file = file;
        this.offset = offset;
    }

    public Path file() {
        return file;
    }

    /** Up to here the file is whole. */
    public long offset() {
        return offset;
    }
}
