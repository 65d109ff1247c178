package dev.cistern.engine.memcached;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/** A connection to a Memcached server that sends and reads bytes as they are. */
final class Wire implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;
    /** Stands in a script for one word that is not the same everywhere: a time, an address, a unique number. */
    private static final String ANY = "*";

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    Wire(int port) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void send(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void send(String text) {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The next line without its end. */
    String line() {
        try {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            int next;
            while ((next = in.read()) != '\n') {
                if (next < 0) {
                    throw new AssertionError("closed after '" + line.toString(StandardCharsets.ISO_8859_1) + "'");
                }
                line.write(next);
            }
            String text = line.toString(StandardCharsets.ISO_8859_1);
            return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lines up to one that is {@code last}, which is not among them. */
    List<String> linesUntil(String last) {
        List<String> lines = new ArrayList<>();
        for (String line = line(); !last.equals(line); line = line()) {
            lines.add(line);
        }
        return lines;
    }

    byte[] read(int length) {
        try {
            return in.readNBytes(length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isClosed() {
        try {
            return in.read() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    /**
     * Plays a script: lines after {@code >} are sent, lines after {@code <} must come, {@code *} in one standing for any
     * word. Nothing more may come in the end.
     */
    void play(String script) {
        StringBuilder sent = new StringBuilder();
        for (String line : script.lines().toList()) {
            if (line.startsWith(">")) {
                sent.append(line.substring(Math.min(2, line.length()))).append("\r\n");
            } else if (line.startsWith("<")) {
                flush(sent);
                expect(line.substring(2));
            }
        }
        sent.append("mn\r\n");
        flush(sent);
        assertThat(line()).as("after the script").isEqualTo("MN");
    }

    private void flush(StringBuilder sent) {
        send(sent.toString());
        sent.setLength(0);
    }

    private void expect(String expected) {
        String actual = line();
        if (!expected.contains(ANY)) {
            assertThat(actual).as("awaiting '%s'", expected).isEqualTo(expected);
            return;
        }
        String[] wanted = expected.split(" ", -1);
        String[] words = actual.split(" ", -1);
        for (int i = 0; i < Math.min(wanted.length, words.length); i++) {
            if (wanted[i].equals(ANY)) {
                words[i] = ANY;
            }
        }
        assertThat(String.join(" ", words)).as("awaiting '%s'", expected).isEqualTo(expected);
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
