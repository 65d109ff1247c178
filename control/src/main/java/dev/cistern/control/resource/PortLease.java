package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import org.jdbi.v3.core.Handle;

/** A local port that a node holds for its whole life. The table's key keeps two nodes from holding the same. */
public record PortLease(String bindAddress, int port, String nodeId) {

    public static final Table<PortLease> TABLE = Table.of(PortLease.class, "port_lease", "bind_address", "port");

    /** Whether some node holds the port, at whatever address. */
    public static boolean isHeld(Handle handle, int port) {
        return TABLE.count(handle, "where port = ?", port) > 0;
    }
}
