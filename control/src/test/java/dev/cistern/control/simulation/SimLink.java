package dev.cistern.control.simulation;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.simulation.Network.Pipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The connection of a replica to its primary, as both see it. */
final class SimLink {

    private static final int SNAPSHOT_MILLIS = 300;

    private final World world;
    private final Network network;
    private final SimNodes nodes;
    private final SimNode replica;
    private final NodeAddress address;
    private final boolean takesOver;
    private @Nullable SimNode primary;
    private boolean isOver;
    /** What the replica knows. */
    private boolean isStreaming;
    private long heardNanos;
    /** What the primary knows. */
    private boolean isOnline;
    private int sent;
    private int acknowledged;
    private @Nullable Pipe up;
    private @Nullable Pipe down;

    SimLink(World world, Network network, SimNodes nodes, SimNode replica, NodeAddress address, boolean takesOver) {
        this.world = world;
        this.network = network;
        this.nodes = nodes;
        this.replica = replica;
        this.address = address;
        this.takesOver = takesOver;
        this.heardNanos = world.nanos();
    }

    SimNode replica() {
        return replica;
    }

    boolean takesOver() {
        return takesOver;
    }

    boolean isStreaming() {
        return isStreaming && !isOver;
    }

    boolean isOnline() {
        return isOnline && !isOver;
    }

    int acknowledged() {
        return acknowledged;
    }

    boolean isOver() {
        return isOver || !replica.isRunning() || (primary != null && !primary.isRunning());
    }

    long silentNanos() {
        return world.nanos() - heardNanos;
    }

    /** Connects, and asks to go on from where the replica is. */
    void open() {
        world.after(network.delay(), () -> {
            SimNode target = nodes.at(address);
            if (isOver) {
                return;
            }
            if (target == null || network.isCut(replica.id(), target.id())) {
                replica.deliver(() -> replica.linkFailed(this));
                return;
            }
            primary = target;
            up = network.pipe(replica.id(), target.id(), this::isOver);
            down = network.pipe(target.id(), replica.id(), this::isOver);
            String history = replica.log().isKept() ? replica.log().idToResume() : "?";
            int offset = replica.log().end();
            up.send(() -> target.deliver(() -> target.asked(this, history, offset)));
        });
    }

    /** Ends it, from either side; the other one notices when it hears of it. */
    void close() {
        if (isOver) {
            return;
        }
        SimNode other = primary;
        isOver = true;
        if (other != null) {
            network.pipe(replica.id(), other.id(), () -> !other.isRunning())
                    .send(() -> other.deliver(() -> other.gone(this)));
            network.pipe(other.id(), replica.id(), () -> !replica.isRunning())
                    .send(() -> replica.deliver(() -> replica.linkFailed(this)));
        }
    }

    // --- from the primary ---

    /** The replica goes on with what it has. */
    void goOn(String history, int offset) {
        isOnline = true;
        sent = offset;
        acknowledged = offset;
        tell(() -> {
            replica.log().rename(history);
            begin();
        });
    }

    /** The replica begins anew, with a copy that takes its time. */
    void beginAnew(SimLog log) {
        String history = log.id();
        List<Integer> all = log.from(0);
        sent = all.size();
        world.after(world.upTo(SNAPSHOT_MILLIS), () -> {
            isOnline = true;
            tell(() -> replica.load(this, history, all));
            push(log);
        });
    }

    void begin() {
        isStreaming = true;
        replica.linkUp(this);
    }

    /** Sends what there is. */
    void push(SimLog log) {
        if (isOnline() && sent < log.end()) {
            List<Integer> more = log.from(sent);
            sent = log.end();
            tell(() -> replica.receive(this, more));
        }
    }

    void refuse() {
        tell(() -> replica.linkFailed(this));
    }

    private void tell(Runnable arrival) {
        if (down != null) {
            down.send(() -> replica.deliver(() -> {
                if (!isOver) {
                    heardNanos = world.nanos();
                    arrival.run();
                }
            }));
        }
    }

    // --- from the replica ---

    void acknowledge(int offset) {
        SimNode target = primary;
        if (up != null && target != null && isStreaming) {
            up.send(() -> target.deliver(() -> {
                acknowledged = Math.max(acknowledged, offset);
                target.acknowledged();
            }));
        }
    }
}
