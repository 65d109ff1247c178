package dev.cistern.engine;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static org.assertj.core.api.Assertions.assertThat;

/** Keys that nobody asks for are deleted all the same. */
final class ActiveExpiryTest {
    private static final int KEYS = 20_000;
    private static final int PATIENCE_ROUNDS = 2_000;

    @WireTest
    void expiredKeysGoByThemselves(TestClient client) throws InterruptedException {
        client.send("SET", "stays", "1");
        client.send("SET", "later", "1", "EX", "1000");
        for (int i = 0; i < KEYS; i++) {
            client.write("SET", "key:" + i, "value", "PX", "1");
            if (i % 100 == 99) {
                for (int j = 0; j < 100; j++) {
                    client.read();
                }
            }
        }
        int rounds = 0;
        while (((WireReply.Int) client.send("DBSIZE")).value() > 2) {
            assertThat(rounds++).as("looks at DBSIZE").isLessThan(PATIENCE_ROUNDS);
            Thread.sleep(10);
        }
        client.send("EXISTS", "stays", "later").expect(WireReply.integer(2));
        client.send("TTL", "stays").expect(WireReply.integer(-1));
    }
}
