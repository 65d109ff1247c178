package dev.cistern.engine.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A raw connection to a server: sends arguments or any bytes, and reads one reply at a time. Text is Latin-1. */
public final class TestClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    public TestClient(int port) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Talks over a socket that somebody else opened. */
    public TestClient(Socket opened) {
        try {
            socket = opened;
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends one request and reads its reply. */
    public WireReply send(String... arguments) {
        write(arguments);
        return read();
    }

    /** Sends one request without waiting for its reply. */
    public void write(String... arguments) {
        raw(encode(arguments));
    }

    /** The request in bytes. */
    public static byte[] encode(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(latin("*" + arguments.length + "\r\n"));
        for (String argument : arguments) {
            out.writeBytes(latin("$" + argument.length() + "\r\n" + argument + "\r\n"));
        }
        return out.toByteArray();
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    public void raw(String bytes) {
        raw(latin(bytes));
    }

    public void raw(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads one reply; fails after ten seconds, or when the server closes. */
    public WireReply read() {
        try {
            return readReply();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads so many bytes, one character each. */
    public String readBytes(int count) {
        try {
            return new String(in.readNBytes(count), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads bytes, whatever they are, up to and with these. */
    public String readUntil(String end) {
        StringBuilder bytes = new StringBuilder();
        try {
            while (bytes.indexOf(end, Math.max(0, bytes.length() - end.length())) < 0) {
                int next = in.read();
                if (next < 0) {
                    throw new EOFException("the server closed the connection after " + bytes);
                }
                bytes.append((char) next);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toString();
    }

    /** Reads so many bytes and forgets them. */
    public void skipBytes(long count) {
        try {
            in.skipNBytes(count);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private WireReply readReply() throws IOException {
        int type = in.read();
        if (type < 0) {
            throw new EOFException("the server closed the connection");
        }
        String line = line();
        return switch (type) {
            case '+' -> new WireReply.Status(line);
            case '-' -> new WireReply.ErrorLine(line);
            case ':' -> new WireReply.Int(Long.parseLong(line));
            case '$' -> line.equals("-1") ? new WireReply.Null('$') : new WireReply.Bulk(bytes(line));
            case '*' -> line.equals("-1") ? new WireReply.Null('*') : new WireReply.Array(replies(line));
            case '_' -> new WireReply.Null('_');
            case '%' -> new WireReply.MapReply(pairs(line));
            case '~' -> new WireReply.SetReply(replies(line));
            case '>' -> new WireReply.Push(replies(line));
            case ',' -> new WireReply.Real(line);
            case '#' -> new WireReply.Bool(line.equals("t"));
            case '(' -> new WireReply.BigNumber(line);
            case '=' -> {
                String text = bytes(line);
                yield new WireReply.Verbatim(text.substring(0, 3), text.substring(4));
            }
            default -> throw new AssertionError("no reply type: " + (char) type + line);
        };
    }

    private List<WireReply> replies(String count) throws IOException {
        List<WireReply> replies = new ArrayList<>();
        for (int i = Integer.parseInt(count); i > 0; i--) {
            replies.add(readReply());
        }
        return replies;
    }

    private Map<WireReply, WireReply> pairs(String count) throws IOException {
        Map<WireReply, WireReply> pairs = new LinkedHashMap<>();
        for (int i = Integer.parseInt(count); i > 0; i--) {
            pairs.put(readReply(), readReply());
        }
        return pairs;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int letter = in.read(); letter != '\r'; letter = in.read()) {
            if (letter < 0) {
                throw new EOFException("the server closed the connection inside a line");
            }
            line.append((char) letter);
        }
        if (in.read() != '\n') {
            throw new AssertionError("CR without LF after: " + line);
        }
        return line.toString();
    }

    private String bytes(String length) throws IOException {
        byte[] bytes = in.readNBytes(Integer.parseInt(length));
        if (in.read() != '\r' || in.read() != '\n') {
            throw new AssertionError("a string longer than announced");
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Whether the server closes the connection, having said nothing more. */
    public boolean isClosedByServer() {
        try {
            return in.read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            // A reset is a way of closing, too.
            return true;
        }
    }

    /** Whether nothing arrives for this while. */
    public boolean isSilentFor(int millis) {
        try {
            socket.setSoTimeout(millis);
            in.mark(1);
            int letter = in.read();
            in.reset();
            return letter < 0;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            restoreTimeout();
        }
    }

    private void restoreTimeout() {
        try {
            socket.setSoTimeout(TIMEOUT_MILLIS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Socket socket() {
        return socket;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
