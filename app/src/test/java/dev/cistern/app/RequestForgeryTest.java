package dev.cistern.app;

import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.MigrationSources;
import dev.cistern.engine.network.AddressRanges;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.gateway.GatewayOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CustomerNodeEndpoint;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Whoever has this machine connect to where he does not get by himself. The one address that a call names is that of a
 * migration's source; topics, snapshots and log destinations are names within what the operator has set.
 */
@DisplayName("SSRF by SNS/webhook/snapshot/log URLs")
final class RequestForgeryTest {

    private static final String NAME = "source.example.com";
    private static final String REFUSAL = "has an address that data may not move in from";

    @TempDir
    private Path state;

    /** What must not be reached, and who must. */
    private final Listener canary = new Listener(InetAddress.ofLiteral("127.0.0.1"), 0, "");
    private @Nullable LocalCistern cistern;
    private @Nullable ElastiCacheClient client;

    RequestForgeryTest() throws IOException {}

    /** Counts who comes, and answers each line with the same text. */
    private static final class Listener implements AutoCloseable {
        private final ServerSocket server;
        private final String answer;
        private final Queue<String> heard = new ConcurrentLinkedQueue<>();
        private final AtomicInteger visits = new AtomicInteger();

        Listener(InetAddress address, int port, String answer) throws IOException {
            this.server = new ServerSocket(port, 50, address);
            this.answer = answer;
            Thread.ofVirtual().start(this::accept);
        }

        int port() {
            return server.getLocalPort();
        }

        private void accept() {
            try {
                while (true) {
                    Socket socket = server.accept();
                    visits.incrementAndGet();
                    Thread.ofVirtual().start(() -> talk(socket));
                }
            } catch (IOException closed) {
                // The test is over.
            }
        }

        private void talk(Socket socket) {
            try (socket;
                    BufferedReader in = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    heard.add(line);
                    if (line.matches("[A-Z]+")) {
                        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    }
                }
            } catch (IOException gone) {
                // Whoever came has gone.
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    @AfterEach
    void end() throws IOException {
        if (client != null) {
            client.close();
        }
        if (cistern != null) {
            cistern.close();
        }
        canary.close();
    }

    /** A Cistern that lets data move in from there, and a group that they could move in to. */
    private ElastiCacheClient start(MigrationSources sources) {
        cistern = LocalCistern.start(ControlPlaneOptions.of(state, new InJvmRuntime(EventLoops.start()))
                .withEndpoints(Probe.endpoints()).withSources(sources),
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        ElastiCacheClient aws = Probe.sdk(cistern.url());
        client = aws;
        aws.createReplicationGroup(r -> r.replicationGroupId("home").replicationGroupDescription("moves in")
                .engine("valkey").cacheNodeType("cache.t4g.micro").numCacheClusters(2)
                .automaticFailoverEnabled(true).multiAZEnabled(true));
        Probe.awaitAvailable(aws, "home");
        return aws;
    }

    private static CustomerNodeEndpoint at(String address, int port) {
        return CustomerNodeEndpoint.builder().address(address).port(port).build();
    }

    private static void refuses(ElastiCacheClient aws, String address, int port, String reason) {
        for (Runnable call : List.<Runnable>of(
                () -> aws.testMigration(
                        r -> r.replicationGroupId("home").customerNodeEndpointList(at(address, port))),
                () -> aws.startMigration(
                        r -> r.replicationGroupId("home").customerNodeEndpointList(at(address, port))))) {
            assertThatThrownBy(call::run).as(address).isInstanceOf(InvalidParameterValueException.class)
                    .extracting(fault -> ((ElastiCacheException) fault).awsErrorDetails().errorMessage()).asString()
                    .contains(address + ":" + port, reason);
        }
    }

    private static void fails(ElastiCacheClient aws, String address, int port, String reason) {
        aws.testMigration(r -> r.replicationGroupId("home").customerNodeEndpointList(at(address, port)));
        Probe.awaitAvailable(aws, "home");
        assertThat(events(aws)).anySatisfy(
                event -> assertThat(event).startsWith("Test Migration failed for home: ").contains(reason));
    }

    private static List<String> events(ElastiCacheClient aws) {
        return aws.describeEvents(r -> r.sourceType("replication-group").duration(60)).events().stream()
                .map(event -> event.message()).toList();
    }

    @Test
    void noSourceIsWhereNoServerOfACustomersIs() {
        ElastiCacheClient aws = start(MigrationSources.forRemoteCallers().withLookup(name -> InetAddress.ofLiteral(
                name.equals(NAME) ? "169.254.169.254" : "127.0.0.1")));
        for (String address : List.of("169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "::a9fe:a9fe",
                "169.254.43518", "2852039166", "fe80::1", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
                "192.0.0.192", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "0.0.0.0", "0.1.2.3", "::",
                "127.0.0.1", "127.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2130706433")) {
            refuses(aws, address, canary.port(), REFUSAL);
        }
        fails(aws, NAME, canary.port(), NAME + ":" + canary.port() + " " + REFUSAL);
        fails(aws, "localhost", canary.port(), "localhost:" + canary.port() + " " + REFUSAL);
        assertThat(canary.visits).hasValue(0);
    }

    @Test
    void noSourceIsAPortOfOurOwn() {
        ElastiCacheClient aws = start(
                MigrationSources.forLocalCallers().withLookup(name -> InetAddress.getLoopbackAddress()));
        int api = URI.create(Objects.requireNonNull(cistern).url()).getPort();
        int node = aws.describeCacheClusters(r -> r.showCacheNodeInfo(true)).cacheClusters().getFirst().cacheNodes()
                .getFirst().endpoint().port();
        for (int port : new int[]{api, node}) {
            refuses(aws, "127.0.0.1", port, "is a port of this Cistern's own");
            refuses(aws, "127.0.0.9", port, "is a port of this Cistern's own");
            fails(aws, NAME, port, NAME + ":" + port + " is a port of this Cistern's own");
        }
        // Another server of the caller's own machine is his to name: it is asked, and is no Redis.
        fails(aws, "127.0.0.1", canary.port(), "127.0.0.1:" + canary.port() + " cannot be asked");
        assertThat(canary.visits).hasValue(1);
    }

    /** Who is asked for the name a second time answers with another address. */
    @Test
    void aNameIsLookedUpOnceAndFollowedToWhereItLed() throws IOException {
        String info = "run_id:source\r\nmaster_repl_offset:7\r\n";
        AtomicInteger asked = new AtomicInteger();
        try (Listener source = new Listener(InetAddress.ofLiteral("127.0.0.2"), canary.port(),
                "$" + info.length() + "\r\n" + info + "\r\n")) {
            ElastiCacheClient aws = start(MigrationSources.within(AddressRanges.parse("127.0.0.2")::contains)
                    .withLookup(name -> InetAddress.ofLiteral(asked.incrementAndGet() == 1
                            ? "127.0.0.2"
                            : "127.0.0.1")));
            refuses(aws, "127.0.0.1", canary.port(), REFUSAL);
            aws.startMigration(r -> r.replicationGroupId("home").customerNodeEndpointList(at(NAME, source.port())));
            // The control plane asks, and then the primary, more than once.
            Probe.await(() -> source.heard.contains("INFO") && source.heard.contains("PING")
                    && source.visits.get() > 2);
            assertThat(asked).hasValue(1);
            assertThat(canary.visits).hasValue(0);
        }
    }

    @Test
    void whoSendsUsElsewhereIsNotObeyed() throws IOException {
        try (Listener source = new Listener(InetAddress.ofLiteral("127.0.0.2"), 0,
                "-MOVED 0 127.0.0.1:" + canary.port() + "\r\n")) {
            ElastiCacheClient aws = start(MigrationSources.forLocalCallers());
            fails(aws, "127.0.0.2", source.port(), "127.0.0.2:" + source.port() + " refuses to be asked");
            assertThat(source.visits).hasValue(1);
            assertThat(canary.visits).hasValue(0);
        }
    }

    @Test
    void aNameWithoutAddressIsTold() {
        ElastiCacheClient aws = start(MigrationSources.forRemoteCallers().withLookup(name -> {
            throw new UnknownHostException(name);
        }));
        fails(aws, NAME, 6379, "no address of " + NAME + " is known");
    }
}
