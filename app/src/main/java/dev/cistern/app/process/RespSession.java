package dev.cistern.app.process;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A conversation with an original over its socket in the file system, where no port could be taken and nobody else can come:
 * just enough to ask what it knows. Nodes are spoken with by {@link dev.cistern.control.node.NodeAdmin}.
 */
final class RespSession implements Closeable {

    private final SocketChannel channel;
    private final InputStream in;

    RespSession(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new BufferedInputStream(Channels.newInputStream(channel));
    }

    /** The answer: a text, or a list of answers. */
    Object ask(String... words) throws IOException {
        StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            request.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        ByteBuffer bytes = StandardCharsets.ISO_8859_1.encode(request.toString());
        while (bytes.hasRemaining()) {
            var _ = channel.write(bytes);
        }
        return read();
    }

    private Object read() throws IOException {
        String line = line();
        String rest = line.substring(1);
        return switch (line.charAt(0)) {
            case '$' -> text(Integer.parseInt(rest));
            case '*' -> list(Integer.parseInt(rest));
            case '-' -> throw new IOException(rest);
            default -> rest;
        };
    }

    private String text(int length) throws IOException {
        if (length < 0) {
            return "";
        }
        String text = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        in.skipNBytes(2);
        return text;
    }

    private List<Object> list(int length) throws IOException {
        List<Object> answers = new ArrayList<>();
        for (int left = length; left > 0; left--) {
            answers.add(read());
        }
        return answers;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server ended the conversation");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        if (line.isEmpty()) {
            throw new IOException("an empty answer");
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
