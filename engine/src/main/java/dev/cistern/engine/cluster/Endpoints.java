package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.Session;

/** How a client reaches another node: by which host, and which of its ports. Stateless; any thread. */
final class Endpoints {

    private Endpoints() {}

    /** A node that was not told its own host is where this session found it. */
    static String host(Topology.Member member, Session session) {
        if (!member.host().isEmpty()) {
            return member.host();
        }
        String local = session.localAddress();
        int colon = local.lastIndexOf(':');
        return colon < 0 ? local : local.substring(0, colon);
    }

    /** Who speaks TLS is sent where TLS is spoken, if the node tells such a port. */
    static int port(Topology.Member member, Session session) {
        boolean byTls = member.tlsPort() > 0 && (session.connection().isSecure() || member.port() == 0);
        return byTls ? member.tlsPort() : member.port();
    }
}
