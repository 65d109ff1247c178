package dev.cistern.engine;

import dev.cistern.engine.commands.Families;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireTest;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What a full node does by each of the policies. */
final class EvictionTest {
    private static final int WRITES = 3_000;
    private static final String VALUE = "v".repeat(4_000);

    @WireTest(settings = {"maxmemory", "6mb"})
    void makesRoomAmongTheKeysThatMayGo(TestClient client) {
        for (String policy : new String[]{"allkeys-lru", "allkeys-lfu", "allkeys-random"}) {
            client.send("CONFIG", "SET", "maxmemory-policy", policy).expect(ok());
            for (int i = 0; i < WRITES; i++) {
                client.send("SET", policy + i, VALUE).expect(ok());
            }
            long left = client.send("DBSIZE").number();
            assertTrue(left > 100 && left < WRITES / 2, () -> policy + " left " + left);
        }
    }

    @WireTest(settings = {"maxmemory", "6mb"})
    void keepsWhatHasNoDeadline(TestClient client) {
        client.send("SET", "kept", "here").expect(ok());
        for (String policy : new String[]{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}) {
            client.send("CONFIG", "SET", "maxmemory-policy", policy).expect(ok());
            for (int i = 0; i < WRITES; i++) {
                client.send("SET", policy + i, VALUE, "EX", "10000").expect(ok());
            }
            client.send("EXISTS", "kept").expect(integer(1));
        }
    }

    @WireTest(settings = {"maxmemory", "6mb", "maxmemory-policy", "volatile-lru"})
    void refusesWhenNoKeyMayGo(TestClient client) {
        int written = 0;
        while (written < WRITES && client.send("SET", "k" + written, VALUE).equals(ok())) {
            written++;
        }
        client.send("SET", "another", VALUE).expect(
                error("OOM command not allowed when used memory > 'maxmemory'."));
        client.send("EXISTS", "k0").expect(integer(1));
    }

    @WireTest
    void tellsHowOftenOrHowLongAgoByPolicy(TestClient client) {
        client.send("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu").expect(ok());
        client.send("SET", "k", "v").expect(ok());
        client.send("OBJECT", "FREQ", "k").expect(integer(5));
        client.send("CONFIG", "SET", "lfu-log-factor", "0").expect(ok());
        for (int i = 0; i < 10; i++) {
            client.send("GET", "k");
        }
        client.send("OBJECT", "FREQ", "k").expect(integer(15));
        client.send("OBJECT", "FREQ", "none").expect(nil());
        client.send("OBJECT", "IDLETIME", "k").expect(error("ERR An LFU maxmemory policy is selected, idle time not"
                + " tracked. Please note that when switching between policies at runtime LRU and LFU data will take"
                + " some time to adjust."));
        client.send("CONFIG", "SET", "maxmemory-policy", "noeviction", "lfu-log-factor", "10").expect(ok());
        client.send("SET", "k", "v").expect(ok());
        client.send("GET", "k");
        client.send("OBJECT", "IDLETIME", "k").expect(integer(0));
    }

    /** RESTORE gives a key a count, and a clock that jumps spares the minutes. */
    @ParameterizedTest
    @CsvSource({"0, 100", "1, 70", "10, 97"})
    void countsOfUsesSinkWithTime(String decayMinutes, long left) throws IOException {
        AheadClock clock = new AheadClock();
        NodeOptions options = NodeOptions.onPort("n", 0).with("maxmemory-policy", "allkeys-lfu")
                .with("lfu-decay-time", decayMinutes);
        try (EventLoops loops = EventLoops.start();
                CacheNode node = CacheNode.start(options, loops, Families.index(), clock);
                TestClient client = new TestClient(node.port())) {
            client.send("SET", "k", "v").expect(ok());
            String dump = client.send("DUMP", "k").text();
            client.send("RESTORE", "k", "0", dump, "REPLACE", "FREQ", "100").expect(ok());
            clock.jump(Duration.ofMinutes(30));
            client.send("OBJECT", "FREQ", "k").expect(integer(left));
        }
    }
}
