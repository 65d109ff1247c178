package dev.cistern.engine.network;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What a listener asks of whoever knocks: from where, and whether encrypted.
 *
 * <p>May be changed while it is open, by any thread: what is asked holds for those who come afterwards, and nobody who
 * is in is put out.
 */
public final class Door {

    /** What is spoken behind it. */
    public enum Speech {
        PLAIN, TLS,
        /** Either: the first byte tells, as no command begins like a handshake. */
        BOTH
    }

    /** What becomes of whoever knocks. */
    enum Welcome {
        ALL,
        /**
         * Only to prove to be one of those who run the node. They come from the same machine, where customers may be too:
         * by their addresses they cannot be told apart.
         */
        INSIDERS, NONE
    }

    /** Who may come. */
    public interface Peers {
        boolean admit(InetSocketAddress peer);
    }

    private volatile Speech speech = Speech.PLAIN;
    private volatile @Nullable TlsContext context;
    private volatile @Nullable Peers peers;
    private volatile boolean insiders;
    private final LongAdder refused = new LongAdder();
    private final LongAdder failedHandshakes = new LongAdder();

    /** An open door, for plain connections of everybody. */
    public Door() {}

    public Speech speech() {
        return speech;
    }

    /** Changes what is spoken. The context is the caller's, who closes it when it is replaced. */
    public void speak(Speech value, @Nullable TlsContext newContext) {
        if (value != Speech.PLAIN && newContext == null) {
            throw new IllegalArgumentException("TLS needs certificates");
        }
        context = newContext;
        speech = value;
    }

    /** Lets in only whom these admit; null for everybody. */
    public void admit(@Nullable Peers value) {
        peers = value;
    }

    /** Whether those who run the node may come from its own machine whoever else may not. */
    public void admitInsiders(boolean value) {
        insiders = value;
    }

    Welcome welcome(@Nullable SocketAddress peer, @Nullable SocketAddress here) {
        Peers asked = peers;
        if (asked == null || (peer instanceof InetSocketAddress inet && asked.admit(inet))) {
            return Welcome.ALL;
        }
        if (insiders && isSameMachine(peer, here)) {
            return Welcome.INSIDERS;
        }
        refused.increment();
        return Welcome.NONE;
    }

    private static boolean isSameMachine(@Nullable SocketAddress peer, @Nullable SocketAddress here) {
        return peer instanceof InetSocketAddress from && from.getAddress() != null
                && (from.getAddress().isLoopbackAddress() || (here instanceof InetSocketAddress to
                        && from.getAddress().equals(to.getAddress())));
    }

    SSLEngine newEngine() throws SSLException {
        TlsContext current = context;
        while (current != null) {
            try {
                return current.newEngine();
            } catch (SSLException replaced) {
                TlsContext newer = context;
                if (current.equals(newer)) {
                    throw replaced;
                }
                current = newer;
            }
        }
        throw new SSLException("no certificates");
    }

    void countFailedHandshake() {
        failedHandshakes.increment();
    }

    /** Connections that were refused because of where they came from. */
    public long refused() {
        return refused.sum();
    }

    /** Connections that ended before they were encrypted. */
    public long failedHandshakes() {
        return failedHandshakes.sum();
    }
}
