package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.map;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.null3;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** Hashes through the wire, packed and large. */
final class HashCommandsTest {
    private static final WireReply WRONG_TYPE = error(
            "WRONGTYPE Operation against a key holding the wrong kind of value");
    private static final WireReply SYNTAX_ERROR = error("ERR syntax error");
    private static final String LONG = "x".repeat(100);

    @WireTest
    void setCountsNewFields(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "two").expect(integer(2));
        client.send("HSET", "h", "a", "3", "c", "4").expect(integer(1));
        client.send("HGETALL", "h").expect(array("a", "3", "b", "two", "c", "4"));
        client.send("HMSET", "h", "d", "5").expect(ok());
        client.send("HSETNX", "h", "d", "6").expect(integer(0));
        client.send("HSETNX", "h", "e", "6").expect(integer(1));
        client.send("HLEN", "h").expect(integer(5));
        client.send("HSET", "h", "a").expect(error("ERR wrong number of arguments for 'hset' command"));
        client.send("HSET", "h", "a", "1", "b").expect(error("ERR wrong number of arguments for 'hset' command"));
        client.send("HMSET", "h", "a", "1", "b").expect(error("ERR wrong number of arguments for 'hmset' command"));
        client.send("TYPE", "h").expect(status("hash"));
    }

    @WireTest
    void reading(TestClient client) {
        client.send("HSET", "h", "a", "1", "", "empty field", "b", "");
        client.send("HGET", "h", "a").expect(bulk("1"));
        client.send("HGET", "h", "").expect(bulk("empty field"));
        client.send("HGET", "h", "none").expect(nil());
        client.send("HGET", "none", "a").expect(nil());
        client.send("HMGET", "h", "b", "none", "a", "a").expect(array("", null, "1", "1"));
        client.send("HMGET", "none", "a", "b").expect(array(null, null));
        client.send("HSTRLEN", "h", "").expect(integer(11));
        client.send("HSTRLEN", "h", "none").expect(integer(0));
        client.send("HEXISTS", "h", "b").expect(integer(1));
        client.send("HEXISTS", "h", "c").expect(integer(0));
        client.send("HKEYS", "h").expect(array("a", "", "b"));
        client.send("HVALS", "h").expect(array("1", "empty field", ""));
        client.send("HGETALL", "none").expect(array());
        client.send("HLEN", "none").expect(integer(0));
    }

    @WireTest
    void resp3(TestClient client) {
        client.send("HELLO", "3");
        client.send("HSET", "h", "a", "1", "b", "2");
        client.send("HGETALL", "h").expect(map("a", "1", "b", "2"));
        client.send("HGETALL", "none").expect(map());
        client.send("HGET", "h", "none").expect(null3());
        client.send("HMGET", "h", "a", "none").expect(array("1", null3()));
        client.send("HKEYS", "h").expect(array("a", "b"));
        client.send("HINCRBYFLOAT", "h", "a", "0.5").expect(bulk("1.5"));
        assertThat(client.send("HRANDFIELD", "h", "5", "WITHVALUES").members())
                .containsExactlyInAnyOrder(array("a", "1.5"), array("b", "2"));
        client.send("HSCAN", "h", "0").expect(array("0", array("a", "1.5", "b", "2")));
    }

    @WireTest
    void deletingTheLastFieldDeletesTheKey(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2", "c", "3");
        client.send("HDEL", "h", "a", "none", "a", "b").expect(integer(2));
        client.send("EXISTS", "h").expect(integer(1));
        client.send("HDEL", "h", "c", "c").expect(integer(1));
        client.send("EXISTS", "h").expect(integer(0));
        client.send("HDEL", "h", "c").expect(integer(0));
        client.send("HSET", "big", "a", LONG, "b", "2");
        client.send("HDEL", "big", "a", "b").expect(integer(2));
        client.send("DBSIZE").expect(integer(0));
    }

    @WireTest
    void counting(TestClient client) {
        client.send("HINCRBY", "h", "n", "5").expect(integer(5));
        client.send("HINCRBY", "h", "n", "-7").expect(integer(-2));
        client.send("HSET", "h", "text", "abc", "max", "9223372036854775807", "space", " 1");
        client.send("HINCRBY", "h", "text", "1").expect(error("ERR hash value is not an integer"));
        client.send("HINCRBY", "h", "space", "1").expect(error("ERR hash value is not an integer"));
        client.send("HINCRBY", "h", "max", "1").expect(error("ERR increment or decrement would overflow"));
        client.send("HINCRBY", "h", "n", "x").expect(error("ERR value is not an integer or out of range"));
        client.send("HINCRBYFLOAT", "h", "n", "0.1").expect(bulk("-1.9"));
        client.send("HINCRBYFLOAT", "h", "new", "3.0e3").expect(bulk("3000"));
        client.send("HINCRBYFLOAT", "h", "text", "1").expect(error("ERR hash value is not a float"));
        client.send("HINCRBYFLOAT", "h", "n", "abc").expect(error("ERR value is not a valid float"));
        client.send("HINCRBYFLOAT", "h", "n", "inf").expect(error("ERR value is NaN or Infinity"));
        client.send("HGET", "h", "n").expect(bulk("-1.9"));
    }

    @WireTest
    void wrongType(TestClient client) {
        client.send("SET", "s", "text");
        for (String command : List.of("HSET s f v", "HGET s f", "HMGET s f", "HDEL s f", "HLEN s", "HGETALL s",
                "HKEYS s", "HVALS s", "HEXISTS s f", "HINCRBY s f 1", "HINCRBYFLOAT s f 1", "HSETNX s f v",
                "HSTRLEN s f", "HRANDFIELD s", "HSCAN s 0")) {
            client.send(command.split(" ")).expect(WRONG_TYPE);
        }
        client.send("HSET", "h", "f", "v");
        client.send("GET", "h").expect(WRONG_TYPE);
        client.send("APPEND", "h", "x").expect(WRONG_TYPE);
        client.send("INCR", "h").expect(WRONG_TYPE);
        client.send("SET", "h", "v").expect(ok());
    }

    @WireTest(settings = {"hash-max-listpack-entries", "4", "hash-max-ziplist-value", "10"})
    void encodingFollowsTheSettings(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2", "c", "3", "d", "4");
        client.send("OBJECT", "ENCODING", "h").expect(bulk("listpack"));
        client.send("HSET", "h", "e", "5");
        client.send("OBJECT", "ENCODING", "h").expect(bulk("hashtable"));
        client.send("HDEL", "h", "a", "b", "c", "d");
        client.send("OBJECT", "ENCODING", "h").expect(bulk("hashtable"));
        client.send("HSET", "v", "a", "0123456789");
        client.send("OBJECT", "ENCODING", "v").expect(bulk("listpack"));
        client.send("HSET", "v", "a", "01234567890");
        client.send("OBJECT", "ENCODING", "v").expect(bulk("hashtable"));
        client.send("CONFIG", "GET", "hash-max-ziplist-entries").expect(array("hash-max-ziplist-entries", "4"));
        client.send("CONFIG", "GET", "hash-max-listpack-value").expect(array("hash-max-listpack-value", "10"));
        client.send("CONFIG", "SET", "hash-max-ziplist-entries", "512", "hash-max-ziplist-value", "64").expect(ok());
        client.send("CONFIG", "GET", "hash-max-listpack-entries").expect(array("hash-max-listpack-entries", "512"));
    }

    @WireTest
    void copyRenameAndOverwrite(TestClient client) {
        for (String value : List.of("v", LONG)) {
            client.send("FLUSHALL");
            client.send("HSET", "h", "f", value, "g", "2");
            client.send("COPY", "h", "c").expect(integer(1));
            client.send("HSET", "c", "f", "changed");
            client.send("HGET", "h", "f").expect(bulk(value));
            client.send("RENAME", "h", "r").expect(ok());
            client.send("HGET", "r", "f").expect(bulk(value));
            client.send("COPY", "r", "r", "DB", "3").expect(integer(1));
            client.send("MOVE", "c", "3").expect(integer(1));
            client.send("SET", "r", "text").expect(ok());
            client.send("SELECT", "3");
            client.send("HGET", "r", "f").expect(bulk(value));
            client.send("HMGET", "c", "f", "g").expect(array("changed", "2"));
            client.send("SELECT", "0");
            client.send("SCAN", "0", "TYPE", "hash").expect(array("0", array()));
        }
    }

    @WireTest
    void scanShowsEveryField(TestClient client) {
        Set<String> expected = new TreeSet<>();
        for (int i = 0; i < 1_000; i++) {
            client.send("HSET", "h", "field:" + i, "v" + i);
            expected.add("field:" + i + "=v" + i);
        }
        Set<String> seen = new TreeSet<>();
        String cursor = "0";
        do {
            List<WireReply> page = client.send("HSCAN", "h", cursor, "COUNT", "50").members();
            cursor = page.getFirst().text();
            List<String> texts = page.getLast().texts();
            for (int i = 0; i < texts.size(); i += 2) {
                seen.add(texts.get(i) + "=" + texts.get(i + 1));
            }
        } while (!cursor.equals("0"));
        assertThat(seen).isEqualTo(expected);
        client.send("HSCAN", "none", "0").expect(array("0", array()));
        client.send("HSET", "small", "ab", "1", "ac", "2", "b", "3");
        client.send("HSCAN", "small", "0", "MATCH", "a?", "COUNT", "1").expect(array("0", array("ab", "1", "ac", "2")));
        client.send("HSCAN", "small", "x").expect(error("ERR invalid cursor"));
        client.send("HSCAN", "small", "0", "COUNT").expect(SYNTAX_ERROR);
        client.send("HSCAN", "small", "0", "COUNT", "0").expect(SYNTAX_ERROR);
        client.send("HSCAN", "small", "0", "FOO", "1").expect(SYNTAX_ERROR);
    }

    @WireTest(notOnOriginal = "the option is Valkey's, since 8.0")
    void scanWithoutValues(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2");
        client.send("HSCAN", "h", "0", "NOVALUES").expect(array("0", array("a", "b")));
        client.send("HSCAN", "h", "0", "NOVALUES", "MATCH", "b").expect(array("0", array("b")));
    }

    @WireTest
    void randomFields(TestClient client) {
        client.send("HRANDFIELD", "none").expect(nil());
        client.send("HRANDFIELD", "none", "3").expect(array());
        for (int fields : new int[]{5, 2_000}) {
            client.send("FLUSHALL");
            for (int i = 0; i < fields; i++) {
                client.send("HSET", "h", "f" + i, "" + i);
            }
            assertThat(client.send("HRANDFIELD", "h").text()).matches("f\\d+");
            client.send("HRANDFIELD", "h", "0").expect(array());
            for (int count : new int[]{1, 3, fields / 2, fields - 1, fields, fields + 10}) {
                List<String> texts = client.send("HRANDFIELD", "h", "" + count).texts();
                assertThat(new HashSet<>(texts)).hasSize(texts.size()).hasSize(Math.min(count, fields));
            }
            List<String> repeated = client.send("HRANDFIELD", "h", "-30", "WITHVALUES").texts();
            assertThat(repeated).hasSize(60);
            for (int i = 0; i < 60; i += 2) {
                assertThat(repeated.get(i)).isEqualTo("f" + repeated.get(i + 1));
            }
        }
        client.send("HRANDFIELD", "h", "x").expect(error("ERR value is not an integer or out of range"));
        client.send("HRANDFIELD", "h", "1", "FOO").expect(SYNTAX_ERROR);
        client.send("HRANDFIELD", "h", "-9223372036854775807", "WITHVALUES")
                .expect(error("ERR value is out of range"));
    }

    @WireTest
    void memoryUsageGrowsWithTheFields(TestClient client) {
        client.send("HSET", "h", "f", "v");
        long small = client.send("MEMORY", "USAGE", "h").number();
        for (int i = 0; i < 2_000; i++) {
            client.send("HSET", "h", "field" + i, "some value");
        }
        assertThat(small).isBetween(20L, 200L);
        assertThat(client.send("MEMORY", "USAGE", "h", "SAMPLES", "0").number()).isBetween(2_000 * 25L, 2_000 * 150L);
    }
}
