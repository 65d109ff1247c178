package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;
import java.util.stream.IntStream;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** Lists through the wire: both ends, the middle, and how they are held. */
final class ListCommandsTest {

    private static void fill(TestClient client, String key, int count, String prefix) {
        for (int from = 0; from < count; from += 1000) {
            String[] command = new String[2 + Math.min(1000, count - from)];
            command[0] = "RPUSH";
            command[1] = key;
            for (int i = 2; i < command.length; i++) {
                command[i] = prefix + (from + i - 2);
            }
            client.send(command);
        }
    }

    private static List<String> range(TestClient client, String key, String from, String to) {
        return client.send("LRANGE", key, from, to).texts();
    }

    @WireTest
    void bothEnds(TestClient client) {
        client.send("RPUSH", "l", "b", "c").expect(integer(2));
        client.send("LPUSH", "l", "a", "0").expect(integer(4));
        assertThat(range(client, "l", "0", "-1")).containsExactly("0", "a", "b", "c");
        client.send("LPOP", "l").expect(bulk("0"));
        client.send("RPOP", "l", "2").expect(array(bulk("c"), bulk("b")));
        client.send("RPOP", "l").expect(bulk("a"));
        client.send("EXISTS", "l").expect(integer(0));
        client.send("LPUSHX", "l", "x").expect(integer(0));
        client.send("LPOP", "l", "-1").expect(error("ERR value is out of range, must be positive"));
        client.send("LPOP", "l", "1", "2").expect(error("ERR wrong number of arguments for 'lpop' command"));
    }

    @WireTest
    void aLargeListIsOneList(TestClient client) {
        fill(client, "l", 20_000, "element:");
        client.send("LLEN", "l").expect(integer(20_000));
        client.send("OBJECT", "ENCODING", "l").expect(bulk("quicklist"));
        for (int index : new int[]{0, 1, 777, 9_999, 15_000, 19_999}) {
            client.send("LINDEX", "l", Integer.toString(index)).expect(bulk("element:" + index));
            client.send("LINDEX", "l", Integer.toString(index - 20_000)).expect(bulk("element:" + index));
        }
        assertThat(range(client, "l", "12345", "12444"))
                .isEqualTo(IntStream.rangeClosed(12_345, 12_444).mapToObj(i -> "element:" + i).toList());
        client.send("LSET", "l", "12345", "x".repeat(10_000)).expect(ok());
        client.send("LINSERT", "l", "AFTER", "element:12346", "new").expect(integer(20_001));
        client.send("LPOS", "l", "new").expect(integer(12_347));
        client.send("LREM", "l", "1", "new").expect(integer(1));
        client.send("LTRIM", "l", "12345", "12346").expect(ok());
        assertThat(range(client, "l", "0", "-1")).containsExactly("x".repeat(10_000), "element:12346");
    }

    @WireTest(notOnOriginal = "Redis 7.0 has but one encoding for lists")
    void listsAreHeldAsTheirSizeAsks(TestClient client) {
        client.send("RPUSH", "l", "a");
        client.send("OBJECT", "ENCODING", "l").expect(bulk("listpack"));
        client.send("RPUSH", "l", "x".repeat(8_192));
        client.send("OBJECT", "ENCODING", "l").expect(bulk("quicklist"));
        client.send("RPOP", "l");
        client.send("OBJECT", "ENCODING", "l").expect(bulk("listpack"));
        client.send("RPUSH", "straight", "x".repeat(9_000));
        client.send("OBJECT", "ENCODING", "straight").expect(bulk("quicklist"));
        client.send("LSET", "straight", "0", "y");
        client.send("OBJECT", "ENCODING", "straight").expect(bulk("listpack"));
    }

    @WireTest(settings = {"list-max-listpack-size", "3"}, notOnOriginal = "Redis 7.0 has but one encoding for lists")
    void listsAreHeldAsTheirCountAsks(TestClient client) {
        client.send("RPUSH", "l", "a", "b", "c");
        client.send("OBJECT", "ENCODING", "l").expect(bulk("listpack"));
        client.send("RPUSH", "l", "d");
        client.send("OBJECT", "ENCODING", "l").expect(bulk("quicklist"));
        client.send("LTRIM", "l", "0", "0");
        client.send("OBJECT", "ENCODING", "l").expect(bulk("listpack"));
    }

    @WireTest
    void fromOneListToAnother(TestClient client) {
        client.send("RPUSH", "a", "1", "2", "3");
        client.send("LMOVE", "a", "b", "LEFT", "RIGHT").expect(bulk("1"));
        client.send("RPOPLPUSH", "a", "b").expect(bulk("3"));
        assertThat(range(client, "b", "0", "-1")).containsExactly("3", "1");
        client.send("LMOVE", "b", "b", "LEFT", "RIGHT").expect(bulk("3"));
        assertThat(range(client, "b", "0", "-1")).containsExactly("1", "3");
        client.send("LMOVE", "a", "a", "RIGHT", "LEFT").expect(bulk("2"));
        client.send("EXPIRE", "a", "1000");
        client.send("LMOVE", "a", "a", "LEFT", "LEFT").expect(bulk("2"));
        assertThat(((WireReply.Int) client.send("TTL", "a")).value()).isPositive();
        client.send("SET", "text", "x");
        client.send("LMOVE", "a", "text", "LEFT", "LEFT").expect(error(
                "WRONGTYPE Operation against a key holding the wrong kind of value"));
        assertThat(range(client, "a", "0", "-1")).containsExactly("2");
        client.send("LMPOP", "3", "none", "a", "b", "RIGHT", "COUNT", "5")
                .expect(array(bulk("a"), array(bulk("2"))));
    }

    @WireTest
    void largeListsAreCopiedAndRenamed(TestClient client) {
        fill(client, "l", 5_000, "e");
        client.send("COPY", "l", "copy").expect(integer(1));
        client.send("RENAME", "l", "renamed").expect(ok());
        client.send("LPOP", "renamed").expect(bulk("e0"));
        client.send("LINDEX", "copy", "4321").expect(bulk("e4321"));
        client.send("LLEN", "copy").expect(integer(5_000));
        client.send("LLEN", "renamed").expect(integer(4_999));
        client.send("TYPE", "copy").expect(WireReply.status("list"));
        client.send("SET", "copy", "x").expect(ok());
        client.send("DEL", "renamed").expect(integer(1));
        client.send("DBSIZE").expect(integer(1));
    }

    @WireTest
    void positions(TestClient client) {
        client.send("RPUSH", "l", "a", "b", "c", "1", "2", "3", "c", "c");
        client.send("LPOS", "l", "c").expect(integer(2));
        client.send("LPOS", "l", "c", "RANK", "-1").expect(integer(7));
        client.send("LPOS", "l", "c", "COUNT", "0", "RANK", "2").expect(array(integer(6), integer(7)));
        client.send("LPOS", "l", "c", "COUNT", "0", "MAXLEN", "7").expect(array(integer(2), integer(6)));
        client.send("LPOS", "l", "x", "COUNT", "0").expect(array());
        client.send("LPOS", "l", "c", "RANK", "0").expect(error("ERR RANK can't be zero: use 1 to start from the first"
                + " match, 2 from the second ... or use negative to start from the end of the list"));
        client.send("LPOS", "l", "c", "COUNT", "-1").expect(error("ERR COUNT can't be negative"));
    }
}
