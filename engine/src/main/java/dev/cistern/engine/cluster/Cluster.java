package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Flag;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Part;
import dev.cistern.engine.dispatch.Router;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.dispatch.SlotScan;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.replication.PrimaryAddress;
import dev.cistern.engine.replication.Replication;
import dev.cistern.engine.settings.Settings;
import dev.cistern.store.KeySlot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A node's view of its cluster, and the answer to where a request runs.
 *
 * <p>Reading is any thread's: one volatile field leads to all there is to know. Changes take this object's monitor, a
 * leaf in the lock order, and are on disk before they hold, if the node has a folder.
 */
public final class Cluster implements Router, Part {
    private static final CommandException DISABLED = CommandException.of(
            "ERR This instance has cluster support disabled");
    private static final CommandException CROSS_SLOT = CommandException.of(
            "CROSSSLOT Keys in request don't hash to the same slot");
    private static final CommandException TRY_AGAIN = CommandException.of(
            "TRYAGAIN Multiple keys request during rehashing of slot");
    private static final CommandException NOT_SERVED = CommandException.of("CLUSTERDOWN Hash slot not served");
    private static final CommandException DOWN = CommandException.of("CLUSTERDOWN The cluster is down");
    private static final CommandException DOWN_FOR_WRITES = CommandException.of(
            "CLUSTERDOWN The cluster is down and only accepts read commands");
    private static final CommandException SCRIPT_NOT_LOCAL = CommandException.of(
            "ERR Script attempted to access a non local key in a cluster node");
    private static final CommandException SCRIPT_DOWN = CommandException.of(
            "ERR Script attempted to execute a command while the cluster is down");
    private static final CommandException SCRIPT_DOWN_FOR_WRITES = CommandException.of(
            "ERR Script attempted to execute a write command while the cluster is down and readonly");
    private static final CommandException SLOTS_CHANGE_HANDS = CommandException.of(
            "TRYAGAIN slots of this node are changing hands just now");
    private static final int ID_BYTES = 20;

    private final Node node;
    private final Settings settings;
    private final ClusterFile file;
    private final SlotMoves moves;
    private final SlotKeys slotKeys = new SlotKeys();
    private volatile Routing routing;
    private volatile SlotMove.Credentials credentials = new SlotMove.Credentials("", "");

    private Cluster(Node node) {
        this.node = node;
        this.settings = node.settings();
        this.file = ClusterFile.of(settings);
        this.routing = Routing.of(Topology.alone(newId(), newId(), 0));
        this.moves = new SlotMoves(this);
    }

    private static String newId() {
        byte[] bytes = new byte[ID_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /**
     * Makes the node one of a cluster, as it knew it when it ended, or of none but itself. The user's name and password
     * are what it shows to the others; empty: nothing.
     */
    public static Cluster open(Node node, String user, String password) throws IOException {
        Cluster cluster = node.part(Cluster.class, Cluster::new);
        cluster.credentials = new SlotMove.Credentials(user, password);
        Topology known = cluster.file.load();
        if (known != null) {
            cluster.routing = Routing.of(known);
        }
        node.router(cluster);
        return cluster;
    }

    /** The cluster that the session's node is one of; on a node that stands alone it throws the error that says so. */
    static Cluster of(Session session) {
        if (session.node().router() instanceof Cluster cluster) {
            return cluster;
        }
        throw DISABLED;
    }

    /** The node listens, and is about to take part in replication. */
    public void listening() throws IOException {
        int tlsPort = (int) settings.tlsPort.value();
        int port = tlsPort != 0 && settings.port.value() == 0 ? 0 : node.port();
        Topology.Member me = routing.topology().me();
        if (me.port() != port || me.tlsPort() != tlsPort) {
            try {
                change(present -> present.with(present.topology().withOwnPorts(port, tlsPort)));
            } catch (UncheckedIOException e) {
                throw new IOException("cannot keep the cluster's configuration: " + e.getMessage(), e);
            }
        }
        takeRole();
    }

    Node node() {
        return node;
    }

    Routing routing() {
        return routing;
    }

    SlotMove.Credentials credentials() {
        return credentials;
    }

    Topology topology() {
        return routing.topology();
    }

    /** Finds the keys of a slot. */
    SlotKeys slotKeys() {
        return slotKeys;
    }

    SlotMoves moves() {
        return moves;
    }

    // --- changes ---

    /** Makes a change; one of the topology is kept on disk first. Throws UncheckedIOException when that fails. */
    synchronized void change(UnaryOperator<Routing> changer) {
        Routing changed = changer.apply(routing);
        if (changed.topology() != routing.topology()) {
            file.save(changed.topology());
        }
        routing = changed;
        node.set(Condition.HOLDING_SLOTS, !changed.held().isEmpty());
    }

    /** Takes over a newer topology; if {@code after} is no less than 0, only when the present one is of that epoch. */
    void become(Topology wanted, long after) {
        change(present -> {
            Topology known = present.topology();
            boolean isKnown = wanted.epoch() == known.epoch() && wanted.format().equals(known.format());
            if (isKnown) {
                return present;
            }
            if (wanted.epoch() <= known.epoch() || (after >= 0 && after != known.epoch())) {
                throw CommandException.of("STALEEPOCH this node's topology is of epoch %d", known.epoch());
            }
            if (!present.held().isEmpty()) {
                throw SLOTS_CHANGE_HANDS;
            }
            return present.with(wanted).withUnresolved(new BitSet());
        });
        takeRole();
        tellWhoWaits();
    }

    /** Where nobody orders the node's role, the topology tells it: a replica follows the primary of its shard. */
    private void takeRole() {
        Replication replication = node.replication();
        Topology known = routing.topology();
        Topology.Member primary = known.mine().primary();
        if (replication.orders().areGiven() || primary == null) {
            return;
        }
        if (known.me().isPrimary()) {
            replication.lead();
            return;
        }
        boolean byTls = primary.port() == 0 || (settings.tlsReplication.isOn() && primary.tlsPort() != 0);
        PrimaryAddress address = new PrimaryAddress(primary.host().isEmpty() ? "127.0.0.1" : primary.host(),
                byTls ? primary.tlsPort() : primary.port());
        if (!address.equals(replication.primary())) {
            replication.follow(address);
        }
    }

    /** These slots belong to another node from now on, and who waits for them goes on. */
    void give(BitSet slots, String nodeId, long epoch) {
        change(present -> {
            int shard = present.topology().shardWith(nodeId);
            BitSet unresolved = (BitSet) present.unresolved().clone();
            unresolved.andNot(slots);
            Topology changed = present.topology().with(slots, shard, Math.max(epoch, present.topology().epoch() + 1));
            return present.with(changed).withUnresolved(unresolved);
        });
        letGo(slots);
        tellWhoWaits();
    }

    /** Nobody knows who has these slots: clients are told that they are not served. */
    void leaveUnresolved(BitSet slots) {
        change(present -> {
            BitSet unresolved = (BitSet) present.unresolved().clone();
            unresolved.or(slots);
            return present.withUnresolved(unresolved);
        });
        letGo(slots);
    }

    /** Forgets all other nodes and all slots; if hard, who this node is as well. */
    void reset(boolean isHard) {
        change(present -> {
            Topology known = present.topology();
            Topology fresh = Topology.alone(isHard ? newId() : known.self(), newId(), known.me().port());
            return Routing.of(isHard ? fresh : fresh.withEpoch(known.epoch()));
        });
        tellWhoWaits();
    }

    void save() {
        file.save(routing.topology());
    }

    /** Commands on these slots wait from now on, those that have begun excepted: see {@link LoopBarrier}. */
    void hold(BitSet slots) {
        change(present -> {
            BitSet held = (BitSet) present.held().clone();
            held.or(slots);
            return present.withHeld(held);
        });
    }

    /** Who waited for these slots goes on, and finds what is true now. */
    void letGo(BitSet slots) {
        change(present -> {
            BitSet held = (BitSet) present.held().clone();
            held.andNot(slots);
            return present.withHeld(held);
        });
        node.loops().forEach(loop -> loop.execute(loop::letGoOn));
    }

    /** To be called after slots went elsewhere: who waits for their keys or listens to their channels is told. */
    void tellWhoWaits() {
        node.loops().forEach(loop -> loop.execute(() -> tellWhoWaits(loop)));
    }

    private void tellWhoWaits(NodeLoop loop) {
        loop.redirectWaiting(this);
        loop.subscriptions().leaveShardChannels(name -> !routing.isMine(slotOf(name)));
    }

    /** The slot of a key that lies on the heap. */
    static int slotOf(byte[] key) {
        int[] slot = new int[1];
        KeyTransfer.withView(key, view -> slot[0] = KeySlot.of(view));
        return slot[0];
    }

    boolean isUp() {
        return routing.coversAll() || !settings.clusterRequireFullCoverage.isOn();
    }

    // --- where a request runs ---

    @Override
    public @Nullable CommandException refusal(Session session, Command command, Request request) {
        if (settings.clusterCompatible.isOn()) {
            // Nobody else has a slot, so nobody is sent anywhere, and keys of all slots are used together.
            return null;
        }
        Routing now = routing;
        SlotScan scan = session.loop().slotScan();
        scan.scan(session, command, request);
        int slot = scan.slot();
        if (slot == SlotScan.NONE) {
            return null;
        }
        if (now.topology().shardOf(slot) == Topology.NOBODY || now.unresolved().get(slot)) {
            return NOT_SERVED;
        }
        if (scan.crosses()) {
            return CROSS_SLOT;
        }
        boolean onShardChannel = command.is(Flag.PUBSUB);
        if (!isUp()) {
            CommandException down = downRefusal(session, command, onShardChannel);
            if (down != null) {
                return down;
            }
        }
        boolean isOpen = now.migrating().containsKey(slot) || now.importing().containsKey(slot);
        return isOpen && !onShardChannel
                ? refusalOfOpenSlot(now, session, command, request, scan)
                : refusalBySlot(now, session, writes(session, command), slot, onShardChannel);
    }

    /**
     * Throws where to go unless this node serves the slot: for a command that names a slot and no key. A slot that is
     * being handed over key by key is still its owner's.
     */
    void requireServed(Session session, int slot, boolean writes) {
        Routing now = routing;
        CommandException refusal = null;
        if (now.topology().shardOf(slot) == Topology.NOBODY || now.unresolved().get(slot)) {
            refusal = NOT_SERVED;
        } else if (!isUp() && (writes || !settings.clusterAllowReadsWhenDown.isOn())) {
            refusal = DOWN;
        } else {
            refusal = refusalBySlot(now, session, writes, slot, false);
        }
        if (refusal != null) {
            throw refusal;
        }
    }

    private static boolean writes(Session session, Command command) {
        int flags = command.flags()
                | (command.is(Flag.RUNS_QUEUED) && session.isInTransaction() ? session.transaction().flags() : 0);
        return (flags & Flag.WRITE.bit()) != 0;
    }

    private @Nullable CommandException downRefusal(Session session, Command command, boolean onShardChannel) {
        if (onShardChannel) {
            return settings.clusterAllowPubsubshardWhenDown.isOn() ? null : DOWN;
        }
        if (!settings.clusterAllowReadsWhenDown.isOn()) {
            return DOWN;
        }
        return writes(session, command) ? DOWN_FOR_WRITES : null;
    }

    private static @Nullable CommandException refusalOfOpenSlot(Routing now, Session session, Command command,
            Request request, SlotScan scan) {
        int slot = scan.slot();
        if (command.name().equals("migrate")) {
            return null;
        }
        scan.lookUp(command, request);
        String target = now.isMine(slot) && !now.isReplica() ? now.migrating().get(slot) : null;
        if (target != null) {
            boolean allMissing = scan.missing() == scan.keys();
            return scan.missing() == 0 ? null : allMissing ? redirection("ASK", slot, now, target, session) : TRY_AGAIN;
        }
        if (now.importing().containsKey(slot) && (session.isAsking() || command.is(Flag.ASKING))) {
            return scan.keys() > 1 && scan.missing() > 0 ? TRY_AGAIN : null;
        }
        return refusalBySlot(now, session, writes(session, command), slot, false);
    }

    private static @Nullable CommandException refusalBySlot(Routing now, Session session, boolean writes, int slot,
            boolean onShardChannel) {
        if (now.isMine(slot)) {
            boolean mayBeOld = onShardChannel || (session.readsReplica() && !writes);
            if (!now.isReplica() || mayBeOld) {
                return null;
            }
        }
        Topology.Member primary = now.topology().shards().get(now.topology().shardOf(slot)).primary();
        return primary == null ? NOT_SERVED : redirection("MOVED", slot, now, primary.id(), session);
    }

    private static CommandException redirection(String word, int slot, Routing now, String id, Session session) {
        Topology.Member member = now.topology().member(id);
        return member == null
                ? NOT_SERVED
                : CommandException.of(word + " " + slot + " " + Endpoints.host(member, session) + ":"
                        + Endpoints.port(member, session));
    }

    @Override
    public @Nullable CommandException refusalInScript(Session session, Command command, Request request) {
        if (!routing.held().isEmpty() && holdsBack(session, command, request)) {
            return SCRIPT_NOT_LOCAL;
        }
        CommandException refusal = refusal(session, command, request);
        if (refusal == null) {
            return null;
        }
        return refusal == DOWN ? SCRIPT_DOWN : refusal == DOWN_FOR_WRITES ? SCRIPT_DOWN_FOR_WRITES : SCRIPT_NOT_LOCAL;
    }

    /** Whole databases are emptied neither, while slots change hands: some of it may be elsewhere already. */
    @Override
    public boolean holdsBack(Session session, Command command, Request request) {
        BitSet held = routing.held();
        SlotScan scan = session.loop().slotScan();
        scan.scan(session, command, request);
        return scan.slot() == SlotScan.NONE
                ? command.is(Flag.WRITE) && command.keySpecs().isEmpty()
                : held.get(scan.slot());
    }

    @Override
    public void close() {}
}
