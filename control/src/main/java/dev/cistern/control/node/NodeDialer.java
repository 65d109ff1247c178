package dev.cistern.control.node;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;

/** How admin connections are made where they are not simply sockets of the system. */
@FunctionalInterface
public interface NodeDialer {

    /** A connection to who listens there, made within {@code limit}. */
    Socket dial(NodeAddress address, Duration limit) throws IOException;
}
