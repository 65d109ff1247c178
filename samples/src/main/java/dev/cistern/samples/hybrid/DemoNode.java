package dev.cistern.samples.hybrid;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.CacheListener;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The cache of the demo: a Cistern node in this process on a free loopback port, which speaks TLS only and asks
 * for a password that only this process knows, and a client of it for what the toolkit does not do.
 */
public final class DemoNode implements AutoCloseable {

    private static final int EVENT_LOOPS = 2;
    private static final int KEYS_PER_DELETE = 500;
    /** Enough for a laptop, little enough to be no danger; then the least recently used entry goes. */
    private static final String MOST_MEMORY = "256mb";

    private static final int TRIES_FOR_A_PORT = 5;

    private final EventLoops eventLoops;
    private final NodeCertificate certificate;
    private final CacheNode node;
    private final int port;
    private final String address;
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;

    private DemoNode(EventLoops eventLoops, NodeCertificate certificate, CacheNode node, int port, String password) {
        this.eventLoops = eventLoops;
        this.certificate = certificate;
        this.node = node;
        this.port = port;
        this.address = "rediss://:" + password + "@127.0.0.1:" + port;
        this.client = RedisClient.create(RedisURI.create(address));
        client.setOptions(ClientOptions.builder().sslOptions(SslOptions.builder().trustManager(certificate.certificate()
                .toFile()).build()).build());
        this.connection = client.connect();
    }

    /** Starts it on a free port. The password stands in addresses: letters and digits. */
    public static DemoNode start(String password) throws IOException {
        EventLoops eventLoops = EventLoops.start(Transport.named("auto"), EVENT_LOOPS);
        NodeCertificate certificate = null;
        try {
            certificate = NodeCertificate.make(password);
            return start(eventLoops, certificate, password);
        } catch (IOException | RuntimeException e) {
            if (certificate != null) {
                certificate.close();
            }
            eventLoops.close();
            throw e;
        }
    }

    /** An encrypted port has to be named, so another process may take the free one that was found. */
    private static DemoNode start(EventLoops eventLoops, NodeCertificate certificate, String password)
            throws IOException {
        for (int tries = 1;; tries++) {
            int port = freePort();
            try {
                CacheNode node = CacheNode.start(options(certificate, port, password), eventLoops);
                return new DemoNode(eventLoops, certificate, node, port, password);
            } catch (IOException e) {
                if (tries == TRIES_FOR_A_PORT) {
                    throw e;
                }
            }
        }
    }

    private static NodeOptions options(NodeCertificate certificate, int port, String password) {
        return NodeOptions.onPort("demo", 0).with("tls-port", Integer.toString(port)).with("tls-cert-file", certificate
                .certificate().toString()).with("tls-key-file", certificate.key().toString())
                .with("tls-auth-clients", "no").with("bind", "127.0.0.1").with("requirepass", password)
                .with("maxmemory", MOST_MEMORY).with("maxmemory-policy", "allkeys-lru");
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    /** Caches on this node, whose keys all begin with {@code prefix}. */
    public CacheKit kit(String prefix, CacheListener listener) {
        return CacheKit.builder().servers(address).trust(certificate.certificate()).prefix(prefix)
                .timeLimit(Duration.ofSeconds(2)).listener(listener)
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
        return port;
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
        certificate.close();
    }
}
