package dev.cistern.app;

import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisException;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.TransitEncryptionMode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Encryption in transit as customers order it: from the first wish to certificates that change under load. */
final class TransitEncryptionTest {
    private static final String GROUP = "sealed";
    private static final String FIRST_TOKEN = "the-first-token-of-all";
    private static final int ROUNDS = Integer.getInteger("cistern.effort", 1);

    @TempDir
    private Path state;

    private LocalCistern cistern;
    private ElastiCacheClient client;

    @BeforeEach
    void start() throws IOException {
        cistern = LocalCistern.start(state, Probe.endpoints(), GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        client = Probe.sdk(cistern.url());
    }

    @AfterEach
    void end() {
        client.close();
        cistern.close();
    }

    /** A client that trusts the installation's authority, and checks the name that it connects to. */
    private Jedis secure(Endpoint endpoint, @Nullable String token) {
        SslOptions trust = SslOptions.builder()
                .truststore(state.resolve("certificates").resolve("ca.jks").toFile(), "cistern".toCharArray())
                .trustStoreType("JKS").build();
        return new Jedis(new HostAndPort(endpoint.address(), endpoint.port()),
                DefaultJedisClientConfig.builder().sslOptions(trust).password(token).build());
    }

    private void modify(@Nullable Boolean enabled, @Nullable TransitEncryptionMode mode) {
        client.modifyReplicationGroup(request -> request.replicationGroupId(GROUP).applyImmediately(true)
                .transitEncryptionEnabled(enabled).transitEncryptionMode(mode));
        Probe.awaitAvailable(client, GROUP);
    }

    @Test
    void aRunningGroupIsSwitchedOverAndBack() {
        client.createReplicationGroup(request -> request.replicationGroupId(GROUP)
                .replicationGroupDescription("plain at first").engine("valkey").cacheNodeType("cache.t4g.micro"));
        Endpoint endpoint = Probe.awaitAvailable(client, GROUP);
        assertThat(Probe.group(client, GROUP).transitEncryptionEnabled()).isFalse();
        assertThatThrownBy(() -> modify(true, TransitEncryptionMode.REQUIRED))
                .isInstanceOf(InvalidParameterCombinationException.class);
        assertThatThrownBy(() -> modify(true, null)).isInstanceOf(InvalidParameterCombinationException.class);
        try (Jedis early = Probe.connect(endpoint)) {
            early.set("key", "value");
            modify(true, TransitEncryptionMode.PREFERRED);
            assertThat(early.get("key")).isEqualTo("value");
            try (Jedis secured = secure(endpoint, null)) {
                assertThat(secured.get("key")).isEqualTo("value");
                modify(null, TransitEncryptionMode.REQUIRED);
                assertThat(secured.get("key")).isEqualTo("value");
            }
            assertThatThrownBy(early::ping).isInstanceOf(JedisException.class);
        }
        ReplicationGroup group = Probe.group(client, GROUP);
        assertThat(group.transitEncryptionEnabled()).isTrue();
        assertThat(group.transitEncryptionMode()).isEqualTo(TransitEncryptionMode.REQUIRED);
        assertThat(client.describeCacheClusters().cacheClusters().getFirst().transitEncryptionModeAsString())
                .isEqualTo("required");
        assertThatThrownBy(() -> {
            try (Jedis plain = Probe.connect(endpoint)) {
                plain.ping();
            }
        }).isInstanceOf(JedisException.class);
        assertThatThrownBy(() -> modify(false, null)).isInstanceOf(InvalidParameterCombinationException.class);
        modify(null, TransitEncryptionMode.PREFERRED);
        modify(false, null);
        try (Jedis plain = Probe.connect(endpoint)) {
            assertThat(plain.get("key")).isEqualTo("value");
        }
    }

    /** Whoever calls all the while, over old connections and new ones, does not notice a rotation of either kind. */
    @Test
    void tokensAndCertificatesChangeUnderLoadWithoutAFailedCall() throws IOException, InterruptedException {
        client.createReplicationGroup(request -> request.replicationGroupId(GROUP)
                .replicationGroupDescription("sealed from birth").engine("valkey").cacheNodeType("cache.t4g.micro")
                .transitEncryptionEnabled(true).authToken(FIRST_TOKEN));
        Endpoint endpoint = Probe.awaitAvailable(client, GROUP);
        AtomicReference<String> token = new AtomicReference<>(FIRST_TOKEN);
        AtomicBoolean ends = new AtomicBoolean();
        AtomicInteger calls = new AtomicInteger();
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        Thread load = Thread.ofVirtual().start(() -> {
            try (Jedis lasting = secure(endpoint, FIRST_TOKEN)) {
                while (!ends.get()) {
                    lasting.incr("calls");
                    try (Jedis fresh = secure(endpoint, token.get())) {
                        fresh.incr("calls");
                    }
                    calls.addAndGet(2);
                }
            } catch (RuntimeException e) {
                failure.set(e);
            }
        });
        byte[] before = Files.readAllBytes(certificate());
        for (int round = 0; round < ROUNDS; round++) {
            for (int rotation = 0; rotation < 3; rotation++) {
                awaitMore(calls, failure);
                cistern.controlPlane().rotateCertificates();
            }
            String next = "the-token-of-round-" + round;
            changeToken(next, "ROTATE");
            awaitMore(calls, failure);
            token.set(next);
            awaitMore(calls, failure);
            changeToken(next, "SET");
            awaitMore(calls, failure);
        }
        assertThat(Files.readAllBytes(certificate())).isNotEqualTo(before);
        ends.set(true);
        load.join();
        assertThat(failure.get()).as("after %d calls", calls.get()).isNull();
        System.out.println("calls while tokens and certificates changed: " + calls.get() + ", changes: " + 5 * ROUNDS);
        assertThatThrownBy(() -> {
            try (Jedis late = secure(endpoint, FIRST_TOKEN)) {
                late.ping();
            }
        }).isInstanceOf(JedisException.class);
    }

    private void changeToken(String next, String strategy) {
        client.modifyReplicationGroup(request -> request.replicationGroupId(GROUP).applyImmediately(true)
                .authToken(next).authTokenUpdateStrategy(strategy));
        Probe.awaitAvailable(client, GROUP);
    }

    private Path certificate() throws IOException {
        try (var files = Files.walk(state.resolve("nodes"))) {
            return files.filter(file -> file.endsWith("node.crt")).findFirst().orElseThrow();
        }
    }

    private static void awaitMore(AtomicInteger calls, AtomicReference<@Nullable Throwable> failure) {
        int wanted = calls.get() + 20;
        Probe.await(() -> calls.get() >= wanted || failure.get() != null);
    }

    /** Slots are handed over between nodes that speak TLS alone, and replicas follow by it. */
    @Test
    void nodesOfAnEncryptedGroupTalkToOneAnother() {
        client.createReplicationGroup(request -> request.replicationGroupId(GROUP)
                .replicationGroupDescription("sealed and spread").engine("valkey").cacheNodeType("cache.t4g.micro")
                .numNodeGroups(1).replicasPerNodeGroup(1).automaticFailoverEnabled(true)
                .cacheParameterGroupName("default.valkey8.cluster.on").transitEncryptionEnabled(true));
        Probe.await(() -> Probe.group(client, GROUP).status().equals("available"));
        client.modifyReplicationGroupShardConfiguration(
                request -> request.replicationGroupId(GROUP).nodeGroupCount(2).applyImmediately(true));
        Probe.await(() -> Probe.group(client, GROUP).status().equals("available"));
        assertThat(Probe.group(client, GROUP).nodeGroups()).extracting(NodeGroup::slots).containsExactly("0-8191",
                "8192-16383");
        assertThat(Probe.group(client, GROUP).memberClusters()).hasSize(4);
    }

    @Test
    void aGroupWithReplicasIsSwitchedOverAndBack() {
        client.createReplicationGroup(request -> request.replicationGroupId(GROUP)
                .replicationGroupDescription("plain at first").engine("valkey").cacheNodeType("cache.t4g.micro")
                .numCacheClusters(2));
        Endpoint primary = Probe.awaitAvailable(client, GROUP);
        Endpoint replica = Probe.group(client, GROUP).nodeGroups().getFirst().nodeGroupMembers().get(1).readEndpoint();
        try (Jedis early = Probe.connect(primary)) {
            early.set("key", "0");
            modify(true, TransitEncryptionMode.PREFERRED);
            early.set("key", "1");
            follows(replica, "1");
            modify(null, TransitEncryptionMode.REQUIRED);
        }
        try (Jedis secured = secure(primary, null)) {
            secured.set("key", "2");
            follows(replica, "2");
            client.modifyReplicationGroup(request -> request.replicationGroupId(GROUP).primaryClusterId("sealed-002"));
            Probe.awaitAvailable(client, GROUP);
        }
        modify(null, TransitEncryptionMode.PREFERRED);
        modify(false, null);
        try (Jedis plain = Probe.connect(primary)) {
            assertThat(plain.set("key", "3")).isEqualTo("OK");
        }
    }

    private void follows(Endpoint replica, String value) {
        Probe.await(() -> {
            try (Jedis secured = secure(replica, null)) {
                return value.equals(secured.get("key"));
            }
        });
    }

    @Test
    void anEncryptedNodeIsEncryptedAfterARestartToo() throws IOException {
        client.createReplicationGroup(request -> request.replicationGroupId(GROUP)
                .replicationGroupDescription("sealed from birth").engine("valkey").cacheNodeType("cache.t4g.micro")
                .transitEncryptionEnabled(true));
        Endpoint endpoint = Probe.awaitAvailable(client, GROUP);
        end();
        start();
        Probe.awaitAvailable(client, GROUP);
        try (Jedis secured = secure(endpoint, null)) {
            assertThat(secured.ping()).isEqualTo("PONG");
        }
        assertThatThrownBy(() -> {
            try (Jedis plain = Probe.connect(endpoint)) {
                plain.ping();
            }
        }).isInstanceOf(JedisException.class);
    }
}
