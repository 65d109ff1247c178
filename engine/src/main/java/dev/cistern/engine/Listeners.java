package dev.cistern.engine;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.AddressRanges;
import dev.cistern.engine.network.Door;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.TlsContext;
import dev.cistern.engine.replication.RolePorts;
import dev.cistern.engine.settings.InvalidSettingException;
import dev.cistern.engine.settings.Setting;
import dev.cistern.engine.settings.Settings;
import dev.cistern.engine.settings.TlsSettings;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports of a node and what is spoken on each, as the settings say: port without encryption, tls-port with it, and
 * either where both are the same. Follows CONFIG SET while the node runs; connections that there are go on, but for plain
 * ones on a port that is for TLS alone from then on.
 *
 * <p>Port 0 stands for none where there is a tls-port, and for any that is free where there is none. Changed under the
 * settings' monitor, or before the node runs.
 */
final class Listeners implements Settings.Applier, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);
    private static final String BAD_TLS = "Unable to update TLS configuration. Check server logs.";
    /** What is spoken to others, and not here. */
    private static final Set<String> PEER_SETTINGS = Set.of("tls-replication", "tls-cluster", "tls-client-cert-file",
            "tls-client-key-file", "tls-client-key-file-pass");
    private static final String BAD_PORT = "Unable to listen on this port. Check server logs.";

    private final Node node;
    private final Settings settings;
    private final EventLoops eventLoops;
    private final EventLoops.Acceptor acceptor;
    private final RoleDoors roleDoors;
    /** The doors that are open, by their ports, and who waits behind them. */
    private final Map<Integer, Door> doors = new LinkedHashMap<>();
    private final Map<Integer, List<Channel>> channels = new LinkedHashMap<>();
    /** Threads that open a port just now. */
    private final List<Thread> openings = new ArrayList<>();
    private @Nullable TlsContext context;
    private boolean closed;

    Listeners(Node node, EventLoops eventLoops, EventLoops.Acceptor acceptor) {
        this.node = node;
        this.settings = node.settings();
        this.eventLoops = eventLoops;
        this.acceptor = acceptor;
        this.roleDoors = new RoleDoors(node, eventLoops, acceptor);
    }

    /** Opens all ports that the settings name; the first is the node's. */
    void open() throws IOException {
        if (settings.tlsPort.value() != 0) {
            context = TlsContext.read(TlsSettings.forClients(settings));
        }
        requirePeerTls();
        try {
            for (Map.Entry<Integer, Door.Speech> wanted : wanted().entrySet()) {
                Door door = door(wanted.getValue());
                door.admit(peers());
                List<Channel> opened = bind(wanted.getKey(), door);
                int port = portOf(opened.getLast());
                doors.put(port, door);
                channels.put(port, opened);
            }
        } catch (InvalidSettingException e) {
            throw new IOException("setting '%s': %s".formatted(e.settingName(), e.reason()), e);
        }
        node.port(doors.keySet().iterator().next());
        settings.applier(this);
    }

    /** The node's port as it will be; 0 if that is left to chance. */
    int wantedPort() {
        return wanted().keySet().iterator().next();
    }

    private Map<Integer, Door.Speech> wanted() {
        int plain = (int) settings.port.value();
        int secure = (int) settings.tlsPort.value();
        Map<Integer, Door.Speech> wanted = new LinkedHashMap<>();
        if (plain != 0 || secure == 0) {
            wanted.put(plain, plain == secure && plain != 0 ? Door.Speech.BOTH : Door.Speech.PLAIN);
        }
        if (secure != 0) {
            wanted.putIfAbsent(secure, Door.Speech.TLS);
        }
        return wanted;
    }

    private Door door(Door.Speech speech) {
        Door door = new Door();
        door.admitInsiders(node.users().hasInternal());
        door.speak(speech, context);
        return door;
    }

    /** Listens at all addresses, or at none; waits for loops, so neither on one nor under the settings' monitor. */
    private List<Channel> bind(int wantedPort, Door door) throws IOException {
        List<Channel> opened = new ArrayList<>();
        int port = wantedPort;
        try {
            for (String host : hosts()) {
                Channel listener = eventLoops.listen(new InetSocketAddress(host, port),
                        (int) settings.tcpBacklog.value(), door, acceptor);
                opened.add(listener);
                port = portOf(listener);
            }
        } catch (IOException e) {
            end(opened);
            throw e;
        }
        LOG.info("node {} accepts {} connections on {} port {} ({})", node.identity().name(),
                described(door.speech()), settings.bind.value(), port,
                eventLoops.transport().name().toLowerCase(Locale.ROOT));
        return opened;
    }

    private static int portOf(Channel listener) {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    private static void end(List<Channel> listeners) {
        for (Channel listener : listeners) {
            var _ = listener.close();
        }
    }

    /** Listens on a port of the node's role, where all is as at the node's own. Not on a loop. */
    RolePorts.OpenPort openForRole(int port, boolean isShared) throws IOException {
        RoleDoors.RoleDoor door;
        synchronized (settings) {
            door = roleDoors.make(port);
            door.speak(speech(), context);
            try {
                door.admit(peers());
            } catch (InvalidSettingException e) {
                throw new IOException("setting '%s': %s".formatted(e.settingName(), e.reason()), e);
            }
        }
        String elsewhere = settings.roleBind.value();
        door.listen(elsewhere.isEmpty() ? hosts() : List.of(elsewhere), isShared);
        return door;
    }

    private Door.Speech speech() {
        Door own = doors.get(node.port());
        return own == null ? Door.Speech.PLAIN : own.speech();
    }

    private static String described(Door.Speech speech) {
        return switch (speech) {
            case PLAIN -> "plain";
            case TLS -> "TLS (" + TlsContext.providerName() + ")";
            case BOTH -> "plain and TLS (" + TlsContext.providerName() + ")";
        };
    }

    private List<String> hosts() {
        List<String> hosts = new ArrayList<>();
        for (String host : settings.bind.value().trim().split("\\s+")) {
            hosts.add(host.equals("*") ? "0.0.0.0" : host);
        }
        return hosts;
    }

    // --- changes ---

    @Override
    public void apply(Set<Setting> changed) throws InvalidSettingException {
        if (closed) {
            return;
        }
        Door.Peers peers = peers();
        Setting ofPeers = changed.stream().filter(each -> each.name().startsWith("tls-")).findFirst().orElse(null);
        if (ofPeers != null) {
            requirePeerTls(ofPeers);
        }
        Setting first = changed.stream().filter(Listeners::concernsPorts).findFirst().orElse(null);
        if (first != null) {
            changePorts(first, wantedOf(changed));
        }
        doors.values().forEach(door -> door.admit(peers));
        roleDoors.admit(peers);
    }

    /** The new certificates first, then the old ones go: nobody comes to a door without. */
    private void changePorts(Setting first, Map<Integer, Door.Speech> wanted) throws InvalidSettingException {
        requireFree(first, wanted);
        TlsContext former = context;
        context = newContext(first);
        wanted.forEach(this::speak);
        close(wanted.keySet());
        roleDoors.speak(speech(), context);
        if (former != null) {
            former.close();
        }
    }

    private static boolean concernsPorts(Setting setting) {
        return setting.name().equals("port") || (setting.name().startsWith("tls-") && !PEER_SETTINGS.contains(setting
                .name()));
    }

    /** Where other nodes are reached by TLS, what that takes must be there. */
    private void requirePeerTls() throws IOException {
        if (settings.tlsReplication.isOn() || settings.tlsCluster.isOn()) {
            TlsContext.forPeers(TlsSettings.forPeers(settings)).close();
        }
    }

    private void requirePeerTls(Setting changed) throws InvalidSettingException {
        try {
            requirePeerTls();
        } catch (IOException e) {
            throw badTls(changed, e);
        }
    }

    private static InvalidSettingException badTls(Setting changed, IOException why) {
        LOG.warn("TLS cannot be configured so: {}", why.getMessage());
        return new InvalidSettingException(changed.name(), BAD_TLS);
    }

    /** Where a port was left to chance it stays what it was, until somebody names one. */
    private Map<Integer, Door.Speech> wantedOf(Set<Setting> changed) {
        Map<Integer, Door.Speech> wanted = wanted();
        Door.Speech chance = wanted.remove(0);
        if (chance != null && !changed.contains(settings.port)) {
            wanted.put(node.port(), chance);
        }
        return wanted;
    }

    private void requireFree(Setting first, Map<Integer, Door.Speech> wanted) throws InvalidSettingException {
        for (int port : wanted.keySet()) {
            if (!doors.containsKey(port)) {
                for (String host : hosts()) {
                    try (ServerSocket probe = new ServerSocket()) {
                        probe.setReuseAddress(true);
                        probe.bind(new InetSocketAddress(host, port));
                    } catch (IOException e) {
                        LOG.warn("cannot listen on {} port {}: {}", host, port, e.getMessage());
                        throw new InvalidSettingException(first.name(), BAD_PORT);
                    }
                }
            }
        }
    }

    private @Nullable TlsContext newContext(Setting first) throws InvalidSettingException {
        if (settings.tlsPort.value() == 0) {
            return null;
        }
        try {
            return TlsContext.read(TlsSettings.forClients(settings));
        } catch (IOException e) {
            throw badTls(first, e);
        }
    }

    private void speak(int port, Door.Speech speech) {
        Door known = doors.get(port);
        if (known == null) {
            Door door = door(speech);
            doors.put(port, door);
            // Binding waits for a loop, and this may be one, or hold the monitor that one waits for.
            Thread opening = Thread.ofVirtual().name("listen " + port).unstarted(() -> listenLater(port, door));
            openings.add(opening);
            opening.start();
            return;
        }
        known.speak(speech, context);
        if (speech == Door.Speech.TLS) {
            dropPlain(port);
        }
    }

    /** The door is known already, and follows the settings; it may have been given up meanwhile. */
    private void listenLater(int port, Door door) {
        List<Channel> opened = List.of();
        try {
            opened = bind(port, door);
        } catch (IOException e) {
            LOG.warn("node {}: {}", node.identity().name(), e.getMessage());
        }
        synchronized (settings) {
            openings.remove(Thread.currentThread());
            if (closed || opened.isEmpty() || !door.equals(doors.get(port))) {
                doors.remove(port, door);
                end(opened);
            } else {
                channels.put(port, opened);
                node.port(doors.keySet().iterator().next());
                roleDoors.speak(speech(), context);
            }
        }
    }

    private void dropPlain(int port) {
        String end = ":" + port;
        for (Session session : node.sessions().all()) {
            if (!session.connection().isSecure() && session.connection().localAddress().endsWith(end)) {
                session.execute(() -> session.connection().closeAfterSending());
            }
        }
    }

    private void close(Set<Integer> kept) {
        for (Integer port : List.copyOf(doors.keySet())) {
            if (!kept.contains(port)) {
                doors.remove(port);
                List<Channel> ended = channels.remove(port);
                if (ended != null) {
                    end(ended);
                }
            }
        }
    }

    private Door.@Nullable Peers peers() throws InvalidSettingException {
        String ranges = settings.allowFrom.value();
        try {
            return ranges.isBlank() ? null : AddressRanges.parse(ranges);
        } catch (IllegalArgumentException e) {
            throw new InvalidSettingException(settings.allowFrom.name(), String.valueOf(e.getMessage()));
        }
    }

    /** Stops listening; what was accepted goes on. */
    @Override
    public void close() {
        List<Channel> all;
        List<Thread> unfinished;
        synchronized (settings) {
            closed = true;
            unfinished = List.copyOf(openings);
            all = channels.values().stream().flatMap(List::stream).toList();
            channels.clear();
        }
        unfinished.forEach(Listeners::await);
        all.forEach(listener -> listener.close().awaitUninterruptibly());
        if (context != null) {
            context.close();
        }
    }

    private static void await(Thread opening) {
        try {
            opening.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
