package dev.cistern.toolkit.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.CorruptedFrameException;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the answers of Memcached's text protocol into lines and values. It does not know which command an answer
 * belongs to; {@link MemcachedConnection} does. Runs on the connection's event loop.
 *
 * <pre>
 *   VALUE key flags bytes [cas]\r\n  data \r\n      a {@link Value}
 *   CONFIG name flags bytes\r\n      data \r\n      a {@link Value}
 *   anything else\r\n                               a {@link String}
 * </pre>
 */
final class MemcachedReplyDecoder extends ByteToMessageDecoder {

    private static final int MAX_LINE_BYTES = 2_048;
    private static final int MAX_VALUE_BYTES = 1 << 30;

    private @Nullable Header header;

    /** A key with its data. */
    record Value(String key, long cas, byte[] data) {}

    private record Header(String key, int bytes, long cas) {}

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        Header expected = header;
        if (expected != null) {
            value(expected, in, out);
            return;
        }
        int newline = in.bytesBefore((byte) '\n');
        if (newline < 0) {
            if (in.readableBytes() > MAX_LINE_BYTES) {
                throw new CorruptedFrameException("a line without end");
            }
            return;
        }
        String line = in.readCharSequence(newline, StandardCharsets.UTF_8).toString();
        in.skipBytes(1);
        line = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
        if (line.startsWith("VALUE ") || line.startsWith("CONFIG ")) {
            header = headerOf(line);
        } else {
            out.add(line);
        }
    }

    private void value(Header expected, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < expected.bytes() + 2) {
            return;
        }
        byte[] data = new byte[expected.bytes()];
        in.readBytes(data);
        if (in.readByte() != '\r' || in.readByte() != '\n') {
            throw new CorruptedFrameException("a value of another length than announced");
        }
        header = null;
        out.add(new Value(expected.key(), expected.cas(), data));
    }

    private static Header headerOf(String line) {
        String[] words = line.split(" ", -1);
        try {
            int bytes = Integer.parseInt(words[3]);
            if (bytes < 0 || bytes > MAX_VALUE_BYTES) {
                throw new CorruptedFrameException("a value of " + bytes + " bytes");
            }
            return new Header(words[1], bytes, words.length > 4 ? Long.parseUnsignedLong(words[4]) : 0);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new CorruptedFrameException("not a value's header: " + line, e);
        }
    }
}
