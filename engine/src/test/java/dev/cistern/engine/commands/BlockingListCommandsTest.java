package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.nilArray;
import static dev.cistern.engine.testing.WireReply.null3;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** BLPOP and its kin: when they wait, what wakes them, and with what. */
final class BlockingListCommandsTest {
    private static final WireReply WRONG_TYPE = error(
            "WRONGTYPE Operation against a key holding the wrong kind of value");

    /** Waits until so many sessions wait. */
    private static void awaitBlocked(TestClient observer, int count) {
        String wanted = "\r\nblocked_clients:" + count + "\r\n";
        while (!observer.send("INFO", "clients").text().contains(wanted)) {
            Thread.onSpinWait();
        }
    }

    @WireTest
    void withAnElementNobodyWaits(TestClient client) {
        client.send("RPUSH", "l", "a", "b", "c", "d", "e");
        client.send("BLPOP", "none", "l", "0").expect(array("l", "a"));
        client.send("BRPOP", "l", "0").expect(array("l", "e"));
        client.send("BLMPOP", "0", "2", "none", "l", "LEFT", "COUNT", "2").expect(array("l", array("b", "c")));
        client.send("BLMOVE", "l", "m", "LEFT", "RIGHT", "0").expect(bulk("d"));
        client.send("BRPOPLPUSH", "m", "l", "0").expect(bulk("d"));
        client.send("LRANGE", "l", "0", "-1").expect(array("d"));
    }

    @WireTest
    void aPushWakes(TestClient client, TestClient other) {
        client.write("BLPOP", "a", "b", "0");
        awaitBlocked(other, 1);
        other.send("RPUSH", "b", "1").expect(integer(1));
        client.read().expect(array("b", "1"));
        other.send("EXISTS", "b").expect(integer(0));
        awaitBlocked(other, 0);
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void whatFollowsInThePipelineWaitsToo(TestClient client, TestClient other) {
        client.raw("PING\r\nBLPOP a 0\r\nGET none\r\nBLPOP a 0\r\nPING\r\n");
        client.read().expect(status("PONG"));
        awaitBlocked(other, 1);
        other.send("RPUSH", "a", "1", "2").expect(integer(2));
        client.read().expect(array("a", "1"));
        client.read().expect(nil());
        client.read().expect(array("a", "2"));
        client.read().expect(status("PONG"));
    }

    @WireTest
    void theTimeOverIsTheNullArray(TestClient client) {
        client.send("BLPOP", "a", "b", "0.01").expect(nilArray());
        client.send("BRPOP", "a", "0.01").expect(nilArray());
        client.send("BLMPOP", "0.01", "1", "a", "LEFT").expect(nilArray());
        client.send("BLMOVE", "a", "b", "LEFT", "LEFT", "0.01").expect(nilArray());
        client.send("BRPOPLPUSH", "a", "b", "0.01").expect(nilArray());
        client.send("HELLO", "3");
        client.send("BLPOP", "a", "0.01").expect(null3());
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void wrongArgumentsAreFoundFirst(TestClient client) {
        client.send("RPUSH", "l", "x");
        client.send("BLPOP", "l", "x").expect(error("ERR timeout is not a float or out of range"));
        client.send("BLPOP", "l", "-1").expect(error("ERR timeout is negative"));
        client.send("BLPOP", "l", "nan").expect(error("ERR timeout is not a float or out of range"));
        client.send("BLMPOP", "x", "0", "l", "LEFT").expect(error("ERR numkeys should be greater than 0"));
        client.send("BLMPOP", "x", "1", "l", "LEFT").expect(error("ERR timeout is not a float or out of range"));
        client.send("BLMPOP", "0", "1", "l", "UP").expect(error("ERR syntax error"));
        client.send("BLMOVE", "l", "m", "UP", "LEFT", "x").expect(error("ERR syntax error"));
        client.send("LLEN", "l").expect(integer(1));
    }

    @WireTest
    void aKeyOfAnotherTypeIsAnErrorOnlyIfItIsThereAtOnce(TestClient client, TestClient other) {
        other.send("SET", "s", "x");
        client.send("BLPOP", "none", "s", "0.01").expect(WRONG_TYPE);
        client.write("BLPOP", "k", "0");
        awaitBlocked(other, 1);
        other.send("SET", "k", "x");
        awaitBlocked(other, 1);
        other.send("DEL", "k");
        other.send("RPUSH", "k", "1");
        client.read().expect(array("k", "1"));
    }

    @WireTest
    void firstComeFirstServed(TestClient first, TestClient second, TestClient third, TestClient other) {
        first.write("BLPOP", "k", "0");
        awaitBlocked(other, 1);
        second.write("BRPOP", "k", "0");
        awaitBlocked(other, 2);
        third.write("BLPOP", "k", "0");
        awaitBlocked(other, 3);
        other.send("RPUSH", "k", "a", "b").expect(integer(2));
        first.read().expect(array("k", "a"));
        second.read().expect(array("k", "b"));
        other.send("RPUSH", "k", "c", "d").expect(integer(2));
        third.read().expect(array("k", "c"));
        other.send("LRANGE", "k", "0", "-1").expect(array("d"));
    }

    @WireTest
    void aPushAndPopInOneTransactionWakesNobody(TestClient client, TestClient other) {
        client.write("BLPOP", "k", "0");
        awaitBlocked(other, 1);
        other.send("MULTI");
        other.send("RPUSH", "k", "a");
        other.send("LPOP", "k");
        other.send("EXEC").expect(array(1, "a"));
        other.send("MULTI");
        other.send("RPUSH", "k", "b");
        other.send("RPUSH", "k", "c");
        other.send("LPOP", "k");
        other.send("EXEC").expect(array(1, 2, "b"));
        client.read().expect(array("k", "c"));
    }

    @WireTest(notOnOriginal = "Redis 7.0 takes the key that was ready first; newer ones run the command again")
    void severalReadyKeysAreTakenInTheArgumentsOrder(TestClient client, TestClient other) {
        client.write("BLPOP", "one", "two", "three", "0");
        awaitBlocked(other, 1);
        other.send("MULTI");
        other.send("RPUSH", "three", "3");
        other.send("RPUSH", "two", "2");
        other.send("RPUSH", "one", "1");
        other.send("EXEC");
        client.read().expect(array("one", "1"));
        other.send("EXISTS", "two", "three").expect(integer(2));
    }

    @WireTest
    void insideATransactionNobodyWaits(TestClient client) {
        client.send("MULTI");
        client.send("BLPOP", "k", "0").expect(status("QUEUED"));
        client.send("BLMOVE", "k", "l", "LEFT", "LEFT", "0").expect(status("QUEUED"));
        client.send("BLMPOP", "0", "1", "k", "LEFT").expect(status("QUEUED"));
        client.send("RPUSH", "k", "a").expect(status("QUEUED"));
        client.send("BLPOP", "k", "0").expect(status("QUEUED"));
        client.send("WAIT", "1", "0").expect(status("QUEUED"));
        client.send("EXEC").expect(array(nilArray(), nil(), nilArray(), 1, array("k", "a"), 0));
    }

    @WireTest
    void movesWakeOneAnother(TestClient first, TestClient second, TestClient third, TestClient other) {
        first.write("BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
        awaitBlocked(other, 1);
        second.write("BRPOPLPUSH", "b", "c", "0");
        awaitBlocked(other, 2);
        third.write("BLPOP", "c", "0");
        awaitBlocked(other, 3);
        other.send("RPUSH", "a", "x").expect(integer(1));
        first.read().expect(bulk("x"));
        second.read().expect(bulk("x"));
        third.read().expect(array("c", "x"));
        other.send("EXISTS", "a", "b", "c").expect(integer(0));
    }

    @WireTest
    void aMoveToAKeyOfAnotherTypeFailsWhenItsTurnComes(TestClient client, TestClient other) {
        other.send("SET", "target", "x");
        client.write("BLMOVE", "k", "target", "LEFT", "RIGHT", "0");
        awaitBlocked(other, 1);
        other.send("RPUSH", "k", "1").expect(integer(1));
        client.read().expect(WRONG_TYPE);
        other.send("LLEN", "k").expect(integer(1));
    }

    @WireTest
    void whateverMakesAListWakes(TestClient client, TestClient other) {
        String[][] makers = {{"RENAME", "l", "k"}, {"COPY", "l", "k"}, {"LMOVE", "l", "k", "LEFT", "LEFT"},
                {"MOVE", "k", "0"}, {"SWAPDB", "0", "1"}};
        for (String[] maker : makers) {
            boolean fromOther = maker[0].equals("MOVE") || maker[0].equals("SWAPDB");
            other.send("SELECT", fromOther ? "1" : "0");
            other.send("RPUSH", fromOther ? "k" : "l", "x");
            client.write("BLPOP", "k", "0");
            awaitBlocked(other, 1);
            other.send(maker);
            client.read().expect(array("k", "x"));
            other.send("FLUSHALL");
        }
    }

    @WireTest
    void aScriptWakesAtItsEndWhateverKeysItDeclared(TestClient client, TestClient second, TestClient other) {
        client.write("BLPOP", "k", "0");
        awaitBlocked(other, 1);
        second.write("BLMOVE", "undeclared", "l", "LEFT", "RIGHT", "0");
        awaitBlocked(other, 2);
        other.send("EVAL", "redis.call('rpush', KEYS[1], 'a', 'b') redis.call('lpop', KEYS[1]) "
                + "redis.call('rpush', 'undeclared', 'u') return redis.call('llen', KEYS[1])", "1", "k")
                .expect(integer(1));
        client.read().expect(array("k", "b"));
        second.read().expect(bulk("u"));
        other.send("EVAL", "return redis.call('blmpop', 0, 1, KEYS[1], 'LEFT')", "1", "none").expect(nil());
    }

    @WireTest
    void theDatabaseIsTheWaitersOwn(TestClient client, TestClient other) {
        client.send("SELECT", "3");
        client.write("BLPOP", "k", "0");
        awaitBlocked(other, 1);
        other.send("RPUSH", "k", "wrong");
        other.send("SELECT", "3");
        other.send("RPUSH", "k", "right");
        client.read().expect(array("k", "right"));
        other.send("FLUSHALL");
    }

    @WireTest
    void unblockedByAnotherClient(TestClient client, TestClient other) {
        String id = client.send("CLIENT", "ID").text();
        other.send("CLIENT", "UNBLOCK", id).expect(integer(0));
        client.write("BLPOP", "k", "0");
        awaitBlocked(other, 1);
        assertThat(other.send("CLIENT", "LIST", "ID", id).text()).contains(" flags=b ").contains(" cmd=blpop ");
        other.send("CLIENT", "UNBLOCK", id).expect(integer(1));
        client.read().expect(nilArray());
        client.write("BLMOVE", "k", "l", "LEFT", "LEFT", "0");
        awaitBlocked(other, 1);
        other.send("CLIENT", "UNBLOCK", id, "ERROR").expect(integer(1));
        client.read().expect(error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
        client.write("WAIT", "1", "0");
        awaitBlocked(other, 1);
        other.send("CLIENT", "UNBLOCK", id, "TIMEOUT").expect(integer(1));
        client.read().expect(integer(0));
        other.send("CLIENT", "UNBLOCK", "x").expect(error("ERR value is not an integer or out of range"));
        other.send("CLIENT", "UNBLOCK", id, "FOO").expect(error(
                "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
    }

    @WireTest
    void whoLeavesIsNotServed(TestClient other, TestServer server) {
        try (TestClient leaving = server.connect()) {
            leaving.write("BLPOP", "k", "0");
            awaitBlocked(other, 1);
        }
        awaitBlocked(other, 0);
        other.send("RPUSH", "k", "a").expect(integer(1));
        other.send("LLEN", "k").expect(integer(1));
    }

    @WireTest
    void waitWithoutReplicas(TestClient client) {
        client.send("WAIT", "0", "0").expect(integer(0));
        client.send("WAIT", "1", "10").expect(integer(0));
        client.send("WAIT", "x", "10").expect(error("ERR value is not an integer or out of range"));
        client.send("WAIT", "1", "x").expect(error("ERR timeout is not an integer or out of range"));
        client.send("WAIT", "1", "-1").expect(error("ERR timeout is negative"));
    }

    @WireTest
    void aPauseCountsAsBlocked(TestClient client, TestClient other) {
        other.send("CLIENT", "PAUSE", "100000", "WRITE").expect(ok());
        client.write("RPUSH", "k", "a");
        awaitBlocked(other, 1);
        other.send("CLIENT", "UNPAUSE").expect(ok());
        client.read().expect(integer(1));
        awaitBlocked(other, 0);
    }

    @WireTest
    void thoseWhoWantNoReplyGetNone(TestClient client, TestClient other) {
        client.raw("CLIENT REPLY SKIP\r\nBLPOP k 0\r\nPING\r\n");
        awaitBlocked(other, 1);
        other.send("RPUSH", "k", "a").expect(integer(1));
        client.read().expect(status("PONG"));
        other.send("EXISTS", "k").expect(integer(0));
    }

    @WireTest(notOnOriginal = "scripts may call what blocks since 7.2")
    void scriptsDoNotWait(TestClient client) {
        client.send("EVAL", "return redis.call('blpop', KEYS[1], 0)", "1", "l").expect(nil());
        client.send("RPUSH", "l", "x");
        client.send("EVAL", "return redis.call('blpop', KEYS[1], 0)", "1", "l").expect(array(bulk("l"), bulk("x")));
    }

    @WireTest
    void whoWaitsIsLoggedAsSlowWhenItIsServed(TestClient client, TestClient other) {
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "0").expect(ok());
        other.write("BLPOP", "l", "0");
        awaitBlocked(client, 1);
        assertThat(client.send("SLOWLOG", "GET", "100").toString()).doesNotContain("BLPOP");
        client.send("RPUSH", "l", "x");
        other.read().expect(array(bulk("l"), bulk("x")));
        assertThat(client.send("SLOWLOG", "GET", "100").toString()).contains("BLPOP");
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "10000");
    }
}
