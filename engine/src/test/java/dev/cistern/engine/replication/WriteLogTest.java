package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireTest;
import java.util.ArrayList;
import java.util.List;

import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** What a replica is sent for each command: the same as by the original. */
final class WriteLogTest {
    private static final String FAR = "4102444800000";

    private static List<String> logged(TestServer server, TestClient client, Runnable work) {
        try (LogFollower follower = new LogFollower(server.port())) {
            work.run();
            client.send("PUBLISH", "the-end", "");
            List<String> lines = new ArrayList<>(follower.until("the-end"));
            lines.removeIf(line -> line.startsWith("SELECT"));
            return lines;
        }
    }

    /** A key that goes by itself, or by its last member, is told of as by UNLINK or as by DEL; 7.0 began with DEL. */
    private static void frees(TestClient client, String lazily) {
        for (String setting : List.of("lazyfree-lazy-expire", "lazyfree-lazy-server-del")) {
            client.send("CONFIG", "SET", setting, lazily).expect(ok());
        }
    }

    private static void all(TestClient client, String... commands) {
        for (String command : commands) {
            client.send(command.split(" ", -1));
        }
    }

    @WireTest
    void whatChangesIsLoggedAsItself(TestServer server, TestClient client) {
        assertThat(logged(server, client, () -> all(client, "SET a 1", "INCR a", "GET a", "DEL nothing", "DEL a",
                "RPUSH l 1 2", "LPOP l", "LPOP nothing", "SADD s x", "SADD s x", "HSET h f 1", "ZADD z 1 m",
                "RENAME l m", "APPEND q w", "MSET a 1 b 2", "COPY a c", "PERSIST a")))
                .containsExactly("SET a 1", "INCR a", "DEL a", "RPUSH l 1 2", "LPOP l", "SADD s x", "HSET h f 1",
                        "ZADD z 1 m", "RENAME l m", "APPEND q w", "MSET a 1 b 2", "COPY a c");
    }

    @WireTest
    void momentsAreAbsolute(TestServer server, TestClient client) {
        frees(client, "no");
        assertThat(logged(server, client, () -> all(client, "SET a 1 PXAT " + FAR, "SET a 2 NX", "SET b 3 NX",
                "SET a 4 EXAT 4102444800", "SET d 1", "PEXPIREAT d " + FAR, "EXPIREAT d 4102444801",
                "GETEX d PERSIST", "GETEX d", "GETEX d PXAT " + FAR, "EXPIRE d -1", "SET e 1", "GETDEL e",
                "EXPIREAT nothing 4102444800")))
                .containsExactly("SET a 1 PXAT " + FAR, "SET b 3 NX".replace(" NX", nx(server)),
                        "SET a 4 PXAT " + FAR, "SET d 1", "PEXPIREAT d " + FAR, "PEXPIREAT d 4102444801000",
                        "PERSIST d", "PEXPIREAT d " + FAR, "DEL d", "SET e 1", "DEL e");
    }

    /** We leave out a condition that was met. */
    private static String nx(TestServer server) {
        return server.isOurs() ? "" : " NX";
    }

    @WireTest
    void timesFromNowOnBecomeMoments(TestServer server, TestClient client) {
        List<String> lines = logged(server, client, () -> all(client, "SET a 1 EX 100", "SETEX b 100 v",
                "PSETEX c 100000 v", "EXPIRE a 200", "PEXPIRE b 200000", "GETEX c EX 300"));
        List<String> shapes = lines.stream().map(line -> line.replaceAll("[0-9]{13}$", "T")).toList();
        assertThat(shapes).containsExactly("SET a 1 PXAT T", "SET b v PXAT T", "SET c v PXAT T", "PEXPIREAT a T",
                "PEXPIREAT b T", "PEXPIREAT c T");
    }

    @WireTest
    void whatGoesByItselfGoesInTheWordThatIsSet(TestServer server, TestClient client) {
        frees(client, "yes");
        assertThat(logged(server, client, () -> {
            all(client, "SADD s a b", "SPOP s 5", "SADD s a", "SPOP s", "SET k v", "EXPIRE k -1");
            frees(client, "no");
            all(client, "SADD s a b", "SPOP s 5", "SET k v KEEPTTL", "EXPIRE k -1");
        })).containsExactly("SADD s a b", server.isOurs() ? "UNLINK s" : "DEL s", "SADD s a", "SREM s a", "SET k v",
                "UNLINK k", "SADD s a b",
                "DEL s", "SET k v KEEPTTL", "DEL k");
    }

    @WireTest
    void chanceIsLoggedAsWhatItTook(TestServer server, TestClient client) {
        frees(client, "no");
        assertThat(logged(server, client, () -> all(client, "SADD one x", "SPOP one", "SADD all a b", "SPOP all 5",
                "SET f 1", "INCRBYFLOAT f 0.5", "HINCRBYFLOAT h f 2.5")))
                .satisfies(lines -> assertThat(lines.get(1)).isIn("SREM one x", "DEL one"))
                .contains("DEL all", "SET f 1.5 KEEPTTL", "HSET h f 2.5");
    }

    @WireTest
    void whoWaitedIsLoggedAsWhatHeTook(TestServer server, TestClient client, TestClient waiter) {
        List<String> lines = logged(server, client, () -> {
            waiter.write("BLPOP", "none", "q", "0");
            awaitBlocked(client);
            all(client, "RPUSH q a b");
            waiter.read();
            waiter.write("BLMOVE", "r", "t", "left", "right", "0");
            awaitBlocked(client);
            all(client, "RPUSH r x");
            waiter.read();
            waiter.write("BZPOPMIN", "z", "0");
            awaitBlocked(client);
            all(client, "ZADD z 1 m");
            waiter.read();
            all(client, "BRPOP q 0", "RPUSH w 1 2 3", "LMPOP 2 none w RIGHT COUNT 2");
        });
        assertThat(lines).containsExactly("RPUSH q a b", "LPOP q", "RPUSH r x", "LMOVE r t left right", "ZADD z 1 m",
                "ZPOPMIN z", "RPOP q", "RPUSH w 1 2 3", "RPOP w 2");
    }

    private static void awaitBlocked(TestClient client) {
        while (!client.send("INFO", "clients").toString().contains("blocked_clients:1")) {
            Thread.onSpinWait();
        }
    }

    @WireTest
    void transactionsAndScriptsStayWhole(TestServer server, TestClient client) {
        assertThat(logged(server, client, () -> {
            all(client, "MULTI", "SET a 1", "GET a", "INCR a", "EXEC", "MULTI", "SET b 1", "EXEC", "MULTI", "GET a",
                    "EXEC");
            client.send("EVAL", "redis.call('set', KEYS[1], 'x'); redis.call('get', KEYS[1]); "
                    + "redis.call('del', KEYS[1])", "1", "k");
            client.send("EVAL", "return redis.call('set', KEYS[1], 'x')", "1", "k");
        })).containsExactly("MULTI", "SET a 1", "INCR a", "EXEC", "SET b 1", "MULTI", "SET k x", "DEL k", "EXEC",
                "SET k x");
    }

    @WireTest
    void databasesAreSelectedAndSwapped(TestServer server, TestClient client) {
        try (LogFollower follower = new LogFollower(server.port())) {
            all(client, "SET a 1", "SELECT 3", "SET b 1", "SET c 1", "MOVE b 1", "SWAPDB 0 3", "SELECT 0", "FLUSHDB",
                    "FLUSHALL", "PUBLISH the-end x");
            List<String> lines = follower.until("the-end");
            assertThat(lines.subList(0, 7)).containsExactly("SELECT 0", "SET a 1", "SELECT 3", "SET b 1", "SET c 1",
                    "MOVE b 1", "SWAPDB 0 3");
            assertThat(lines).contains("SELECT 0", "FLUSHDB", "FLUSHALL");
        }
    }

    @WireTest
    void keysThatGoByThemselvesAreDeleted(TestServer server, TestClient client) {
        frees(client, "no");
        assertThat(logged(server, client, () -> {
            all(client, "SET a 1", "PEXPIREAT a " + (System.currentTimeMillis() + 30));
            while (client.send("EXISTS", "a").toString().contains("1")) {
                Thread.onSpinWait();
            }
        })).satisfies(lines -> assertThat(lines.getLast()).isEqualTo("DEL a"));
    }

    @WireTest
    void streamsAreLoggedWithTheirIds(TestServer server, TestClient client) {
        List<String> lines = logged(server, client, () -> {
            all(client, "XADD s 1-* f 1", "XADD s 2-7 f 2", "XADD s NOMKSTREAM MAXLEN = 2 3-1 f 3",
                    "XGROUP CREATE s g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XACK s g 2-7");
        });
        assertThat(lines).contains("XADD s 1-0 f 1", "XADD s 2-7 f 2", "XADD s NOMKSTREAM MAXLEN = 2 3-1 f 3",
                "XGROUP CREATE s g 0", "XACK s g 2-7");
        assertThat(lines.stream().map(line -> line.replaceAll("TIME [0-9]+", "TIME T")).toList())
                .contains("XCLAIM s g c 0 2-7 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID 2-7");
    }

    @WireTest
    void functionsAndMessagesAreLogged(TestServer server, TestClient client) {
        assertThat(logged(server, client, () -> {
            client.send("FUNCTION", "FLUSH");
            client.send("PUBLISH", "news", "x");
        })).containsExactly("FUNCTION FLUSH", "PUBLISH news x");
    }
}
