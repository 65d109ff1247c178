package dev.cistern.control;

import dev.cistern.control.backup.SnapshotSplitter;
import dev.cistern.control.backup.UnfitSnapshotException;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.resource.SlotMap;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Nodes that listen and answer what an admin asks, and keep no data: enough RESP for the control plane, on real sockets.
 *
 * <p>They live in this JVM and end with {@link #close}, as nodes of the application do.
 */
final class FakeNodes implements NodeRuntime {

    private final Map<String, FakeNode> nodes = new ConcurrentHashMap<>();

    private volatile Consumer<String> exitListener = nodeId -> {};

    /** Starts that are still to fail. */
    final AtomicInteger failingStarts = new AtomicInteger();

    /** Whether nodes listen but answer nobody. */
    volatile boolean mute;

    /** The clusters whose nodes answer nobody, and serve. */
    final Set<String> silent = ConcurrentHashMap.newKeySet();

    /** Whether nodes outlive the control plane: they then still hold what they held, and are found running. */
    volatile boolean outlive;

    /** Whether nodes cannot save, and what happens when one is told to. */
    volatile boolean failingSaves;
    volatile Consumer<String> onSave = nodeId -> {};

    /** How often a replica says that it loads yet, before it has what its primary has. */
    volatile int loads;

    /** How often each node was started: after a first start its run has the same id in every control plane's life. */
    private final Map<String, Integer> starts = new ConcurrentHashMap<>();

    /** A setting that no node knows, and one that every node refuses. */
    volatile String unknownSetting = "";
    volatile String refusedSetting = "";

    /** What each node says it uses. */
    volatile long usedMemoryBytes = 1_000_000;

    @Override
    public NodeAddress start(NodeSpec spec) {
        if (failingStarts.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new NodeRuntimeException("this start was told to fail");
        }
        FakeNode node = nodes.computeIfAbsent(spec.nodeId(), id -> new FakeNode(spec));
        return new NodeAddress("127.0.0.1", node.spec.port());
    }

    @Override
    public NodeState inspect(NodeSpec spec) {
        if (outlive && Files.exists(heldBy(spec))) {
            nodes.computeIfAbsent(spec.nodeId(), id -> new FakeNode(spec));
        }
        return nodes.containsKey(spec.nodeId()) ? NodeState.RUNNING : NodeState.STOPPED;
    }

    @Override
    public void stop(NodeSpec spec) {
        FakeNode node = nodes.remove(spec.nodeId());
        if (node != null) {
            node.close();
        }
        try {
            Files.deleteIfExists(heldBy(spec));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void remove(NodeSpec spec) {
        stop(spec);
    }

    @Override
    public void close() {
        nodes.values().forEach(FakeNode::close);
        nodes.clear();
    }

    /** The running nodes' ids, and the limit of each. */
    Map<String, Long> running() {
        Map<String, Long> limits = new TreeMap<>();
        nodes.forEach((id, node) -> limits.put(id, node.maxMemoryBytes));
        return limits;
    }

    /** What the node of that cluster was told, at its start and later. */
    Map<String, String> settings(String clusterId) {
        return node(clusterId).settings;
    }

    /** Whom the node of that cluster lets in, and their rules. */
    Map<String, String> users(String clusterId) {
        return node(clusterId).users;
    }

    /** What the node of that cluster was told of users who log in by tokens. */
    String logins(String clusterId) {
        return node(clusterId).logins;
    }

    /** What each Memcached node of the cluster answers to those who follow it, by number. */
    Map<String, String> lists(String clusterId) {
        Map<String, String> lists = new TreeMap<>();
        nodes.forEach((id, node) -> {
            if (id.matches(clusterId + "-[a-z0-9]{6}-\\d{4}.*")) {
                lists.put(id.replaceFirst(".*-[a-z0-9]{6}-", "").substring(0, 4), node.list);
            }
        });
        return lists;
    }

    /** Nodes of an engine that is not there. */
    volatile @Nullable EngineType missingEngine;

    @Override
    public void requireRunnable(EngineType engine) {
        if (engine == missingEngine) {
            throw new NodeRuntimeException(engine.wireName() + "-server is not installed on this machine");
        }
    }

    /** Which version of the engine each node of the cluster was started in, by number. */
    Map<String, String> versions(String clusterId) {
        Map<String, String> versions = new TreeMap<>();
        nodes.forEach((id, node) -> {
            if (id.matches(clusterId + "-[a-z0-9]{6}-\\d{4}.*")) {
                versions.put(id.replaceFirst(".*-[a-z0-9]{6}-", "").substring(0, 4), node.spec.engineVersion());
            }
        });
        return versions;
    }

    private static Path heldBy(NodeSpec spec) {
        return spec.dataDirectory().resolve("held");
    }

    /** The port of its primary, for one that outlives the control plane. */
    private static Path followedBy(NodeSpec spec) {
        return spec.dataDirectory().resolve("followed");
    }

    /** What each node group would get of these files: what was in all, and for which slots. */
    static void split(List<Path> files, List<SnapshotSplitter.Share> shares, @Nullable String keyArn)
            throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path file : files) {
            String text = Files.readString(file);
            if (text.contains("unfit")) {
                throw new UnfitSnapshotException("one is unfit", new IOException());
            }
            all.append(text).append(" and ");
        }
        for (SnapshotSplitter.Share share : shares) {
            Files.writeString(share.place(), all + "slots " + SlotMap.format(share.slots()));
        }
    }

    /** What the node of that cluster holds: what it loaded, or else something that only it has. */
    String data(String clusterId) {
        FakeNode node = node(clusterId);
        FakeNode primary = node.primary();
        return primary == null ? node.data : primary.data;
    }

    private FakeNode node(String clusterId) {
        return node(clusterId, "0001");
    }

    private FakeNode node(String clusterId, String cacheNodeId) {
        return nodes.entrySet().stream()
                .filter(entry -> entry.getKey().matches(clusterId + "-[a-z0-9]{6}-" + cacheNodeId + "(-\\d+)?"))
                .map(Map.Entry::getValue).findFirst().orElseThrow();
    }

    /** What the node of that number was told, at its start and later. */
    Map<String, String> settings(String clusterId, String cacheNodeId) {
        return node(clusterId, cacheNodeId).settings;
    }

    /** Which cluster's node that cluster's node follows; empty for a primary. */
    String follows(String clusterId) {
        FakeNode primary = node(clusterId).primary();
        return primary == null ? "" : clusterOf(primary.spec);
    }

    /** The port of whom that cluster's node follows; 0 for a primary. */
    int followedPort(String clusterId) {
        return node(clusterId).primaryPort;
    }

    /** Has a node follow that one, or lead when it is itself, and nobody knows of it. */
    void strand(String clusterId, String primaryId) {
        node(clusterId).followPort(clusterId.equals(primaryId) ? 0 : node(primaryId).spec.port());
    }

    /** For how long that cluster's node may write after each time that it is told so: -1 for not yet, 0 for ever. */
    long leaseMillis(String clusterId) {
        return node(clusterId).leaseMillis;
    }

    /** The epoch that the node has obeyed. */
    long epoch(String clusterId) {
        return node(clusterId).epoch;
    }

    /** The ports that the node was told to listen on by its role. */
    String rolePorts(String clusterId) {
        return node(clusterId).rolePorts;
    }

    /** The clusters of whose nodes it was told that their role may have changed. */
    final Set<String> clustersWithOtherRoles = ConcurrentHashMap.newKeySet();

    @Override
    public void roleChanged(NodeSpec spec) {
        clustersWithOtherRoles.add(clusterOf(spec));
    }

    private static String clusterOf(NodeSpec spec) {
        return spec.nodeId().replaceFirst("-[a-z0-9]{6}-\\d{4}.*", "");
    }

    /** Ends a node: nobody asked for it. */
    void crash(String nodeId) {
        FakeNode node = Objects.requireNonNull(nodes.remove(nodeId));
        node.close();
        try {
            Files.deleteIfExists(heldBy(node.spec));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        exitListener.accept(nodeId);
    }

    @Override
    public void onExit(Consumer<String> listener) {
        exitListener = listener;
    }

    /** The topology when these slots belong to the shard of that node. */
    private static String withMoved(String topology, String slots, String targetId) {
        SlotMap map = SlotMap.parse(topology);
        StringBuilder text = new StringBuilder("epoch " + (map.epoch() + 1) + "\nself " + map.self() + "\n");
        for (int i = 0; i < map.rest().size(); i++) {
            String line = map.rest().get(i);
            if (line.startsWith("shard ")) {
                BitSet own = SlotMap.slots(line.substring(line.lastIndexOf(' ') + 1));
                own.andNot(SlotMap.slots(slots));
                boolean isTarget = map.rest().subList(i + 1, map.rest().size()).stream()
                        .takeWhile(other -> other.startsWith("node ")).anyMatch(other -> other.contains(targetId));
                if (isTarget) {
                    own.or(SlotMap.slots(slots));
                }
                line = line.substring(0, line.lastIndexOf(' ') + 1) + SlotMap.format(own);
            }
            text.append(line).append('\n');
        }
        return text.toString();
    }

    /** What the node of that cluster knows of its cluster's nodes and slots. */
    SlotMap topology(String clusterId) {
        return SlotMap.parse(node(clusterId).topology);
    }

    /** A socket of which a byte was read already. */
    private static final class Peeked extends Socket {

        private final Socket socket;
        private final InputStream in;

        Peeked(Socket socket, InputStream consumed) throws IOException {
            this.socket = socket;
            this.in = new SequenceInputStream(consumed, socket.getInputStream());
        }

        @Override
        public InputStream getInputStream() {
            return in;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return socket.getOutputStream();
        }
    }

    /** One listener and its connections. */
    private final class FakeNode {

        private final NodeSpec spec;
        private final String runId;
        private final String data;
        private volatile int primaryPort;
        private volatile int heirPort;
        private volatile boolean wasCopied;
        private final AtomicInteger loadsLeft = new AtomicInteger();
        private volatile String rolePorts = "0 0";
        private volatile long epoch;
        private volatile long leaseMillis = -1;
        private volatile String logins = "";
        private volatile String topology;
        private final Map<String, String> settings = new ConcurrentHashMap<>();
        private final Map<String, String> users = new ConcurrentSkipListMap<>();
        private final ServerSocket server;
        private volatile long maxMemoryBytes;
        private volatile String list;

        FakeNode(NodeSpec spec) {
            this.spec = spec;
            this.maxMemoryBytes = spec.maxMemoryBytes();
            this.settings.putAll(spec.parameters());
            this.list = spec.parameters().getOrDefault("cluster_configuration", "");
            epoch = Long.parseLong(spec.parameters().getOrDefault(NodeSpec.EPOCH, "0"));
            users.put("default", spec.open() ? "reset on nopass ~* +@all &*" : "reset off");
            try {
                runId = spec.nodeId() + ":" + starts.merge(spec.nodeId(), 1, Integer::sum);
                boolean hasOutlived = outlive && Files.exists(heldBy(spec));
                primaryPort = hasOutlived && Files.exists(followedBy(spec))
                        ? Integer.parseInt(Files.readString(followedBy(spec)))
                        : 0;
                wasCopied = hasOutlived && Files.exists(followedBy(spec));
                Path loaded = hasOutlived ? heldBy(spec) : spec.snapshotFile();
                data = Files.exists(loaded) ? Files.readString(loaded) : "data of " + spec.nodeId();
                Files.writeString(heldBy(spec), data);
                Path known = spec.dataDirectory().resolve("topology");
                topology = Files.exists(known) ? Files.readString(known) : "epoch 0\nself none\n";
                server = new ServerSocket();
                server.setReuseAddress(true);
                server.bind(new InetSocketAddress(spec.bindAddress(), spec.port()));
            } catch (IOException e) {
                throw new NodeRuntimeException("port " + spec.port() + " cannot be bound", e);
            }
            Thread.ofVirtual().start(this::accept);
        }

        void close() {
            try {
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void accept() {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> serve(socket));
                } catch (IOException e) {
                    return;
                }
            }
        }

        private boolean isOf(String clusterId) {
            return spec.nodeId().startsWith(clusterId + "-");
        }

        private void serve(Socket plain) {
            try (plain; Socket socket = encryptedIfSo(plain)) {
                InputStream in = new BufferedInputStream(socket.getInputStream());
                OutputStream out = socket.getOutputStream();
                if (spec.engine() == EngineType.MEMCACHED) {
                    serveMemcached(in, out);
                    return;
                }
                boolean trusted = false;
                for (List<String> command = read(in); !command.isEmpty(); command = read(in)) {
                    String verb = command.getFirst().toUpperCase(Locale.ROOT);
                    if (verb.equals("AUTH") || verb.equals("HELLO")) {
                        trusted = command.contains(spec.admin().user())
                                && command.contains(spec.admin().password().reveal());
                    }
                    String answer = trusted && !mute && silent.stream().noneMatch(this::isOf)
                            ? answer(verb, command)
                            : "-WRONGPASS invalid username-password pair\r\n";
                    out.write(answer.getBytes(StandardCharsets.UTF_8));
                    out.flush();
                }
            } catch (IOException e) {
                // The other side went away.
            }
        }

        /** A handshake begins with this byte, and no command does. */
        private Socket encryptedIfSo(Socket socket) throws IOException {
            int first = socket.getInputStream().read();
            if (first < 0) {
                return socket;
            }
            InputStream consumed = new ByteArrayInputStream(new byte[]{(byte) first});
            return first == 0x16
                    ? TestTls.context(settings).getSocketFactory().createSocket(socket, consumed, true)
                    : new Peeked(socket, consumed);
        }

        /** What a Memcached node answers its manager. */
        private void serveMemcached(InputStream in, OutputStream out) throws IOException {
            boolean trusted = false;
            for (String line = line(in); !line.isEmpty(); line = line(in)) {
                String[] words = line.split(" ", -1);
                trusted |= line.equals("config manager " + spec.admin().password().reveal());
                String answer = trusted && !mute ? "OK" : "ERROR";
                if (words[1].equals("set")) {
                    list = new String(in.readNBytes(Integer.parseInt(words[4])), StandardCharsets.UTF_8);
                    in.readNBytes(2);
                    answer = "STORED";
                } else if (words[1].equals("parameter")) {
                    settings.put(words[2], words[3]);
                }
                out.write((answer + "\r\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        }

        private String answer(String verb, List<String> command) {
            return switch (verb) {
                case "AUTH" -> "+OK\r\n";
                case "HELLO" -> "%1\r\n$5\r\nproto\r\n:3\r\n";
                case "PING" -> "+PONG\r\n";
                case "ACL" -> acl(command);
                case "CONFIG" -> configureAll(command);
                case "BGSAVE" -> save();
                case "CLIENT" -> "+OK\r\n";
                case "REPLICAOF" -> follow(command);
                case "FAILOVER" -> handOver(command);
                case "REPLCONF" -> acknowledge();
                case "CISTERN" -> cistern(command);
                case "INFO" -> {
                    String text = "# Server\r\nrun_id:" + runId + "\r\nused_memory:" + usedMemoryBytes
                            + "\r\nrdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:" + (failingSaves ? "err" : "ok")
                            + "\r\n" + replication();
                    yield "$" + text.length() + "\r\n" + text + "\r\n";
                }
                default -> "-ERR unknown command '" + verb + "'\r\n";
            };
        }

        /** The node that it follows, while that is there. */
        private @Nullable FakeNode primary() {
            return nodes.values().stream().filter(other -> other.spec.port() == primaryPort).findFirst().orElse(null);
        }

        /** To another node, or to a server that is not ours. */
        private boolean isLinked() {
            if (loadsLeft.get() > 0) {
                return false;
            }
            if (primary() != null) {
                return true;
            }
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), primaryPort)) {
                return socket.isConnected();
            } catch (IOException e) {
                return false;
            }
        }

        /** Also after its next start. */
        private void know(String text) {
            try {
                Files.writeString(spec.dataDirectory().resolve("topology"), text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            topology = text;
        }

        private String cistern(List<String> command) {
            switch (command.get(1)) {
                case "TOPOLOGY" -> {
                    return "$" + topology.length() + "\r\n" + topology + "\r\n";
                }
                case "STATE" -> {
                    return standing();
                }
                case "LEASE", "FENCE", "PROMOTE", "FOLLOW" -> {
                    return order(command);
                }
                case "MOVES" -> {
                    return "*0\r\n";
                }
                case "SET-TOPOLOGY" -> {
                    if (SlotMap.parse(command.get(2)).epoch() <= SlotMap.parse(topology).epoch()) {
                        return "-STALEEPOCH this node knows better\r\n";
                    }
                    know(command.get(2));
                }
                case "MOVE-SLOTS" -> {
                    String moved = withMoved(topology, command.get(2), command.get(3));
                    FakeNode target = nodes.values().stream()
                            .filter(other -> SlotMap.parse(other.topology).knows(command.get(3))).findFirst()
                            .orElseThrow();
                    target.know(withMoved(target.topology, command.get(2), command.get(3)));
                    know(moved);
                }
                case "LOGIN-TOKENS" -> logins = String.join(" ", command.subList(2, command.size()));
                default -> rolePorts = command.get(3) + " " + command.get(5);
            }
            return "+OK\r\n";
        }

        private String order(List<String> command) {
            long ordered = Long.parseLong(command.get(2));
            if (ordered < epoch) {
                return "-STALEEPOCH this node has obeyed epoch " + epoch + "\r\n";
            }
            epoch = ordered;
            switch (command.get(1)) {
                case "LEASE" -> {
                    if (command.contains("HEIR")) {
                        return ":1\r\n";
                    }
                    if (primaryPort != 0) {
                        return "-ERR a replica has no lease\r\n";
                    }
                    leaseMillis = Long.parseLong(command.get(3));
                    return ":1\r\n";
                }
                case "FENCE" -> leaseMillis = -1;
                case "PROMOTE" -> followPort(0);
                default -> followPort(Integer.parseInt(command.get(4)));
            }
            return standing();
        }

        private String standing() {
            List<String> words = List.of("epoch", Long.toString(epoch), "clock", "1", "role",
                    primaryPort == 0 ? "primary" : "replica", "follows",
                    primaryPort == 0 ? "" : "127.0.0.1:" + primaryPort, "link", isLinked() ? "up" : "down",
                    "silent", "0", "loading", "0", "history", hasHistory() ? "h" : "", "offset",
                    hasHistory() ? "7" : "-1");
            StringBuilder text = new StringBuilder("*" + words.size() + "\r\n");
            words.forEach(word -> text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n"));
            return text.toString();
        }

        /** Whether anything was ever copied from it or to it. */
        private boolean hasHistory() {
            wasCopied |= primaryPort != 0
                    ? isLinked()
                    : nodes.values().stream().anyMatch(other -> other.primaryPort == spec.port());
            return wasCopied;
        }

        private void followPort(int port) {
            try {
                Files.writeString(followedBy(spec), Integer.toString(port));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            primaryPort = port;
        }

        private String follow(List<String> command) {
            if (loadsLeft.get() > 0) {
                loadsLeft.decrementAndGet();
                return "-LOADING Redis is loading the dataset in memory\r\n";
            }
            loadsLeft.set(command.get(1).equalsIgnoreCase("NO") ? 0 : loads);
            followPort(command.get(1).equalsIgnoreCase("NO") ? 0 : Integer.parseInt(command.get(2)));
            return "+OK\r\n";
        }

        /** FAILOVER TO host port: the two change places when the replica says how far it is, for which it waits to be asked. */
        private String handOver(List<String> command) {
            heirPort = Integer.parseInt(command.get(3));
            return "+OK\r\n";
        }

        /** REPLCONF GETACK, which has no reply. */
        private String acknowledge() {
            FakeNode primary = primary();
            if (primary != null && primary.heirPort == spec.port()) {
                primary.heirPort = 0;
                primary.followPort(spec.port());
                followPort(0);
            }
            return "";
        }

        private String replication() {
            String history = hasHistory() ? "repl_backlog_active:1\r\nmaster_replid:h\r\n" : "";
            if (primaryPort != 0) {
                return history + "role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:" + primaryPort
                        + "\r\nmaster_link_status:"
                        + (isLinked() ? "up" : "down") + "\r\nslave_repl_offset:7\r\n";
            }
            StringBuilder text = new StringBuilder(history + "role:master\r\nmaster_repl_offset:7\r\n"
                    + "master_failover_state:" + (heirPort == 0 ? "no-failover" : "waiting-for-sync") + "\r\n");
            int number = 0;
            for (FakeNode other : nodes.values()) {
                if (other.primaryPort == spec.port()) {
                    text.append("slave").append(number++).append(":ip=127.0.0.1,port=").append(other.spec.port())
                            .append(",state=online,offset=7,lag=0\r\n");
                }
            }
            return text.toString();
        }

        private String save() {
            onSave.accept(spec.nodeId());
            try {
                if (!failingSaves) {
                    FakeNode primary = primary();
                    Files.writeString(spec.snapshotFile(), primary == null ? data : primary.data);
                }
                return "+Background saving started\r\n";
            } catch (IOException e) {
                return "-ERR " + e + "\r\n";
            }
        }

        private String acl(List<String> command) {
            switch (command.get(1).toUpperCase(Locale.ROOT)) {
                case "SETUSER" -> users.put(command.get(2), String.join(" ", command.subList(3, command.size())));
                case "DELUSER" -> {
                    return users.remove(command.get(2)) == null ? ":0\r\n" : ":1\r\n";
                }
                default -> {
                    StringBuilder names = new StringBuilder("*" + users.size() + "\r\n");
                    users.keySet().forEach(name -> names.append('$').append(name.length()).append("\r\n").append(name)
                            .append("\r\n"));
                    return names.toString();
                }
            }
            return "+OK\r\n";
        }

        private String configureAll(List<String> command) {
            String answer = "";
            for (int i = 2; i < command.size(); i += 2) {
                answer = configure(command.get(i), command.get(i + 1));
            }
            return answer;
        }

        private String configure(String name, String value) {
            if (name.equals("maxmemory")) {
                maxMemoryBytes = Long.parseLong(value);
            } else if (name.equals(unknownSetting)) {
                return "-ERR Unknown option or number of arguments for CONFIG SET - '" + name + "'\r\n";
            } else if (name.equals(refusedSetting)) {
                return "-ERR CONFIG SET failed - not today\r\n";
            } else {
                settings.put(name, value);
            }
            return "+OK\r\n";
        }

        private static List<String> read(InputStream in) throws IOException {
            String header = line(in);
            List<String> words = new ArrayList<>();
            for (int left = header.isEmpty() ? 0 : Integer.parseInt(header.substring(1)); left > 0; left--) {
                int length = Integer.parseInt(line(in).substring(1));
                words.add(new String(in.readNBytes(length), StandardCharsets.UTF_8));
                in.readNBytes(2);
            }
            return words;
        }

        private static String line(InputStream in) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
                if (c != '\r') {
                    line.append((char) c);
                }
            }
            return line.toString();
        }
    }
}
