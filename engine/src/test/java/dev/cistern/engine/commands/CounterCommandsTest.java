package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;

/** INCR and its kin. */
final class CounterCommandsTest {
    private static final WireReply NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
    private static final WireReply OVERFLOW = error("ERR increment or decrement would overflow");
    private static final WireReply NOT_A_FLOAT = error("ERR value is not a valid float");

    @WireTest
    void missingKeyCountsFromZero(TestClient client) {
        client.send("INCR", "a").expect(integer(1));
        client.send("DECR", "b").expect(integer(-1));
        client.send("INCRBY", "c", "5").expect(integer(5));
        client.send("DECRBY", "d", "5").expect(integer(-5));
        client.send("GET", "d").expect(bulk("-5"));
    }

    @WireTest
    void theDeadlineStays(TestClient client) {
        client.send("SET", "k", "9", "PXAT", "4102444800000");
        client.send("INCR", "k").expect(integer(10));
        client.send("INCRBYFLOAT", "k", "1.5").expect(bulk("11.5"));
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_000L));
    }

    @WireTest
    void theBordersAreExact(TestClient client) {
        client.send("SET", "k", "9223372036854775806");
        client.send("INCR", "k").expect(integer(Long.MAX_VALUE));
        client.send("INCR", "k").expect(OVERFLOW);
        client.send("INCRBY", "k", "9223372036854775807").expect(OVERFLOW);
        client.send("GET", "k").expect(bulk("9223372036854775807"));
        client.send("DECRBY", "k", "9223372036854775807").expect(integer(0));
        client.send("DECRBY", "k", "9223372036854775807").expect(integer(-Long.MAX_VALUE));
        client.send("DECR", "k").expect(integer(Long.MIN_VALUE));
        client.send("DECR", "k").expect(OVERFLOW);
        client.send("INCRBY", "k", "-9223372036854775808").expect(OVERFLOW);
        client.send("GET", "k").expect(bulk("-9223372036854775808"));
        client.send("INCRBY", "fresh", "-9223372036854775808").expect(integer(Long.MIN_VALUE));
        client.send("DECRBY", "k", "-9223372036854775808").expect(error("ERR decrement would overflow"));
    }

    @WireTest
    void textIsRejectedAndKept(TestClient client) {
        for (String text : new String[]{"ten", "", " 1", "1 ", "+1", "01", "1.0", "9223372036854775808", "-0"}) {
            client.send("SET", "k", text).expect(ok());
            client.send("INCR", "k").expect(NOT_AN_INTEGER);
            client.send("GET", "k").expect(bulk(text));
            client.send("INCRBY", "none", text).expect(NOT_AN_INTEGER);
        }
        client.send("EXISTS", "none").expect(integer(0));
    }

    @WireTest
    void anAppendedNumberIsANumberStill(TestClient client) {
        client.send("SET", "k", "1");
        client.send("APPEND", "k", "2");
        client.send("OBJECT", "ENCODING", "k").expect(bulk("raw"));
        client.send("INCR", "k").expect(integer(13));
        client.send("OBJECT", "ENCODING", "k").expect(bulk("int"));
    }

    @WireTest
    void incrByFloat(TestClient client) {
        client.send("INCRBYFLOAT", "k", "10.50").expect(bulk("10.5"));
        client.send("INCRBYFLOAT", "k", "0.1").expect(bulk("10.6"));
        client.send("INCRBYFLOAT", "k", "-5").expect(bulk("5.6"));
        client.send("SET", "k", "5.0e3");
        client.send("INCRBYFLOAT", "k", "2.0e2").expect(bulk("5200"));
        client.send("OBJECT", "ENCODING", "k").expect(bulk("embstr"));
        client.send("INCR", "k").expect(integer(5201));
        client.send("INCRBYFLOAT", "k", "0x10").expect(bulk("5217"));
        client.send("SET", "k", "9223372036854775807");
        client.send("INCRBYFLOAT", "k", "1").expect(bulk("9223372036854775808"));
        client.send("INCRBYFLOAT", "k", "-9223372036854775808").expect(bulk("0"));
    }

    @WireTest
    void incrByFloatRefuses(TestClient client) {
        client.send("SET", "k", "1");
        for (String text : new String[]{"", "abc", " 1", "1 ", "1e", "nan", "1e5000", "1e-5000", "0x", "1,5"}) {
            client.send("INCRBYFLOAT", "k", text).expect(NOT_A_FLOAT);
        }
        client.send("INCRBYFLOAT", "k", "inf").expect(error("ERR increment would produce NaN or Infinity"));
        client.send("INCRBYFLOAT", "k", "-Infinity").expect(error("ERR increment would produce NaN or Infinity"));
        client.send("GET", "k").expect(bulk("1"));
        client.send("SET", "k", "1e4932");
        client.send("INCRBYFLOAT", "k", "1.1e4932").expect(error("ERR increment would produce NaN or Infinity"));
        client.send("SET", "k", "text");
        client.send("INCRBYFLOAT", "k", "1").expect(NOT_A_FLOAT);
        client.send("SET", "k", "inf");
        client.send("INCRBYFLOAT", "k", "-inf").expect(error("ERR increment would produce NaN or Infinity"));
    }
}
