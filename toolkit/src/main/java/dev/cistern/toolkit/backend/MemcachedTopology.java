package dev.cistern.toolkit.backend;

import java.util.ArrayList;
import java.util.List;

/**
 * What a configuration endpoint tells: a version that grows with each change of membership, and the nodes.
 *
 * <pre>
 *   12\n
 *   host1|10.0.0.1|11211 host2||11211\n
 * </pre>
 */
record MemcachedTopology(long version, List<MemcachedAddress> nodes) {

    /** Reads a payload; throws IllegalArgumentException when it is not one. */
    static MemcachedTopology parse(String payload) {
        String[] lines = payload.strip().split("\r?\n", -1);
        if (lines.length != 2) {
            throw new IllegalArgumentException("expected a version and a line of nodes, got " + lines.length
                    + " lines");
        }
        List<MemcachedAddress> nodes = new ArrayList<>();
        for (String node : lines[1].strip().split(" +", -1)) {
            nodes.add(node(node));
        }
        return new MemcachedTopology(Long.parseLong(lines[0].strip()), List.copyOf(nodes));
    }

    private static MemcachedAddress node(String text) {
        String[] parts = text.split("\\|", -1);
        if (parts.length != 3 || parts[0].isEmpty()) {
            throw new IllegalArgumentException("expected host|ip|port, got " + text);
        }
        int port = Integer.parseInt(parts[2]);
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("not a port: " + text);
        }
        return new MemcachedAddress(parts[0], parts[1], port);
    }
}
