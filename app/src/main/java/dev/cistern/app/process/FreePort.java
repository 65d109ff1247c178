package dev.cistern.app.process;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Asks the system for ports that somebody has closed: it gets some of them back a moment after they were. */
final class FreePort {

    private static final Duration LIMIT = Duration.ofSeconds(2);
    private static final Duration PAUSE = Duration.ofMillis(1);

    private FreePort() {}

    /** Waits a while until one can listen there. Why one cannot; null if one can. */
    static @Nullable IOException await(SocketAddress address) {
        long end = System.nanoTime() + LIMIT.toNanos();
        IOException taken = bind(address);
        while (taken != null && System.nanoTime() < end) {
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return taken;
            }
            taken = bind(address);
        }
        return taken;
    }

    private static @Nullable IOException bind(SocketAddress address) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(address);
            return null;
        } catch (IOException e) {
            return e;
        }
    }
}
