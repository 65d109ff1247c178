package dev.cistern.control.operation;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.resource.PortLease;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Gives local ports to nodes, for good.
 *
 * <p>A port is free when no node holds its lease and nothing else on this machine listens on it now. Whoever comes later
 * and takes it from a node that is not running makes that node's start fail, and the keeper tries again.
 */
final class Ports {

    private static final int MAX_PORT = 65_535;

    private final EndpointOptions options;

    Ports(EndpointOptions options) {
        this.options = options;
    }

    /** Leases the port that was asked for, or the lowest free one when {@code asked} is null, for what has no zone. */
    int lease(Handle handle, @Nullable Integer asked, String nodeId) {
        return leaseAt(options.bindAddress(), handle, asked, nodeId);
    }

    /** The same for a node in that availability zone. */
    int lease(Handle handle, @Nullable Integer asked, String nodeId, String zone) {
        return leaseAt(options.bindAddress(zone), handle, asked, nodeId);
    }

    /** No number is given twice, on whatever address: a node tells its own port from that of its role by the number. */
    private int leaseAt(String address, Handle handle, @Nullable Integer asked, String nodeId) {
        Set<Integer> leased = PortLease.TABLE.select(handle, "").stream()
                .map(PortLease::port).collect(Collectors.toSet());
        int port = asked == null ? lowestFree(address, leased) : checked(address, asked, leased);
        PortLease.TABLE.insert(handle, new PortLease(address, port, nodeId));
        return port;
    }

    private int lowestFree(String address, Set<Integer> leased) {
        for (int port = options.firstPort(); port <= options.lastPort(); port++) {
            if (!leased.contains(port) && nothingListensOn(address, port)) {
                return port;
            }
        }
        throw Faults.insufficientCapacity("No port from %d to %d is free on %s.", options.firstPort(),
                options.lastPort(), address);
    }

    private static int checked(String address, int port, Set<Integer> leased) {
        if (port < 1 || port > MAX_PORT) {
            throw Faults.invalidParameterValue("Invalid value %d for Port. Must be between 1 and %d", port, MAX_PORT);
        }
        if (leased.contains(port)) {
            throw Faults.invalidParameterValue("Port %d is held by another cache node on %s. Choose another port, or "
                    + "leave Port out to be given a free one.", port, address);
        }
        if (!nothingListensOn(address, port)) {
            throw Faults.invalidParameterValue("Port %d is used by another program on %s. Choose another port, or "
                    + "leave Port out to be given a free one.", port, address);
        }
        return port;
    }

    private static boolean nothingListensOn(String address, int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(address, port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
