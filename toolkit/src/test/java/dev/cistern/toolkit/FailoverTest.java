package dev.cistern.toolkit;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Roles move, nodes die and are replaced while a mixed load runs. Callers hear nothing of it; what they get is counted. */
public class FailoverTest {

    private static final Duration PATIENT = Duration.ofSeconds(60);
    private static final long SEED = Long.getLong("cistern.seed", 1);

    private static CacheKit.Builder kit(MixedLoad load) {
        return CacheKit.builder().breaker(3, Duration.ofMillis(100)).timeLimit(Duration.ofSeconds(1)).listener(load);
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(PATIENT).pollInterval(Duration.ofMillis(20)).until(condition);
    }

    /** Waits until the cache answers again: hits, and not only questions of the database. */
    private static void untilHitsComeAgain(MixedLoad load) {
        long before = load.count(Outcome.HIT);
        until(() -> load.count(Outcome.HIT) > before + 500);
    }

    private static void follow(Server replica, Server primary) throws Exception {
        assertThat(replica.ask("REPLICAOF 127.0.0.1 " + primary.port)).isEqualTo("+OK");
        until(() -> replica.ask("INFO replication").contains("master_link_status:up")
                && primary.ask("INFO replication").contains("state=online"));
    }

    private static void report(String story, MixedLoad load) {
        System.out.println(story + " (seed " + SEED + "): " + load.figures());
        assertThat(load.failure()).as(load.figures()).isNull();
    }

    @Test
    void rolesChangeUnderLoad() throws Exception {
        try (Server one = Server.redis();
                Server two = Server.redis();
                MovingEndpoint primary = new MovingEndpoint(one.port);
                MovingEndpoint reader = new MovingEndpoint(two.port);
                MixedLoad load = new MixedLoad()) {
            follow(two, one);
            try (CacheKit a = kit(load).servers(primary.redisUri()).readers(reader.redisUri()).build();
                    CacheKit b = kit(load).servers(primary.redisUri()).readers(reader.redisUri()).build()) {
                load.start(List.of(a, b), SEED);
                untilHitsComeAgain(load);
                assertThat(one.ask("FAILOVER TO 127.0.0.1 " + two.port)).isEqualTo("+OK");
                until(() -> two.ask("INFO replication").contains("role:master"));
                primary.moveTo(two.port);
                reader.moveTo(one.port);
                until(() -> one.ask("INFO replication").contains("master_link_status:up"));
                untilHitsComeAgain(load);
                load.end();
                report("a planned failover", load);
                until(() -> load.agreesWithTheDatabase(a) && load.agreesWithTheDatabase(b));
            }
        }
    }

    @Test
    void thePrimaryDiesUnderLoad() throws Exception {
        try (Server one = Server.redis();
                Server two = Server.redis();
                MovingEndpoint primary = new MovingEndpoint(one.port);
                MovingEndpoint reader = new MovingEndpoint(two.port);
                MixedLoad load = new MixedLoad()) {
            follow(two, one);
            try (CacheKit a = kit(load).servers(primary.redisUri()).readers(reader.redisUri()).build();
                    CacheKit b = kit(load).servers(primary.redisUri()).build()) {
                load.start(List.of(a, b), SEED);
                untilHitsComeAgain(load);
                one.kill();
                long before = load.count(Outcome.UNAVAILABLE);
                until(() -> load.count(Outcome.UNAVAILABLE) > before);
                assertThat(two.ask("REPLICAOF NO ONE")).isEqualTo("+OK");
                primary.moveTo(two.port);
                untilHitsComeAgain(load);
                load.end();
                report("a primary that died", load);
                until(() -> load.agreesWithTheDatabase(a) && load.agreesWithTheDatabase(b));
            }
        }
    }

    /** The dead node's name and port stay; the address behind them is another, where an empty node has come up. */
    @Test
    void aMemcachedNodeIsReplacedUnderLoad() throws Exception {
        try (Server one = Server.memcached();
                Server two = Server.memcached();
                Server another = Server.memcached();
                MovingEndpoint elsewhere = new MovingEndpoint(new ServerSocket(two.port, 50, InetAddress.getByName(
                        "127.0.0.2")), another.port);
                ConfigurationEndpoint endpoint = new ConfigurationEndpoint(false);
                MixedLoad load = new MixedLoad()) {
            String list = "1\nnode1|127.0.0.1|" + one.port + " node2|%s|" + two.port + "\n";
            endpoint.payload = list.formatted("127.0.0.1");
            String address = "memcached+discovery://127.0.0.1:" + endpoint.port();
            try (CacheKit a = kit(load).servers(address).discoveryInterval(Duration.ofMillis(50)).build();
                    CacheKit b = kit(load).servers(address).discoveryInterval(Duration.ofMillis(50)).build()) {
                load.start(List.of(a, b), SEED);
                untilHitsComeAgain(load);
                two.kill();
                long before = load.count(Outcome.UNAVAILABLE);
                until(() -> load.count(Outcome.UNAVAILABLE) > before);
                endpoint.payload = list.formatted("127.0.0.2");
                until(() -> bothNodesAnswer(load, a) && bothNodesAnswer(load, b));
                untilHitsComeAgain(load);
                load.end();
                report("a replaced Memcached node", load);
                until(() -> load.agreesWithTheDatabase(a) && load.agreesWithTheDatabase(b));
                assertThat(elsewhere).isNotNull();
            }
        }
    }

    /** No key is refused any more: each of them is a hit after it was written. */
    private static boolean bothNodesAnswer(MixedLoad load, CacheKit kit) {
        LoadingCache<Integer, String> cache = load.cache(kit);
        for (int key = 1_000; key < 1_020; key++) {
            load.insert(key);
            cache.put(key, key + ":1");
            if (cache.getIfPresent(key) == null) {
                return false;
            }
        }
        return true;
    }
}
