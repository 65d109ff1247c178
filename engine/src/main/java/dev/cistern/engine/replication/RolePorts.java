package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ports that belong to a role instead of a node: the primary of a group listens on one, its replicas share another. So
 * whoever connects to a group's address finds the right node, and the address outlives every failover.
 *
 * <pre>
 *   primary  open while the node leads, under its lease if it needs one. Of one node alone: a new primary gets it when the former one is off it.
 *   reader   opens when the link to the primary is up; stays open while that link is down for a moment, as replicas lose
 *            it together when a primary dies. Shared by all replicas of the group, also those of other processes.
 * </pre>
 *
 * <p>Connections that came in through a port end with the role. A port that cannot be had yet is tried again until the
 * role ends. Not the node's own port, which stays what it is. Any thread; the monitor is a leaf, and whoever opens a
 * port, which takes its time, does so on a thread of its own.
 */
public final class RolePorts {
    private static final Logger LOG = LoggerFactory.getLogger(RolePorts.class);
    /** How long replicas without a link go on being found. */
    private static final long READER_GRACE_SECONDS = 10;
    /** The former primary is about to leave it, or something else has it: then there is no hurry. */
    private static final long RETRY_MILLIS = 1;
    private static final long LONGEST_RETRY_MILLIS = 64;
    private static final int QUICK_TRIES = 200;

    /** What opens a port. */
    public interface Opener {

        /** Listens; not to be called on a loop. */
        OpenPort open(int port, boolean isShared) throws IOException;
    }

    /** A port that is listened on. */
    public interface OpenPort {

        /** Listens no more, and ends the connections that came in. Any thread; does not wait. */
        void end();
    }

    /** One role's port. */
    private static final class Port {
        private final boolean isShared;
        private int number;
        private @Nullable OpenPort open;
        /** The number that is being opened, or was; 0 for none. */
        private int openNumber;
        private boolean isOpening;
        private boolean wasTried;
        private @Nullable String error;

        Port(boolean isShared) {
            this.isShared = isShared;
        }

        private void end() {
            OpenPort present = open;
            open = null;
            error = null;
            wasTried = false;
            if (present != null) {
                present.end();
            }
        }
    }

    private final Replication replication;
    private final Node node;
    private final Port primary = new Port(false);
    private final Port reader = new Port(true);
    private final List<Consumer<@Nullable String>> waiting = new ArrayList<>();
    private @Nullable Opener opener;
    private boolean isStopped;

    RolePorts(Replication replication, Node node) {
        this.replication = replication;
        this.node = node;
    }

    /** From here on ports can be opened. */
    public void start(Opener with) {
        synchronized (this) {
            opener = with;
        }
        check();
    }

    /** The node ends. */
    public synchronized void stop() {
        isStopped = true;
        primary.end();
        reader.end();
        settle();
    }

    /**
     * The ports of the two roles from now on, 0 for none. {@code done} is told when the one that the present role has is
     * open, or why it is not yet.
     */
    void become(int primaryPort, int readerPort, Consumer<@Nullable String> done) {
        synchronized (this) {
            primary.number = primaryPort;
            reader.number = readerPort;
            primary.wasTried = false;
            reader.wasTried = false;
            waiting.add(done);
        }
        check();
    }

    synchronized int primaryPort() {
        return primary.number;
    }

    synchronized int readerPort() {
        return reader.number;
    }

    synchronized boolean isPrimaryOpen() {
        return primary.open != null;
    }

    synchronized boolean isReaderOpen() {
        return reader.open != null;
    }

    /** The role may have changed: opens and closes what follows from that. */
    synchronized void check() {
        check(primary);
        check(reader);
        settle();
    }

    private void check(Port port) {
        boolean isOther = port.open != null && port.openNumber != port.number;
        if (!isWanted(port) || isOther) {
            port.end();
        }
        if (isWanted(port) && port.open == null && !port.isOpening && opener != null) {
            port.isOpening = true;
            Opener with = opener;
            node.inBackground(() -> open(port, with));
        }
    }

    private boolean isWanted(Port port) {
        if (port.number == 0 || isStopped || node.isStopping()) {
            return false;
        }
        return port.isShared ? isWorthReading(port.open != null) : leads();
    }

    private boolean leads() {
        return !replication.isReplica() && replication.orders().mayLead();
    }

    private boolean isWorthReading(boolean isOpen) {
        if (!replication.isReplica() || node.is(Condition.LOADING)) {
            return false;
        }
        return replication.isLinkUp() || (isOpen && replication.linkDownSeconds() < READER_GRACE_SECONDS);
    }

    // --- opening, on a thread of its own ---

    private void open(Port port, Opener with) {
        long pauseMillis = RETRY_MILLIS;
        for (int tries = 1; goesOn(port); tries++) {
            try {
                opened(port, with.open(port.openNumber, port.isShared));
            } catch (IOException e) {
                failed(port, e);
                pause(pauseMillis);
                // Quickly at first: clients wait for it.
                pauseMillis = tries < QUICK_TRIES ? RETRY_MILLIS : Math.min(LONGEST_RETRY_MILLIS, 2 * pauseMillis);
            }
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether it is still to be opened; else this thread's work is over. */
    private synchronized boolean goesOn(Port port) {
        port.openNumber = port.number;
        port.isOpening = isWanted(port) && port.open == null;
        if (!port.isOpening) {
            settle();
        }
        return port.isOpening;
    }

    private synchronized void opened(Port port, OpenPort made) {
        port.open = made;
        port.error = null;
        port.wasTried = true;
        check(port);
        settle();
    }

    private synchronized void failed(Port port, IOException why) {
        if (port.error == null) {
            LOG.warn("node {} tries again until it can: {}", node.identity().name(), why.getMessage());
        }
        port.error = why.getMessage();
        port.wasTried = true;
        settle();
    }

    /** Tells those who wait, if there is nothing more to try first. */
    private void settle() {
        if (waiting.isEmpty() || isPending(primary) || isPending(reader)) {
            return;
        }
        String error = primary.error == null ? reader.error : primary.error;
        List<Consumer<@Nullable String>> told = List.copyOf(waiting);
        waiting.clear();
        told.forEach(each -> each.accept(error));
    }

    private boolean isPending(Port port) {
        return opener != null && isWanted(port) && port.open == null && !port.wasTried;
    }
}
