package dev.cistern.app;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.Parameter;
import dev.cistern.control.resource.ParameterFamily;
import dev.cistern.engine.memcached.IdleParameters;
import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.network.EventLoops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every parameter that the Memcached families expose, through the wire of a node that has it: what it changes, or that it is
 * accepted and named among those that change nothing.
 */
final class MemcachedParameterTest {

    private static final int PATIENCE_MILLIS = 20_000;

    private static EventLoops loops;

    @BeforeAll
    static void start() {
        loops = EventLoops.start();
    }

    @AfterAll
    static void end() {
        loops.close();
    }

    /** All names, of every family. */
    static SortedSet<String> exposed() {
        SortedSet<String> names = new TreeSet<>();
        ParameterFamily.ALL.stream().filter(family -> family.engine() == EngineType.MEMCACHED)
                .forEach(family -> names.addAll(family.parameters().keySet()));
        return names;
    }

    static List<String> acting() {
        return exposed().stream().filter(name -> IdleParameters.reason(name) == null).toList();
    }

    @Test
    void thoseThatChangeNothingAreAccepted() throws IOException {
        List<String> idle = exposed().stream().filter(name -> IdleParameters.reason(name) != null).toList();
        assertThat(idle).contains("hash_algorithm", "no_modern");
        for (ParameterFamily family : ParameterFamily.ALL) {
            for (Parameter parameter : family.parameters().values()) {
                if (family.engine() == EngineType.MEMCACHED && idle.contains(parameter.name())
                        && !parameter.defaultValue().startsWith("@")) {
                    assertThat(asked(parameter.name(), parameter.defaultValue(), "mn\r\n")).as(parameter.name())
                            .isEqualTo("MN\r\n");
                }
            }
        }
        assertThat(asked("hash_algorithm", "jenkins", "stats settings\r\n"))
                .contains("STAT hash_algorithm jenkins\r\n");
    }

    @ParameterizedTest
    @MethodSource("acting")
    void acts(String name) throws IOException {
        switch (name) {
            case "backlog_queue_limit" -> differs(name, "stats settings\r\n", "77", "STAT tcp_backlog 77\r\n", "99",
                    "STAT tcp_backlog 99\r\n");
            // A no-op in binary.
            case "binding_protocol" -> differs(name, "\u0080\n" + "\0".repeat(22), "ascii", "", "auto",
                    "\u0081\n" + "\0".repeat(22));
            case "cas_disabled" -> {
                assertThat(asked(name, "0", "set a 0 0 1\r\nx\r\ngets a\r\n")).containsPattern("VALUE a 0 1 [1-9]");
                assertThat(asked(name, "1", "set a 0 0 1\r\nx\r\ngets a\r\n")).contains("VALUE a 0 1 0\r\n");
            }
            case "chunk_size" -> differs(name, "set a 0 0 1\r\nx\r\nstats slabs\r\n", "48", "STAT 1:chunk_size 96\r\n",
                    "96", "STAT 1:chunk_size 144\r\n");
            case "chunk_size_growth_factor" -> differs(name, "set a 0 0 100\r\n" + "x".repeat(100)
                    + "\r\nstats slabs\r\n", "1.25", "STAT 4:chunk_size 192\r\n", "2", "STAT 2:chunk_size 192\r\n");
            case "slab_chunk_max" -> differs(name, "set a 0 0 90000\r\n" + "x".repeat(90_000) + "\r\nstats slabs\r\n",
                    "16384", ":chunk_size 16384\r\n", "524288", ":chunk_size 103496\r\n");
            case "config_max" -> differs(name, "config set a 0 1\r\nx\r\nconfig set b 0 1\r\ny\r\n", "1",
                    "STORED\r\nNOT_STORED\r\n", "16", "STORED\r\nSTORED\r\n");
            case "config_size_max" -> differs(name, "config set a 0 3\r\nxxx\r\n", "2",
                    "SERVER_ERROR object too large for cache\r\n", "3", "STORED\r\n");
            case "disable_flush_all" -> differs(name, "flush_all\r\n", "0", "OK\r\n", "1",
                    "CLIENT_ERROR flush_all not allowed\r\n");
            case "error_on_memory_exhausted" -> memoryIsFull(name);
            case "idle_timeout" -> idleClientsAreClosed(name);
            case "lru_crawler" -> differs(name, "lru_crawler metadump all\r\n", "0",
                    "CLIENT_ERROR lru crawler disabled\r\n", "1", "END\r\n");
            case "lru_maintainer" -> differs(name, "lru mode flat\r\n", "0", "ERROR\r\n", "1", "OK\r\n");
            case "max_cache_memory" -> differs(name, "stats\r\n", "80", "STAT limit_maxbytes 83886080\r\n", "96",
                    "STAT limit_maxbytes 100663296\r\n");
            case "memcached_connections_overhead" -> differs(name, "stats\r\n", "0", "STAT limit_maxbytes 67108864\r\n",
                    "60", "STAT limit_maxbytes 4194304\r\n");
            case "max_item_size" -> differs(name, "set a 0 0 2000\r\n" + "x".repeat(2000) + "\r\n", "1024",
                    "SERVER_ERROR object too large for cache\r\n", "4096", "STORED\r\n");
            case "max_simultaneous_connections" -> {
                assertThat(fourthConnection("3", "1")).isEqualTo("ERROR Too many open connections\r\n");
                assertThat(fourthConnection("4", "1")).isEqualTo("MN\r\n");
            }
            case "maxconns_fast" -> assertThat(fourthConnection("3", "0")).as("who is too many waits")
                    .isEqualTo("MN\r\n");
            case "track_sizes" ->
                differs(name, "stats sizes\r\n", "0", "STAT sizes_status disabled\r\n", "1", "END\r\n");
            case "watch" -> differs(name, "watch fetchers\r\n", "0", "CLIENT_ERROR watch commands not allowed\r\n", "1",
                    "OK\r\n");
            case "watcher_logbuf_size" -> watchersLoseWhatTheyDoNotRead(name);
            default -> throw new AssertionError("no test shows what " + name + " changes");
        }
    }

    private static void differs(String name, String request, String one, String reply, String other, String otherReply)
            throws IOException {
        assertThat(asked(name, one, request)).as("%s %s", name, one).contains(reply);
        assertThat(asked(name, other, request)).as("%s %s", name, other).contains(otherReply);
        assertThat(reply).isNotEqualTo(otherReply);
    }

    private static void memoryIsFull(String name) throws IOException {
        String sets = "set key%d 0 0 1000\r\n" + "d".repeat(1000) + "\r\n";
        StringBuilder request = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            request.append(sets.formatted(i));
        }
        MemcachedOptions small = options().with("max_cache_memory", "1");
        assertThat(asked(small.with(name, "1"), request.toString()))
                .endsWith("SERVER_ERROR out of memory storing object\r\n");
        assertThat(asked(small.with(name, "0"), request.toString())).isEqualTo("STORED\r\n".repeat(3000));
    }

    private static void idleClientsAreClosed(String name) throws IOException {
        try (MemcachedNode node = MemcachedNode.start(options().with(name, "1"), loops);
                Socket socket = connect(node)) {
            send(socket, "mn\r\n");
            assertThat(rest(socket)).as("without a word from us it ends").isEqualTo("MN\r\n");
        }
        try (MemcachedNode node = MemcachedNode.start(options().with(name, "0"), loops);
                Socket socket = connect(node)) {
            send(socket, "stats settings\r\nquit\r\n");
            assertThat(rest(socket)).contains("STAT idle_timeout 0\r\n");
        }
    }

    /** What the fourth client is told; the first goes away when the fourth has come. */
    private static String fourthConnection(String most, String fast) throws IOException {
        MemcachedOptions options = options().with("max_simultaneous_connections", most).with("maxconns_fast", fast);
        List<Socket> sockets = new ArrayList<>();
        try (MemcachedNode node = MemcachedNode.start(options, loops)) {
            for (int i = 0; i < 3; i++) {
                Socket socket = connect(node);
                sockets.add(socket);
                send(socket, "mn\r\n");
                assertThat(socket.getInputStream().readNBytes(4)).hasSize(4);
            }
            try (Socket fourth = connect(node)) {
                if (fast.equals("0")) {
                    send(fourth, "mn\r\nquit\r\n");
                    sockets.removeFirst().close();
                } else if (!most.equals("3")) {
                    send(fourth, "mn\r\nquit\r\n");
                }
                return rest(fourth);
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /** With a small buffer a watcher that does not read loses lines sooner than with a large one. */
    private static void watchersLoseWhatTheyDoNotRead(String name) throws IOException {
        int few = 20_000;
        assertThat(skipped(name, "1", few)).isPositive();
        assertThat(skipped(name, "65536", few)).isZero();
    }

    /** How much a watcher that reads nothing has lost after so many fetches of a long key. */
    private static long skipped(String name, String kilobytes, int fetches) throws IOException {
        try (MemcachedNode node = MemcachedNode.start(options().with(name, kilobytes), loops);
                Socket watcher = connect(node, 4096);
                Socket client = connect(node)) {
            send(watcher, "watch fetchers\r\n");
            assertThat(watcher.getInputStream().readNBytes(4)).hasSize(4);
            String line = "mg " + "k".repeat(250) + "\r\n";
            for (int done = 0; done < fetches; done += 1000) {
                send(client, line.repeat(1000));
                assertThat(client.getInputStream().readNBytes(4000)).hasSize(4000);
            }
            send(client, "stats\r\nquit\r\n");
            return rest(client).lines().filter(found -> found.startsWith("STAT log_watcher_skipped "))
                    .mapToLong(found -> Long.parseLong(found.split(" ")[2])).findFirst().orElseThrow();
        }
    }

    private static MemcachedOptions options() {
        return MemcachedOptions.onPort("node", 0);
    }

    private static String asked(String name, String value, String request) throws IOException {
        return asked(options().with(name, value), request);
    }

    /** All that a node answers to this. */
    private static String asked(MemcachedOptions options, String request) throws IOException {
        try (MemcachedNode node = MemcachedNode.start(options, loops); Socket socket = connect(node)) {
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    send(socket, request);
                    socket.shutdownOutput();
                } catch (IOException e) {
                    // The node has closed the connection, and that is what it answers.
                }
            });
            String reply = rest(socket);
            sender.join();
            return reply;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Socket connect(MemcachedNode node) throws IOException {
        return connect(node, 0);
    }

    private static Socket connect(MemcachedNode node, int receiveBufferBytes) throws IOException {
        Socket socket = new Socket();
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
}
