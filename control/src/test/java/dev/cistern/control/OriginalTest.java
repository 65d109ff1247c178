package dev.cistern.control;

import dev.cistern.control.certificate.CertificateAuthority;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisConnectionException;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The control plane over real {@code redis-server} processes: it speaks with nodes by nothing but RESP. */
final class OriginalTest {

    @Test
    void aRealRedisIsCreatedResizedKeptAndDeleted(@TempDir Path directory) {
        assumeTrue(RedisServerNodes.areThere(), "redis-server is not installed");
        Endpoint endpoint;
        try (ControlPlane plane = open(directory)) {
            ElastiCacheClient aws = plane.elastiCache();
            aws.createReplicationGroup(r -> r.replicationGroupId("real").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro"));
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            endpoint = endpoint(aws);
            try (Jedis client = new Jedis(endpoint.address(), endpoint.port())) {
                client.set("key", "value");
                assertThat(client.info("memory")).contains("maxmemory:402653175\r\n");
                aws.modifyReplicationGroup(
                        r -> r.replicationGroupId("real").cacheNodeType("cache.t3.small").applyImmediately(true));
                await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
                assertThat(client.info("memory")).contains("maxmemory:1103269650\r\n");
                assertThat(client.get("key")).isEqualTo("value");
                parameters(plane, aws, client);
            }
        }
        try (ControlPlane plane = open(directory)) {
            ElastiCacheClient aws = plane.elastiCache();
            assertThat(endpoint(aws)).isEqualTo(endpoint);
            try (Jedis client = new Jedis(endpoint.address(), endpoint.port())) {
                assertThat(client.info("memory")).contains("maxmemory:1103269650\r\n");
            }
            aws.deleteReplicationGroup(r -> r.replicationGroupId("real"));
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            assertThat(aws.describeReplicationGroups().replicationGroups()).isEmpty();
        }
    }

    @Test
    void theUsersOfARealRedis(@TempDir Path directory) {
        assumeTrue(RedisServerNodes.areThere(), "redis-server is not installed");
        try (ControlPlane plane = open(directory)) {
            ElastiCacheClient aws = plane.elastiCache();
            aws.createUser(r -> r.userId("ann").userName("ann").engine("redis").passwords("correct-horse-battery")
                    .accessString("on ~a:* +@all -@dangerous +commandlog|get -lpos (~b:* +get)"));
            aws.createUser(r -> r.userId("closed").userName("default").engine("redis").accessString("off")
                    .passwords("correct-horse-battery"));
            aws.createUserGroup(r -> r.userGroupId("team").engine("redis").userIds("ann", "closed"));
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            aws.createReplicationGroup(r -> r.replicationGroupId("real").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro").userGroupIds("team").transitEncryptionEnabled(true));
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            Endpoint endpoint = endpoint(aws);
            try (Jedis ann = secure(endpoint, directory);
                    Jedis nobody = secure(endpoint, directory)) {
                assertThatThrownBy(nobody::ping).hasMessageContaining("NOAUTH");
                assertThatThrownBy(() -> ann.auth("ann", "wrong")).hasMessageContaining("WRONGPASS");
                ann.auth("ann", "correct-horse-battery");
                ann.set("a:1", "x");
                assertThat(ann.get("b:1")).isNull();
                assertThatThrownBy(() -> ann.set("b:1", "x")).hasMessageContaining("NOPERM");
                assertThatThrownBy(() -> ann.keys("*")).hasMessageContaining("NOPERM");
                assertThatThrownBy(() -> ann.lpos("a:2", "x")).hasMessageContaining("NOPERM");

                aws.modifyUser(r -> r.userId("ann").accessString("on ~c:* +@read").passwords("another-staple-of-it"));
                await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
                assertThatThrownBy(() -> ann.get("a:1")).hasMessageContaining("NOPERM");
                assertThat(ann.get("c:1")).as("a session outlives a change of its password").isNull();

                aws.modifyUserGroup(r -> r.userGroupId("team").userIdsToRemove("ann"));
                await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
                assertThatThrownBy(() -> ann.get("c:1")).isInstanceOf(JedisConnectionException.class);
            }
            aws.modifyReplicationGroup(r -> r.replicationGroupId("real").removeUserGroups(true)
                    .authToken("token-of-sixteen-and-more").authTokenUpdateStrategy("SET"));
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            aws.rebootCacheCluster(r -> r.cacheClusterId("real-001").cacheNodeIdsToReboot("0001"));
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            try (Jedis client = secure(endpoint, directory)) {
                assertThatThrownBy(client::ping).hasMessageContaining("NOAUTH");
                client.auth("token-of-sixteen-and-more");
                assertThat(client.ping()).isEqualTo("PONG");
            }
        }
    }

    @Test
    void replicasOfARealRedis(@TempDir Path directory) {
        assumeTrue(RedisServerNodes.areThere(), "redis-server is not installed");
        try (ControlPlane plane = open(directory)) {
            ElastiCacheClient aws = plane.elastiCache();
            aws.createReplicationGroup(r -> r.replicationGroupId("real").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro").numCacheClusters(2));
            await().atMost(Duration.ofSeconds(60)).until(plane::isIdle);
            List<Endpoint> endpoints = aws.describeReplicationGroups().replicationGroups().getFirst().nodeGroups()
                    .getFirst().nodeGroupMembers().stream().map(member -> member.readEndpoint()).toList();
            try (Jedis first = new Jedis(endpoints.get(0).address(), endpoints.get(0).port());
                    Jedis second = new Jedis(endpoints.get(1).address(), endpoints.get(1).port())) {
                first.set("k", "v");
                await().atMost(Duration.ofSeconds(30)).until(() -> "v".equals(second.get("k")));
                aws.modifyReplicationGroup(r -> r.replicationGroupId("real").primaryClusterId("real-002"));
                await().atMost(Duration.ofSeconds(60)).until(plane::isIdle);
                second.set("k", "w");
                await().atMost(Duration.ofSeconds(30)).until(() -> "w".equals(first.get("k")));
                assertThatThrownBy(() -> first.set("k", "x")).hasMessageContaining("READONLY");
            }
        }
    }

    /** A group of its own: what the original is told while it serves, and what it does from then on. */
    private static void parameters(ControlPlane plane, ElastiCacheClient aws, Jedis client) {
        assertThat(client.configGet("maxmemory-policy")).containsEntry("maxmemory-policy", "volatile-lru");
        aws.createCacheParameterGroup(
                r -> r.cacheParameterGroupName("mine").cacheParameterGroupFamily("redis7").description("d"));
        aws.modifyReplicationGroup(
                r -> r.replicationGroupId("real").cacheParameterGroupName("mine").applyImmediately(true));
        aws.modifyCacheParameterGroup(r -> r.cacheParameterGroupName("mine").parameterNameValues(TestPlane.values(
                "hash-max-listpack-entries", "2",
                "client-output-buffer-limit-pubsub-soft-seconds", "7",
                "notify-keyspace-events", "KEA",
                "close-on-replica-write", "no",
                "reserved-memory-percent", "0")));
        await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
        client.hset("hash", Map.of("a", "1", "b", "2", "c", "3"));
        assertThat(client.objectEncoding("hash")).isEqualTo("hashtable");
        assertThat(client.configGet("client-output-buffer-limit").get("client-output-buffer-limit"))
                .endsWith("pubsub 33554432 8388608 7");
        assertThat(client.configGet("notify-keyspace-events").get("notify-keyspace-events")).hasSize(3);
        assertThat(client.info("memory")).contains("maxmemory:1471026200\r\n");
        aws.resetCacheParameterGroup(r -> r.cacheParameterGroupName("mine").resetAllParameters(true));
        await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
        assertThat(client.info("memory")).contains("maxmemory:1103269650\r\n");
    }

    private static Jedis secure(Endpoint endpoint, Path directory) {
        SslOptions trust = SslOptions.builder()
                .truststore(directory.resolve("certificates").resolve("ca.jks").toFile(),
                        CertificateAuthority.TRUST_PASSWORD.toCharArray())
                .trustStoreType("JKS").build();
        return new Jedis(new HostAndPort(endpoint.address(), endpoint.port()),
                DefaultJedisClientConfig.builder().sslOptions(trust).build());
    }

    private static ControlPlane open(Path directory) {
        return ControlPlane.open(ControlPlaneOptions.of(directory, new RedisServerNodes())
                .withEndpoints(new EndpointOptions("127.0.0.1", "127.0.0.1", 22_500, 22_599)));
    }

    private static Endpoint endpoint(ElastiCacheClient aws) {
        return aws.describeReplicationGroups(r -> r.replicationGroupId("real")).replicationGroups().getFirst()
                .nodeGroups().getFirst().nodeGroupMembers().getFirst().readEndpoint();
    }
}
