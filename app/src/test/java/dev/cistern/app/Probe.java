package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.SslOptions;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;

/** What the acceptance tests look through: real clients, free ports, patience. */
final class Probe {

    private static final int PORTS = 60;
    /** Below those that the kernel gives to whoever wants any port: a program that asks for a certain one must find it free. */
    private static final int FIRST_PORT = 20_000;
    private static final int RANGES = 200;
    private static final AtomicInteger NEXT_RANGE = new AtomicInteger((int) ProcessHandle.current().pid() * 7);

    private Probe() {}

    /** The unmodified SDK, with credentials that mean nothing. */
    static ElastiCacheClient sdk(String url) {
        return ElastiCacheClient.builder().endpointOverride(URI.create(url)).region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any")))
                .httpClient(UrlConnectionHttpClient.create()).build();
    }

    /** Some ports of their own for each who asks, away from those that a Cistern of the user has by default. */
    static EndpointOptions endpoints() {
        int first = FIRST_PORT + Math.floorMod(NEXT_RANGE.getAndIncrement(), RANGES) * PORTS;
        return new EndpointOptions("127.0.0.1", "127.0.0.1", first, first + PORTS - 1);
    }

    static void await(Callable<Boolean> condition) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50)).until(condition);
    }

    static ReplicationGroup group(ElastiCacheClient client, String id) {
        return client.describeReplicationGroups(request -> request.replicationGroupId(id)).replicationGroups()
                .getFirst();
    }

    /** With its nodes. */
    static CacheCluster cluster(ElastiCacheClient client, String id) {
        return client.describeCacheClusters(request -> request.cacheClusterId(id).showCacheNodeInfo(true))
                .cacheClusters().getFirst();
    }

    static Endpoint awaitAvailable(ElastiCacheClient client, String id) {
        await(() -> group(client, id).status().equals("available"));
        return group(client, id).nodeGroups().getFirst().primaryEndpoint();
    }

    /** What a node of 127.0.0.1 answers to a PING that comes from that address of loopback; empty when it hangs up. */
    static String says(int port, String from) {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
            socket.setSoTimeout(10_000);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.getOutputStream().write("PING\r\nGET x\r\nQUIT\r\n".getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).split("\r\n", -1)[0];
        } catch (IOException hungUp) {
            return "";
        }
    }

    static Jedis connect(Endpoint endpoint) {
        return new Jedis(endpoint.address(), endpoint.port());
    }

    /** An encrypted connection that trusts the authority of that state folder, and checks the name that it is made to. */
    static Jedis secure(Endpoint endpoint, Path state) {
        SslOptions trust = SslOptions.builder()
                .truststore(state.resolve("certificates").resolve("ca.jks").toFile(), "cistern".toCharArray())
                .trustStoreType("JKS").build();
        return new Jedis(new HostAndPort(endpoint.address(), endpoint.port()),
                DefaultJedisClientConfig.builder().sslOptions(trust).build());
    }
}
