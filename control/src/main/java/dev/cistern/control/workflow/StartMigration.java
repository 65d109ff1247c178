package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/**
 * Has the primary of a group follow a server that is not ours: modifying -> migrating. What the group had gives way to what
 * that server has. Gives up only before it has begun.
 */
record StartMigration(MigrationSteps steps) implements Workflow<MigrationSteps.Source> {

    static final String TYPE = "start-migration";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<MigrationSteps.Source> inputType() {
        return MigrationSteps.Source.class;
    }

    @Override
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, MigrationSteps.Source input, Steps run) {
        MigrationSteps.Source source = steps.find(run, input);
        steps.look(run, key, source);
        steps.begin(run, key, source);
        steps.follow(run, key);
        run.commit("tell", handle -> steps.groups().events().groupEvent(handle, key,
                "Start Migration successful for " + key.id()));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, MigrationSteps.Source input, String reason) {
        steps.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Start Migration failed for " + key.id() + ": " + reason);
    }
}
