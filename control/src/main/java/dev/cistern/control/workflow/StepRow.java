package dev.cistern.control.workflow;

import dev.cistern.control.state.Table;

/** A step that is done, and its result as JSON. */
record StepRow(long workflowId, String name, String result, long doneAtMillis) {

    static final Table<StepRow> TABLE = Table.of(StepRow.class, "workflow_step", "workflow_id", "name");
}
