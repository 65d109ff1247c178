package dev.cistern.app.process;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Where originals listen: on loopback alone, for they look at nobody's address. What is meant to be reached from elsewhere is
 * listened on by a {@link Forwarder}, which does look.
 *
 * <p>Whoever is on the machine itself comes to them unasked. Stateless; any thread.
 */
final class Indoors {

    private Indoors() {}

    /** The address for the server itself. */
    static String host(NodeSpec spec) {
        InetAddress wanted = address(spec);
        if (wanted.isLoopbackAddress()) {
            return spec.bindAddress();
        }
        return wanted instanceof Inet4Address ? "127.0.0.1" : "::1";
    }

    /** The server itself. */
    static NodeAddress server(NodeSpec spec) {
        return new NodeAddress(host(spec), spec.port());
    }

    /** Where others look for the node: each address that this machine has now, if it is to listen on all. */
    static List<NodeAddress> outside(NodeSpec spec) {
        InetAddress wanted = address(spec);
        if (wanted.isLoopbackAddress()) {
            return List.of();
        }
        if (!wanted.isAnyLocalAddress()) {
            return List.of(new NodeAddress(spec.bindAddress(), spec.port()));
        }
        try {
            return NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
                    .filter(own -> !own.isLoopbackAddress() && !own.isLinkLocalAddress())
                    .filter(own -> own instanceof Inet4Address || !(wanted instanceof Inet4Address))
                    .map(own -> new NodeAddress(own.getHostAddress(), spec.port())).toList();
        } catch (SocketException e) {
            throw new NodeRuntimeException("this machine does not tell its addresses: " + e.getMessage(), e);
        }
    }

    private static InetAddress address(NodeSpec spec) {
        try {
            return InetAddress.getByName(spec.bindAddress());
        } catch (UnknownHostException e) {
            throw new NodeRuntimeException(spec.bindAddress() + " is no address of this machine", e);
        }
    }
}
