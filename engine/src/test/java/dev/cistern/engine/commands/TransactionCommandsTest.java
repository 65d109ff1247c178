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

/** MULTI, EXEC, DISCARD and WATCH. */
final class TransactionCommandsTest {
    private static final WireReply QUEUED = status("QUEUED");
    private static final WireReply ABORTED = error("EXECABORT Transaction discarded because of previous errors.");

    @WireTest
    void execRunsTheQueueAndAnswersInOrder(TestClient client) {
        client.send("MULTI").expect(ok());
        client.send("SET", "k", "1").expect(QUEUED);
        client.send("INCR", "k").expect(QUEUED);
        client.send("PING").expect(QUEUED);
        client.send("GET", "none").expect(QUEUED);
        client.send("EXEC").expect(array(ok(), 2, status("PONG"), nil()));
        client.send("GET", "k").expect(bulk("2"));
    }

    @WireTest
    void anEmptyQueueIsAnEmptyArray(TestClient client) {
        client.send("MULTI").expect(ok());
        client.send("EXEC").expect(array());
        client.send("EXEC").expect(error("ERR EXEC without MULTI"));
        client.send("DISCARD").expect(error("ERR DISCARD without MULTI"));
        client.send("UNWATCH").expect(ok());
    }

    @WireTest
    void discardForgetsTheQueue(TestClient client) {
        client.send("MULTI");
        client.send("SET", "k", "1");
        client.send("DISCARD").expect(ok());
        client.send("EXISTS", "k").expect(integer(0));
        client.send("MULTI");
        client.send("EXEC").expect(array());
    }

    @WireTest
    void nothingIsSeenBeforeExec(TestClient client, TestClient other) {
        client.send("MULTI");
        client.send("SET", "k", "1");
        other.send("EXISTS", "k").expect(integer(0));
        client.send("EXEC");
        other.send("GET", "k").expect(bulk("1"));
    }

    @WireTest
    void errorsWhileRunningDoNotStopTheRest(TestClient client) {
        client.send("SET", "text", "abc");
        client.send("MULTI");
        client.send("INCR", "text").expect(QUEUED);
        client.send("SET", "k", "1").expect(QUEUED);
        client.send("EXEC").expect(array(error("ERR value is not an integer or out of range"), ok()));
    }

    @WireTest
    void errorsWhileQueueingDiscardAll(TestClient client) {
        client.send("MULTI");
        client.send("SET", "k", "1");
        client.send("NOSUCH", "a").expect(error("ERR unknown command 'NOSUCH', with args beginning with: 'a' "));
        client.send("EXEC").expect(ABORTED);
        client.send("MULTI");
        client.send("GET").expect(error("ERR wrong number of arguments for 'get' command"));
        client.send("SET", "k", "1").expect(QUEUED);
        client.send("EXEC").expect(ABORTED);
        client.send("EXISTS", "k").expect(integer(0));
        client.send("MULTI");
        client.send("CLIENT", "NOSUCH").expect(error("ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP."));
        client.send("EXEC").expect(ABORTED);
        client.send("MULTI").expect(ok());
        client.send("EXEC").expect(array());
    }

    @WireTest(notOnOriginal = "Redis 7.0 words them otherwise and lets the transaction go on")
    void someCommandsAreRefusedInside(TestClient client) {
        for (String[] refused : new String[][]{{"MULTI"}, {"WATCH", "k"}, {"SHUTDOWN"}}) {
            client.send("MULTI");
            client.send(refused).expect(error("ERR Command not allowed inside a transaction"));
            client.send("EXEC").expect(ABORTED);
        }
    }

    @WireTest
    void aWatchedKeyThatChangesAborts(TestClient client, TestClient other) {
        client.send("SET", "k", "1");
        client.send("WATCH", "k", "other").expect(ok());
        other.send("SET", "k", "1").expect(ok());
        client.send("MULTI");
        client.send("SET", "k", "2");
        client.send("EXEC").expect(nilArray());
        client.send("MULTI");
        client.send("GET", "k");
        client.send("EXEC").expect(array("1"));
    }

    @WireTest
    void ownChangesAbortToo(TestClient client) {
        client.send("WATCH", "k");
        client.send("SET", "k", "1");
        client.send("MULTI");
        client.send("EXEC").expect(nilArray());
    }

    @WireTest
    void untouchedKeysLetItPass(TestClient client, TestClient other) {
        client.send("SET", "k", "1");
        client.send("WATCH", "k");
        other.send("GET", "k");
        other.send("SET", "other", "1");
        other.send("SELECT", "1");
        other.send("SET", "k", "9");
        client.send("MULTI");
        client.send("PING");
        client.send("EXEC").expect(array(status("PONG")));
    }

    @WireTest
    void theWatchIsOnTheDatabaseOfItsTime(TestClient client, TestClient other) {
        client.send("SELECT", "1");
        client.send("WATCH", "k");
        client.send("SELECT", "2");
        other.send("SELECT", "1");
        other.send("SET", "k", "1");
        client.send("MULTI");
        client.send("EXEC").expect(nilArray());
        other.send("DEL", "k");
    }

    @WireTest
    void unwatchAndDiscardForgetTheWatch(TestClient client, TestClient other) {
        client.send("WATCH", "k");
        other.send("SET", "k", "1");
        client.send("UNWATCH").expect(ok());
        client.send("MULTI");
        client.send("EXEC").expect(array());
        client.send("WATCH", "k");
        client.send("MULTI");
        client.send("DISCARD");
        other.send("SET", "k", "2");
        client.send("MULTI");
        client.send("EXEC").expect(array());
    }

    @WireTest
    void aDeadlineThatPassesAborts(TestClient client) throws InterruptedException {
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0").expect(ok());
        // Both in one turn, so that the key is there when the watch begins.
        client.raw("SET k 1 PX 5\r\nWATCH k\r\n");
        client.read().expect(ok());
        client.read().expect(ok());
        Thread.sleep(20);
        client.send("MULTI");
        client.send("PING");
        client.send("EXEC").expect(nilArray());
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    }

    @WireTest
    void aKeyThatWasExpiredAlreadyDoesNot(TestClient client, TestClient other) throws InterruptedException {
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0").expect(ok());
        client.send("SET", "k", "1", "PX", "5");
        Thread.sleep(20);
        client.send("WATCH", "k");
        other.send("GET", "k").expect(nil());
        client.send("MULTI");
        client.send("PING");
        client.send("EXEC").expect(array(status("PONG")));
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    }

    @WireTest
    void deletingIsAChangeAndDeletingNothingIsNot(TestClient client, TestClient other) {
        client.send("WATCH", "none");
        other.send("DEL", "none");
        other.send("FLUSHALL");
        client.send("MULTI");
        client.send("EXEC").expect(array());
        client.send("SET", "k", "1");
        client.send("WATCH", "k");
        other.send("FLUSHALL");
        client.send("MULTI");
        client.send("EXEC").expect(nilArray());
        client.send("SET", "k", "1");
        client.send("WATCH", "k");
        other.send("FLUSHDB");
        client.send("MULTI");
        client.send("EXEC").expect(nilArray());
    }

    @WireTest
    void swappingDatabasesTouchesWhatIsInEither(TestClient client, TestClient other) {
        other.send("SELECT", "1");
        other.send("SET", "k", "1");
        client.send("WATCH", "k");
        other.send("SWAPDB", "0", "1");
        client.send("MULTI");
        client.send("EXEC").expect(nilArray());
        client.send("WATCH", "none");
        other.send("SWAPDB", "0", "1");
        client.send("MULTI");
        client.send("EXEC").expect(array());
    }

    @WireTest
    void deadlinesAndRenamesTouch(TestClient client, TestClient other) {
        for (String[] change : new String[][]{{"EXPIRE", "k", "100"}, {"PERSIST", "k"}, {"RENAME", "k", "l"},
                {"RENAME", "l", "k"}, {"APPEND", "k", "x"}, {"MOVE", "k", "1"}}) {
            other.send("SETNX", "k", "1");
            if (change[0].equals("PERSIST")) {
                other.send("EXPIRE", "k", "100");
            }
            client.send("WATCH", change[0].equals("RENAME") && change[1].equals("l") ? "l" : "k");
            other.send(change);
            client.send("MULTI");
            client.send("EXEC").expect(nilArray());
        }
        other.send("SELECT", "1");
        other.send("DEL", "k");
    }

    @WireTest
    void resetAndQuitAreNotQueued(TestClient client, TestClient other) {
        client.send("MULTI");
        client.send("RESET").expect(status("RESET"));
        client.send("EXEC").expect(error("ERR EXEC without MULTI"));
        other.send("MULTI");
        other.send("QUIT").expect(ok());
        assertThat(other.isClosedByServer()).isTrue();
    }

    @WireTest
    void wholeDatabaseCommandsRunInside(TestClient client) {
        client.send("SET", "k", "1");
        client.send("MULTI");
        client.send("DBSIZE");
        client.send("KEYS", "*");
        client.send("FLUSHALL");
        client.send("DBSIZE");
        client.send("SET", "l", "1");
        client.send("RANDOMKEY");
        client.send("SCAN", "0");
        client.send("SWAPDB", "0", "1");
        client.send("FLUSHALL");
        client.send("EXEC").expect(array(1, array("k"), ok(), 0, ok(), "l", array("0", array("l")), ok(), ok()));
    }

    @WireTest
    void selectInsideLasts(TestClient client) {
        client.send("MULTI");
        client.send("SELECT", "1");
        client.send("SET", "inside", "1");
        client.send("EXEC").expect(array(ok(), ok()));
        client.send("EXISTS", "inside").expect(integer(1));
        client.send("FLUSHALL");
    }

    @WireTest
    void inResp3(TestClient client, TestClient other) {
        client.send("HELLO", "3");
        client.send("MULTI").expect(ok());
        client.send("GET", "none").expect(QUEUED);
        client.send("EXEC").expect(array(null3()));
        client.send("WATCH", "k");
        other.send("SET", "k", "1");
        client.send("MULTI");
        client.send("EXEC").expect(null3());
    }

    @WireTest(settings = {"maxmemory", "1mb"})
    void withoutMemoryNothingIsQueuedAndExecSaysWhy(TestClient client, TestClient other) {
        other.send("SET", "large", "x".repeat(1000));
        client.send("MULTI");
        client.send("SET", "a", "1").expect(QUEUED);
        other.send("CONFIG", "SET", "maxmemory", "1");
        client.send("EXEC").expect(error("EXECABORT Transaction discarded because of: "
                + "OOM command not allowed when used memory > 'maxmemory'."));
        client.send("MULTI").expect(ok());
        client.send("GET", "a").expect(error("OOM command not allowed when used memory > 'maxmemory'."));
        client.send("EXEC").expect(ABORTED);
        client.send("MULTI");
        client.send("DISCARD").expect(ok());
    }

    @WireTest
    void whatRanInsideIsCounted(TestClient client) {
        client.send("CONFIG", "RESETSTAT").expect(ok());
        client.send("MULTI");
        client.send("SET", "k", "1");
        client.send("INCR", "none:int");
        client.send("EXEC");
        String stats = client.send("INFO", "commandstats").text();
        assertThat(stats).contains("cmdstat_exec:calls=1").contains("cmdstat_set:calls=1")
                .contains("cmdstat_incr:calls=1");
    }

    @WireTest
    void clientListShowsIt(TestClient client, TestClient other) {
        String id = client.send("CLIENT", "ID").text();
        client.send("WATCH", "a", "b", "a");
        client.send("MULTI");
        client.send("SET", "k", "1");
        client.send("SET", "k", "1");
        assertThat(other.send("CLIENT", "LIST", "ID", id).text()).contains(" flags=x ").contains(" multi=2 ");
    }

    @WireTest(notOnOriginal = "Redis 7.0 does not show the number of watched keys")
    void clientListShowsWatches(TestClient client, TestClient other) {
        String id = client.send("CLIENT", "ID").text();
        client.send("WATCH", "a", "b", "a");
        assertThat(other.send("CLIENT", "LIST", "ID", id).text()).contains(" watch=2 ");
    }

    @WireTest
    void aPauseOfWritesHoldsBackExecThatWrites(TestClient client, TestClient other, TestServer server) {
        client.send("MULTI");
        client.send("SET", "k", "1");
        other.send("CLIENT", "PAUSE", "100000", "WRITE").expect(ok());
        client.write("EXEC");
        assertThat(client.isSilentFor(100)).isTrue();
        other.send("CLIENT", "UNPAUSE").expect(ok());
        client.read().expect(array(ok()));
    }
}
