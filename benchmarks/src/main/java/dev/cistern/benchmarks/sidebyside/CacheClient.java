package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;

/**
 * An application that reads through a cache of a set size: asks for a batch of keys, counts what was there, and puts in
 * what was not.
 */
final class CacheClient implements AutoCloseable {

    private final PeerConnection connection;
    private final String value;

    CacheClient(RunningPeer server, int valueBytes) throws IOException {
        connection = new PeerConnection(server);
        value = "x".repeat(valueBytes);
    }

    /** Asks for the keys and puts in those that are not there; answers how many were. */
    int readThrough(int[] keys) throws IOException {
        StringBuilder gets = new StringBuilder(keys.length * 40);
        for (int key : keys) {
            connection.appendGet(gets, name(key));
        }
        connection.send(gets.toString());
        StringBuilder sets = new StringBuilder();
        int missed = 0;
        for (int key : keys) {
            if (!connection.readHit()) {
                missed++;
                connection.appendSet(sets, name(key), value);
            }
        }
        connection.send(sets.toString());
        for (int i = 0; i < missed; i++) {
            connection.readStored();
        }
        return keys.length - missed;
    }

    private static String name(int key) {
        return PeerConnection.key("key:", key);
    }

    /** How many items the server holds. */
    long items() throws IOException {
        if (connection.isResp()) {
            return Long.parseLong(connection.ask("DBSIZE").substring(1));
        }
        connection.send("stats\r\n");
        long items = 0;
        for (String line = connection.readLine(); !line.equals("END"); line = connection.readLine()) {
            if (line.startsWith("STAT curr_items ")) {
                items = Long.parseLong(line.substring("STAT curr_items ".length()));
            }
        }
        return items;
    }

    /** What the server counts against its limit, in bytes; of one that speaks RESP. */
    long usedBytes() throws IOException {
        int length = Integer.parseInt(connection.ask("INFO memory").substring(1));
        String text = connection.readText(length);
        String field = "used_memory:";
        int at = text.indexOf(field) + field.length();
        return Long.parseLong(text.substring(at, text.indexOf('\r', at)));
    }

    void configure(String setting, String wanted) throws IOException {
        connection.configure(setting, wanted);
    }

    void flush() throws IOException {
        connection.flush();
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
