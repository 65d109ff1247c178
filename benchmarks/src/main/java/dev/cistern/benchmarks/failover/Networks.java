package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Networks of the kernel's, one for each node, joined by a bridge at which the control plane is; for root alone.
 *
 * <pre>
 *   control plane 10.213.7.1 ── bridge ─┬─ 10.213.7.10 node 0
 *                                       ├─ 10.213.7.11 node 1
 *                                       └─ 10.213.7.12 node 2
 * </pre>
 *
 * <p>Who is cut off from somebody has a route that drops what it sends there; what it is sent still comes.
 */
final class Networks implements AutoCloseable {

    /** The control plane's place. */
    static final int CONTROL = -1;

    private static final String BRIDGE = "cist-br";
    private static final String NET = "10.213.7.";
    private static final int FIRST = 10;

    private final int nodes;

    Networks(int nodes) throws IOException {
        this.nodes = nodes;
        close();
        ip("link", "add", BRIDGE, "type", "bridge");
        ip("addr", "add", NET + "1/24", "dev", BRIDGE);
        ip("link", "set", BRIDGE, "up");
        for (int node = 0; node < nodes; node++) {
            String name = name(node);
            ip("netns", "add", name);
            ip("link", "add", "cist-v" + node, "type", "veth", "peer", "name", "cist-p" + node);
            ip("link", "set", "cist-p" + node, "netns", name);
            ip("link", "set", "cist-v" + node, "master", BRIDGE, "up");
            inside(node, "link", "set", "lo", "up");
            inside(node, "addr", "add", address(node) + "/24", "dev", "cist-p" + node);
            inside(node, "link", "set", "cist-p" + node, "up");
        }
    }

    static String name(int node) {
        return "cist-n" + node;
    }

    static String address(int node) {
        return NET + (node == CONTROL ? 1 : FIRST + node);
    }

    /** The words by which a command runs at that place. */
    static List<String> at(int node) {
        return List.of("ip", "netns", "exec", name(node));
    }

    /** What one sends to the other is lost from here on, or comes again. */
    void cut(int from, int to, boolean isCut) throws IOException {
        String[] route = {"route", isCut ? "add" : "del", "blackhole", address(to) + "/32"};
        if (from == CONTROL) {
            ip(route);
        } else {
            inside(from, route);
        }
    }

    private static void inside(int node, String... words) throws IOException {
        List<String> all = new ArrayList<>(List.of("netns", "exec", name(node), "ip"));
        all.addAll(List.of(words));
        ip(all.toArray(String[]::new));
    }

    private static void ip(String... words) throws IOException {
        if (!isDone(words)) {
            throw new IOException("failed: ip " + String.join(" ", words));
        }
    }

    private static boolean isDone(String... words) throws IOException {
        List<String> all = new ArrayList<>(List.of("ip"));
        all.addAll(List.of(words));
        Process process = new ProcessBuilder(all).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            return process.waitFor() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Takes everything away that this class makes; what is not there is fine. */
    @Override
    public void close() throws IOException {
        for (int node = 0; node < nodes; node++) {
            var _ = isDone("route", "del", "blackhole", address(node) + "/32");
            var _ = isDone("link", "del", "cist-v" + node);
            var _ = isDone("netns", "del", name(node));
        }
        var _ = isDone("link", "del", BRIDGE);
    }
}
