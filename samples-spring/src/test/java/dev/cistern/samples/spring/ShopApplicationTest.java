package dev.cistern.samples.spring;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/** The application as a whole, against a node. */
final class ShopApplicationTest {

    private final EventLoops loops = EventLoops.start(Transport.named("auto"), 1);
    private CacheNode node;
    private RedisClient client;
    private RedisCommands<String, String> redis;

    @BeforeEach
    void start() throws IOException {
        node = CacheNode.start(NodeOptions.onPort("shop", 0).with("save", ""), loops);
        client = RedisClient.create(address());
        redis = client.connect().sync();
    }

    @AfterEach
    void stop() {
        client.close();
        node.close();
        loops.close();
    }

    private String address() {
        return "redis://127.0.0.1:" + node.port();
    }

    private ConfigurableApplicationContext application() {
        return SpringApplication.run(ShopApplication.class, "--cistern.cache.servers=" + address(),
                "--cistern.cache.time-limit=20s", "--spring.main.banner-mode=off");
    }

    @Test
    void aPriceIsWorkedOutOnceForAllInstancesUntilItChanges() throws Exception {
        try (ConfigurableApplicationContext one = application(); ConfigurableApplicationContext two = application()) {
            Prices here = one.getBean(Prices.class);
            Prices there = two.getBean(Prices.class);
            assertThat(here.questions()).as("a lamp and a chair, each asked for twice").isEqualTo(2);
            assertThat(there.questions()).isZero();
            assertThat(there.of("lamp")).isEqualTo(new Prices.Price("lamp", 499));
            here.changed("lamp");
            assertThat(there.of("lamp")).isEqualTo(new Prices.Price("lamp", 499));
            assertThat(there.questions()).isEqualTo(1);
        }
    }

    @Test
    void whoAsksTogetherIsAnsweredTogether() throws Exception {
        try (ConfigurableApplicationContext application = application();
                ExecutorService customers = Executors.newVirtualThreadPerTaskExecutor()) {
            Prices prices = application.getBean(Prices.class);
            int before = prices.questions();
            for (int customer = 0; customer < 100; customer++) {
                var _ = customers.submit(() -> prices.of("sofa"));
            }
            customers.close();
            assertThat(prices.questions() - before).isEqualTo(1);
        }
    }

    /** Ten minutes, a fifth more or less, as the annotation says; not the hour of the configuration. */
    @Test
    void pricesExpireAtDifferentTimes() throws Exception {
        try (ConfigurableApplicationContext application = application();
                ExecutorService customers = Executors.newVirtualThreadPerTaskExecutor()) {
            Prices prices = application.getBean(Prices.class);
            for (int product = 0; product < 200; product++) {
                String name = "product " + product;
                var _ = customers.submit(() -> prices.of(name));
            }
            customers.close();
            List<Long> seconds = new ArrayList<>();
            for (String key : redis.keys("prices:*")) {
                seconds.add(redis.ttl(key));
            }
            assertThat(seconds).hasSize(202).allSatisfy(left -> assertThat(left).isBetween(420L, 720L));
            assertThat(new TreeSet<>(seconds)).hasSizeGreaterThan(50);
        }
    }

    @Test
    void withoutTheCacheItIsSlowerAndNothingElse() throws Exception {
        try (ConfigurableApplicationContext application = application()) {
            Prices prices = application.getBean(Prices.class);
            node.close();
            assertThat(prices.of("lamp")).isEqualTo(new Prices.Price("lamp", 499));
            assertThat(prices.questions()).isEqualTo(3);
        }
    }

    @Test
    void theConfigurationIsThreeLines() throws IOException {
        assertThat(Files.readAllLines(Path.of("src/main/resources/application.properties"))).hasSize(3)
                .allMatch(line -> line.startsWith("cistern.cache."));
    }
}
