package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** DEBUG: what tests of others rely on. */
final class DebugCommandsTest {
    private static final String NO_DEBUG = "the original needs leave for DEBUG";
    private static final WireReply NOTHING = status("0".repeat(40));

    /** Values of all types, with and without deadlines. */
    private static final List<String> DATA = List.of("SET s text", "SET n 12", "SET e x PXAT 4102444800000",
            "RPUSH l a b 3", "SADD i 1 2 3", "SADD m a b c", "ZADD z 1.5 a 0.1 b 1e20 c", "HSET h f v g w",
            "XADD x 1-1 f v g w", "XADD x 2-0 f v", "SELECT 3", "SET other v", "SELECT 0");

    @Test
    void digestsAreThoseOfTheOriginal() {
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        try (TestServer ours = TestServer.cistern();
                TestServer original = TestServer.original(program, "enable-debug-command", "yes");
                TestClient ourClient = ours.connect();
                TestClient originalClient = original.connect()) {
            for (String line : DATA) {
                ourClient.send(line.split(" ")).expect(originalClient.send(line.split(" ")));
            }
            for (String question : List.of("DEBUG DIGEST", "DEBUG DIGEST-VALUE s n e l i m z h x none")) {
                ourClient.send(question.split(" ")).expect(originalClient.send(question.split(" ")));
            }
        }
    }

    @WireTest(notOnOriginal = NO_DEBUG)
    void digestsFollowTheData(TestClient client) {
        client.send("DEBUG", "DIGEST").expect(NOTHING);
        client.send("SADD", "s", "a", "b");
        String before = client.send("DEBUG", "DIGEST").text();
        client.send("SREM", "s", "a");
        assertThat(client.send("DEBUG", "DIGEST").text()).isNotEqualTo(before);
        client.send("SADD", "s", "a");
        client.send("DEBUG", "DIGEST").expect(status(before));
        client.send("DEBUG", "DIGEST-VALUE", "none").expect(array(NOTHING));
    }

    @WireTest(notOnOriginal = NO_DEBUG)
    void stringsAreMadeInNumbers(TestClient client) {
        client.send("SET", "key:1", "mine");
        client.send("DEBUG", "POPULATE", "3").expect(ok());
        client.send("MGET", "key:0", "key:1", "key:2").expect(array(bulk("value:0"), bulk("mine"), bulk("value:2")));
        client.send("DEBUG", "POPULATE", "2", "p", "10").expect(ok());
        client.send("GET", "p:1").expect(bulk("value:1\0\0\0"));
        client.send("DBSIZE").expect(integer(5));
    }

    @WireTest(notOnOriginal = NO_DEBUG)
    void scansDeleteWhatIsExpired(TestClient client) {
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0").expect(ok());
        client.send("SET", "a", "1", "PX", "1");
        client.send("HSET", "h", "f", "v");
        client.send("PEXPIRE", "h", "1");
        awaitNextMillis(client);
        client.send("SCAN", "0", "TYPE", "string", "COUNT", "1000");
        client.send("DBSIZE").expect(integer(1));
        client.send("SCAN", "0", "COUNT", "1000").expect(array(bulk("0"), array()));
        client.send("DBSIZE").expect(integer(0));
    }

    /** Until the node's clock is behind the deadlines: SCAN would show the keys before. */
    private static void awaitNextMillis(TestClient client) {
        long end = System.currentTimeMillis() + 2;
        while (System.currentTimeMillis() <= end) {
            client.send("PING");
        }
    }
}
