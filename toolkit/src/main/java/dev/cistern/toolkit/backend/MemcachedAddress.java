package dev.cistern.toolkit.backend;

/** Where a Memcached node is: its lasting name, and the address behind it if the cluster told one. */
record MemcachedAddress(String host, String ip, int port) {

    static final int DEFAULT_PORT = 11211;

    /** From {@code host} or {@code host:port}; an IPv6 host stands in brackets. */
    static MemcachedAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        boolean hasPort = colon >= 0 && text.indexOf(']', colon) < 0
                && (text.startsWith("[") || text.indexOf(':') == colon);
        String host = hasPort ? text.substring(0, colon) : text;
        int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : DEFAULT_PORT;
        return new MemcachedAddress(host.replace("[", "").replace("]", ""), "", port);
    }

    /** The name on the ring. It outlives the machine, and so a replaced node keeps its keys. */
    String ringName() {
        return host + ":" + port;
    }

    /** The address is preferred, as ElastiCache's own client does: it is known before DNS has caught up. */
    String connectTo() {
        return ip.isEmpty() ? host : ip;
    }
}
