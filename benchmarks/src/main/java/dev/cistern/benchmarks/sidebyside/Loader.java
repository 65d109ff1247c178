package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;

/**
 * Fills and empties a server over one socket, in batches, by the commands that any client would send: what
 * server-side generators make (DEBUG POPULATE) is not laid out in memory as real writes are.
 */
final class Loader implements AutoCloseable {

    private static final int BATCH = 500;

    private final PeerConnection connection;

    private Loader(PeerConnection connection) {
        this.connection = connection;
    }

    static Loader connect(RunningPeer server) throws IOException {
        return new Loader(new PeerConnection(server));
    }

    /**
     * Sets the keys that redis-benchmark uses.
     *
     * @param prefix four letters instead of "key:" for entries that shall be others
     */
    void fill(String prefix, int keys, int valueBytes) throws IOException {
        String value = "x".repeat(valueBytes);
        for (int first = 0; first < keys; first += BATCH) {
            int count = Math.min(BATCH, keys - first);
            StringBuilder batch = new StringBuilder(count * (valueBytes + 64));
            for (int i = first; i < first + count; i++) {
                connection.appendSet(batch, PeerConnection.key(prefix, i), value);
            }
            connection.send(batch.toString());
            for (int i = 0; i < count; i++) {
                connection.readStored();
            }
        }
    }

    /** Deletes everything and asks the server to give memory back, as far as it has words for that. */
    void empty() throws IOException {
        connection.flush();
        if (connection.isResp()) {
            connection.expect("+OK", "MEMORY PURGE");
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
