package dev.cistern.control.operation;

import dev.cistern.control.Caller;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.workflow.Workflows;
import org.jdbi.v3.core.Handle;

/**
 * One call: who calls, the transaction it runs in, and what it may use.
 *
 * <p>An operation is an object for one call; when the transaction loses a race, a new one is made.
 */
public record Context(
        Caller caller, Handle handle, ControlPlaneOptions options, Workflows workflows, EventLog events) {

    ResourceKey key(String id) {
        return new ResourceKey(caller.account(), caller.region(), id);
    }

    Descriptions descriptions() {
        return new Descriptions(options.endpoints());
    }
}
