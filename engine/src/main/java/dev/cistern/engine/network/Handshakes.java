package dev.cistern.engine.network;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Who is on an event loop but not encrypted yet: they have little time, and there are only so many.
 *
 * <p>Where all places are taken, who has been waiting longest makes room: under a flood of those that say nothing, a
 * client that says something is through before it is its turn. The loop's thread only.
 */
final class Handshakes {
    private static final int TIMEOUT_SECONDS = 10;
    private static final int PLACES = 1024;

    private final EventLoop executor;
    private final Map<Connection, Future<?>> open = new LinkedHashMap<>();

    Handshakes(EventLoop executor) {
        this.executor = executor;
    }

    void begin(Connection connection) {
        if (open.size() >= PLACES) {
            Iterator<Connection> longest = open.keySet().iterator();
            Connection victim = longest.next();
            end(victim);
            victim.closeNow();
        }
        open.put(connection, executor.schedule(connection::closeNow, TIMEOUT_SECONDS, TimeUnit.SECONDS));
    }

    void end(Connection connection) {
        Future<?> timeout = open.remove(connection);
        if (timeout != null) {
            timeout.cancel(false);
        }
    }
}
