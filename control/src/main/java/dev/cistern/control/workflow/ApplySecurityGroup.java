package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/**
 * Tells the nodes of an account and region who may come in, after a rule of a security group changed, or the groups of a
 * cluster. Tries for ever: a right that was taken must not stay somewhere.
 *
 * <p>It goes over all of them, because a rule may name another group; who knows already is not told again.
 */
final class ApplySecurityGroup implements Workflow<NoInput> {

    static final String TYPE = "apply-security-group";

    private final NodeChanges changes;

    ApplySecurityGroup(NodeChanges changes) {
        this.changes = changes;
    }

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<NoInput> inputType() {
        return NoInput.class;
    }

    @Override
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, NoInput input, Steps steps) {
        steps.once("nodes", () -> steps.read(handle -> CacheNode.TABLE.select(handle,
                "where account = ? and region = ? and wanted = true", key.account(), key.region()))
                .forEach(changes::admit));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        throw new IllegalStateException("telling who may come in does not give up: " + reason);
    }
}
