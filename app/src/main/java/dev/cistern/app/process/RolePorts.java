package dev.cistern.app.process;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodePlace;
import dev.cistern.control.node.NodeRuntimeException;
import java.io.Closeable;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens in place of originals at the ports of their roles: where clients look for the primary while it is one, and where
 * they look for replicas while it follows with its link up.
 *
 * <p>A virtual thread for each node asks it ten times a second what it is, and at once when its role may have changed. One
 * that does not answer is neither, and its connections end.
 */
final class RolePorts implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(RolePorts.class);

    private static final Duration ASK_EVERY = Duration.ofMillis(100);
    private static final int NONE = 0;

    private final Forwarder forwarder;
    private final Duration askEvery;
    private final Map<String, Watch> watches = new ConcurrentHashMap<>();

    RolePorts(Forwarder forwarder) {
        this(forwarder, ASK_EVERY);
    }

    RolePorts(Forwarder forwarder, Duration askEvery) {
        this.forwarder = forwarder;
        this.askEvery = askEvery;
    }

    /** A node, and at which ports of which address its role has it; 0 for none. */
    record Place(NodeAddress node, String host, int primaryPort, int readerPort) {

        boolean isNowhere() {
            return primaryPort == NONE && readerPort == NONE;
        }
    }

    /** From now on, there. */
    void listen(String nodeId, Place place, NodeAdmin admin) {
        Watch next = new Watch(place, admin);
        Watch before = place.isNowhere() ? watches.remove(nodeId) : watches.put(nodeId, next);
        if (before != null && before.place.equals(place)) {
            next.route = before.leave();
        } else if (before != null) {
            before.end();
        }
        if (!place.isNowhere()) {
            var _ = Thread.ofVirtual().name("role-of-" + nodeId).start(next);
        }
    }

    /** Has the node asked at once rather than soon; one of which nothing is known is fine. Any thread. */
    void askNow(String nodeId) {
        Watch watch = watches.get(nodeId);
        if (watch != null) {
            watch.calls.release();
        }
    }

    /** No more for this node. */
    void end(String nodeId) {
        Watch watch = watches.remove(nodeId);
        if (watch != null) {
            watch.end();
        }
    }

    @Override
    public void close() {
        watches.values().forEach(Watch::end);
        watches.clear();
    }

    /** One node at its ports. */
    private final class Watch implements Runnable {

        private final Place place;
        private final NodeAdmin admin;
        private final Semaphore calls = new Semaphore(0);
        private volatile @Nullable NodeAddress route;
        private boolean ended;

        Watch(Place place, NodeAdmin admin) {
            this.place = place;
            this.admin = admin;
        }

        @Override
        public void run() {
            while (lead(port())) {
                try {
                    var _ = calls.tryAcquire(askEvery.toMillis(), TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        /** At which port its role has it now. */
        private int port() {
            try {
                NodePlace now = admin.place();
                return now.isPrimary() ? place.primaryPort : now.isLinked() ? place.readerPort : NONE;
            } catch (RuntimeException silent) {
                // Whatever it is, a node that does not say that it is primary is not to be taken for one.
                return NONE;
            }
        }

        private synchronized boolean lead(int port) {
            if (ended) {
                return false;
            }
            NodeAddress wanted = port == NONE ? null : new NodeAddress(place.host, port);
            NodeAddress now = route;
            if (wanted == null ? now != null : !wanted.equals(now)) {
                unroute();
                if (wanted != null) {
                    try {
                        forwarder.add(wanted, place.node);
                        route = wanted;
                    } catch (NodeRuntimeException e) {
                        log.warn("clients of {} cannot reach it at {}: {}", place.node, wanted, e.getMessage());
                    }
                }
            }
            return true;
        }

        private void unroute() {
            NodeAddress now = route;
            if (now != null) {
                forwarder.remove(now, place.node);
                route = null;
            }
        }

        synchronized void end() {
            ended = true;
            unroute();
        }

        /** Another watch goes on with the route that this one has. */
        synchronized @Nullable NodeAddress leave() {
            ended = true;
            return route;
        }
    }
}
