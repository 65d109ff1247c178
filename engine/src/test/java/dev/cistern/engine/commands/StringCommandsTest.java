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

/** Commands on whole strings but SET and GET. */
final class StringCommandsTest {
    private static final WireReply SYNTAX_ERROR = error("ERR syntax error");
    private static final WireReply NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
    private static final long FAR_MILLIS = 4_102_444_800_000L;
    private static final String FAR = Long.toString(FAR_MILLIS);

    @WireTest
    void setNx(TestClient client) {
        client.send("SETNX", "k", "1").expect(integer(1));
        client.send("SETNX", "k", "2").expect(integer(0));
        client.send("GET", "k").expect(bulk("1"));
        client.send("PEXPIREAT", "k", "1");
        client.send("SETNX", "k", "3").expect(integer(1));
    }

    @WireTest
    void setExAndPSetEx(TestClient client) {
        client.send("SETEX", "k", "100", "v").expect(ok());
        client.send("TTL", "k").expect(integer(100));
        client.send("PSETEX", "k", "200000", "w").expect(ok());
        client.send("TTL", "k").expect(integer(200));
        client.send("GET", "k").expect(bulk("w"));
        client.send("SETEX", "k", "0", "v").expect(error("ERR invalid expire time in 'setex' command"));
        client.send("SETEX", "k", "-9223372036854775808", "v")
                .expect(error("ERR invalid expire time in 'setex' command"));
        client.send("PSETEX", "k", "9223372036854775807", "v")
                .expect(error("ERR invalid expire time in 'psetex' command"));
        client.send("SETEX", "k", "x", "v").expect(NOT_AN_INTEGER);
        client.send("SETEX", "k", "100").expect(error("ERR wrong number of arguments for 'setex' command"));
        client.send("GET", "k").expect(bulk("w"));
    }

    @WireTest
    void getSet(TestClient client) {
        client.send("GETSET", "k", "1").expect(nil());
        client.send("PEXPIREAT", "k", FAR);
        client.send("GETSET", "k", "two").expect(bulk("1"));
        client.send("TTL", "k").expect(integer(-1));
        client.send("GET", "k").expect(bulk("two"));
    }

    @WireTest
    void getDel(TestClient client) {
        client.send("GETDEL", "k").expect(nil());
        client.send("SET", "k", "12");
        client.send("GETDEL", "k").expect(bulk("12"));
        client.send("EXISTS", "k").expect(integer(0));
    }

    @WireTest
    void getExChangesTheLifetime(TestClient client) {
        client.send("GETEX", "k").expect(nil());
        client.send("SET", "k", "v");
        client.send("GETEX", "k").expect(bulk("v"));
        client.send("TTL", "k").expect(integer(-1));
        client.send("GETEX", "k", "EX", "100").expect(bulk("v"));
        client.send("TTL", "k").expect(integer(100));
        client.send("GETEX", "k", "PX", "200000").expect(bulk("v"));
        client.send("TTL", "k").expect(integer(200));
        client.send("GETEX", "k", "EXAT", "4102444800").expect(bulk("v"));
        client.send("PEXPIRETIME", "k").expect(integer(FAR_MILLIS));
        client.send("GETEX", "k").expect(bulk("v"));
        client.send("PEXPIRETIME", "k").expect(integer(FAR_MILLIS));
        client.send("GETEX", "k", "PXAT", "4102444800001").expect(bulk("v"));
        client.send("PEXPIRETIME", "k").expect(integer(FAR_MILLIS + 1));
        client.send("GETEX", "k", "persist").expect(bulk("v"));
        client.send("TTL", "k").expect(integer(-1));
        client.send("GETEX", "k", "PERSIST").expect(bulk("v"));
        client.send("GETEX", "k", "EXAT", "1").expect(bulk("v"));
        client.send("EXISTS", "k").expect(integer(0));
    }

    @WireTest
    void getExRefusesInTheOriginalsOrder(TestClient client) {
        client.send("GETEX", "k", "EX").expect(SYNTAX_ERROR);
        client.send("GETEX", "k", "EX", "0").expect(nil());
        client.send("GETEX", "k", "EX", "x").expect(nil());
        client.send("SET", "k", "v");
        client.send("GETEX", "k", "EX", "0").expect(error("ERR invalid expire time in 'getex' command"));
        client.send("GETEX", "k", "EX", "x").expect(NOT_AN_INTEGER);
        client.send("GETEX", "k", "PERSIST", "EX", "1").expect(SYNTAX_ERROR);
        client.send("GETEX", "k", "EX", "1", "PERSIST").expect(SYNTAX_ERROR);
        client.send("GETEX", "k", "NX").expect(SYNTAX_ERROR);
        client.send("GETEX", "k", "KEEPTTL").expect(SYNTAX_ERROR);
        client.send("TTL", "k").expect(integer(-1));
    }

    @WireTest
    void mGetAnswersNullForWhatIsNotThere(TestClient client) {
        client.send("MSET", "a", "1", "b", "two", "", "empty").expect(ok());
        client.send("MGET", "a", "none", "b", "a", "").expect(array("1", null, "two", "1", "empty"));
    }

    @WireTest
    void mSetTakesPairs(TestClient client) {
        client.send("SET", "a", "0", "EX", "100");
        client.send("MSET", "a", "1", "b", "2", "a", "3").expect(ok());
        client.send("MGET", "a", "b").expect(array("3", "2"));
        client.send("TTL", "a").expect(integer(-1));
        client.send("MSET", "a").expect(error("ERR wrong number of arguments for 'mset' command"));
        client.send("MSET", "a", "1", "b").expect(error("ERR wrong number of arguments for 'mset' command"));
        client.send("MSETNX", "a", "1", "b").expect(error("ERR wrong number of arguments for 'msetnx' command"));
    }

    @WireTest
    void mSetOfManyKeys(TestClient client) {
        int keys = 1_000;
        String[] set = new String[1 + 2 * keys];
        String[] get = new String[1 + keys];
        Object[] values = new Object[keys];
        set[0] = "MSET";
        get[0] = "MGET";
        for (int i = 0; i < keys; i++) {
            set[1 + 2 * i] = "key:" + i;
            set[2 + 2 * i] = "value:" + i;
            get[1 + i] = "key:" + i;
            values[i] = "value:" + i;
        }
        client.send(set).expect(ok());
        client.send(get).expect(array(values));
        get[0] = "DEL";
        client.send(get).expect(integer(keys));
    }

    @WireTest
    void mSetNxSetsAllOrNone(TestClient client) {
        client.send("MSETNX", "a", "1", "b", "2").expect(integer(1));
        client.send("MSETNX", "c", "1", "b", "3").expect(integer(0));
        client.send("MGET", "a", "b", "c").expect(array("1", "2", null));
        client.send("MSETNX", "d", "1", "d", "2").expect(integer(1));
        client.send("GET", "d").expect(bulk("2"));
    }

    @WireTest(notOnOriginal = "the command is Valkey's, since 9.1")
    void mSetEx(TestClient client) {
        client.send("MSETEX", "2", "a", "1", "b", "2").expect(integer(1));
        client.send("TTL", "a").expect(integer(-1));
        client.send("MSETEX", "2", "a", "3", "c", "4", "NX").expect(integer(0));
        client.send("MSETEX", "2", "a", "3", "c", "4", "XX").expect(integer(0));
        client.send("MSETEX", "2", "a", "3", "b", "4", "XX", "PXAT", FAR).expect(integer(1));
        client.send("PEXPIRETIME", "b").expect(integer(FAR_MILLIS));
        client.send("MSETEX", "2", "a", "5", "c", "6", "KEEPTTL").expect(integer(1));
        client.send("PEXPIRETIME", "a").expect(integer(FAR_MILLIS));
        client.send("TTL", "c").expect(integer(-1));
        client.send("MSETEX", "1", "d", "7", "EX", "100", "NX").expect(integer(1));
        client.send("TTL", "d").expect(integer(100));
        client.send("MGET", "a", "b", "c", "d").expect(array("5", "4", "6", "7"));
        client.send("MSETEX", "1", "d", "7", "PXAT", "1").expect(integer(1));
        client.send("EXISTS", "d").expect(integer(0));
        client.send("MSETEX", "1", "EX", "EX").expect(integer(1));
    }

    @WireTest(notOnOriginal = "the command is Valkey's, since 9.1")
    void mSetExRefuses(TestClient client) {
        client.send("MSETEX", "0", "a", "1").expect(error("ERR invalid numkeys value or out of range"));
        client.send("MSETEX", "x", "a", "1").expect(error("ERR invalid numkeys value or out of range"));
        client.send("MSETEX", "2147483648", "a", "1").expect(error("ERR invalid numkeys value or out of range"));
        client.send("MSETEX", "2", "a", "1", "b").expect(SYNTAX_ERROR);
        client.send("MSETEX", "1", "a", "1", "b").expect(SYNTAX_ERROR);
        client.send("MSETEX", "1", "a", "1", "NX", "XX").expect(SYNTAX_ERROR);
        client.send("MSETEX", "1", "a", "1", "GET").expect(SYNTAX_ERROR);
        client.send("MSETEX", "1", "a", "1", "EX", "0")
                .expect(error("ERR invalid expire time in 'msetex' command"));
        client.send("MSETEX", "1", "a").expect(error("ERR wrong number of arguments for 'msetex' command"));
    }

    @WireTest(notOnOriginal = "the command is Valkey's, since 9.0")
    void delIfEq(TestClient client) {
        client.send("DELIFEQ", "k", "v").expect(integer(0));
        client.send("SET", "k", "12");
        client.send("DELIFEQ", "k", "13").expect(integer(0));
        client.send("DELIFEQ", "k", "12").expect(integer(1));
        client.send("EXISTS", "k").expect(integer(0));
    }
}
