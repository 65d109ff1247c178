package dev.cistern.app;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import software.amazon.awssdk.services.elasticache.model.ClusterMode;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Groups of many nodes with real nodes behind them: replicas that follow, primaries that change, slots that move. */
final class ReplicationGroupTest extends CisternTest {

    @Test
    void aReplicaIsPromotedUnderLoadAndNothingIsLost() throws InterruptedException {
        client.createReplicationGroup(r -> r.replicationGroupId("shop").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").numCacheClusters(3));
        Endpoint primary = Probe.awaitAvailable(client, "shop");
        Endpoint reader = Probe.group(client, "shop").nodeGroups().getFirst().readerEndpoint();
        List<Long> acknowledged = new ArrayList<>();
        AtomicBoolean isOver = new AtomicBoolean();
        Thread writer = Thread.ofVirtual().start(() -> write(primary, acknowledged, isOver));
        Probe.await(() -> sizeOf(acknowledged) > 100);
        client.modifyReplicationGroup(r -> r.replicationGroupId("shop").primaryClusterId("shop-003"));
        Probe.await(() -> Probe.group(client, "shop").status().equals("available"));
        int before = sizeOf(acknowledged);
        Probe.await(() -> sizeOf(acknowledged) > before + 100);
        isOver.set(true);
        writer.join();

        assertThat(Probe.group(client, "shop").nodeGroups().getFirst().nodeGroupMembers().get(2).currentRole())
                .isEqualTo("primary");
        try (Jedis jedis = Probe.connect(primary)) {
            assertThat(jedis.mget(acknowledged.stream().map(number -> "k" + number).toArray(String[]::new)))
                    .doesNotContainNull();
        }
        Probe.await(() -> {
            try (Jedis jedis = Probe.connect(reader)) {
                return jedis.dbSize() >= acknowledged.size();
            }
        });
        try (Jedis jedis = Probe.connect(reader)) {
            assertThatThrownBy(() -> jedis.set("k", "v")).hasMessageContaining("READONLY");
        }
    }

    @Test
    void engineAndClusterModeChangeUnderLoadAndNothingIsLost() throws InterruptedException {
        client.createReplicationGroup(r -> r.replicationGroupId("shop").replicationGroupDescription("d")
                .engine("redis").engineVersion("7.0").cacheNodeType("cache.t4g.micro").numCacheClusters(2)
                .automaticFailoverEnabled(true));
        Endpoint primary = Probe.awaitAvailable(client, "shop");
        List<Long> acknowledged = new ArrayList<>();
        AtomicBoolean isOver = new AtomicBoolean();
        Thread writer = Thread.ofVirtual().start(() -> write(primary, acknowledged, isOver));
        List<Consumer<ModifyReplicationGroupRequest.Builder>> changes = List.of(
                r -> r.engine("valkey").engineVersion("8.0"), r -> r.clusterMode("compatible"),
                r -> r.clusterMode("enabled"));
        for (Consumer<ModifyReplicationGroupRequest.Builder> change : changes) {
            int before = sizeOf(acknowledged);
            Probe.await(() -> sizeOf(acknowledged) > before + 100);
            client.modifyReplicationGroup(r -> change.accept(r.replicationGroupId("shop").applyImmediately(true)));
            Probe.await(() -> Probe.group(client, "shop").status().equals("available"));
        }
        isOver.set(true);
        writer.join();
        ReplicationGroup group = Probe.group(client, "shop");
        assertThat(group.engine()).isEqualTo("valkey");
        assertThat(group.clusterEnabled()).isTrue();
        try (RedisClusterClient cluster = clusterClient(group.configurationEndpoint())) {
            acknowledged.forEach(number -> assertThat(cluster.get("k" + number)).isEqualTo("v"));
        }
    }

    /** It has obeyed orders of a group that is no more, also after it is started anew, and in another group. */
    @Test
    void aPrimaryThatWasRetainedWritesFromThenOn() {
        client.createReplicationGroup(r -> r.replicationGroupId("shop").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").numCacheClusters(2).automaticFailoverEnabled(true));
        Probe.awaitAvailable(client, "shop");
        client.testFailover(r -> r.replicationGroupId("shop").nodeGroupId("0001"));
        Probe.await(() -> Probe.group(client, "shop").status().equals("available"));
        client.deleteReplicationGroup(r -> r.replicationGroupId("shop").retainPrimaryCluster(true));
        Probe.await(() -> client.describeReplicationGroups().replicationGroups().isEmpty());
        Endpoint own = client.describeCacheClusters(r -> r.showCacheNodeInfo(true)).cacheClusters().getFirst()
                .cacheNodes().getFirst().endpoint();
        client.rebootCacheCluster(r -> r.cacheClusterId("shop-002").cacheNodeIdsToReboot("0001"));
        Probe.await(() -> client.describeCacheClusters().cacheClusters().getFirst().cacheClusterStatus()
                .equals("available"));
        try (Jedis jedis = Probe.connect(own)) {
            jedis.set("key", "value");
        }
        client.createReplicationGroup(
                r -> r.replicationGroupId("next").replicationGroupDescription("d").primaryClusterId("shop-002"));
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "next"))) {
            assertThat(jedis.get("key")).isEqualTo("value");
            jedis.set("key", "other");
        }
    }

    private static RedisClusterClient clusterClient(Endpoint endpoint) {
        return RedisClusterClient.builder().nodes(Set.of(new HostAndPort(endpoint.address(), endpoint.port()))).build();
    }

    private static int sizeOf(List<Long> numbers) {
        synchronized (numbers) {
            return numbers.size();
        }
    }

    /** Writes one key after the other; whoever is cut off connects again. */
    private static void write(Endpoint endpoint, List<Long> acknowledged, AtomicBoolean isOver) {
        long number = 0;
        while (!isOver.get()) {
            try (Jedis jedis = Probe.connect(endpoint)) {
                while (!isOver.get()) {
                    jedis.set("k" + ++number, "v");
                    synchronized (acknowledged) {
                        acknowledged.add(number);
                    }
                }
            } catch (RuntimeException e) {
                // The primary changed; the next connection finds the new one.
            }
        }
    }

    @Test
    void slotsMoveUnderLoadAndNoClientNotices() throws InterruptedException {
        client.createReplicationGroup(r -> r.replicationGroupId("spread").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").numNodeGroups(2).replicasPerNodeGroup(1)
                .automaticFailoverEnabled(true));
        Probe.await(() -> Probe.group(client, "spread").status().equals("available"));
        ReplicationGroup group = Probe.group(client, "spread");
        assertThat(group.clusterEnabled()).isTrue();
        assertThat(group.nodeGroups()).extracting(NodeGroup::slots).containsExactly("0-8191", "8192-16383");
        assertThat(group.memberClusters()).containsExactly("spread-0001-001", "spread-0001-002", "spread-0002-001",
                "spread-0002-002");
        Endpoint endpoint = group.configurationEndpoint();
        Queue<RuntimeException> errors = new ConcurrentLinkedQueue<>();
        AtomicLong written = new AtomicLong();
        AtomicBoolean isOver = new AtomicBoolean();
        try (RedisClusterClient cluster = clusterClient(endpoint)) {
            List<Thread> writers = List.of(writer(isOver, errors, number -> {
                cluster.set("k" + number, "v" + number);
                written.set(number);
            }), writer(isOver, errors, number -> {
                long wanted = Math.max(1, written.get() - number % 100);
                if (written.get() > 0) {
                    assertThat(cluster.get("k" + wanted)).isEqualTo("v" + wanted);
                }
            }));
            Probe.await(() -> written.get() > 500);
            reshard(4, List.of());
            assertThat(Probe.group(client, "spread").nodeGroups()).extracting(NodeGroup::slots)
                    .containsExactly("0-4095", "8192-12287", "4096-8191", "12288-16383");
            reshard(2, List.of("0001", "0003"));
            isOver.set(true);
            for (Thread thread : writers) {
                thread.join();
            }
            assertThat(errors).isEmpty();
            for (long number = 1; number <= written.get(); number++) {
                assertThat(cluster.get("k" + number)).isEqualTo("v" + number);
            }
        }
        assertThat(Probe.group(client, "spread").configurationEndpoint()).isEqualTo(endpoint);
        assertThat(Probe.group(client, "spread").nodeGroups()).extracting(NodeGroup::nodeGroupId)
                .containsExactly("0002", "0004");
    }

    /** Some clients ask where all slots are only now and then, until which each request of theirs is redirected. */
    @Test
    void nodesThatGoAnswerThoseWhoHaveNotNoticed() throws InterruptedException {
        client.createReplicationGroup(r -> r.replicationGroupId("spread").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").numNodeGroups(2).replicasPerNodeGroup(0)
                .clusterMode(ClusterMode.ENABLED).automaticFailoverEnabled(true));
        Probe.await(() -> Probe.group(client, "spread").status().equals("available"));
        Endpoint leaving = client.describeCacheClusters(r -> r.cacheClusterId("spread-0002-001")
                .showCacheNodeInfo(true)).cacheClusters().getFirst().cacheNodes().getFirst().endpoint();
        AtomicLong redirected = new AtomicLong();
        Queue<RuntimeException> errors = new ConcurrentLinkedQueue<>();
        Thread unaware = Thread.ofVirtual().start(() -> askUntilRedirected(100, leaving, redirected, errors));
        reshard(1, List.of("0002"));
        unaware.join();
        assertThat(errors).isEmpty();
        assertThat(redirected).hasValue(100);
        assertThatThrownBy(() -> Probe.connect(leaving).ping()).isInstanceOf(JedisConnectionException.class);
    }

    private static void askUntilRedirected(int times, Endpoint node, AtomicLong redirected,
            Queue<RuntimeException> errors) {
        try (Jedis jedis = Probe.connect(node)) {
            while (redirected.get() < times) {
                try {
                    // Slot 12182.
                    var _ = jedis.get("foo");
                } catch (JedisMovedDataException e) {
                    redirected.incrementAndGet();
                }
                Thread.sleep(20);
            }
        } catch (JedisException e) {
            errors.add(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void reshard(int count, List<String> removed) {
        client.modifyReplicationGroupShardConfiguration(r -> r.replicationGroupId("spread").nodeGroupCount(count)
                .applyImmediately(true).nodeGroupsToRemove(removed.isEmpty() ? null : removed));
        Awaitility.await().atMost(Duration.ofMinutes(5)).pollInterval(Duration.ofMillis(200)).untilAsserted(
                () -> assertThat(Probe.group(client, "spread").status()).as(cistern.controlPlane().status().toJson())
                        .isEqualTo("available"));
    }

    private static Thread writer(AtomicBoolean isOver, Queue<RuntimeException> errors, LongConsumer step) {
        return Thread.ofVirtual().start(() -> {
            for (long number = 1; !isOver.get(); number++) {
                try {
                    step.accept(number);
                } catch (RuntimeException e) {
                    errors.add(e);
                }
            }
        });
    }
}
