package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** Looks whether a group could follow a server that is not ours, and tells what came of it: modifying -> available. */
record TestMigration(MigrationSteps steps) implements Workflow<MigrationSteps.Source> {

    static final String TYPE = "test-migration";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<MigrationSteps.Source> inputType() {
        return MigrationSteps.Source.class;
    }

    @Override
    public void run(ResourceKey key, MigrationSteps.Source input, Steps run) {
        steps.look(run, key, steps.find(run, input));
        run.commit("available", handle -> steps.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Test Migration successful for " + key.id()));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, MigrationSteps.Source input, String reason) {
        steps.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Test Migration failed for " + key.id() + ": " + reason);
    }
}
