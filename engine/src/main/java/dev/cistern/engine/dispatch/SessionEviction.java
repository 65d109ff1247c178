package dev.cistern.engine.dispatch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds all clients of a node together to {@code maxmemory-clients}: those with the most memory are disconnected first.
 *
 * <p>Those who asked for it (CLIENT NO-EVICT) count, but are spared; replicas, the link to a primary and who keeps the
 * node do not count. Looks {@code hz} times a second, on the node's first loop; each session ends on its own.
 */
final class SessionEviction {
    private static final Logger LOG = LoggerFactory.getLogger(SessionEviction.class);

    private record Load(Session session, long bytes) {}

    private final Node node;

    SessionEviction(Node node) {
        this.node = node;
    }

    void look() {
        long limitBytes = node.settings().maxMemoryClients.bytesOf(node.settings().maxMemory.value());
        if (limitBytes == 0) {
            return;
        }
        long total = 0;
        List<Load> loads = new ArrayList<>();
        for (Session session : node.sessions().all()) {
            if (isClient(session)) {
                long bytes = session.heldBytes();
                total += bytes;
                if (!session.isNoEvict()) {
                    loads.add(new Load(session, bytes));
                }
            }
        }
        if (total >= limitBytes) {
            evict(loads, total - limitBytes);
        }
    }

    private static boolean isClient(Session session) {
        return session.follower() == null && session.primaryLink() == null && !session.user().isInternal();
    }

    private void evict(List<Load> loads, long tooManyBytes) {
        loads.sort(Comparator.comparingLong(Load::bytes).reversed());
        long freed = 0;
        for (Load load : loads) {
            if (freed > tooManyBytes || load.bytes() == 0) {
                return;
            }
            freed += load.bytes();
            LOG.info("closing client {} ({}): all clients have too much memory, and this one {} bytes",
                    load.session().id(), load.session().remoteAddress(), load.bytes());
            node.counters().evictedSessions.increment();
            load.session().execute(() -> load.session().connection().closeNow());
        }
    }
}
