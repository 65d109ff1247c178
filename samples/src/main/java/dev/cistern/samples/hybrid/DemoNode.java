package dev.cistern.samples.hybrid;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.CacheListener;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The cache of the demo: a Cistern node in this process on a free loopback port, which asks for a password that only
 * this process knows, and a client of it for what the toolkit does not do.
 */
public final class DemoNode implements AutoCloseable {

    private static final int EVENT_LOOPS = 2;
    private static final int KEYS_PER_DELETE = 500;
    /** Enough for a laptop, little enough to be no danger; then the least recently used entry goes. */
    private static final String MOST_MEMORY = "256mb";

    private final EventLoops eventLoops;
    private final CacheNode node;
    private final String address;
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;

    private DemoNode(EventLoops eventLoops, CacheNode node, String password) {
        this.eventLoops = eventLoops;
        this.node = node;
        this.address = "redis://:" + password + "@127.0.0.1:" + node.port();
        this.client = RedisClient.create(RedisURI.create(address));
        this.connection = client.connect();
    }

    /** Starts it on a free port, or on {@code port} if that is not 0. The password stands in addresses: letters and digits. */
    public static DemoNode start(int port, String password) throws IOException {
        EventLoops eventLoops = EventLoops.start(Transport.named("auto"), EVENT_LOOPS);
        try {
            CacheNode node = CacheNode.start(NodeOptions.onPort("demo", port).with("bind", "127.0.0.1")
                    .with("requirepass", password).with("maxmemory", MOST_MEMORY)
                    .with("maxmemory-policy", "allkeys-lru"), eventLoops);
            return new DemoNode(eventLoops, node, password);
        } catch (IOException | RuntimeException e) {
            eventLoops.close();
            throw e;
        }
    }

    /** Caches on this node, whose keys all begin with {@code prefix}. */
    public CacheKit kit(String prefix, CacheListener listener) {
        return CacheKit.builder().servers(address).prefix(prefix).timeLimit(Duration.ofSeconds(2)).listener(listener)
                .build();
    }

    /** Plain commands, for what is no cache. Any thread. */
    public RedisCommands<String, String> commands() {
        return connection.sync();
    }

    /** One more connection, for those who subscribe or block. The caller closes it. */
    public <C> C connect(Function<RedisClient, C> how) {
        return how.apply(client);
    }

    public int port() {
        return node.port();
    }

    /** Whether clients reach it encrypted. */
    public boolean hasTls() {
        return address.startsWith("rediss:");
    }

    /** Deletes the keys that begin with {@code prefix}, and no others; tells how many there were. */
    public long clear(String prefix) {
        ScanIterator<String> keys = ScanIterator.scan(commands(), ScanArgs.Builder.matches(escaped(prefix) + "*")
                .limit(KEYS_PER_DELETE));
        long removed = 0;
        List<String> some = new ArrayList<>();
        while (keys.hasNext()) {
            some.add(keys.next());
            if (some.size() == KEYS_PER_DELETE || !keys.hasNext()) {
                removed += commands().unlink(some.toArray(String[]::new));
                some.clear();
            }
        }
        return removed;
    }

    private static String escaped(String prefix) {
        return prefix.replaceAll("([\\\\*?\\[\\]])", "\\\\$1");
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        node.close();
        eventLoops.close();
    }
}
