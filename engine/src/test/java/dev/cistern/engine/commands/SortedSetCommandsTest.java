package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static org.assertj.core.api.Assertions.assertThat;

/** Sorted sets and places through the wire: order, ranges, several sets at once, and how they are held. */
final class SortedSetCommandsTest {

    private static void fill(TestClient client, String key, int count) {
        for (int from = 0; from < count; from += 500) {
            String[] command = new String[2 + 1000];
            command[0] = "ZADD";
            command[1] = key;
            for (int i = 0; i < 500; i++) {
                // Not in order: 7 has no common divisor with the counts used here.
                int number = (from + i) * 7 % count;
                command[2 + 2 * i] = Integer.toString(number);
                command[3 + 2 * i] = "m" + number;
            }
            client.send(command);
        }
    }

    @WireTest
    void aLargeSetIsInOrder(TestClient client) {
        fill(client, "z", 10_000);
        client.send("ZCARD", "z").expect(integer(10_000));
        client.send("OBJECT", "ENCODING", "z").expect(bulk("skiplist"));
        client.send("ZRANK", "z", "m4321").expect(integer(4_321));
        client.send("ZREVRANK", "z", "m4321").expect(integer(5_678));
        client.send("ZCOUNT", "z", "(100", "200").expect(integer(100));
        assertThat(client.send("ZRANGE", "z", "9998", "-1").texts()).containsExactly("m9998", "m9999");
        assertThat(client.send("ZRANGEBYSCORE", "z", "5000", "+inf", "LIMIT", "10", "2").texts())
                .containsExactly("m5010", "m5011");
        client.send("ZADD", "z", "-1", "m5000").expect(integer(0));
        client.send("ZRANK", "z", "m5000").expect(integer(0));
        client.send("ZREMRANGEBYRANK", "z", "10", "9989").expect(integer(9_980));
        client.send("ZPOPMAX", "z").expect(array(bulk("m9999"), bulk("9999")));
        client.send("ZCARD", "z").expect(integer(19));
    }

    @WireTest
    void encodings(TestClient client) {
        client.send("ZADD", "z", "1", "a");
        client.send("OBJECT", "ENCODING", "z").expect(bulk("listpack"));
        client.send("ZADD", "z", "2", "b".repeat(65));
        client.send("OBJECT", "ENCODING", "z").expect(bulk("skiplist"));
        client.send("ZUNIONSTORE", "small", "1", "z").expect(integer(2));
        client.send("OBJECT", "ENCODING", "small").expect(bulk("skiplist"));
        client.send("ZREM", "z", "b".repeat(65));
        client.send("ZUNIONSTORE", "small", "1", "z").expect(integer(1));
        client.send("OBJECT", "ENCODING", "small").expect(bulk("listpack"));
    }

    @WireTest
    void addingUnderConditions(TestClient client) {
        client.send("ZADD", "z", "XX", "1", "a").expect(integer(0));
        client.send("ZADD", "z", "1", "a", "2", "b").expect(integer(2));
        client.send("ZADD", "z", "GT", "CH", "0", "a", "3", "b").expect(integer(1));
        client.send("ZADD", "z", "NX", "INCR", "1", "a").expect(WireReply.nil());
        client.send("ZADD", "z", "INCR", "1", "a").expect(bulk("2"));
        client.send("ZADD", "z", "NX", "XX", "1", "a")
                .expect(error("ERR XX and NX options at the same time are not compatible"));
        client.send("ZADD", "z", "inf", "i").expect(integer(1));
        client.send("ZINCRBY", "z", "-inf", "i").expect(error("ERR resulting score is not a number (NaN)"));
        client.send("ZADD", "z", "nan", "x").expect(error("ERR value is not a valid float"));
    }

    @WireTest
    void setsWithoutScoresAreSources(TestClient client) {
        client.send("SADD", "s", "a", "b", "5");
        client.send("ZADD", "z", "10", "b", "20", "c");
        assertThat(client.send("ZUNION", "2", "s", "z", "WITHSCORES").texts())
                .containsExactly("5", "1", "a", "1", "b", "11", "c", "20");
        assertThat(client.send("ZINTER", "2", "s", "z", "WEIGHTS", "3", "1", "WITHSCORES").texts())
                .containsExactly("b", "13");
        assertThat(client.send("ZDIFF", "2", "z", "s").texts()).containsExactly("c");
        client.send("ZINTERCARD", "2", "s", "z").expect(integer(1));
    }

    @WireTest
    void threeProtocolsShape(TestClient client) {
        client.send("ZADD", "z", "1.5", "a", "2", "b");
        client.send("HELLO", "3");
        client.send("ZSCORE", "z", "a").expect(WireReply.real("1.5"));
        client.send("ZRANGE", "z", "0", "0", "WITHSCORES").expect(array(array(bulk("a"), WireReply.real("1.5"))));
        client.send("ZPOPMIN", "z").expect(array(bulk("a"), WireReply.real("1.5")));
        client.send("ZPOPMIN", "z", "1").expect(array(array(bulk("b"), WireReply.real("2"))));
    }

    @WireTest
    void largeSetsAreCopiedAndGone(TestClient client) {
        fill(client, "z", 2_000);
        client.send("COPY", "z", "copy").expect(integer(1));
        client.send("RENAME", "z", "renamed");
        client.send("ZREM", "renamed", "m5").expect(integer(1));
        client.send("ZRANK", "copy", "m6").expect(integer(6));
        client.send("ZRANK", "renamed", "m6").expect(integer(5));
        client.send("ZREMRANGEBYSCORE", "copy", "-inf", "+inf").expect(integer(2_000));
        client.send("EXISTS", "copy").expect(integer(0));
    }

    @WireTest
    void whoWaitsGetsTheLeast(TestClient client, TestClient waiting) {
        client.send("ZADD", "z", "2", "b", "1", "a");
        waiting.send("BZPOPMIN", "none", "z", "1").expect(array(bulk("z"), bulk("a"), bulk("1")));
        waiting.send("BZMPOP", "1", "1", "z", "MAX").expect(array(bulk("z"), array(array(bulk("b"), bulk("2")))));
        waiting.raw(TestClient.encode("BZPOPMAX", "z", "10"));
        client.send("ZADD", "z", "3", "c", "4", "d").expect(integer(2));
        assertThat(waiting.read()).isEqualTo(array(bulk("z"), bulk("d"), bulk("4")));
        client.send("ZCARD", "z").expect(integer(1));
    }

    @WireTest
    void places(TestClient client) {
        client.send("GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania")
                .expect(integer(2));
        client.send("GEODIST", "g", "Palermo", "Catania", "km").expect(bulk("166.2742"));
        client.send("GEOHASH", "g", "Palermo", "Catania", "none")
                .expect(array(bulk("sqc8b49rny0"), bulk("sqdtr74hyu0"), WireReply.nil()));
        List<WireReply> position = client.send("GEOPOS", "g", "Palermo").members().getFirst().members();
        assertThat(position).containsExactly(bulk("13.36138933897018433"), bulk("38.11555639549629859"));
        assertThat(client.send("GEOSEARCH", "g", "FROMLONLAT", "15", "37", "BYRADIUS", "200", "km", "ASC").texts())
                .containsExactly("Catania", "Palermo");
        client.send("GEOSEARCHSTORE", "near", "g", "FROMMEMBER", "Catania", "BYBOX", "10", "10", "km", "STOREDIST")
                .expect(integer(1));
        client.send("GEORADIUS", "g", "15", "37", "100", "km", "WITHDIST")
                .expect(array(array(bulk("Catania"), bulk("56.4413"))));
    }
}
