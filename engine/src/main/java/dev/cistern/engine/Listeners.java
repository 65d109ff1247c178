package dev.cistern.engine;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.AddressRanges;
import dev.cistern.engine.network.Door;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.TlsContext;
import dev.cistern.engine.network.TlsOptions;
import dev.cistern.engine.replication.RolePorts;
import dev.cistern.engine.settings.InvalidSettingException;
import dev.cistern.engine.settings.Setting;
import dev.cistern.engine.settings.Settings;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
    private static final String BAD_PORT = "Unable to listen on this port. Check server logs.";

    private final Node node;
    private final Settings settings;
    private final EventLoops eventLoops;
    private final EventLoops.Acceptor acceptor;
    private final RoleDoors roleDoors;
    /** The doors that are open, by their ports, and who waits behind them. */
    private final Map<Integer, Door> doors = new LinkedHashMap<>();
    private final Map<Integer, List<Channel>> channels = new LinkedHashMap<>();
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
            context = TlsContext.read(tlsOptions());
        }
        try {
            for (Map.Entry<Integer, Door.Speech> wanted : wanted().entrySet()) {
                listen(wanted.getKey(), wanted.getValue(), peers());
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

    private void listen(int wantedPort, Door.Speech speech, Door.@Nullable Peers peers) throws IOException {
        Door door = new Door();
        door.admit(peers);
        door.admitInsiders(node.users().hasInternal());
        door.speak(speech, context);
        int port = wantedPort;
        List<Channel> opened = new ArrayList<>();
        for (String host : hosts()) {
            Channel listener = eventLoops.listen(new InetSocketAddress(host, port),
                    (int) settings.tcpBacklog.value(), door, acceptor);
            opened.add(listener);
            port = ((InetSocketAddress) listener.localAddress()).getPort();
            channels.put(port, opened);
        }
        doors.put(port, door);
        LOG.info("node {} accepts {} connections on {} port {} ({})", node.identity().name(), described(speech),
                settings.bind.value(), port, eventLoops.transport().name().toLowerCase(Locale.ROOT));
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
        door.listen(hosts(), isShared);
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

    private TlsOptions tlsOptions() throws IOException {
        if (settings.tlsCertFile.value().isEmpty() || settings.tlsKeyFile.value().isEmpty()) {
            throw new IOException("TLS needs tls-cert-file and tls-key-file");
        }
        String password = settings.tlsKeyFilePass.value();
        return new TlsOptions(Path.of(settings.tlsCertFile.value()), Path.of(settings.tlsKeyFile.value()),
                password.isEmpty() ? null : password, authorities(),
                TlsOptions.Clients.valueOf(settings.tlsAuthClients.value().toUpperCase(Locale.ROOT)),
                words(settings.tlsProtocols.value()), words(settings.tlsCiphers.value()),
                words(settings.tlsCipherSuites.value()), settings.tlsPreferServerCiphers.isOn(),
                settings.tlsSessionCaching.isOn(), settings.tlsSessionCacheSize.value(),
                settings.tlsSessionCacheTimeout.value());
    }

    private List<Path> authorities() throws IOException {
        List<Path> files = new ArrayList<>();
        if (!settings.tlsCaCertFile.value().isEmpty()) {
            files.add(Path.of(settings.tlsCaCertFile.value()));
        }
        if (!settings.tlsCaCertDir.value().isEmpty()) {
            try (DirectoryStream<Path> inside = Files.newDirectoryStream(Path.of(settings.tlsCaCertDir.value()),
                    "*.{pem,crt,0}")) {
                inside.forEach(files::add);
            }
        }
        return files;
    }

    private static List<String> words(String text) {
        return text.isBlank() ? List.of() : List.of(text.trim().split("[\\s:]+"));
    }

    // --- changes ---

    @Override
    public void apply(Set<Setting> changed) throws InvalidSettingException {
        if (closed) {
            return;
        }
        Door.Peers peers = peers();
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
        return setting.name().startsWith("tls-") || setting.name().equals("port");
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
            return TlsContext.read(tlsOptions());
        } catch (IOException e) {
            LOG.warn("TLS cannot be configured so: {}", e.getMessage());
            throw new InvalidSettingException(first.name(), BAD_TLS);
        }
    }

    private void speak(int port, Door.Speech speech) {
        Door door = doors.get(port);
        if (door == null) {
            // Binding waits for a loop, and this may be one.
            Thread.ofVirtual().name("listen " + port).start(() -> listenLater(port, speech));
            return;
        }
        door.speak(speech, context);
        if (speech == Door.Speech.TLS) {
            dropPlain(port);
        }
    }

    private void listenLater(int port, Door.Speech speech) {
        synchronized (settings) {
            try {
                if (!closed) {
                    listen(port, speech, peers());
                    node.port(doors.keySet().iterator().next());
                    roleDoors.speak(speech(), context);
                }
            } catch (IOException | InvalidSettingException e) {
                LOG.warn("node {}: {}", node.identity().name(), e.getMessage());
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
                    for (Channel listener : ended) {
                        var _ = listener.close();
                    }
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
        synchronized (settings) {
            closed = true;
            all = channels.values().stream().flatMap(List::stream).toList();
            channels.clear();
        }
        all.forEach(listener -> listener.close().awaitUninterruptibly());
        if (context != null) {
            context.close();
        }
    }
}
