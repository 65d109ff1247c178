package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/**
 * How a recorded wish becomes true.
 *
 * <p>{@link #run} is run again from its top after an error and after a crash; what a {@link Steps} method did once it skips
 * then. So everything outside a step may only read, and must find the same step names again.
 *
 * @param <I> what was wished: a record that is stored as JSON
 */
interface Workflow<I extends Record> {

    /** The name under which it is stored: never changes. */
    String type();

    Class<I> inputType();

    /** Runs of this workflow that may end in an error before it gives up. */
    default int maxAttempts() {
        return 6;
    }

    void run(ResourceKey key, I input, Steps steps);

    /**
     * Takes back what was promised, in the transaction that marks the workflow as failed.
     *
     * @param reason what went wrong, for the log and the event
     */
    void giveUp(Handle handle, ResourceKey key, I input, String reason);
}
