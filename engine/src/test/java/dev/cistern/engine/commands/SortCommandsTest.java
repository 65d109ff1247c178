package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;

/** SORT and SORT_RO: orders, patterns, limits, and what is stored. */
final class SortCommandsTest {

    private static WireReply bulks(String... texts) {
        return array((Object[]) texts);
    }

    @WireTest
    void numbersAreOrderedByValue(TestClient client) {
        client.send("RPUSH", "l", "10", "9", "-1.5", "1e2", "0x10", "", " 3");
        client.send("SORT", "l").expect(bulks("-1.5", "", " 3", "9", "10", "0x10", "1e2"));
        client.send("SORT", "l", "DESC").expect(bulks("1e2", "0x10", "10", "9", " 3", "", "-1.5"));
        client.send("SORT_RO", "l", "LIMIT", "1", "2").expect(bulks("", " 3"));
        client.send("RPUSH", "l", "x");
        client.send("SORT", "l").expect(error("ERR One or more scores can't be converted into double"));
        client.send("SORT", "l", "ALPHA", "LIMIT", "-5", "2").expect(bulks("", " 3"));
    }

    @WireTest
    void equalNumbersAreOrderedByText(TestClient client) {
        client.send("SADD", "s", "1", "1.0", "01", "1e0");
        client.send("SORT", "s").expect(bulks("01", "1", "1.0", "1e0"));
        client.send("SORT", "s", "DESC").expect(bulks("1e0", "1.0", "1", "01"));
    }

    @WireTest
    void limitsAreCutToWhatIsThere(TestClient client) {
        client.send("RPUSH", "l", "3", "1", "2");
        client.send("SORT", "l", "LIMIT", "0", "-1").expect(bulks("1", "2", "3"));
        client.send("SORT", "l", "LIMIT", "5", "1").expect(array());
        client.send("SORT", "l", "LIMIT", "2", "9223372036854775807").expect(bulks("3"));
        client.send("SORT", "l", "LIMIT", "0", "0").expect(array());
        client.send("SORT", "l", "LIMIT", "x", "1").expect(error("ERR value is not an integer or out of range"));
        client.send("SORT", "l", "LIMIT", "1").expect(error("ERR syntax error"));
        client.send("SORT", "absent").expect(array());
    }

    @WireTest
    void patternsLeadToKeysAndFields(TestClient client) {
        client.send("RPUSH", "l", "a", "b", "c");
        client.send("MSET", "w_a", "3", "w_b", "1", "v_a", "A", "v_c", "C");
        client.send("HSET", "h_a", "f", "1", "f->g", "x");
        client.send("HSET", "h_b", "f", "5");
        client.send("SORT", "l", "BY", "w_*", "GET", "#", "GET", "v_*").expect(array(bulk("c"), bulk("C"), bulk("b"),
                nil(), bulk("a"), bulk("A")));
        client.send("SORT", "l", "BY", "h_*->f", "GET", "h_*->f").expect(array(nil(), bulk("1"), bulk("5")));
        client.send("SORT", "l", "BY", "none", "GET", "h_*->f->g").expect(array(bulk("x"), nil(), nil()));
        client.send("SORT", "l", "BY", "none", "GET", "h_*->", "GET", "fixed").expect(
                array(nil(), nil(), nil(), nil(), nil(), nil()));
        client.send("SORT", "l", "BY", "w_*", "ALPHA", "DESC").expect(bulks("a", "b", "c"));
    }

    @WireTest
    void withoutOrderElementsComeAsTheyStand(TestClient client) {
        client.send("RPUSH", "l", "c", "a", "b");
        client.send("ZADD", "z", "1", "c", "2", "a", "3", "b");
        for (String key : new String[]{"l", "z"}) {
            client.send("SORT", key, "BY", "nosort").expect(bulks("c", "a", "b"));
            client.send("SORT", key, "BY", "nosort", "DESC").expect(bulks("b", "a", "c"));
            client.send("SORT", key, "BY", "nosort", "DESC", "LIMIT", "1", "1").expect(bulks("a"));
        }
    }

    @WireTest
    void resultsAreStored(TestClient client) {
        client.send("SADD", "s", "3", "1", "2");
        client.send("SET", "target", "text");
        client.send("SORT", "s", "STORE", "target", "GET", "#", "GET", "absent*").expect(integer(6));
        client.send("LRANGE", "target", "0", "-1").expect(bulks("1", "", "2", "", "3", ""));
        client.send("SORT", "s", "BY", "nosort", "STORE", "target").expect(integer(3));
        client.send("LRANGE", "target", "0", "-1").expect(bulks("1", "2", "3"));
        client.send("SORT", "target", "DESC", "STORE", "target").expect(integer(3));
        client.send("LRANGE", "target", "0", "-1").expect(bulks("3", "2", "1"));
        client.send("SORT", "absent", "STORE", "target").expect(integer(0));
        client.send("EXISTS", "target").expect(integer(0));
        client.send("SORT_RO", "s", "STORE", "target").expect(error("ERR syntax error"));
    }

    @WireTest
    void whatIsStoredWakesWhoWaits(TestClient client, TestClient other) {
        client.send("RPUSH", "l", "2", "1");
        other.write("BLPOP", "target", "0");
        while (!client.send("INFO", "clients").text().contains("blocked_clients:1\r")) {
            Thread.onSpinWait();
        }
        client.send("SORT", "l", "STORE", "target").expect(integer(2));
        other.read().expect(bulks("target", "1"));
    }

    @WireTest
    void otherTypesAndWordsAreRefused(TestClient client) {
        client.send("SET", "k", "v").expect(ok());
        client.send("SORT", "k").expect(
                error("WRONGTYPE Operation against a key holding the wrong kind of value"));
        client.send("SORT", "k", "SIDEWAYS").expect(error("ERR syntax error"));
        client.send("SORT", "k", "BY").expect(error("ERR syntax error"));
    }

    @WireTest
    void itWorksInTransactionsAndScripts(TestClient client) {
        client.send("RPUSH", "l", "2", "1");
        client.send("MSET", "w_1", "9", "w_2", "1");
        client.send("MULTI").expect(ok());
        client.send("SORT", "l", "BY", "w_*");
        client.send("SORT", "l", "BY", "w_*", "STORE", "target");
        client.send("EXEC").expect(array(bulks("2", "1"), integer(2)));
        client.send("SADD", "s", "b", "c", "a");
        client.send("EVAL", "return redis.call('sort', KEYS[1], 'by', 'nosort')", "1", "s")
                .expect(bulks("a", "b", "c"));
        client.send("EVAL", "return redis.call('sort', 'l', 'by', 'w_*')", "0").expect(bulks("2", "1"));
    }

    @WireTest
    void patternsNeedTheRightToReadEveryKey(TestClient client) {
        client.send("RPUSH", "sort:l", "1");
        client.send("ACL", "SETUSER", "ann", "on", "nopass", "+sort", "~sort:*");
        client.send("AUTH", "ann", "any").expect(ok());
        client.send("SORT", "sort:l", "BY", "w_*").expect(
                error("ERR BY option of SORT denied due to insufficient ACL permissions."));
        client.send("SORT", "sort:l", "GET", "w_*").expect(
                error("ERR GET option of SORT denied due to insufficient ACL permissions."));
        client.send("SORT", "sort:l", "BY", "nosort").expect(bulks("1"));
    }

    @WireTest
    void theTargetIsAmongItsKeys(TestClient client) {
        client.send("COMMAND", "GETKEYS", "SORT", "a", "STORE", "b", "STORE", "c").expect(bulks("a", "c"));
    }
}
