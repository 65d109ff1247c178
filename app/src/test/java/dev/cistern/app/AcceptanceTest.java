package dev.cistern.app;

import java.util.Map;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.SourceType;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A user's first hour, by the AWS SDK for Java and Jedis: everything that `up` starts, in this JVM. */
final class AcceptanceTest extends CisternTest {

    @Test
    void aReplicationGroupFromItsCreationToItsEnd() {
        ReplicationGroup created = client.createReplicationGroup(request -> request.replicationGroupId("sessions")
                .replicationGroupDescription("of the shop").engine("valkey").cacheNodeType("cache.t4g.micro")
                .tags(Tag.builder().key("team").value("shop").build())).replicationGroup();
        assertThat(created.status()).isEqualTo("creating");

        Endpoint endpoint = Probe.awaitAvailable(client, "sessions");
        try (Jedis jedis = Probe.connect(endpoint)) {
            assertThat(jedis.set("greeting", "hello")).isEqualTo("OK");
            assertThat(jedis.get("greeting")).isEqualTo("hello");
            assertThat(jedis.del("greeting")).isEqualTo(1);
            assertThat(jedis.get("greeting")).isNull();
            assertThat(jedis.hset("cart", Map.of("apples", "3", "pears", "1"))).isEqualTo(2);
            assertThat(jedis.hgetAll("cart")).containsExactlyInAnyOrderEntriesOf(Map.of("apples", "3", "pears", "1"));
            assertThat(jedis.sadd("colours", "red", "green", "red")).isEqualTo(2);
            assertThat(jedis.smembers("colours")).containsExactlyInAnyOrder("red", "green");
            try (AbstractTransaction transaction = jedis.multi()) {
                transaction.incr("visits");
                transaction.incrBy("visits", 2);
                assertThat(transaction.exec()).containsExactly(1L, 3L);
            }
            assertThat(jedis.publish("news", "nobody listens yet")).isZero();
        }
        assertThat(client.listTagsForResource(request -> request.resourceName(created.arn())).tagList())
                .containsExactly(Tag.builder().key("team").value("shop").build());
        assertThat(client.describeEvents(request -> request.sourceType(SourceType.REPLICATION_GROUP)).events())
                .anySatisfy(event -> assertThat(event.sourceIdentifier()).isEqualTo("sessions"));

        client.deleteReplicationGroup(request -> request.replicationGroupId("sessions"));
        Probe.await(() -> client.describeReplicationGroups().replicationGroups().isEmpty());
        assertThatThrownBy(() -> Probe.group(client, "sessions")).isInstanceOf(ReplicationGroupNotFoundException.class);
        assertThatThrownBy(() -> Probe.connect(endpoint).ping()).isInstanceOf(JedisConnectionException.class);
    }

    @Test
    void aCacheClusterFromItsCreationToItsEnd() {
        client.createCacheCluster(request -> request.cacheClusterId("alone").engine("redis").numCacheNodes(1)
                .cacheNodeType("cache.t4g.micro"));
        Probe.await(() -> client.describeCacheClusters(request -> request.cacheClusterId("alone")).cacheClusters()
                .getFirst().cacheClusterStatus().equals("available"));
        Endpoint endpoint = client.describeCacheClusters(
                request -> request.cacheClusterId("alone").showCacheNodeInfo(true))
                .cacheClusters().getFirst().cacheNodes().getFirst().endpoint();
        try (Jedis jedis = Probe.connect(endpoint)) {
            assertThat(jedis.incr("visits")).isEqualTo(1);
        }
        client.deleteCacheCluster(request -> request.cacheClusterId("alone"));
        Probe.await(() -> client.describeCacheClusters().cacheClusters().isEmpty());
        assertThatThrownBy(() -> client.describeCacheClusters(request -> request.cacheClusterId("alone")))
                .isInstanceOf(CacheClusterNotFoundException.class);
    }
}
