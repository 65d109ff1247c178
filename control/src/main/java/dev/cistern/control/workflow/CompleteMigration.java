package dev.cistern.control.workflow;

import dev.cistern.control.resource.Migration;
import dev.cistern.control.resource.ResourceKey;
import java.util.Objects;
import org.jdbi.v3.core.Handle;

/**
 * Has the primary of a group that follows a server that is not ours lead: migrating -> available. When it does not get what
 * that server has, it goes on following.
 */
record CompleteMigration(MigrationSteps steps) implements Workflow<CompleteMigration.Input> {

    static final String TYPE = "complete-migration";

    /** Whether it leads also with less than the source has. */
    record Input(boolean force) {}

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<Input> inputType() {
        return Input.class;
    }

    @Override
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps run) {
        if (input.force) {
            steps.leadAnyway(run, key);
        } else {
            steps.lead(run, key, steps.requireSync(run, key));
        }
        steps.end(run, key);
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        Migration migration = Objects.requireNonNull(Migration.find(handle, key), key.id());
        Migration.TABLE.update(handle, migration.withState(Migration.State.FOLLOWING));
        steps.groups().events().groupEvent(handle, key, "Complete Migration failed for " + key.id() + ": " + reason);
    }
}
