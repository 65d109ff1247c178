package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeIdentity;
import dev.cistern.engine.network.TlsContext;
import dev.cistern.engine.settings.TlsSettings;
import dev.cistern.store.Keyspace;
import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLSocketFactory;

/**
 * The moving of any number of slots to one other node, with their keys, while clients go on.
 *
 * <p>Slots go in batches, neighbours together: so the map of all slots stays short while some are here and some there, and
 * every client that is redirected may ask for it. A batch is either here or there, never both ({@link SlotBatch}); one
 * whose link breaks is tried again. A move can be ended at any time, and asked for again: slots that have arrived are
 * passed over. Runs on a thread of its own; others read how far it is.
 */
final class SlotMove {
    /** Each batch is a walk over all keys of the node, and what has to be sent again when a link breaks. */
    private static final int SLOTS_A_BATCH = 1024;
    private static final int TRIES = 6;
    private static final long FIRST_PAUSE_MILLIS = 100;

    /** How far it is. */
    enum State {
        /** Another one goes first. */
        WAITING,
        /** Keys are being copied, clients notice nothing. */
        COPYING,
        /** Commands on the slots of a batch wait. */
        HANDING_OVER,
        /** All slots are there. */
        DONE,
        /** It was asked to end. What had arrived stays there. */
        CANCELLED,
        /** It could not go on. What had arrived stays there. */
        FAILED
    }

    /** Who we are to the other node; no password, nobody. */
    record Credentials(String user, String password) {

        @Override
        public String toString() {
            return "Credentials[" + user + "]";
        }
    }

    private final long id;
    private final Cluster cluster;
    private final Node node;
    private final BitSet slots;
    private final String targetId;
    private final Credentials credentials;
    private final String name = NodeIdentity.randomId();
    private final String sourceId;
    private final long createdMillis;
    private volatile long changedMillis;
    private volatile State state = State.WAITING;
    private volatile boolean isCancelled;
    private final LongAdder sentKeys = new LongAdder();
    private volatile long longestHoldMicros;
    private volatile String error = "";

    SlotMove(long id, Cluster cluster, BitSet slots, String targetId, Credentials credentials) {
        this.id = id;
        this.cluster = cluster;
        this.node = cluster.node();
        this.slots = (BitSet) slots.clone();
        this.targetId = targetId;
        this.credentials = credentials;
        this.sourceId = cluster.topology().self();
        this.createdMillis = node.clock().wallMillis();
        this.changedMillis = createdMillis;
    }

    long id() {
        return id;
    }

    /** 40 hexadecimal digits, for who knows moves by a name. */
    String name() {
        return name;
    }

    /** The node that had the slots. */
    String sourceId() {
        return sourceId;
    }

    /** All that were asked for. */
    BitSet slots() {
        return (BitSet) slots.clone();
    }

    long createdMillis() {
        return createdMillis;
    }

    /** When it was in another state last. */
    long changedMillis() {
        return changedMillis;
    }

    String targetId() {
        return targetId;
    }

    State state() {
        return state;
    }

    void state(State value) {
        changedMillis = node.clock().wallMillis();
        state = value;
    }

    String error() {
        return error;
    }

    long sentKeys() {
        return sentKeys.sum();
    }

    /** Keys were sent, counting each time that one was. Its own thread only. */
    void sent(long keys) {
        sentKeys.add(keys);
    }

    /** Commands on a batch waited so long. Its own thread only. */
    void heldFor(long micros) {
        longestHoldMicros = Math.max(longestHoldMicros, micros);
    }

    long longestHoldMicros() {
        return longestHoldMicros;
    }

    int slotCount() {
        return slots.cardinality();
    }

    /** Slots that are still here. */
    BitSet left() {
        Topology topology = cluster.topology();
        BitSet left = topology.slotsOf(topology.myShard());
        left.and(slots);
        return left;
    }

    void cancel() {
        isCancelled = true;
        if (state == State.WAITING) {
            state(State.CANCELLED);
        }
    }

    boolean mayGoOn() {
        return !isCancelled && !node.isStopping();
    }

    boolean isOver() {
        return state == State.DONE || state == State.CANCELLED || state == State.FAILED;
    }

    // --- the way, on its own thread ---

    void run() {
        try (Keyspace keyspace = node.store().openKeyspace(0)) {
            for (BitSet batch = nextBatch(); !batch.isEmpty() && mayGoOn(); batch = nextBatch()) {
                moveBatch(keyspace, batch);
            }
            state(left().isEmpty() ? State.DONE : State.CANCELLED);
        } catch (MoveException e) {
            fail(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fail("interrupted");
        }
    }

    private void fail(String why) {
        error = why;
        state(isCancelled ? State.CANCELLED : State.FAILED);
    }

    /** The first ones that are still here. */
    private BitSet nextBatch() {
        BitSet batch = new BitSet();
        left().stream().limit(SLOTS_A_BATCH).forEach(batch::set);
        return batch;
    }

    private void moveBatch(Keyspace keyspace, BitSet batch) throws InterruptedException {
        long pauseMillis = FIRST_PAUSE_MILLIS;
        for (int tries = 1; mayGoOn(); tries++) {
            state(State.COPYING);
            try (SlotBatch attempt = new SlotBatch(this, cluster, keyspace, batch)) {
                attempt.run();
                return;
            } catch (IOException e) {
                if (tries == TRIES) {
                    throw new MoveException("no way to node " + targetId + ": " + e.getMessage(), e);
                }
            }
            TimeUnit.MILLISECONDS.sleep(pauseMillis);
            pauseMillis *= 2;
        }
    }

    /** A fresh connection to the target, by which we may say everything. */
    NodeLink connect(int timeoutMillis) throws IOException {
        Topology.Member target = cluster.topology().member(targetId);
        if (target == null) {
            throw new MoveException("node " + targetId + " is no longer known", null);
        }
        String host = target.host().isEmpty() ? "127.0.0.1" : target.host();
        NodeLink link = target.port() > 0
                ? NodeLink.open(host, target.port(), timeoutMillis)
                : NodeLink.openSecure(trust(), host, target.tlsPort(), timeoutMillis);
        if (!credentials.password.isEmpty()) {
            NodeLink.Answer answer = link.call("AUTH", credentials.user, credentials.password);
            if (answer.isError()) {
                link.close();
                throw new MoveException("the other node answered to AUTH: " + answer.text(), null);
            }
        }
        return link;
    }

    private SSLSocketFactory trust() {
        try {
            return TlsContext.socketsToPeers(TlsSettings.forPeers(node.settings()));
        } catch (IOException e) {
            throw new MoveException("the other node speaks TLS alone: " + e.getMessage(), e);
        }
    }
}
