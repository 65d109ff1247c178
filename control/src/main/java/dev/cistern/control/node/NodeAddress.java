package dev.cistern.control.node;

/** A place to connect to. */
public record NodeAddress(String host, int port) {

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
