package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.map;
import static dev.cistern.engine.testing.WireReply.ok;

/** APPEND, GETRANGE, SETRANGE, STRLEN and LCS. */
final class SubstringCommandsTest {
    private static final WireReply NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
    private static final WireReply TOO_LONG = error(
            "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    private static final WireReply SYNTAX_ERROR = error("ERR syntax error");

    @WireTest
    void appendMakesOrLengthens(TestClient client) {
        client.send("APPEND", "k", "").expect(integer(0));
        client.send("EXISTS", "k").expect(integer(1));
        client.send("APPEND", "k", "abc").expect(integer(3));
        client.send("APPEND", "k", "").expect(integer(3));
        client.send("APPEND", "k", "\0\r\n").expect(integer(6));
        client.send("GET", "k").expect(bulk("abc\0\r\n"));
        client.send("STRLEN", "k").expect(integer(6));
    }

    @WireTest
    void appendToANumber(TestClient client) {
        client.send("APPEND", "k", "12").expect(integer(2));
        client.send("OBJECT", "ENCODING", "k").expect(bulk("int"));
        client.send("APPEND", "k", "3").expect(integer(3));
        client.send("GET", "k").expect(bulk("123"));
        client.send("OBJECT", "ENCODING", "k").expect(bulk("raw"));
        client.send("SET", "k", "-9223372036854775808");
        client.send("APPEND", "k", "x").expect(integer(21));
        client.send("GET", "k").expect(bulk("-9223372036854775808x"));
    }

    @WireTest
    void appendManyTimes(TestClient client) {
        client.send("SET", "k", "", "PXAT", "4102444800000");
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 2_000; i++) {
            expected.append("part ").append(i);
            client.send("APPEND", "k", "part " + i).expect(integer(expected.length()));
        }
        client.send("GET", "k").expect(bulk(expected.toString()));
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_000L));
    }

    @WireTest(settings = {"proto-max-bulk-len", "1mb"})
    void theLengthIsLimited(TestClient client) {
        String mega = "x".repeat(1 << 20);
        client.send("SET", "k", mega).expect(ok());
        client.send("APPEND", "k", "").expect(integer(1 << 20));
        client.send("APPEND", "k", "y").expect(TOO_LONG);
        client.send("STRLEN", "k").expect(integer(1 << 20));
        client.send("SETRANGE", "k", "1048575", "y").expect(integer(1 << 20));
        client.send("SETRANGE", "k", "1048576", "y").expect(TOO_LONG);
        client.send("SETRANGE", "k", "1048576", "").expect(integer(1 << 20));
        client.send("SETRANGE", "none", "1048577", "").expect(integer(0));
        client.send("SETRANGE", "none", "9223372036854775807", "y").expect(TOO_LONG);
        client.send("EXISTS", "none").expect(integer(0));
        client.send("SETBIT", "bits", "8388608", "1")
                .expect(error("ERR bit offset is not an integer or out of range"));
        client.send("SETBIT", "bits", "8388607", "1").expect(integer(0));
        client.send("STRLEN", "bits").expect(integer(1 << 20));
        client.send("SET", "a", "x".repeat(511));
        client.send("SET", "b", "x".repeat(512));
        client.send("LCS", "a", "a", "LEN").expect(integer(511));
        client.send("LCS", "a", "b", "LEN").expect(error(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"));
    }

    @WireTest
    void getRange(TestClient client) {
        client.send("SET", "k", "Hello, World");
        String[][] cases = {{"0", "4", "Hello"}, {"0", "-1", "Hello, World"}, {"-5", "-1", "World"},
                {"-5", "-2", "Worl"}, {"7", "100", "World"}, {"5", "3", ""}, {"-1", "-5", ""}, {"100", "200", ""},
                {"-100", "2", "Hel"}, {"-100", "-200", ""}, {"-200", "-100", "H"}, {"11", "11", "d"}, {"12", "12", ""},
                {"-9223372036854775808", "9223372036854775807", "Hello, World"}};
        for (String[] one : cases) {
            client.send("GETRANGE", "k", one[0], one[1]).expect(bulk(one[2]));
            client.send("SUBSTR", "k", one[0], one[1]).expect(bulk(one[2]));
        }
        client.send("SET", "n", "-12345");
        client.send("GETRANGE", "n", "0", "2").expect(bulk("-12"));
        client.send("SET", "e", "");
        client.send("GETRANGE", "e", "0", "-1").expect(bulk(""));
        client.send("GETRANGE", "none", "0", "-1").expect(bulk(""));
        client.send("GETRANGE", "none", "x", "-1").expect(NOT_AN_INTEGER);
        client.send("GETRANGE", "k", "0", "1.5").expect(NOT_AN_INTEGER);
    }

    @WireTest
    void setRange(TestClient client) {
        client.send("SETRANGE", "k", "0", "").expect(integer(0));
        client.send("EXISTS", "k").expect(integer(0));
        client.send("SETRANGE", "k", "3", "abc").expect(integer(6));
        client.send("GET", "k").expect(bulk("\0\0\0abc"));
        client.send("SETRANGE", "k", "1", "xy").expect(integer(6));
        client.send("SETRANGE", "k", "8", "z").expect(integer(9));
        client.send("GET", "k").expect(bulk("\0xyabc\0\0z"));
        client.send("OBJECT", "ENCODING", "k").expect(bulk("raw"));
        client.send("SET", "n", "1234");
        client.send("SETRANGE", "n", "1", "99").expect(integer(4));
        client.send("GET", "n").expect(bulk("1994"));
        client.send("SETRANGE", "n", "0", "").expect(integer(4));
        client.send("SETRANGE", "n", "-1", "x").expect(error("ERR offset is out of range"));
        client.send("SETRANGE", "n", "x", "x").expect(NOT_AN_INTEGER);
        client.send("SETRANGE", "n", "536870912", "x").expect(TOO_LONG);
    }

    @WireTest
    void strlen(TestClient client) {
        client.send("STRLEN", "none").expect(integer(0));
        client.send("SET", "n", "-9223372036854775808");
        client.send("STRLEN", "n").expect(integer(20));
    }

    @WireTest
    void lcs(TestClient client) {
        client.send("MSET", "a", "ohmytext", "b", "mynewtext");
        client.send("LCS", "a", "b").expect(bulk("mytext"));
        client.send("LCS", "a", "b", "LEN").expect(integer(6));
        client.send("LCS", "a", "b", "IDX").expect(array("matches",
                array(array(array(4, 7), array(5, 8)), array(array(2, 3), array(0, 1))), "len", 6));
        client.send("LCS", "a", "b", "idx", "MINMATCHLEN", "4", "WITHMATCHLEN").expect(array("matches",
                array(array(array(4, 7), array(5, 8), 4)), "len", 6));
        client.send("LCS", "a", "b", "IDX", "MINMATCHLEN", "-9").expect(array("matches",
                array(array(array(4, 7), array(5, 8)), array(array(2, 3), array(0, 1))), "len", 6));
        client.send("LCS", "a", "none").expect(bulk(""));
        client.send("LCS", "none", "none", "IDX").expect(array("matches", array(), "len", 0));
        client.send("MSET", "c", "12345", "d", "234");
        client.send("LCS", "c", "d").expect(bulk("234"));
    }

    @WireTest
    void lcsInResp3(TestClient client) {
        client.send("HELLO", "3");
        client.send("MSET", "a", "xay", "b", "a");
        client.send("LCS", "a", "b", "IDX").expect(map("matches", array(array(array(1, 1), array(0, 0))), "len", 1));
    }

    @WireTest
    void lcsRefuses(TestClient client) {
        client.send("LCS", "a", "b", "LEN", "IDX")
                .expect(error("ERR If you want both the length and indexes, please just use IDX."));
        client.send("LCS", "a", "b", "FOO").expect(SYNTAX_ERROR);
        client.send("LCS", "a", "b", "MINMATCHLEN").expect(SYNTAX_ERROR);
        client.send("LCS", "a", "b", "MINMATCHLEN", "x").expect(NOT_AN_INTEGER);
        client.send("LCS", "a").expect(error("ERR wrong number of arguments for 'lcs' command"));
    }
}
