package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.network.Connection;
import dev.cistern.engine.network.Conversation;
import dev.cistern.engine.network.EventLoops;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running Memcached node: it listens, and every client that speaks Memcached's text or binary protocol may come in.
 *
 * <p>Many may live in one process, beside nodes of other kinds, on the same event loops. Starting and stopping may be done
 * by any thread but a loop's own.
 */
public final class MemcachedNode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MemcachedNode.class);
    private static final long STOP_SECONDS = 10;

    private final Rooms rooms;
    private final EventLoops eventLoops;
    private final Map<EventLoops.Loop, ItemLoop> loops = new LinkedHashMap<>();
    private final List<Channel> listeners = new ArrayList<>();
    private final Upkeep upkeep;
    private boolean stopped;

    private MemcachedNode(Rooms rooms, EventLoops eventLoops) {
        this.rooms = rooms;
        this.eventLoops = eventLoops;
        for (EventLoops.Loop loop : eventLoops.loops()) {
            ItemLoop itemLoop = new ItemLoop(rooms, loop);
            loops.put(loop, itemLoop);
            rooms.addLoop(itemLoop);
        }
        this.upkeep = new Upkeep(rooms, loops);
    }

    /**
     * Starts a node on loops that the caller owns.
     *
     * @throws IOException the port is in use, or the address is not ours
     * @throws IllegalArgumentException a parameter is unknown or out of bounds, or its file cannot be read
     */
    public static MemcachedNode start(MemcachedOptions options, EventLoops eventLoops) throws IOException {
        return start(options, eventLoops, Clock.SYSTEM);
    }

    /** A node that reads this clock: for tests that own the time. */
    static MemcachedNode start(MemcachedOptions options, EventLoops eventLoops, Clock clock) throws IOException {
        MemcachedSettings settings = new MemcachedSettings(options.parameters());
        Passwords passwords = settings.authFile.isEmpty()
                ? Passwords.none()
                : Passwords.read(Path.of(settings.authFile));
        Rooms rooms = new Rooms(options.name(), settings, clock, passwords, new SecureRandom().nextLong());
        MemcachedNode node = new MemcachedNode(rooms, eventLoops);
        try {
            node.listen();
        } catch (IOException e) {
            node.close();
            throw e;
        }
        return node;
    }

    private void listen() throws IOException {
        MemcachedSettings settings = rooms.settings();
        rooms.encryption().refresh();
        int port = settings.port;
        for (String host : settings.bind.trim().split("\\s+")) {
            Channel listener = eventLoops.listen(new InetSocketAddress(anyAddress(host), port), settings.backlog,
                    rooms.encryption().door(), this::accept);
            listeners.add(listener);
            port = ((InetSocketAddress) listener.localAddress()).getPort();
            if (settings.configurationPort > 0) {
                listeners.add(eventLoops.listenWithOthers(new InetSocketAddress(anyAddress(host),
                        settings.configurationPort), settings.backlog, rooms.encryption().door(), this::accept));
            }
        }
        rooms.port(port);
        if (!settings.rejectsFast) {
            rooms.onConnectionsChanged(this::acceptWhileThereIsRoom);
        }
        upkeep.start();
        LOG.info("node {} accepts connections on {} port {} ({})", rooms.name(), settings.bind, port,
                eventLoops.transport().name().toLowerCase(Locale.ROOT));
    }

    private static String anyAddress(String host) {
        return host.equals("*") ? "0.0.0.0" : host;
    }

    private Conversation accept(Connection connection, EventLoops.Loop loop) {
        return loopOf(loop).accept(connection);
    }

    /** Without maxconns_fast, who comes when all places are taken waits in the kernel's queue. */
    private void acceptWhileThereIsRoom() {
        boolean hasRoom = rooms.connections().count() < rooms.settings().maxConnections;
        if (hasRoom != rooms.isAccepting()) {
            rooms.accepting(hasRoom);
            listeners.forEach(listener -> listener.config().setAutoRead(hasRoom));
        }
    }

    private ItemLoop loopOf(EventLoops.Loop loop) {
        ItemLoop itemLoop = loops.get(loop);
        if (itemLoop == null) {
            throw new IllegalStateException("a loop that the node does not know");
        }
        return itemLoop;
    }

    /** The port it listens on: the one that was asked for, or the one that was free. */
    public int port() {
        return rooms.port();
    }

    /**
     * Accepts connections from these ranges of addresses alone, as 10.0.0.0/8; from everywhere if there are none.
     *
     * @throws IllegalArgumentException a word is no range
     */
    public void allowFrom(String ranges) {
        rooms.encryption().admit(ranges);
    }

    /**
     * Reads the files with certificates again, for connections that come from now on.
     *
     * @throws IOException they are not usable; the former ones stay
     */
    public void refreshCertificates() throws IOException {
        rooms.encryption().refresh();
    }

    Rooms rooms() {
        return rooms;
    }

    /** Stops listening, sends what was answered, closes the connections and gives all memory back. */
    @Override
    public synchronized void close() {
        if (stopped) {
            return;
        }
        stopped = true;
        rooms.onConnectionsChanged(() -> {});
        listeners.forEach(listener -> listener.close().awaitUninterruptibly());
        upkeep.close();
        for (ItemSession session : rooms.connections().all()) {
            session.execute(() -> session.connection().closeAfterSending());
        }
        awaitNoSessions();
        closeLoops();
        rooms.awaitBackground();
        rooms.encryption().close();
        rooms.store().close();
        LOG.info("node {} stopped", rooms.name());
    }

    /** A client that does not read its replies has a while; then its connection is cut. */
    private void awaitNoSessions() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
        while (rooms.connections().count() > 0) {
            if (System.nanoTime() > deadline) {
                rooms.connections().all().forEach(session -> session.execute(() -> session.connection().closeNow()));
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

    /** Each loop gives back its own buffers, after whatever it still had to do. */
    private void closeLoops() {
        CountDownLatch closed = new CountDownLatch(loops.size());
        for (ItemLoop loop : loops.values()) {
            loop.execute(() -> {
                loop.close();
                closed.countDown();
            });
        }
        try {
            if (!closed.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("node {}: an event loop does not answer", rooms.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
