package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.ArrayList;
import java.util.List;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** Indexes at the ends of 64 bits: nothing overflows, no element beyond the ends is touched. */
final class ExtremeIndexesTest {
    private static final String MOST = "9223372036854775807";
    private static final String LEAST = "-9223372036854775808";
    private static final String[] INDEXES = {MOST, LEAST, "9223372036854775806", "-9223372036854775807", "4294967296",
            "-4294967296", "2147483648", "-2147483648", "-100", "100", "-1", "0", "1"};

    private static final int FEW = 3;
    private static final int MANY = 1000;

    private static void fill(TestClient client, int size) {
        for (int i = 0; i < size; i++) {
            client.send("RPUSH", "l", "e" + i);
            client.send("ZADD", "z", "" + i, "m" + i);
            client.send("APPEND", "s", "x");
        }
    }

    /** What an index from 0 or from the end means: clamped into a range that may be empty. */
    private static List<Object> expected(String prefix, int size, String start, String stop) {
        long from = Math.max(0, absolute(start, size));
        long to = Math.min(size - 1L, absolute(stop, size));
        List<Object> expected = new ArrayList<>();
        for (long i = from; i <= to; i++) {
            expected.add(bulk(prefix + i));
        }
        return expected;
    }

    private static long absolute(String index, int size) {
        long value = Long.parseLong(index);
        return value < 0 ? value + size : value;
    }

    @WireTest
    void ofFew(TestClient client) {
        ranges(client, FEW);
    }

    @WireTest
    void ofMany(TestClient client) {
        ranges(client, MANY);
    }

    private static void ranges(TestClient client, int size) {
        fill(client, size);
        for (String start : INDEXES) {
            for (String stop : INDEXES) {
                WireReply elements = array(expected("e", size, start, stop).toArray());
                WireReply members = array(expected("m", size, start, stop).toArray());
                client.send("LRANGE", "l", start, stop).expect(elements);
                client.send("ZRANGE", "z", start, stop).expect(members);
                assertThat(client.send("ZREVRANGE", "z", start, stop).members()).hasSameSizeAs(members.members());
            }
        }
    }

    @WireTest
    void removingRanges(TestClient client) {
        for (String start : INDEXES) {
            for (String stop : INDEXES) {
                client.send("DEL", "l", "z", "s");
                fill(client, FEW);
                int removed = expected("m", FEW, start, stop).size();
                client.send("ZREMRANGEBYRANK", "z", start, stop).expect(integer(removed));
                client.send("ZCARD", "z").expect(integer(FEW - removed));
                client.send("LTRIM", "l", start, stop).expect(ok());
                client.send("LLEN", "l").expect(integer(removed));
            }
        }
    }

    @WireTest
    void singleElements(TestClient client) {
        fill(client, FEW);
        for (String index : INDEXES) {
            long at = absolute(index, FEW);
            boolean isThere = at >= 0 && at < FEW;
            client.send("LINDEX", "l", index).expect(isThere ? bulk("e" + at) : WireReply.nil());
        }
        client.send("ZRANGEBYSCORE", "z", "-inf", "+inf", "LIMIT", MOST, MOST).expect(array());
        client.send("ZRANGEBYSCORE", "z", "-inf", "+inf", "LIMIT", "1", MOST).expect(array(bulk("m1"), bulk("m2")));
        client.send("ZRANGEBYSCORE", "z", "-inf", "+inf", "LIMIT", "1", LEAST).expect(array(bulk("m1"), bulk("m2")));
        client.send("ZREVRANGEBYSCORE", "z", "+inf", "-inf", "LIMIT", "2", MOST).expect(array(bulk("m0")));
    }
}
