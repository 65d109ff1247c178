package dev.cistern.engine.cluster;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocketFactory;

/**
 * A connection to another server, of ours or an original: sends requests, and waits for their replies.
 *
 * <p>For work in the background: it blocks its thread, so that must be no loop's. One thread at a time.
 */
final class NodeLink implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int MOST_REPLY_BYTES = 1 << 20;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    private NodeLink(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
        this.out = new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES);
    }

    /** Connects within this time, and later waits so long for each reply. */
    static NodeLink open(String host, int port, int timeoutMillis) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(timeoutMillis);
            socket.connect(new InetSocketAddress(host, port), timeoutMillis);
            return new NodeLink(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** The same, encrypted. */
    static NodeLink openSecure(SSLSocketFactory factory, String host, int port, int timeoutMillis)
            throws IOException {
        Socket plain = new Socket();
        try {
            plain.setTcpNoDelay(true);
            plain.setSoTimeout(timeoutMillis);
            plain.connect(new InetSocketAddress(host, port), timeoutMillis);
            return new NodeLink(factory.createSocket(plain, host, port, true));
        } catch (IOException e) {
            plain.close();
            throw e;
        }
    }

    /** A reply as one line with its type before it, {@code +OK} or {@code -ERR …}; a string's bytes as they are. */
    record Answer(char type, String text) {
        boolean isError() {
            return type == '-';
        }
    }

    /** Sends one request and waits for its reply. */
    Answer call(String... arguments) throws IOException {
        byte[][] bytes = new byte[arguments.length][];
        for (int i = 0; i < arguments.length; i++) {
            bytes[i] = arguments[i].getBytes(StandardCharsets.UTF_8);
        }
        write(bytes);
        return read();
    }

    /** Puts a request behind those that will be sent with the next reading. */
    void write(byte[]... arguments) throws IOException {
        out.write(ascii("*" + arguments.length + "\r\n"));
        for (byte[] argument : arguments) {
            out.write(ascii("$" + argument.length + "\r\n"));
            out.write(argument);
            out.write('\r');
            out.write('\n');
        }
    }

    /** Sends what was written. */
    void flush() throws IOException {
        out.flush();
    }

    /** Sends what was written and waits for the next reply. */
    Answer read() throws IOException {
        out.flush();
        int type = in.read();
        if (type < 0) {
            throw new EOFException("the other side closed the connection");
        }
        String line = line();
        return switch (type) {
            case '+', '-', ':' -> new Answer((char) type, line);
            case '$' -> bulk(line);
            default -> throw new IOException("a reply that was not expected: " + (char) type + line);
        };
    }

    private Answer bulk(String length) throws IOException {
        int bytes;
        try {
            bytes = Integer.parseInt(length);
        } catch (NumberFormatException e) {
            throw new IOException("a reply of no length: " + length, e);
        }
        if (bytes < 0) {
            return new Answer('_', "");
        }
        if (bytes > MOST_REPLY_BYTES) {
            throw new IOException("a reply of " + bytes + " bytes was not expected");
        }
        byte[] content = in.readNBytes(bytes);
        if (content.length < bytes || in.read() != '\r' || in.read() != '\n') {
            throw new EOFException("the other side closed the connection inside a reply");
        }
        return new Answer('$', new String(content, StandardCharsets.UTF_8));
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int letter = in.read(); letter != '\r'; letter = in.read()) {
            if (letter < 0 || line.length() > MOST_REPLY_BYTES) {
                throw new EOFException("the other side closed the connection inside a line");
            }
            line.append((char) letter);
        }
        if (in.read() != '\n') {
            throw new IOException("a line that does not end as lines do");
        }
        return line.toString();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no use any more either way.
        }
    }
}
