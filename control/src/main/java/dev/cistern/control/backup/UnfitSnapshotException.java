package dev.cistern.control.backup;

import java.io.IOException;

/** What a snapshot's file says cannot be restored, however often it is tried: the message says why. */
public final class UnfitSnapshotException extends IOException {

    private static final long serialVersionUID = 1;

    public UnfitSnapshotException(String message, Throwable cause) {
        super(message, cause);
    }
}
