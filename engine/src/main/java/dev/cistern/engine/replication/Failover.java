package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.protocol.CommandException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * FAILOVER: this primary and one of its replicas change places, and nothing that was written is lost.
 *
 * <pre>
 *   NONE ──▶ WAITING: writes are held back until a replica has everything
 *            ──▶ HANDING_OVER: that one is asked to take over, and to let us follow ──▶ NONE
 * </pre>
 *
 * <p>Under its monitor; any thread that holds no stripe.
 */
final class Failover {
    private static final Logger LOG = LoggerFactory.getLogger(Failover.class);
    private static final long FOR_EVER = Long.MAX_VALUE / 2;

    enum State {
        NONE("no-failover"), WAITING("waiting-for-sync"), HANDING_OVER("failover-in-progress");

        private final String word;

        State(String word) {
            this.word = word;
        }
    }

    /** What FAILOVER asks for; without a target any replica will do, without a limit there is time. */
    record Wish(@Nullable PrimaryAddress target, boolean force, long timeoutMillis) {}

    private final Replication replication;
    private final Node node;
    private volatile State state = State.NONE;
    private Wish wish = new Wish(null, false, 0);
    private long endMillis;

    Failover(Replication replication, Node node) {
        this.replication = replication;
        this.node = node;
    }

    boolean isUnderWay() {
        return state != State.NONE;
    }

    /** As INFO tells it. */
    String word() {
        return state.word;
    }

    synchronized void begin(Wish asked) {
        if (isUnderWay()) {
            throw CommandException.of("ERR FAILOVER already in progress.");
        }
        if (replication.isReplica()) {
            throw CommandException.of("ERR FAILOVER is not valid when server is a replica.");
        }
        if (replication.followers().isEmpty()) {
            throw CommandException.of("ERR FAILOVER requires connected replicas.");
        }
        if (asked.force() && (asked.timeoutMillis() == 0 || asked.target() == null)) {
            throw CommandException.of("ERR FAILOVER with force option requires both a timeout and target HOST and IP.");
        }
        if (asked.target() != null) {
            Follower follower = find(asked.target());
            if (follower == null) {
                throw CommandException.of("ERR FAILOVER target HOST and PORT is not a replica.");
            }
            if (!follower.isOnline()) {
                throw CommandException.of("ERR FAILOVER target replica is not online.");
            }
        }
        wish = asked;
        long now = node.clock().wallMillis();
        endMillis = asked.timeoutMillis() == 0 ? FOR_EVER : now + asked.timeoutMillis();
        state = State.WAITING;
        node.pause(FOR_EVER, true);
        node.store().setExpiresByItself(false);
        replication.log().askForAcknowledgement();
    }

    private @Nullable Follower find(PrimaryAddress target) {
        return replication.followers().stream()
                .filter(each -> each.host().equals(target.host()) && each.port() == target.port())
                .findFirst().orElse(null);
    }

    synchronized void abort() {
        if (!isUnderWay()) {
            throw CommandException.of("ERR No failover in progress.");
        }
        end("it was aborted");
    }

    private void end(String why) {
        boolean handedOver = state == State.HANDING_OVER;
        state = State.NONE;
        LOG.info("failover ends: {}", why);
        if (handedOver) {
            replication.orders().leadAgain();
        } else {
            node.store().setExpiresByItself(true);
        }
        node.unpause();
    }

    /** Looks whether it can go on: a replica has told how far it is, or time has passed. */
    void check() {
        if (state == State.WAITING) {
            checkWaiting();
        }
    }

    private synchronized void checkWaiting() {
        if (state != State.WAITING) {
            return;
        }
        PrimaryAddress target = wish.target();
        long all = replication.log().end();
        Follower ready = replication.followers().stream()
                .filter(each -> target == null
                        || (each.host().equals(target.host()) && each.port() == target.port()))
                .filter(each -> each.isOnline() && each.acknowledged() >= all)
                .findFirst().orElse(null);
        if (ready != null) {
            handOver(new PrimaryAddress(ready.host(), ready.port()));
        } else if (node.clock().wallMillis() >= endMillis) {
            if (wish.force()) {
                handOver(Objects.requireNonNull(target));
            } else {
                end("no replica caught up in time");
            }
        }
    }

    private void handOver(PrimaryAddress target) {
        state = State.HANDING_OVER;
        replication.follow(target, true);
    }

    /** The replica has taken over. */
    synchronized void done() {
        if (state == State.HANDING_OVER) {
            state = State.NONE;
            LOG.info("failover done");
            node.unpause();
        }
    }

    /** The link to the one that should take over is gone before it did. */
    void linkFailed(PrimaryLink gone) {
        if (gone.takesOver() && state == State.HANDING_OVER) {
            node.inBackground(this::giveUp);
        }
    }

    private synchronized void giveUp() {
        if (state == State.HANDING_OVER) {
            end("the replica did not take over");
        }
    }
}
