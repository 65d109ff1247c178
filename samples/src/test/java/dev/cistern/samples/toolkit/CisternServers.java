package dev.cistern.samples.toolkit;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.toolkit.Server;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Gives the toolkit's tests Cistern's nodes instead of the originals. Found by name, as a service. */
public final class CisternServers implements Server.Maker {

    @Override
    public Server redis(int port) {
        NodeOptions options = NodeOptions.onPort("test", port).with("save", "");
        return new Embedded(port, loops -> CacheNode.start(options, loops));
    }

    @Override
    public Server memcached(int port) {
        MemcachedOptions options = MemcachedOptions.onPort("test", port);
        return new Embedded(port, loops -> MemcachedNode.start(options, loops));
    }

    /** Starts a node on these loops. */
    @FunctionalInterface
    private interface Start {
        AutoCloseable on(EventLoops loops) throws IOException;
    }

    /** A node in this process, whose end closes its connections and gives its memory back. */
    private static final class Embedded extends Server {

        private final Start start;
        private @Nullable EventLoops loops;
        private @Nullable AutoCloseable node;

        Embedded(int port, Start start) {
            super(port);
            this.start = start;
        }

        @Override
        public void start() throws Exception {
            EventLoops fresh = EventLoops.start(Transport.named("auto"), 1);
            loops = fresh;
            node = start.on(fresh);
            awaitListening();
        }

        @Override
        public void kill() throws Exception {
            AutoCloseable running = node;
            if (running != null) {
                running.close();
                node = null;
            }
            EventLoops used = loops;
            if (used != null) {
                used.close();
                loops = null;
            }
        }
    }
}
