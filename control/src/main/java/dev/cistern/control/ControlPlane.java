package dev.cistern.control;

import java.util.SortedSet;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/**
 * The control plane of one state directory: the one door through which the other modules come in.
 *
 * <p>Opening it restarts the nodes that should run, at their old endpoints, and resumes what a crash interrupted. Calls
 * run on the caller's thread and answer at once; the work that follows runs on virtual threads of this class.
 */
public final class ControlPlane implements AutoCloseable {

    private final ControlPlaneOptions options;

    private ControlPlane(ControlPlaneOptions options) {
        this.options = options;
    }

    /**
     * Opens the state directory, or makes it.
     *
     * @throws StateDirectoryException when another process has it open, or when it cannot be used; the message is for the
     *     operator
     */
    public static ControlPlane open(ControlPlaneOptions options) {
        return new ControlPlane(options);
    }

    /** The ElastiCache API for the account and region of the options. */
    public ElastiCacheClient elastiCache() {
        return elastiCache(options.caller());
    }

    /** The ElastiCache API for one caller. Cheap: make one per call. */
    public ElastiCacheClient elastiCache(Caller caller) {
        return new ElastiCacheService(caller);
    }

    /** The operations that act, by AWS's names. Every other one throws {@link UnsupportedOperationException}. */
    public static SortedSet<String> offeredOperations() {
        return ElastiCacheService.offeredOperations();
    }

    /** Stops workflows at the next step boundary, the nodes of this JVM, and the database; all state stays on disk. */
    @Override
    public void close() {
        options.runtime().close();
    }
}
