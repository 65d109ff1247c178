package dev.cistern.store;

/** The operating system refused memory. Thrown before anything changed, so the caller may go on with what it has. */
public final class OutOfNativeMemoryException extends RuntimeException {

    OutOfNativeMemoryException(MemoryTag tag, long bytes) {
        super("cannot get " + bytes + " bytes of native memory for " + tag);
    }
}
