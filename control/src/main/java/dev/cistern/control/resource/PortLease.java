package dev.cistern.control.resource;

import dev.cistern.control.state.Table;

/** A local port that a node holds for its whole life. The table's key keeps two nodes from holding the same. */
public record PortLease(String bindAddress, int port, String nodeId) {

    public static final Table<PortLease> TABLE = Table.of(PortLease.class, "port_lease", "bind_address", "port");
}
