package dev.cistern.engine;

import dev.cistern.engine.acl.Users;
import dev.cistern.engine.cluster.Cluster;
import dev.cistern.engine.commands.Families;
import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.dispatch.Housekeeping;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeIdentity;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.effects.Effects;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.scripting.Scripts;
import dev.cistern.engine.settings.InvalidSettingException;
import dev.cistern.engine.settings.Settings;
import dev.cistern.store.Store;
import dev.cistern.store.StoreOptions;
import dev.cistern.store.StripeFunction;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running cache node: it listens, and every client that speaks Redis' protocol may come in.
 *
 * <p>Many may live in one process, on the same event loops. Starting and stopping may be done by any thread but a
 * loop's own. Not a process: whoever starts it decides what happens on SHUTDOWN ({@link #onShutdown}).
 */
public final class CacheNode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheNode.class);
    private static final long STOP_SECONDS = 10;

    private final Node node;
    private final EventLoops eventLoops;
    private final Map<EventLoops.Loop, NodeLoop> loops;
    private final Listeners listeners;
    private final Housekeeping housekeeping;
    private final NodeOptions.@Nullable InternalUser internal;
    private final CountDownLatch shutdownRequest = new CountDownLatch(1);
    private boolean stopped;

    private CacheNode(Node node, EventLoops eventLoops, Map<EventLoops.Loop, NodeLoop> loops,
            NodeOptions.@Nullable InternalUser internal) {
        this.node = node;
        this.eventLoops = eventLoops;
        this.internal = internal;
        this.loops = loops;
        this.listeners = new Listeners(node, eventLoops, (connection, loop) -> loopOf(loop).accept(connection));
        this.housekeeping = new Housekeeping(node, eventLoops.loops());
        node.onShutdown(shutdownRequest::countDown);
    }

    /**
     * Starts a node on loops that the caller owns.
     *
     * @throws IOException the port is in use, or the address is not ours
     * @throws IllegalArgumentException a setting is unknown or out of bounds
     */
    public static CacheNode start(NodeOptions options, EventLoops eventLoops) throws IOException {
        return start(options, eventLoops, Families.index());
    }

    /** A node with these commands: for tests that need some of their own. */
    static CacheNode start(NodeOptions options, EventLoops eventLoops, CommandIndex commands) throws IOException {
        return start(options, eventLoops, commands, Clock.SYSTEM);
    }

    /** A node that has the time from there: for tests that let it jump. */
    static CacheNode start(NodeOptions options, EventLoops eventLoops, CommandIndex commands, Clock clock)
            throws IOException {
        Settings settings = settings(options);
        Effects effects = new Effects();
        Store store = new Store(StoreOptions.seeded(new SecureRandom().nextLong())
                .withDatabases((int) settings.databases.value()).withListener(effects).withStripeFunction(
                        settings.clusterEnabled.isOn() ? StripeFunction.BY_SLOT : StripeFunction.BY_HASH));
        effects.attach(store);
        NodeOptions.InternalUser internal = options.internalUser();
        Node node = new Node(
                NodeIdentity.create(options.name(), options.operatingSystem(),
                        eventLoops.transport().name().toLowerCase(Locale.ROOT), clock.wallMillis()),
                settings, store, effects, commands, clock,
                internal == null ? null : new Users.InternalUser(internal.name(), internal.password()));
        node.customerView(options.customerView());
        Map<EventLoops.Loop, NodeLoop> loops = new java.util.LinkedHashMap<>();
        for (EventLoops.Loop loop : eventLoops.loops()) {
            NodeLoop nodeLoop = new NodeLoop(node, loop);
            loops.put(loop, nodeLoop);
            node.addLoop(nodeLoop);
        }
        node.replication().orders().begin(options.epoch());
        CacheNode started = new CacheNode(node, eventLoops, loops, internal);
        try {
            started.listen();
        } catch (IOException e) {
            started.close();
            throw e;
        }
        return started;
    }

    private static Settings settings(NodeOptions options) {
        Settings settings = new Settings();
        try {
            settings.start(options.settings());
        } catch (InvalidSettingException e) {
            throw new IllegalArgumentException("setting '%s': %s".formatted(e.settingName(), e.reason()), e);
        }
        return settings;
    }

    private void load() throws IOException {
        node.persistence().atRest().check();
        node.persistence().libraries(() -> Scripts.of(node).libraryTexts());
        try {
            boolean logs = node.appendOnly().isWanted();
            if (!logs || !node.appendOnly().loadAtStart()) {
                loadSnapshot();
            }
            if (logs && !node.appendOnly().isOn()) {
                node.appendOnly().beginAtStart();
            }
        } catch (CommandException e) {
            throw new IOException("a library of functions in the snapshot cannot be loaded: " + e.getMessage(), e);
        }
        node.appendOnly().nodeStarted();
    }

    private void loadSnapshot() throws IOException {
        Persistence.Loaded loaded = node.persistence().load();
        if (!loaded.libraries().isEmpty()) {
            Scripts.of(node).restoreLibraries(loaded.libraries());
        }
        node.replication().restored(loaded.facts());
    }

    private void listen() throws IOException {
        node.settingsChanged();
        Cluster cluster = openCluster();
        load();
        node.users().loadAtStart();
        node.replication().orders().open(node.settings().dir.value(), listeners.wantedPort());
        listeners.open();
        if (cluster != null) {
            cluster.listening();
        }
        node.replication().start(eventLoops);
        node.replication().rolePorts().start(listeners::openForRole);
        housekeeping.start();
    }

    private @Nullable Cluster openCluster() throws IOException {
        if (!node.settings().clusterEnabled.isOn()) {
            return null;
        }
        return internal == null ? Cluster.open(node, "", "") : Cluster.open(node, internal.name(), internal.password());
    }

    private NodeLoop loopOf(EventLoops.Loop loop) {
        NodeLoop nodeLoop = loops.get(loop);
        if (nodeLoop == null) {
            throw new IllegalStateException("a loop that the node does not know");
        }
        return nodeLoop;
    }

    /** The port it listens on: the one that was asked for, or the one that was free. */
    public int port() {
        return node.port();
    }

    /** The node's rooms, for tests and for those who embed it. */
    public Node node() {
        return node;
    }

    /** Waits until a client asks for the end with SHUTDOWN. */
    public void awaitShutdownRequest() throws InterruptedException {
        shutdownRequest.await();
    }

    /** Runs the task, once, when a client asks for the end with SHUTDOWN; the task may close this node. */
    public void onShutdown(Runnable task) {
        Thread.ofVirtual().name("shutdown " + node.identity().name()).start(() -> {
            try {
                shutdownRequest.await();
                task.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Stops listening, sends what was answered, closes the connections and gives all memory back. */
    @Override
    public synchronized void close() {
        if (stopped) {
            return;
        }
        stopped = true;
        node.busyScript().endAll();
        node.stopping();
        node.replication().stop();
        listeners.close();
        housekeeping.close();
        for (Session session : node.sessions().all()) {
            session.execute(() -> session.connection().closeAfterSending());
        }
        awaitNoSessions();
        closeLoops();
        node.awaitBackground();
        node.appendOnly().close();
        node.persistence().saveAtEnd();
        node.closeParts();
        node.writeLog().close();
        node.store().close();
        LOG.info("node {} stopped", node.identity().name());
    }

    /** A client that does not read its replies has a while; then its connection is cut. */
    private void awaitNoSessions() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
        while (node.sessions().count() > 0) {
            if (System.nanoTime() > deadline) {
                node.sessions().all().forEach(session -> session.execute(() -> session.connection().closeNow()));
                deadline = Long.MAX_VALUE;
            }
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeWhenIdle(NodeLoop loop, CountDownLatch closed) {
        loop.execute(() -> {
            if (loop.isServingOthers()) {
                // A script is about to end, and still uses what the loop holds.
                closeWhenIdle(loop, closed);
                return;
            }
            loop.close();
            closed.countDown();
        });
    }

    /** Each loop gives back its own buffers, after whatever it still had to do. */
    private void closeLoops() {
        CountDownLatch closed = new CountDownLatch(loops.size());
        for (NodeLoop loop : loops.values()) {
            closeWhenIdle(loop, closed);
        }
        try {
            if (!closed.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("node {}: an event loop does not answer", node.identity().name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
