package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeReport;
import dev.cistern.control.resource.CacheNode;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Starts a node that has no replica anew with what it holds: writes wait while it saves, and then it loads that.
 *
 * <p>One object is one try, and is asked again and again; writes that wait are let go when nobody asks for a while, and
 * what was saved is then worth nothing: it begins again.
 */
final class HeldRestart {

    private static final Duration HOLD = Duration.ofSeconds(10);

    private final Nodes nodes;
    private final CacheNode node;
    private final LongSupplier nanos;
    private long heldNanos;
    private boolean hasBegun;

    HeldRestart(Nodes nodes, CacheNode node, LongSupplier nanos) {
        this.nodes = nodes;
        this.node = node;
        this.nanos = nanos;
    }

    /** Whether the node was started anew. */
    boolean goOn() {
        long now = nanos.getAsLong();
        if (hasBegun && now - heldNanos >= HOLD.toNanos()) {
            // Something may have been written since.
            hasBegun = false;
        }
        nodes.admin(node).holdWrites(HOLD);
        heldNanos = now;
        NodeReport report = nodes.report(node);
        if (report.isSaving()) {
            return false;
        }
        if (!hasBegun) {
            nodes.beginSave(node);
            hasBegun = true;
            return false;
        }
        if (report.lastSaveFailed()) {
            throw new IllegalStateException("node " + node.nodeId() + " cannot save");
        }
        nodes.restartWithData(node);
        return true;
    }
}
