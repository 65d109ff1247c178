package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.map;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.nilArray;
import static dev.cistern.engine.testing.WireReply.null3;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** Streams over the wire: entries, groups, and how both are answered in RESP2 and RESP3. */
final class StreamCommandsTest {

    private static final WireReply ENTRY_1 = array("1-0", array("a", "1"));
    private static final WireReply ENTRY_2 = array("2-0", array("b", "2", "c", "3"));

    private static void addTwo(TestClient client) {
        client.send("XADD", "s", "1-0", "a", "1").expect(bulk("1-0"));
        client.send("XADD", "s", "2", "b", "2", "c", "3").expect(bulk("2-0"));
    }

    @WireTest
    void entriesAreAddedBehindOneAnother(TestClient client) {
        addTwo(client);
        client.send("XADD", "s", "2-0", "f", "v").expect(
                error("ERR The ID specified in XADD is equal or smaller than the target stream top item"));
        client.send("XADD", "s", "0-0", "f", "v").expect(
                error("ERR The ID specified in XADD must be greater than 0-0"));
        client.send("XADD", "s", "2-*", "f", "v").expect(bulk("2-1"));
        client.send("XADD", "s", "3-*", "f", "v").expect(bulk("3-0"));
        client.send("XADD", "s", "5", "f").expect(error("ERR wrong number of arguments for 'xadd' command"));
        client.send("XLEN", "s").expect(integer(4));
        client.send("TYPE", "s").expect(status("stream"));
        client.send("OBJECT", "ENCODING", "s").expect(bulk("stream"));
        client.send("XADD", "new", "NOMKSTREAM", "*", "f", "v").expect(nil());
        client.send("EXISTS", "new").expect(integer(0));
        client.send("XADD", "new", "0-*", "f", "v").expect(bulk("0-1"));
    }

    @WireTest
    void theServerMakesIdsOfItsClock(TestClient client) {
        String first = client.send("XADD", "s", "*", "f", "v").text();
        String second = client.send("XADD", "s", "*", "f", "v").text();
        assertThat(Long.parseLong(first.substring(0, first.indexOf('-')))).isGreaterThan(1_600_000_000_000L);
        client.send("XRANGE", "s", "-", "+").expect(array(array(first, array("f", "v")),
                array(second, array("f", "v"))));
        client.send("XADD", "s", "18446744073709551615-18446744073709551615", "f", "v");
        client.send("XADD", "s", "*", "f", "v").expect(
                error("ERR The stream has exhausted the last possible ID, unable to add more items"));
    }

    @WireTest
    void rangesAreShownBothWays(TestClient client) {
        addTwo(client);
        client.send("XRANGE", "s", "-", "+").expect(array(ENTRY_1, ENTRY_2));
        client.send("XREVRANGE", "s", "+", "-").expect(array(ENTRY_2, ENTRY_1));
        client.send("XRANGE", "s", "(1-0", "+").expect(array(ENTRY_2));
        client.send("XRANGE", "s", "-", "(2").expect(array(ENTRY_1, ENTRY_2));
        client.send("XREVRANGE", "s", "(2-0", "-").expect(array(ENTRY_1));
        client.send("XRANGE", "s", "-", "+", "COUNT", "1").expect(array(ENTRY_1));
        client.send("XRANGE", "s", "-", "+", "COUNT", "0").expect(nilArray());
        client.send("XRANGE", "none", "-", "+").expect(array());
        client.send("XRANGE", "s", "(18446744073709551615-18446744073709551615", "+").expect(
                error("ERR invalid start ID for the interval"));
        client.send("XRANGE", "s", "-", "(0-0").expect(error("ERR invalid end ID for the interval"));
    }

    @WireTest
    void entriesAreDeletedAndTrimmed(TestClient client) {
        for (int i = 1; i <= 10; i++) {
            client.send("XADD", "s", i + "-0", "i", Integer.toString(i));
        }
        client.send("XDEL", "s", "3-0", "3-0", "99").expect(integer(1));
        client.send("XTRIM", "s", "MAXLEN", "8").expect(integer(1));
        client.send("XTRIM", "s", "MINID", "5").expect(integer(2));
        client.send("XADD", "s", "MAXLEN", "=", "3", "11", "i", "11").expect(bulk("11-0"));
        client.send("XLEN", "s").expect(integer(3));
        client.send("XTRIM", "s", "MAXLEN", "~", "0", "LIMIT", "2").expect(integer(0));
        client.send("XTRIM", "s", "MAXLEN", "0", "LIMIT", "2").expect(
                error("ERR syntax error, LIMIT cannot be used without the special ~ option"));
        client.send("XTRIM", "s", "MAXLEN", "0").expect(integer(3));
        client.send("XLEN", "s").expect(integer(0));
        client.send("EXISTS", "s").expect(integer(1));
    }

    @WireTest
    void readingAnswersWhatIsBehind(TestClient client) {
        addTwo(client);
        client.send("XREAD", "STREAMS", "s", "none", "1", "0").expect(array(array("s", array(ENTRY_2))));
        client.send("XREAD", "COUNT", "1", "STREAMS", "s", "0").expect(array(array("s", array(ENTRY_1))));
        client.send("XREAD", "STREAMS", "s", "$").expect(nilArray());
        client.send("XREAD", "STREAMS", "s").expect(error("ERR wrong number of arguments for 'xread' command"));
        client.send("HELLO", "3");
        client.send("XREAD", "STREAMS", "s", "1").expect(map("s", array(ENTRY_2)));
        client.send("XREAD", "STREAMS", "s", "2").expect(null3());
    }

    @WireTest
    void readersWaitForWhatComes(TestClient client) {
        client.send("XADD", "s", "1-0", "a", "1");
        client.send("XGROUP", "CREATE", "s", "g", "$");
        client.send("XREAD", "BLOCK", "10", "STREAMS", "s", "$").expect(nilArray());
        try (TestClient last = new TestClient(client.socket().getPort());
                TestClient behind = new TestClient(client.socket().getPort());
                TestClient member = new TestClient(client.socket().getPort())) {
            last.write("XREAD", "BLOCK", "0", "STREAMS", "none", "s", "$", "$");
            behind.write("XREAD", "BLOCK", "10000", "COUNT", "1", "STREAMS", "s", "1-0");
            member.write("XREADGROUP", "GROUP", "g", "alice", "BLOCK", "0", "STREAMS", "s", ">");
            awaitBlocked(client, 3);
            client.send("XDEL", "s", "9-9").expect(integer(0));
            client.send("XADD", "s", "2", "b", "2", "c", "3").expect(bulk("2-0"));
            WireReply answer = array(array("s", array(ENTRY_2)));
            last.read().expect(answer);
            behind.read().expect(answer);
            member.read().expect(answer);
            client.send("XPENDING", "s", "g").expect(array(1, "2-0", "2-0", array(array("alice", "1"))));
        }
    }

    private static void awaitBlocked(TestClient client, int count) {
        while (!client.send("INFO", "clients").text().contains("blocked_clients:" + count + "\r")) {
            Thread.onSpinWait();
        }
    }

    @WireTest
    void aGroupThatGoesIsTold(TestClient client) {
        client.send("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        try (TestClient member = new TestClient(client.socket().getPort())) {
            member.write("XREADGROUP", "GROUP", "g", "alice", "BLOCK", "0", "STREAMS", "s", ">");
            awaitBlocked(client, 1);
            client.send("XGROUP", "DESTROY", "s", "g").expect(integer(1));
            assertThat(member.read().text()).startsWith("NOGROUP ");
        }
    }

    @WireTest(notOnOriginal = "Redis 7.0 has another word for it")
    void aFlushedGroupIsTold(TestClient client) {
        client.send("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        try (TestClient member = new TestClient(client.socket().getPort())) {
            member.write("XREADGROUP", "GROUP", "g", "alice", "BLOCK", "0", "STREAMS", "s", ">");
            awaitBlocked(client, 1);
            client.send("FLUSHALL").expect(ok());
            assertThat(member.read().text()).startsWith("NOGROUP ");
        }
    }

    @WireTest
    void groupsHandOutEachEntryOnce(TestClient client) {
        addTwo(client);
        client.send("XGROUP", "CREATE", "s", "g", "0").expect(ok());
        client.send("XGROUP", "CREATE", "s", "g", "0").expect(
                error("BUSYGROUP Consumer Group name already exists"));
        client.send("XREADGROUP", "GROUP", "g", "alice", "COUNT", "1", "STREAMS", "s", ">")
                .expect(array(array("s", array(ENTRY_1))));
        client.send("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", ">")
                .expect(array(array("s", array(ENTRY_2))));
        client.send("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", ">").expect(nilArray());
        client.send("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", "0")
                .expect(array(array("s", array(ENTRY_1))));
        client.send("XPENDING", "s", "g").expect(
                array(2, "1-0", "2-0", array(array("alice", "1"), array("bob", "1"))));
        client.send("XDEL", "s", "1-0").expect(integer(1));
        client.send("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", "0")
                .expect(array(array("s", array(array("1-0", nilArray())))));
        client.send("XACK", "s", "g", "1-0", "1-0").expect(integer(1));
        client.send("XCLAIM", "s", "g", "alice", "0", "2-0", "JUSTID").expect(array("2-0"));
        client.send("XPENDING", "s", "g", "-", "+", "10", "bob").expect(array());
        client.send("XGROUP", "DELCONSUMER", "s", "g", "alice").expect(integer(1));
        client.send("XGROUP", "DESTROY", "s", "g").expect(integer(1));
        client.send("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", ">").expect(error(
                "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"));
    }

    @WireTest
    void whatIsPendingTooLongIsClaimed(TestClient client) {
        addTwo(client);
        client.send("XGROUP", "CREATE", "s", "g", "0");
        client.send("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", ">");
        client.send("XAUTOCLAIM", "s", "g", "bob", "100000", "0").expect(array("0-0", array(), array()));
        client.send("XDEL", "s", "1-0");
        client.send("XAUTOCLAIM", "s", "g", "bob", "0", "0", "COUNT", "1")
                .expect(array("2-0", array(), array("1-0")));
        client.send("XAUTOCLAIM", "s", "g", "bob", "0", "2-0").expect(array("0-0", array(ENTRY_2), array()));
        List<WireReply> line = client.send("XPENDING", "s", "g", "-", "+", "10").members().getFirst().members();
        assertThat(line.get(1)).isEqualTo(bulk("bob"));
        assertThat(line.get(3)).isEqualTo(integer(2));
    }

    @WireTest
    void aCopyIsAStreamOfItsOwn(TestClient client) {
        addTwo(client);
        client.send("XGROUP", "CREATE", "s", "g", "0");
        client.send("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", ">");
        client.send("COPY", "s", "t").expect(integer(1));
        client.send("XACK", "s", "g", "1-0").expect(integer(1));
        client.send("XDEL", "s", "1-0", "2-0").expect(integer(2));
        client.send("XRANGE", "t", "-", "+").expect(array(ENTRY_1, ENTRY_2));
        client.send("XPENDING", "t", "g").expect(array(2, "1-0", "2-0", array(array("alice", "2"))));
        client.send("RENAME", "t", "s").expect(ok());
        client.send("XLEN", "s").expect(integer(2));
    }

    @WireTest
    void otherValuesAreRefused(TestClient client) {
        client.send("SET", "text", "v");
        for (String command : List.of("XADD text 1 f v", "XLEN text", "XRANGE text - +", "XDEL text 1",
                "XTRIM text MAXLEN 0", "XREAD STREAMS text 0", "XGROUP CREATE text g 0", "XINFO STREAM text",
                "XACK text g 1", "XPENDING text g", "XSETID text 1")) {
            client.send(command.split(" ")).expect(
                    error("WRONGTYPE Operation against a key holding the wrong kind of value"));
        }
        client.send("XADD", "s", "1", "f", "v");
        client.send("GET", "s").expect(error("WRONGTYPE Operation against a key holding the wrong kind of value"));
        client.send("SCAN", "0", "TYPE", "stream", "COUNT", "1000").expect(array("0", array("s")));
    }

    @WireTest
    void theStreamTellsOfItself(TestClient client) {
        addTwo(client);
        client.send("XGROUP", "CREATE", "s", "g", "1-0");
        List<WireReply> facts = client.send("XINFO", "STREAM", "s").members();
        assertThat(facts.get(1)).isEqualTo(integer(2));
        assertThat(facts.get(7)).isEqualTo(bulk("2-0"));
        assertThat(facts.get(17)).isEqualTo(ENTRY_1);
        assertThat(facts.get(19)).isEqualTo(ENTRY_2);
        client.send("XINFO", "GROUPS", "s").expect(array(array("name", "g", "consumers", 0, "pending", 0,
                "last-delivered-id", "1-0", "entries-read", null, "lag", 1)));
        client.send("HELLO", "3");
        client.send("XINFO", "GROUPS", "s").expect(array(map("name", "g", "consumers", 0, "pending", 0,
                "last-delivered-id", "1-0", "entries-read", null3(), "lag", 1)));
    }
}
