package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import software.amazon.awssdk.services.elasticache.model.CacheNode;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;

import static org.assertj.core.api.Assertions.assertThat;

/** Nodes at the addresses of their zones, and all endpoints by AWS's names. */
final class NamesTest extends CisternTest {

    @Override
    EndpointOptions endpoints() throws IOException {
        return super.endpoints().withDomain("example.com")
                .withZones(Map.of("us-east-1a", "127.0.1.1", "us-east-1b", "127.0.1.2"));
    }

    private String address(Endpoint endpoint) {
        return cistern.controlPlane().addressOf(endpoint.address()).orElseThrow();
    }

    private String answerAt(Endpoint endpoint) {
        try (Jedis jedis = new Jedis(address(endpoint), endpoint.port())) {
            return jedis.get("key");
        }
    }

    @Test
    void aGroupOverTwoZonesIsFoundByItsNames() {
        client.createReplicationGroup(r -> r.replicationGroupId("shop").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").numCacheClusters(2)
                .preferredCacheClusterAZs("us-east-1a", "us-east-1b"));
        Endpoint primary = Probe.awaitAvailable(client, "shop");
        NodeGroup nodeGroup = Probe.group(client, "shop").nodeGroups().getFirst();
        assertThat(primary.address()).matches("shop\\.[a-z0-9]{6}\\.ng\\.0001\\.use1\\.cache\\.example\\.com");
        assertThat(nodeGroup.readerEndpoint().address()).startsWith("shop-ro.");
        assertThat(address(primary)).isEqualTo("127.0.0.1");
        assertThat(address(nodeGroup.nodeGroupMembers().get(0).readEndpoint())).isEqualTo("127.0.1.1");
        assertThat(address(nodeGroup.nodeGroupMembers().get(1).readEndpoint())).isEqualTo("127.0.1.2");
        CacheNode node = client.describeCacheClusters(r -> r.cacheClusterId("shop-002").showCacheNodeInfo(true))
                .cacheClusters().getFirst().cacheNodes().getFirst();
        assertThat(node.endpoint()).isEqualTo(nodeGroup.nodeGroupMembers().get(1).readEndpoint());
        try (Jedis jedis = new Jedis(address(primary), primary.port())) {
            jedis.set("key", "value");
        }
        Probe.await(() -> "value".equals(answerAt(node.endpoint())));
        Probe.await(() -> "value".equals(answerAt(nodeGroup.readerEndpoint())));

        client.modifyReplicationGroup(r -> r.replicationGroupId("shop").primaryClusterId("shop-002"));
        assertThat(Probe.awaitAvailable(client, "shop")).isEqualTo(primary);
        assertThat(answerAt(primary)).isEqualTo("value");
        assertThat(cistern.controlPlane().addressOf("other." + primary.address())).isEmpty();
        assertThat(cistern.controlPlane().addressOf(primary.address().replace("shop", "shoq"))).isEmpty();
    }
}
