package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Connections that listen to a channel and throw away what comes, each on a thread of its own, until closed. */
final class Subscribers implements AutoCloseable {

    private final List<PeerConnection> connections = new ArrayList<>();

    static Subscribers open(RunningPeer server, String channel, int count) throws IOException {
        Subscribers subscribers = new Subscribers();
        try {
            for (int i = 0; i < count; i++) {
                PeerConnection connection = new PeerConnection(server);
                subscribers.connections.add(connection);
                connection.send("SUBSCRIBE " + channel + "\r\n");
                connection.readReply();
                Thread.ofVirtual().start(connection::discardAll);
            }
        } catch (IOException e) {
            subscribers.close();
            throw e;
        }
        return subscribers;
    }

    @Override
    public void close() throws IOException {
        for (PeerConnection connection : connections) {
            connection.close();
        }
    }
}
