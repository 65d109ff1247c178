package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Table;
import org.jspecify.annotations.Nullable;

/**
 * A workflow as it is stored.
 *
 * @param type      name of the {@link Workflow}; persisted
 * @param key       the resource it is about
 * @param input     what was wished, as JSON
 * @param status    RUNNING, DONE or FAILED; persisted
 * @param attempts  runs that ended in an error
 * @param failure   the last error's message
 */
record WorkflowRow(
        long workflowId,
        String type,
        ResourceKey key,
        String input,
        Status status,
        int attempts,
        @Nullable String failure,
        long createdAtMillis,
        @Nullable Long endedAtMillis) {

    /** How far it is. */
    enum Status {

        /** Its next step is to be done, now or at the next start. */
        RUNNING,

        /** All steps are done. */
        DONE,

        /** It gave up, and what it had promised is taken back. */
        FAILED
    }

    static final Table<WorkflowRow> TABLE = Table.of(WorkflowRow.class, "workflow", "workflow_id");
}
