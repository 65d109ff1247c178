package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.resource.CacheNode;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Clients that still ask nodes whose slots have gone to others. Each such request is redirected, and a client learns by that;
 * but some look for all slots only now and then, and one whose connection breaks in the middle of a request tells its
 * application so. One thread.
 */
final class Stragglers {

    /** Who asks more rarely than this has no request under way when the node ends, but by bad luck. */
    private static final Duration QUIET = Duration.ofSeconds(2);

    /** Clients that look now and then do so once a minute. */
    static final Duration LONGEST = Duration.ofSeconds(65);

    private final Nodes nodes;
    private final List<CacheNode> left;
    private final LongSupplier nanos;
    private final long begunNanos;
    private long redirections;
    private long changedNanos;

    /** @param nanos a clock that never goes back */
    Stragglers(Nodes nodes, List<CacheNode> left, LongSupplier nanos) {
        this.nodes = nodes;
        this.left = left;
        this.nanos = nanos;
        this.begunNanos = nanos.getAsLong();
        // Nodes that have never redirected anybody are not waited for.
        this.changedNanos = begunNanos - QUIET.toNanos();
    }

    /** Whether nobody has asked for a while, or it was waited for long enough. */
    boolean areGone() {
        long count = left.stream().mapToLong(this::redirections).sum();
        long now = nanos.getAsLong();
        if (count != redirections) {
            redirections = count;
            changedNanos = now;
        }
        return now - changedNanos >= QUIET.toNanos() || now - begunNanos >= LONGEST.toNanos();
    }

    private long redirections(CacheNode node) {
        @Nullable
        Long count = nodes.ifAnswering(node, NodeAdmin::redirections);
        return count == null ? 0 : count;
    }
}
