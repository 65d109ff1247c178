package dev.cistern.toolkit;

/** A loader or writer threw a checked exception, which is the cause. Unchecked ones pass as they are. */
public final class LoadException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    LoadException(Throwable cause) {
        super(cause);
    }

    /** What a caller gets to see of {@code failure}: itself, or itself in a LoadException when it is checked. */
    static RuntimeException unchecked(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException runtime ? runtime : new LoadException(failure);
    }
}
