package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import dev.cistern.store.StoreListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Some slots on their way to another node: all of them change hands in one moment.
 *
 * <pre>
 *   1  target   IMPORT-SLOTS: forgets what an earlier attempt left, takes RESTOREs for these slots
 *   2  source   begins to note changed keys, walks over the stripes, sends each key of the slots
 *   3  source   sends what changed meanwhile, again and again, until that is little
 *   4  source   holds back commands on the slots, waits for those that have begun, sends the rest
 *   5  target   TAKE-SLOTS: it is the owner now, and has written that down
 *   6  source   gives the slots up and lets the commands go on: they are answered MOVED
 *   7  source   deletes the keys
 * </pre>
 *
 * <p>Until 5 the source may end it at any time: DROP-SLOTS. When the answer to 5 does not come, nobody knows who has the
 * slots; then the source asks until it does, and answers CLUSTERDOWN for them meanwhile rather than have two owners. One
 * thread, but for the listening, which is done by whoever changes a key.
 */
final class SlotBatch implements StoreListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SlotBatch.class);
    /** So many keys are written down while their stripe is held; of others, so many are passed over. */
    private static final int KEYS_A_STEP = 32;
    private static final int MOST_KEYS_A_STEP = 512;
    /** So little that it is sent within a moment. */
    private static final int FEW_CHANGES = 64;
    private static final int MOST_ROUNDS = 50;
    private static final int TIMEOUT_MILLIS = 5_000;
    private static final int BARRIER_MILLIS = 1_000;
    private static final long RESOLVE_PAUSE_MILLIS = 250;
    private static final int UNANSWERED_BYTES = 256 * 1024;
    private static final byte[] ASKING = KeyTransfer.ascii("ASKING");

    private final SlotMove move;
    private final Cluster cluster;
    private final Node node;
    private final Store store;
    private final Keyspace keyspace;
    private final BitSet slots;
    private final String ranges;
    /** By stripe, which guards it. */
    private final List<Set<ByteBuffer>> changed = new ArrayList<>();
    private volatile boolean isFlushed;
    private final NodeLink link;
    private final RdbOutput output;
    private int unanswered;
    private long unansweredBytes;
    private boolean isHeld;
    private boolean isGiven;

    SlotBatch(SlotMove move, Cluster cluster, Keyspace keyspace, BitSet slots) throws IOException {
        this.move = move;
        this.cluster = cluster;
        this.node = cluster.node();
        this.store = node.store();
        this.keyspace = keyspace;
        this.slots = slots;
        this.ranges = SlotRanges.format(slots);
        for (int stripe = 0; stripe < store.stripes(); stripe++) {
            changed.add(new LinkedHashSet<>());
        }
        this.link = move.connect(TIMEOUT_MILLIS);
        this.output = new RdbOutput();
        // To compress a short value costs more than all else that is done for it, and the other node is near.
        output.compresses(false);
    }

    // --- who changes keys ---

    @Override
    public void keyChanged(int database, Bytes key, KeyEvent event) {
        int slot = store.slotOf(key);
        if (database == 0 && slots.get(slot)) {
            changed.get(store.stripeOfSlot(slot)).add(ByteBuffer.wrap(key.toByteArray()));
        }
    }

    @Override
    public void databaseFlushing(int database) {
        isFlushed |= database == 0;
    }

    // --- the way ---

    void run() throws IOException, InterruptedException {
        require(link.call("CISTERN", "IMPORT-SLOTS", ranges, cluster.topology().self()), "IMPORT-SLOTS");
        node.effects().add(this);
        copyAll();
        catchUp();
        if (!move.mayGoOn()) {
            return;
        }
        handOver();
    }

    private static void require(NodeLink.Answer answer, String command) {
        if (answer.isError()) {
            throw new MoveException("the other node answered to " + command + ": " + answer.text(), null);
        }
    }

    private void copyAll() throws IOException {
        int keysAStep = keysAStep();
        for (int stripe = 0; stripe < store.stripes() && move.mayGoOn(); stripe++) {
            if (hasKeys(stripe)) {
                copy(stripe, keysAStep);
            }
        }
        awaitAnswers();
    }

    /** The more of its slots the node keeps, the fewer of its keys are sent. */
    private int keysAStep() {
        Topology topology = cluster.topology();
        int all = topology.slotsOf(topology.myShard()).cardinality();
        return Math.clamp((long) KEYS_A_STEP * all / slots.cardinality(), KEYS_A_STEP, MOST_KEYS_A_STEP);
    }

    /** Who changes the stripe's keys after this has been told to note it. */
    private boolean hasKeys(int stripe) {
        store.lock(stripe);
        try {
            return slots.stream().anyMatch(slot -> store.stripeOfSlot(slot) == stripe && store.keysInSlot(0, slot) > 0);
        } finally {
            store.unlock(stripe);
        }
    }

    private void copy(int stripe, int keysAStep) throws IOException {
        long position = 0;
        Bytes view = new Bytes();
        do {
            List<byte[][]> requests = new ArrayList<>();
            keyspace.setNowMillis(node.clock().wallMillis());
            position = keyspace.scanStripe(stripe, position, keysAStep, (holder, entry) -> {
                if (slots.get(holder.slotOf(entry))) {
                    requests.add(KeyTransfer.restore("RESTORE-ASKING", holder, entry,
                            holder.readKey(entry, view).toByteArray(), true, true, output));
                }
            });
            send(requests);
        } while (position != 0 && move.mayGoOn());
    }

    private void catchUp() throws IOException {
        for (int round = 0; round < MOST_ROUNDS && move.mayGoOn(); round++) {
            List<byte[]> keys = takeChanged();
            sendAll(keys);
            if (keys.size() < FEW_CHANGES) {
                return;
            }
        }
    }

    private List<byte[]> takeChanged() {
        if (isFlushed) {
            throw new MoveException("the database was emptied meanwhile", null);
        }
        List<byte[]> taken = new ArrayList<>();
        for (int stripe = 0; stripe < store.stripes(); stripe++) {
            store.lock(stripe);
            try {
                if (!changed.get(stripe).isEmpty()) {
                    taken.addAll(changed.set(stripe, new LinkedHashSet<>()).stream().map(ByteBuffer::array).toList());
                }
            } finally {
                store.unlock(stripe);
            }
        }
        return taken;
    }

    /** Sends these keys as they are now. */
    private void sendAll(List<byte[]> keys) throws IOException {
        Iterator<byte[]> left = keys.iterator();
        while (left.hasNext()) {
            List<byte[][]> requests = new ArrayList<>();
            keyspace.setNowMillis(node.clock().wallMillis());
            while (left.hasNext() && requests.size() < KEYS_A_STEP) {
                KeyTransfer.withKey(keyspace, left.next(), (holder, key) -> requests.add(asItIs(holder, key)));
            }
            send(requests);
        }
        awaitAnswers();
    }

    /** Must not delete a key whose time is over: that is the business of a loop. */
    private byte[][] asItIs(Keyspace holder, Bytes key) {
        long entry = holder.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS | Keyspace.EVEN_EXPIRED);
        return entry == Keyspace.ABSENT || holder.isExpired(entry)
                ? KeyTransfer.delete(key.toByteArray())
                : KeyTransfer.restore("RESTORE-ASKING", holder, entry, key.toByteArray(), true, true, output);
    }

    private void send(List<byte[][]> requests) throws IOException {
        for (byte[][] request : requests) {
            if (request.length == 2) {
                link.write(ASKING);
                unanswered++;
            }
            link.write(request);
            unanswered++;
            for (byte[] argument : request) {
                unansweredBytes += argument.length;
            }
            if (unansweredBytes > UNANSWERED_BYTES) {
                awaitAnswers();
            }
        }
        move.sent(requests.size());
    }

    private void awaitAnswers() throws IOException {
        while (unanswered > 0) {
            NodeLink.Answer answer = link.read();
            unanswered--;
            require(answer, "a key");
        }
        unansweredBytes = 0;
    }

    // --- the hand-over ---

    private void handOver() throws IOException, InterruptedException {
        move.state(SlotMove.State.HANDING_OVER);
        long began = System.nanoTime();
        cluster.hold(slots);
        isHeld = true;
        if (!LoopBarrier.await(node.loops(), BARRIER_MILLIS)) {
            throw new IOException("a script keeps a loop busy");
        }
        for (List<byte[]> keys = takeChanged(); !keys.isEmpty(); keys = takeChanged()) {
            sendAll(keys);
        }
        if (!stillMine()) {
            throw new MoveException("the slots were given to others meanwhile", null);
        }
        long epoch = take();
        isGiven = true;
        cluster.give(slots, move.targetId(), epoch);
        isHeld = false;
        move.heldFor((System.nanoTime() - began) / 1000);
        node.effects().remove(this);
        dropKeys();
    }

    private boolean stillMine() {
        Routing now = cluster.routing();
        return !now.isReplica() && slots.stream().allMatch(now::isMine);
    }

    /** The target is told to take them; from here on only it knows whether it did. */
    private long take() throws InterruptedException {
        try {
            return take(link);
        } catch (IOException unknown) {
            return resolve();
        }
    }

    private long take(NodeLink to) throws IOException {
        NodeLink.Answer answer = to.call("CISTERN", "TAKE-SLOTS", ranges, cluster.topology().self(),
                Long.toString(cluster.topology().epoch()));
        require(answer, "TAKE-SLOTS");
        return Long.parseLong(answer.text());
    }

    private long resolve() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MILLIS);
        while (!node.isStopping()) {
            try (NodeLink again = move.connect(TIMEOUT_MILLIS)) {
                return take(again);
            } catch (IOException stillUnknown) {
                TimeUnit.MILLISECONDS.sleep(RESOLVE_PAUSE_MILLIS);
            }
            if (isHeld && System.nanoTime() > deadline) {
                cluster.leaveUnresolved(slots);
                isHeld = false;
            }
            if (!isHeld && !cluster.routing().unresolved().intersects(slots)) {
                isGiven = true;
                throw new MoveException("the other node did not say whether it took the slots; a topology did", null);
            }
        }
        isGiven = true;
        throw new MoveException("the node ended while the other one had not said whether it took the slots", null);
    }

    private void dropKeys() throws InterruptedException {
        CountDownLatch dropped = new CountDownLatch(1);
        SlotDrop.begin(node.loops().getFirst(), slots, dropped::countDown);
        dropped.await();
    }

    /** Ends it: what was not handed over stays here, and the target forgets its copy. */
    @Override
    public void close() {
        node.effects().remove(this);
        if (isHeld) {
            cluster.letGo(slots);
        }
        if (!isGiven && !node.isStopping()) {
            try {
                for (; unanswered > 0; unanswered--) {
                    var _ = link.read();
                }
                var _ = link.call("CISTERN", "DROP-SLOTS", ranges);
            } catch (IOException e) {
                LOG.info("the other node could not be told to forget its copy; the next attempt does: {}",
                        e.getMessage());
            }
        }
        link.close();
        output.close();
    }
}
