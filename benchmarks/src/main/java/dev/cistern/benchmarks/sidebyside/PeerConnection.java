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
 * One socket to a server that takes part, with the words of its protocol: RESP, or Memcached's text protocol. No load
 * generator: one request at a time is timed at most. An original that flushes ten million keys answers nobody for long.
 */
final class PeerConnection implements AutoCloseable {

    private static final int ANSWER_WITHIN_MILLIS = 120_000;

    private final Socket socket;
    private final InputStream in;
    private final boolean isResp;

    PeerConnection(RunningPeer server) throws IOException {
        Encryption encryption = server.peer().encryption();
        socket = encryption == null
                ? new Socket(InetAddress.getLoopbackAddress(), server.port())
                : encryption.connect(server.port());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(ANSWER_WITHIN_MILLIS);
        in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        isResp = server.peer().protocol() == Peer.Protocol.RESP;
    }

    /** RESP, or else Memcached's text protocol. */
    boolean isResp() {
        return isResp;
    }

    /** Returns when the server has answered. */
    void ping() throws IOException {
        if (isResp) {
            expect("+PONG", "PING");
        } else {
            ask("version");
        }
    }

    /** The keys that redis-benchmark uses, "key:000000000000" and on, 16 bytes each; or others with another prefix. */
    static String key(String prefix, int number) {
        return String.format(Locale.ROOT, "%s%012d", prefix, number);
    }

    /** A request in RESP. */
    static void append(StringBuilder batch, String... words) {
        batch.append('*').append(words.length).append("\r\n");
        for (String word : words) {
            batch.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
    }

    void appendGet(StringBuilder batch, String key) {
        if (isResp) {
            append(batch, "GET", key);
        } else {
            batch.append("get ").append(key).append("\r\n");
        }
    }

    void appendSet(StringBuilder batch, String key, String value) {
        if (isResp) {
            append(batch, "SET", key, value);
        } else {
            batch.append("set ").append(key).append(" 0 0 ").append(value.length()).append("\r\n")
                    .append(value).append("\r\n");
        }
    }

    /** Reads the answer to a get; says whether the key was there. */
    boolean readHit() throws IOException {
        String line = readLine();
        if (line.equals("$-1") || line.equals("END")) {
            return false;
        }
        if (!line.startsWith("$") && !line.startsWith("VALUE ")) {
            throw new IOException("the server answered a GET with: " + line);
        }
        int length = Integer.parseInt(line.substring(isResp ? 1 : line.lastIndexOf(' ') + 1));
        readText(length);
        if (!isResp) {
            readLine();
        }
        return true;
    }

    /** Reads the answer to a set, which must have worked. */
    void readStored() throws IOException {
        String answer = readLine();
        if (!answer.equals("+OK") && !answer.equals("STORED")) {
            throw new IOException("the server answered a SET with: " + answer);
        }
    }

    /** Reads a whole reply in RESP2, whatever it is; an error ends the trial. */
    void readReply() throws IOException {
        String line = readLine();
        char kind = line.charAt(0);
        if (kind == '-') {
            throw new IOException("the server answered: " + line);
        }
        long length = kind == '$' || kind == '*' ? Long.parseLong(line.substring(1)) : -1;
        if (kind == '$' && length >= 0) {
            readText((int) length);
        }
        for (long i = 0; kind == '*' && i < length; i++) {
            readReply();
        }
    }

    /** Changes a setting; of a server that speaks RESP. */
    void configure(String setting, String wanted) throws IOException {
        expect("+OK", "CONFIG SET " + setting + " " + wanted);
    }

    /** Deletes all items. */
    void flush() throws IOException {
        expect(isResp ? "+OK" : "OK", isResp ? "FLUSHALL" : "flush_all");
    }

    /** Sends a request of one line; answers the first line of the reply. */
    String ask(String request) throws IOException {
        send(request + "\r\n");
        return readLine();
    }

    void expect(String wanted, String request) throws IOException {
        String answer = ask(request);
        if (!answer.equals(wanted)) {
            throw new IOException("the server answered " + request + " with: " + answer);
        }
    }

    void send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(16);
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("the server closed the connection");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }

    /** Reads so many bytes and the end of their line. */
    String readText(int length) throws IOException {
        String text = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        readLine();
        return text;
    }

    /** Reads and forgets until the connection is closed. */
    void discardAll() {
        byte[] room = new byte[1 << 16];
        try {
            socket.setSoTimeout(0);
            while (in.read(room) >= 0) {
            }
        } catch (IOException closed) {
            // That is how it ends.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
