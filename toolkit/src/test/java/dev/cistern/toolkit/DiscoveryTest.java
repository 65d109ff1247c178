package dev.cistern.toolkit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Auto discovery: a configuration endpoint, played by a few lines here, in front of real memcached nodes. */
@NullUnmarked
public class DiscoveryTest {

    private static CacheKit kit(ConfigurationEndpoint endpoint, List<List<String>> changes) {
        return CacheKit.builder().servers("memcached+discovery://127.0.0.1:" + endpoint.port()).discoveryInterval(
                Duration.ofMillis(50)).timeLimit(Duration.ofSeconds(20)).onTopologyChange(changes::add).build();
    }

    @Test
    void membershipFollowsTheVersionAndAReplacedNodeKeepsItsPlace() throws Exception {
        List<List<String>> changes = new CopyOnWriteArrayList<>();
        try (Server one = Server.memcached();
                Server two = Server.memcached();
                ConfigurationEndpoint endpoint = new ConfigurationEndpoint(false);
                CacheKit kit = kit(endpoint, changes)) {
            Cache<Integer, String> cache = kit.cache("c", Integer.class, String.class).build();
            assertThat(cache.getIfPresent(1)).as("nothing known yet").isNull();

            endpoint.payload = "1\nnode1|127.0.0.1|" + one.port + "\n";
            await().until(() -> changes.size() == 1);
            for (int n = 0; n < 200; n++) {
                cache.put(n, "v" + n);
            }
            assertThat(cache.getIfPresent(7)).isEqualTo("v7");

            endpoint.payload = "2\nnode1|127.0.0.1|" + one.port + " node2|127.0.0.1|" + two.port + "\n";
            await().until(() -> changes.size() == 2);
            assertThat(changes.get(1)).containsExactly("node1:" + one.port, "node2:" + two.port);
            long kept = 0;
            for (int n = 0; n < 200; n++) {
                kept += cache.getIfPresent(n) != null ? 1 : 0;
            }
            assertThat(kept).as("about half moved to the new, empty node").isBetween(50L, 150L);

            endpoint.payload = "1\nnode1|127.0.0.1|" + one.port + "\n";
            Thread.sleep(200);
            assertThat(changes).as("an older version is not believed").hasSize(2);
        }
    }

    /** The name and the port stay, the version too; only the address behind them is another. */
    @Test
    void aReplacedNodeIsFoundAtItsNewAddress() throws Exception {
        List<List<String>> changes = new CopyOnWriteArrayList<>();
        try (Server node = Server.memcached();
                ConfigurationEndpoint endpoint = new ConfigurationEndpoint(false);
                CacheKit kit = kit(endpoint, changes)) {
            Cache<Integer, String> cache = kit.cache("c", Integer.class, String.class).build();
            endpoint.payload = "1\nnode1|127.0.0.99|" + node.port + "\n";
            await().until(() -> changes.size() == 1);
            cache.put(1, "lost");
            assertThat(cache.getIfPresent(1)).isNull();
            endpoint.payload = "1\nnode1|127.0.0.1|" + node.port + "\n";
            await().pollInterval(Duration.ofMillis(50)).until(() -> {
                cache.put(1, "found");
                return "found".equals(cache.getIfPresent(1));
            });
            assertThat(changes).hasSize(1);
        }
    }

    @Test
    void theOldFormOfTheQuestionIsTriedToo() throws Exception {
        List<List<String>> changes = new CopyOnWriteArrayList<>();
        try (ConfigurationEndpoint endpoint = new ConfigurationEndpoint(true); CacheKit kit = kit(endpoint, changes)) {
            endpoint.payload = "5\nnode1||11211\n";
            await().until(() -> changes.size() == 1);
            assertThat(changes.get(0)).containsExactly("node1:11211");
        }
    }
}
