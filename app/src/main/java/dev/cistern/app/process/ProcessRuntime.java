package dev.cistern.app.process;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.resource.MemcachedCluster;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs each node as a process, which goes on when this one ends and is found again by the record in its folder.
 *
 * <p>Which server a node is says its {@link Program}. Any thread may call. The end of a process that this JVM started is
 * told by the system; others are looked at ten times a second, by a thread that is there only when there are such.
 */
public final class ProcessRuntime implements NodeRuntime {

    /** A node that loads a large snapshot may take long before it listens. */
    private static final Duration START_LIMIT = Duration.ofMinutes(30);
    private static final Duration PAUSE = Duration.ofMillis(10);
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);
    private static final int CONNECT_MILLIS = 1_000;

    private final Map<EngineType, Program> programs = new EnumMap<>(EngineType.class);
    private final Map<String, ChildProcess> running = new ConcurrentHashMap<>();
    private volatile Consumer<String> exitListener = _ -> {};
    private @Nullable Thread watcher;
    private volatile boolean closed;

    /** For servers that cannot listen at the ports of their role or cluster by themselves; null for our own. */
    private final @Nullable Forwarder forwarder;
    private final @Nullable RolePorts rolePorts;

    /** What stands before each node's command line. */
    private final Function<NodeSpec, List<String>> before;

    private ProcessRuntime(Program redis, Program valkey, Program memcached, @Nullable Forwarder forwarder,
            Function<NodeSpec, List<String>> before) {
        if (!ProcessMark.isPossible()) {
            throw new NodeRuntimeException("nodes as processes need Linux: there is no /proc here");
        }
        this.forwarder = forwarder;
        this.before = before;
        this.rolePorts = forwarder == null ? null : new RolePorts(forwarder);
        programs.put(EngineType.REDIS, redis);
        programs.put(EngineType.VALKEY, valkey);
        programs.put(EngineType.MEMCACHED, memcached);
    }

    /** Every node is our own engine in a JVM of its own. */
    public static ProcessRuntime ofOwnEngine() {
        return ofOwnEngine(_ -> List.of());
    }

    /** The same, each by a command that ends in becoming the node, such as one that enters a network of its own. */
    public static ProcessRuntime ofOwnEngine(Function<NodeSpec, List<String>> before) {
        Program own = new OwnProgram();
        return new ProcessRuntime(own, own, own, null, before);
    }

    /** Every node is the original of its engine: redis-server, valkey-server, memcached. */
    public static ProcessRuntime ofOriginals() {
        return new ProcessRuntime(new RedisProgram("redis-server"), new RedisProgram("valkey-server"),
                new MemcachedProgram(), new Forwarder(), _ -> List.of());
    }

    @Override
    public NodeAddress start(NodeSpec spec) {
        ChildProcess child = find(spec);
        if (child == null) {
            child = launch(spec);
        }
        awaitListening(spec, child);
        program(spec).begun(spec);
        admit(spec);
        forward(spec);
        return new NodeAddress(spec.bindAddress(), spec.port());
    }

    private ChildProcess launch(NodeSpec spec) {
        List<String> words = new ArrayList<>(before.apply(spec));
        if (words.isEmpty()) {
            requireFree(spec, server(spec));
            leaveOwnPorts(spec);
            outside(spec).forEach(address -> requireFree(spec, address));
        }
        try {
            words.addAll(program(spec).prepare(spec));
            ChildProcess child = ChildProcess.launch(spec.dataDirectory(), words);
            running.put(spec.nodeId(), child);
            child.onExit(() -> ended(spec.nodeId(), child));
            return child;
        } catch (IOException e) {
            throw new NodeRuntimeException("node " + spec.nodeId() + " cannot start: " + e.getMessage(), e);
        }
    }

    /**
     * Asked before the start: whoever listens there would be taken for the node. A process counts as ended when its first
     * thread is, and its sockets close with the last.
     */
    private static void requireFree(NodeSpec spec, NodeAddress address) {
        IOException taken = FreePort.await(new InetSocketAddress(address.host(), address.port()));
        if (taken != null) {
            throw new NodeRuntimeException("node " + spec.nodeId() + " cannot start: port " + address.port() + " of "
                    + address.host() + ": " + taken.getMessage(), taken);
        }
    }

    private void awaitListening(NodeSpec spec, ChildProcess child) {
        long end = System.nanoTime() + START_LIMIT.toNanos();
        while (!listens(spec)) {
            if (!child.isAlive()) {
                running.remove(spec.nodeId(), child);
                throw new NodeRuntimeException("node " + spec.nodeId() + " cannot start: it ended"
                        + ChildProcess.lastWords(spec.dataDirectory()));
            }
            if (System.nanoTime() > end) {
                stop(spec);
                throw new NodeRuntimeException("node " + spec.nodeId() + " does not listen on port " + spec.port());
            }
            pause(PAUSE);
        }
    }

    private boolean listens(NodeSpec spec) {
        NodeAddress server = server(spec);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(server.host(), server.port()), CONNECT_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public NodeState inspect(NodeSpec spec) {
        ChildProcess.trimLog(spec.dataDirectory());
        return find(spec) == null ? NodeState.STOPPED : NodeState.RUNNING;
    }

    @Override
    public void stop(NodeSpec spec) {
        ChildProcess child = find(spec);
        leavePorts(spec);
        if (child != null) {
            child.end();
            running.remove(spec.nodeId(), child);
        }
    }

    @Override
    public boolean kill(NodeSpec spec) {
        ChildProcess child = find(spec);
        leavePorts(spec);
        if (child == null) {
            return true;
        }
        boolean isGone = child.kill();
        if (isGone) {
            running.remove(spec.nodeId(), child);
        }
        return isGone;
    }

    @Override
    public void remove(NodeSpec spec) {
        stop(spec);
    }

    @Override
    public void onExit(Consumer<String> listener) {
        exitListener = listener;
    }

    @Override
    public boolean runsOriginals() {
        return forwarder != null;
    }

    @Override
    public void requireRunnable(EngineType engine) {
        program(engine).requireInstalled();
    }

    @Override
    public List<String> lastRules(NodeSpec spec) {
        return program(spec).lastRules(spec);
    }

    @Override
    public void listenByRole(NodeSpec spec, NodeAdmin admin, int primaryPort, int readerPort) {
        if (rolePorts != null) {
            String host = spec.parameters().getOrDefault(NodeSpec.ROLE_BIND, spec.bindAddress());
            rolePorts.listen(spec.nodeId(), new RolePorts.Place(server(spec), host, primaryPort, readerPort), admin);
        }
    }

    @Override
    public void roleChanged(NodeSpec spec) {
        if (rolePorts != null) {
            rolePorts.askNow(spec.nodeId());
        }
    }

    @Override
    public void admit(NodeSpec spec) {
        if (forwarder != null) {
            forwarder.admit(server(spec), spec.peers());
        }
    }

    /** The server itself, which is not always where others find it. */
    private NodeAddress server(NodeSpec spec) {
        return forwarder == null ? new NodeAddress(spec.bindAddress(), spec.port()) : Indoors.server(spec);
    }

    /** Where others find a server that does not look at who comes. */
    private List<NodeAddress> outside(NodeSpec spec) {
        return forwarder == null ? List.of() : Indoors.outside(spec);
    }

    /** All nodes of a Memcached cluster stand behind its configuration port too, as far as they run. */
    private void forward(NodeSpec spec) {
        Forwarder present = forwarder;
        if (present == null) {
            return;
        }
        outside(spec).forEach(at -> present.addOwn(at, server(spec)));
        NodeAddress at = configurationAddress(spec);
        if (at != null) {
            present.add(at, server(spec));
        }
    }

    /** Also those of one that ended by itself. */
    private void leaveOwnPorts(NodeSpec spec) {
        Forwarder present = forwarder;
        if (present != null) {
            outside(spec).forEach(at -> present.remove(at, server(spec)));
        }
    }

    private void leavePorts(NodeSpec spec) {
        if (forwarder == null || rolePorts == null) {
            return;
        }
        rolePorts.end(spec.nodeId());
        leaveOwnPorts(spec);
        NodeAddress at = configurationAddress(spec);
        if (at != null) {
            forwarder.remove(at, server(spec));
        }
        forwarder.admit(server(spec), "");
    }

    private static @Nullable NodeAddress configurationAddress(NodeSpec spec) {
        String port = spec.parameters().get(MemcachedCluster.PORT_SETTING);
        return port == null ? null : new NodeAddress(spec.bindAddress(), Integer.parseInt(port));
    }

    /** The node's process if it is there, be it one that this JVM has never seen. */
    private @Nullable ChildProcess find(NodeSpec spec) {
        ChildProcess known = running.get(spec.nodeId());
        if (known != null && known.isAlive()) {
            return known;
        }
        ChildProcess found = ChildProcess.find(spec.dataDirectory());
        if (found != null) {
            running.put(spec.nodeId(), found);
            admit(spec);
            forward(spec);
            watch();
        }
        return found;
    }

    private void ended(String nodeId, ChildProcess child) {
        running.remove(nodeId, child);
        if (!closed && child.isNewsThatItEnded()) {
            exitListener.accept(nodeId);
        }
    }

    private synchronized void watch() {
        if (watcher == null && !closed) {
            watcher = Thread.ofVirtual().name("watch-adopted-nodes").start(this::lookUntilClosed);
        }
    }

    /** The system tells the end of a process only to the one that started it. */
    private void lookUntilClosed() {
        while (!closed) {
            pause(LOOK_EVERY);
            running.forEach((nodeId, child) -> {
                if (!child.isOwn() && !child.isAlive()) {
                    ended(nodeId, child);
                }
            });
        }
    }

    /** Ends every process whose record lies below the folder of all nodes; answers how many there were. */
    public static int endAll(Path nodes) throws IOException {
        if (!Files.isDirectory(nodes)) {
            return 0;
        }
        List<ChildProcess> found = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(nodes)) {
            for (Path folder : folders) {
                ChildProcess child = ChildProcess.find(folder);
                if (child != null) {
                    found.add(child);
                }
            }
        }
        found.forEach(ChildProcess::end);
        return found.size();
    }

    private Program program(NodeSpec spec) {
        return program(spec.engine());
    }

    private Program program(EngineType engine) {
        Program program = programs.get(engine);
        if (program == null) {
            throw new IllegalStateException("no program for " + engine);
        }
        return program;
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeRuntimeException("interrupted", e);
        }
    }

    /** The processes go on. */
    @Override
    public void close() {
        closed = true;
        if (rolePorts != null && forwarder != null) {
            rolePorts.close();
            forwarder.close();
        }
    }
}
