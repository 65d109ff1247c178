package dev.cistern.engine.pubsub;

import dev.cistern.engine.dispatch.Mail;
import dev.cistern.engine.dispatch.NodeLoop;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One message on its way to the loops that have listeners, encoded once for all of them. Immutable. */
final class Publication implements Mail {
    private static final byte[] CRLF = {'\r', '\n'};

    /** The message as those hear it who listen by one pattern. */
    private static final class ForPattern {
        private final ChannelName pattern;
        private final byte[] encoded;

        ForPattern(ChannelName pattern, byte[] encoded) {
            this.pattern = pattern;
            this.encoded = encoded;
        }
    }

    private final Kind kind;
    private final ChannelName channel;
    /** For those who listen to the channel itself; null if nobody does. */
    private final byte @Nullable [] direct;
    private final List<ForPattern> byPattern;

    private Publication(Kind kind, ChannelName channel, byte @Nullable [] direct, List<ForPattern> byPattern) {
        this.kind = kind;
        this.channel = channel;
        this.direct = direct;
        this.byPattern = byPattern;
    }

    static Publication of(Kind kind, ChannelName channel, byte[] message, boolean hasDirect,
            List<ChannelName> patterns) {
        byte[] direct = hasDirect ? encode(kind.message(), channel.bytes(), message) : null;
        List<ForPattern> byPattern = patterns.stream().map(pattern -> new ForPattern(pattern,
                encode(Kind.PATTERN.message(), pattern.bytes(), channel.bytes(), message))).toList();
        return new Publication(kind, channel, direct, byPattern);
    }

    /** An array of bulk strings, as RESP2 spells it. */
    static byte[] encode(String word, byte[]... arguments) {
        byte[][] parts = new byte[3 + 3 * (1 + arguments.length)][];
        int at = 0;
        parts[at++] = ascii("*" + (1 + arguments.length));
        parts[at++] = CRLF;
        at = bulk(parts, at, ascii(word));
        for (byte[] argument : arguments) {
            at = bulk(parts, at, argument);
        }
        return joined(parts, at);
    }

    private static int bulk(byte[][] parts, int at, byte[] bytes) {
        parts[at] = ascii("$" + bytes.length + "\r\n");
        parts[at + 1] = bytes;
        parts[at + 2] = CRLF;
        return at + 3;
    }

    private static byte[] joined(byte[][] parts, int count) {
        int length = 0;
        for (int i = 0; i < count; i++) {
            length += parts[i].length;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (int i = 0; i < count; i++) {
            System.arraycopy(parts[i], 0, whole, at, parts[i].length);
            at += parts[i].length;
        }
        return whole;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void deliver(NodeLoop loop) {
        LoopSubscriptions subscriptions = loop.subscriptions();
        if (direct != null) {
            subscriptions.push(kind, channel, direct);
        }
        for (ForPattern each : byPattern) {
            subscriptions.push(Kind.PATTERN, each.pattern, each.encoded);
        }
    }
}
