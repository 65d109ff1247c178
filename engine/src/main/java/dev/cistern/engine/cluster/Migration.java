package dev.cistern.engine.cluster;

import dev.cistern.engine.blocking.Waiter;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.TlsContext;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.settings.TlsSettings;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StoreListener;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * One MIGRATE under way: some keys go to another server while clients go on.
 *
 * <pre>
 *   loop        dumps the keys, begins to note who changes them
 *   background  sends them, waits for the answers
 *   loop        deletes those that nobody changed meanwhile, dumps the others again      ◀─┐
 *   background  sends these ────────────────────────────────────────────────────────────────┘ until none is left
 * </pre>
 *
 * <p>So no stripe is held while the network is waited for, and no change is lost. In a cluster the keys' slots are held
 * back before the deleting: a command that found its key here a moment ago must not make it anew once it has gone. The
 * session waits for the end, on the way out of which everything is let go.
 */
final class Migration implements StoreListener, Runnable {
    private static final CommandException CANNOT_CONNECT = CommandException.of(
            "IOERR error or timeout connecting to the client");
    private static final CommandException CANNOT_WRITE = CommandException.of(
            "IOERR error or timeout writing to target instance");
    private static final CommandException CANNOT_TALK = CommandException.of(
            "IOERR error or timeout reading to target instance");
    private static final CommandException ALWAYS_CHANGED = CommandException.of(
            "IOERR the keys were changed faster than they could be sent");
    private static final byte[] OK = KeyTransfer.ascii("+OK\r\n");
    private static final byte[] ASKING = KeyTransfer.ascii("ASKING");
    private static final int MOST_ROUNDS = 64;

    /** Where the keys go. */
    record Target(String host, String port, long database, int timeoutMillis, String user, String password) {

        @Override
        public String toString() {
            return "Target[" + host + ":" + port + "]";
        }
    }

    /** A key on its way. Its fields change under the key's stripe, or by the one thread that works on it just then. */
    private static final class Traveller {
        private final byte[] key;
        private byte @Nullable [][] request;
        private volatile boolean isChanged;
        private boolean hasArrived;

        Traveller(byte[] key, byte[][] request) {
            this.key = key;
            this.request = request;
        }
    }

    private final NodeLoop loop;
    private final Node node;
    private final int database;
    private final Target target;
    private final boolean copies;
    private final String restore;
    private final Map<ByteBuffer, Traveller> travellers = new LinkedHashMap<>();
    private final BitSet slots = new BitSet();
    private final @Nullable Cluster cluster;
    private final Waiter waiter;
    private @Nullable CommandException failure;

    private Migration(Session session, Target target, boolean copies, Waiter waiter) {
        this.loop = session.loop();
        this.node = session.node();
        this.database = session.database();
        this.target = target;
        this.copies = copies;
        this.cluster = node.router() instanceof Cluster present ? present : null;
        this.restore = cluster == null ? "RESTORE" : "RESTORE-ASKING";
        this.waiter = waiter;
    }

    /** Answers false if none of the keys is there; else the session waits. The keys' stripes are held. */
    static boolean begin(Session session, Request request, Target target, boolean copies, boolean replaces,
            List<byte[]> keys) {
        Command command = session.loop().commandOf(request);
        Keyspace keyspace = session.keyspace();
        List<Traveller> found = new ArrayList<>();
        String restore = session.node().router() == null ? "RESTORE" : "RESTORE-ASKING";
        try (RdbOutput output = new RdbOutput()) {
            for (byte[] key : keys) {
                dumpHeld(keyspace, key, restore, replaces, output, found);
            }
        }
        if (found.isEmpty() || command == null) {
            return false;
        }
        Migration migration = new Migration(session, target, copies, session.loop().suspend(session, command, request));
        for (Traveller traveller : found) {
            migration.travellers.put(ByteBuffer.wrap(traveller.key), traveller);
            migration.slots.set(Cluster.slotOf(traveller.key));
        }
        if (!copies) {
            migration.node.effects().add(migration);
        }
        migration.node.inBackground(migration);
        return true;
    }

    private static void dumpHeld(Keyspace keyspace, byte[] key, String restore, boolean replaces,
            RdbOutput output, List<Traveller> found) {
        KeyTransfer.withView(key, view -> {
            long entry = keyspace.find(view, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
            if (entry != Keyspace.ABSENT) {
                found.add(new Traveller(key,
                        KeyTransfer.restore(restore, keyspace, entry, key, replaces, false, output)));
            }
        });
    }

    // --- who changes them ---

    @Override
    public void keyChanged(int changed, Bytes key, KeyEvent event) {
        if (changed == database) {
            Traveller traveller = travellers.get(ByteBuffer.wrap(key.toByteArray()));
            if (traveller != null) {
                traveller.isChanged = true;
            }
        }
    }

    @Override
    public void databaseFlushing(int flushed) {
        if (flushed == database) {
            travellers.values().forEach(traveller -> traveller.isChanged = true);
        }
    }

    @Override
    public void databasesSwapping(int first, int second) {
        databaseFlushing(first);
        databaseFlushing(second);
    }

    // --- the way ---

    @Override
    public void run() {
        try {
            travel();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = CANNOT_TALK;
        } finally {
            if (!copies) {
                node.effects().remove(this);
            }
            if (failure != null) {
                node.errors().count(failure.code());
            }
            loop.answer(waiter, failure == null ? OK : failure.encoded());
        }
    }

    private void travel() throws InterruptedException {
        NodeLink link;
        try {
            link = connect(Integer.parseInt(target.port));
        } catch (ConnectException e) {
            failure = CANNOT_WRITE;
            return;
        } catch (IOException | IllegalArgumentException e) {
            failure = CANNOT_CONNECT;
            return;
        }
        try (link) {
            if (enter(link)) {
                send(link);
                if (!copies) {
                    leave(link);
                }
            }
        } catch (IOException e) {
            failure = CANNOT_TALK;
        }
    }

    private NodeLink connect(int port) throws IOException {
        return node.settings().tlsCluster.isOn()
                ? NodeLink.openSecure(TlsContext.socketsToPeers(TlsSettings.forPeers(node.settings())), target.host,
                        port,
                        target.timeoutMillis)
                : NodeLink.open(target.host, port, target.timeoutMillis);
    }

    /** Says who we are and chooses the database; false if either is refused. */
    private boolean enter(NodeLink link) throws IOException {
        if (!target.password.isEmpty()) {
            note(target.user.isEmpty()
                    ? link.call("AUTH", target.password)
                    : link.call("AUTH", target.user, target.password));
        }
        if (failure == null && target.database != 0) {
            note(link.call("SELECT", Long.toString(target.database)));
        }
        return failure == null;
    }

    private void note(NodeLink.Answer answer) {
        if (answer.isError() && failure == null) {
            failure = CommandException.of("ERR Target instance replied with error: " + answer.text());
        }
    }

    /** Sends what is to be sent, and notes what arrived. */
    private void send(NodeLink link) throws IOException {
        for (Traveller traveller : travellers.values()) {
            byte @Nullable [][] request = traveller.request;
            if (request == null) {
                continue;
            }
            if (needsAsking(request)) {
                link.write(ASKING);
            }
            link.write(request);
            link.flush();
        }
        for (Traveller traveller : travellers.values()) {
            byte @Nullable [][] request = traveller.request;
            if (request != null) {
                if (needsAsking(request)) {
                    note(link.read());
                }
                NodeLink.Answer answer = link.read();
                note(answer);
                traveller.hasArrived = !answer.isError();
                traveller.request = null;
            }
        }
    }

    /** A deletion, unlike a RESTORE, has no name of its own under which a slot on its way accepts it. */
    private boolean needsAsking(byte[][] request) {
        return cluster != null && request.length == 2;
    }

    /** Deletes here what arrived there, as it is by then. */
    private void leave(NodeLink link) throws IOException, InterruptedException {
        if (cluster == null) {
            settle(link);
            return;
        }
        cluster.hold(slots);
        try {
            if (LoopBarrier.await(node.loops(), target.timeoutMillis)) {
                settle(link);
            } else {
                failure = CANNOT_TALK;
            }
        } finally {
            cluster.letGo(slots);
        }
    }

    private void settle(NodeLink link) throws IOException, InterruptedException {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            CountDownLatch done = new CountDownLatch(1);
            loop.execute(() -> settleOnLoop(done));
            done.await();
            if (node.isStopping()) {
                failure = CANNOT_TALK;
                return;
            }
            if (travellers.values().stream().allMatch(traveller -> traveller.request == null)) {
                return;
            }
            send(link);
        }
        failure = ALWAYS_CHANGED;
    }

    private void settleOnLoop(CountDownLatch done) {
        if (node.isStopping()) {
            done.countDown();
            return;
        }
        if (loop.isServingOthers()) {
            // A script of this thread holds stripes.
            loop.execute(() -> settleOnLoop(done));
            return;
        }
        Keyspace keyspace = KeyTransfer.keyspaceForTask(loop, database);
        try (RdbOutput output = new RdbOutput()) {
            for (Traveller traveller : travellers.values()) {
                if (traveller.hasArrived) {
                    KeyTransfer.withKey(keyspace, traveller.key,
                            (_, view) -> settle(keyspace, view, traveller, output));
                }
            }
        }
        loop.handOver().settle();
        done.countDown();
    }

    private void settle(Keyspace keyspace, Bytes key, Traveller traveller, RdbOutput output) {
        traveller.hasArrived = false;
        if (!traveller.isChanged) {
            KeyTransfer.drop(loop, keyspace, key);
            return;
        }
        traveller.isChanged = false;
        long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        traveller.request = entry == Keyspace.ABSENT
                ? KeyTransfer.delete(traveller.key)
                : KeyTransfer.restore(restore, keyspace, entry, traveller.key, true, false, output);
    }
}
