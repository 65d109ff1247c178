package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.util.function.IntFunction;

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

    /** Sends the requests of numbers 0 to {@code count - 1}, in RESP; none may be answered by an error. */
    void send(int count, IntFunction<String[]> request) throws IOException {
        for (int first = 0; first < count; first += BATCH) {
            int next = Math.min(count, first + BATCH);
            StringBuilder batch = new StringBuilder();
            for (int i = first; i < next; i++) {
                PeerConnection.append(batch, request.apply(i));
            }
            connection.send(batch.toString());
            for (int i = first; i < next; i++) {
                connection.readReply();
            }
        }
    }

    /** Puts in what cells of that data set need. */
    void fill(Workload.DataSet dataSet, int keys, int valueBytes) throws IOException {
        String value = "value:1234567890";
        switch (dataSet) {
            case NONE -> {
            }
            case STRINGS -> fill("key:", keys, valueBytes);
            case STRINGS_64 -> fill("key:", keys, 64);
            case HASH -> send(keys, i -> new String[]{"HSET", "hash", PeerConnection.key("field:", i), value});
            case LIST -> send(keys, _ -> new String[]{"RPUSH", "list", value});
            case SET -> send(keys, i -> new String[]{"SADD", "set", PeerConnection.key("member:", i)});
            case SORTED_SET -> send(Workload.SORTED_MEMBERS,
                    i -> new String[]{"ZADD", "ranks", Integer.toString(i), PeerConnection.key("member:", i)});
        }
    }

    void configure(String setting, String wanted) throws IOException {
        connection.configure(setting, wanted);
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
