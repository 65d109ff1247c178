package dev.cistern.engine.tracking;

import dev.cistern.engine.dispatch.Mail;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;

/**
 * A message about keys on its way to a session.
 *
 * <p>To one that speaks RESP3 it is a push; to one that speaks RESP2, and to which another session redirected, a message
 * of a channel that it listens to. Immutable; delivered on the session's loop.
 */
final class Invalidation implements Mail {
    private static final byte[] PUSH = ascii(">2\r\n$10\r\ninvalidate\r\n");
    private static final byte[] MESSAGE = ascii("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n");
    private static final byte[] NO_KEYS_RESP2 = ascii("*-1\r\n");
    private static final byte[] NO_KEYS_RESP3 = ascii("_\r\n");

    private final Session session;
    private final boolean isRedirected;
    private final byte[] keys;

    Invalidation(Session session, boolean isRedirected, byte[] keys) {
        this.session = session;
        this.isRedirected = isRedirected;
        this.keys = keys;
    }

    @Override
    public void deliver(NodeLoop loop) {
        if (session.isAnswerUnderWay()) {
            // What its own command changed comes behind the reply, which another loop is about to send.
            loop.execute(() -> loop.post(this));
        } else if (session.protocol() == 3) {
            loop.sendRaw(session, joined(PUSH, keys));
        } else if (isRedirected && session.isSubscribed()) {
            loop.sendRaw(session, joined(MESSAGE, keys));
        }
    }

    /** The session's messages have nowhere to go any more. */
    static Mail broken(Session session, long redirect) {
        byte[] text = ascii(">2\r\n$21\r\ntracking-redir-broken\r\n:" + redirect + "\r\n");
        return loop -> {
            if (session.protocol() == 3) {
                loop.sendRaw(session, text);
            }
        };
    }

    // --- what stands where the keys do ---

    static byte[] array(Collection<KeyName> keys) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ascii("*" + keys.size() + "\r\n"));
        for (KeyName key : keys) {
            out.writeBytes(ascii("$" + key.bytes().length + "\r\n"));
            out.writeBytes(key.bytes());
            out.writeBytes(ascii("\r\n"));
        }
        return out.toByteArray();
    }

    /** All keys that there were. */
    static byte[] everything(int protocol) {
        return protocol == 3 ? NO_KEYS_RESP3 : NO_KEYS_RESP2;
    }

    private static byte[] joined(byte[] head, byte[] rest) {
        byte[] whole = new byte[head.length + rest.length];
        System.arraycopy(head, 0, whole, 0, head.length);
        System.arraycopy(rest, 0, whole, head.length, rest.length);
        return whole;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
