package dev.cistern.benchmarks.sidebyside;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Fills and empties a server over one socket, in batches, by the commands that any client would send: what
 * server-side generators make (DEBUG POPULATE) is not laid out in memory as real writes are. No load generator: nothing
 * here is timed.
 */
final class Loader implements AutoCloseable {

    private static final int BATCH = 500;
    private static final int ANSWER_WITHIN_MILLIS = 20_000;

    private final Socket socket;
    private final InputStream in;
    private final Peer.Protocol protocol;

    private Loader(Socket socket, Peer.Protocol protocol) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        this.protocol = protocol;
    }

    static Loader connect(RunningPeer server) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(ANSWER_WITHIN_MILLIS);
        return new Loader(socket, server.peer().protocol());
    }

    /** Returns when the server has answered. */
    void ping() throws IOException {
        if (protocol == Peer.Protocol.RESP) {
            expect("+PONG", "PING\r\n");
        } else {
            send("version\r\n");
            readLine();
        }
    }

    /**
     * Sets the keys that redis-benchmark uses, "key:000000000000" and on: 16 bytes each.
     *
     * @param prefix four letters instead of "key:" for entries that shall be others
     */
    void fill(String prefix, int keys, int valueBytes) throws IOException {
        String value = "x".repeat(valueBytes);
        for (int first = 0; first < keys; first += BATCH) {
            int count = Math.min(BATCH, keys - first);
            StringBuilder batch = new StringBuilder(count * (valueBytes + 64));
            for (int i = first; i < first + count; i++) {
                appendSet(batch, String.format(Locale.ROOT, "%s%012d", prefix, i), value);
            }
            send(batch.toString());
            for (int i = 0; i < count; i++) {
                String answer = readLine();
                if (!answer.equals("+OK") && !answer.equals("STORED")) {
                    throw new IOException("the server answered a SET with: " + answer);
                }
            }
        }
    }

    private void appendSet(StringBuilder batch, String key, String value) {
        if (protocol == Peer.Protocol.RESP) {
            batch.append("*3\r\n$3\r\nSET\r\n$").append(key.length()).append("\r\n").append(key)
                    .append("\r\n$").append(value.length()).append("\r\n").append(value).append("\r\n");
        } else {
            batch.append("set ").append(key).append(" 0 0 ").append(value.length()).append("\r\n")
                    .append(value).append("\r\n");
        }
    }

    /** Deletes everything and asks the server to give memory back, as far as it has words for that. */
    void empty() throws IOException {
        if (protocol == Peer.Protocol.RESP) {
            expect("+OK", "FLUSHALL\r\n");
            expect("+OK", "MEMORY PURGE\r\n");
        } else {
            expect("OK", "flush_all\r\n");
        }
    }

    private void expect(String wanted, String request) throws IOException {
        send(request);
        String answer = readLine();
        if (!answer.equals(wanted)) {
            throw new IOException("the server answered " + request.strip() + " with: " + answer);
        }
    }

    private void send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(16);
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("the server closed the connection");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
