package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;

/** Bit operations. */
final class BitmapCommandsTest {
    private static final WireReply NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
    private static final WireReply INVALID_OFFSET = error("ERR bit offset is not an integer or out of range");
    private static final WireReply INVALID_BIT = error("ERR bit is not an integer or out of range");
    private static final WireReply SYNTAX_ERROR = error("ERR syntax error");
    private static final WireReply INVALID_TYPE = error(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");

    @WireTest
    void setAndGetBit(TestClient client) {
        client.send("SETBIT", "k", "7", "1").expect(integer(0));
        client.send("SETBIT", "k", "7", "0").expect(integer(1));
        client.send("GET", "k").expect(bulk("\0"));
        client.send("SETBIT", "k", "17", "1").expect(integer(0));
        client.send("GET", "k").expect(bulk("\0\0@"));
        client.send("GETBIT", "k", "17").expect(integer(1));
        client.send("GETBIT", "k", "18").expect(integer(0));
        client.send("GETBIT", "k", "4294967295").expect(integer(0));
        client.send("GETBIT", "none", "3").expect(integer(0));
        client.send("SET", "n", "1");
        client.send("GETBIT", "n", "2").expect(integer(1));
        client.send("SETBIT", "n", "6", "1").expect(integer(0));
        client.send("GET", "n").expect(bulk("3"));
        client.send("SETBIT", "zero", "10", "0").expect(integer(0));
        client.send("STRLEN", "zero").expect(integer(2));
    }

    @WireTest
    void bitArgumentsAreChecked(TestClient client) {
        for (String offset : new String[]{"-1", "x", "4294967296", "9223372036854775807", "#1"}) {
            client.send("SETBIT", "k", offset, "1").expect(INVALID_OFFSET);
            client.send("GETBIT", "k", offset).expect(INVALID_OFFSET);
        }
        for (String bit : new String[]{"2", "-1", "x", "10"}) {
            client.send("SETBIT", "k", "1", bit).expect(INVALID_BIT);
        }
        client.send("EXISTS", "k").expect(integer(0));
    }

    @WireTest
    void bitCount(TestClient client) {
        client.send("SET", "k", "foobar");
        String[][] cases = {{"26"}, {"4", "0", "0"}, {"6", "1", "1"}, {"26", "0", "-1"}, {"26", "0", "100"},
                {"0", "100", "200"}, {"4", "-1", "-1"}, {"0", "-1", "-5"}, {"17", "5", "30", "BIT"},
                {"6", "1", "1", "BYTE"}, {"1", "1", "1", "bit"}, {"0", "0", "0", "BIT"}, {"26", "0", "-1", "BIT"},
                {"4", "-8", "-2", "BIT"}, {"0", "48", "50", "BIT"}, {"0", "3", "2", "BIT"}};
        for (String[] one : cases) {
            client.send(command("BITCOUNT", one)).expect(integer(Long.parseLong(one[0])));
        }
        client.send("BITCOUNT", "none").expect(integer(0));
        client.send("BITCOUNT", "none", "0", "-1").expect(integer(0));
        client.send("SET", "e", "");
        client.send("BITCOUNT", "e").expect(integer(0));
        client.send("BITCOUNT", "e", "0", "-1", "BIT").expect(integer(0));
        client.send("SET", "n", "12345678901");
        client.send("BITCOUNT", "n").expect(integer(38));
    }

    private static String[] command(String name, String[] expectedThenArguments) {
        String[] command = expectedThenArguments.length == 1
                ? new String[2]
                : new String[expectedThenArguments.length + 1];
        command[0] = name;
        command[1] = "k";
        System.arraycopy(expectedThenArguments, 1, command, 2, expectedThenArguments.length - 1);
        return command;
    }

    @WireTest
    void bitCountRefuses(TestClient client) {
        client.send("SET", "k", "foobar");
        client.send("BITCOUNT", "k", "0", "1", "FOO").expect(SYNTAX_ERROR);
        client.send("BITCOUNT", "k", "0", "1", "BIT", "x").expect(SYNTAX_ERROR);
        client.send("BITCOUNT", "k", "x", "1").expect(NOT_AN_INTEGER);
        client.send("BITCOUNT", "k", "0", "x").expect(NOT_AN_INTEGER);
    }

    @WireTest(notOnOriginal = "Valkey 8 checks the arguments of an absent key too, and takes a start without an end")
    void bitCountAsInValkey(TestClient client) {
        client.send("BITCOUNT", "none", "0", "1", "FOO").expect(SYNTAX_ERROR);
        client.send("BITCOUNT", "none", "x").expect(NOT_AN_INTEGER);
        client.send("SET", "k", "foobar");
        client.send("BITCOUNT", "k", "5").expect(integer(4));
    }

    @WireTest
    void bitPos(TestClient client) {
        client.send("SET", "k", "\u00ff\u00f0\0");
        String[][] cases = {{"12", "0"}, {"0", "1"}, {"16", "0", "2"}, {"8", "1", "1"}, {"-1", "1", "2"},
                {"12", "0", "0", "1"}, {"-1", "0", "0", "0"}, {"-1", "1", "2", "-1"}, {"16", "0", "-1", "-1"},
                {"-1", "1", "5"}, {"-1", "0", "5"}, {"-1", "1", "3", "2"}, {"9", "1", "9", "11", "BIT"},
                {"-1", "0", "9", "11", "BIT"}, {"12", "0", "9", "12", "BIT"}, {"-1", "1", "12", "23", "BIT"},
                {"8", "1", "1", "1", "BYTE"}, {"12", "0", "-12", "-1", "bit"}};
        for (String[] one : cases) {
            client.send(command("BITPOS", one)).expect(integer(Long.parseLong(one[0])));
        }
        client.send("SET", "ones", "\u00ff\u00ff\u00ff");
        client.send("BITPOS", "ones", "0").expect(integer(24));
        client.send("BITPOS", "ones", "0", "1").expect(integer(24));
        client.send("BITPOS", "ones", "0", "1", "-1").expect(integer(-1));
        client.send("BITPOS", "ones", "0", "3").expect(integer(-1));
        client.send("BITPOS", "none", "0").expect(integer(0));
        client.send("BITPOS", "none", "1").expect(integer(-1));
        client.send("SET", "e", "");
        client.send("BITPOS", "e", "0").expect(integer(-1));
        client.send("SETBIT", "far", "1000003", "1");
        client.send("BITPOS", "far", "1").expect(integer(1_000_003));
        client.send("BITPOS", "far", "1", "3", "-2").expect(integer(-1));
    }

    @WireTest
    void bitPosRefuses(TestClient client) {
        client.send("SET", "k", "a");
        client.send("BITPOS", "k", "2").expect(error("ERR The bit argument must be 1 or 0."));
        client.send("BITPOS", "k", "x").expect(NOT_AN_INTEGER);
        client.send("BITPOS", "k", "1", "x").expect(NOT_AN_INTEGER);
        client.send("BITPOS", "k", "1", "0", "x").expect(NOT_AN_INTEGER);
        client.send("BITPOS", "k", "1", "0", "1", "FOO").expect(SYNTAX_ERROR);
    }

    @WireTest
    void bitOp(TestClient client) {
        client.send("MSET", "a", "\u00ff\u000f\u0001\u0002\u0003\u0004\u0005\u0006\u0007", "b", "\u000f\u00f0", "n",
                "12");
        client.send("BITOP", "AND", "d", "a", "b").expect(integer(9));
        client.send("GET", "d").expect(bulk("\u000f\0\0\0\0\0\0\0\0"));
        client.send("BITOP", "or", "d", "a", "b").expect(integer(9));
        client.send("GET", "d").expect(bulk("\u00ff\u00ff\u0001\u0002\u0003\u0004\u0005\u0006\u0007"));
        client.send("BITOP", "XOR", "d", "a", "b", "a").expect(integer(9));
        client.send("GET", "d").expect(bulk("\u000f\u00f0\0\0\0\0\0\0\0"));
        client.send("BITOP", "NOT", "b", "b").expect(integer(2));
        client.send("GET", "b").expect(bulk("\u00f0\u000f"));
        client.send("BITOP", "OR", "n", "n", "none").expect(integer(2));
        client.send("GET", "n").expect(bulk("12"));
        client.send("BITOP", "AND", "d", "a", "none").expect(integer(9));
        client.send("GET", "d").expect(bulk("\0\0\0\0\0\0\0\0\0"));
        client.send("BITOP", "OR", "d", "none").expect(integer(0));
        client.send("EXISTS", "d").expect(integer(0));
    }

    @WireTest
    void bitOpRefuses(TestClient client) {
        client.send("BITOP", "NAND", "d", "a").expect(SYNTAX_ERROR);
        client.send("BITOP", "NOT", "d", "a", "b")
                .expect(error("ERR BITOP NOT must be called with a single source key."));
        client.send("BITOP", "NOT", "d").expect(error("ERR wrong number of arguments for 'bitop' command"));
    }

    @WireTest
    void bitField(TestClient client) {
        client.send("BITFIELD", "k", "SET", "u8", "0", "255", "GET", "u8", "0").expect(array(0, 255));
        client.send("BITFIELD", "k", "INCRBY", "i8", "0", "-127", "GET", "i5", "#1").expect(array(-128, 0));
        client.send("BITFIELD", "k", "SET", "i64", "3", "-9223372036854775808").expect(array(0));
        client.send("BITFIELD", "k", "GET", "i64", "3", "GET", "u63", "3", "GET", "u1", "3")
                .expect(array(Long.MIN_VALUE, 1L << 62, 1));
        client.send("BITFIELD", "k").expect(array());
        client.send("BITFIELD", "none", "GET", "u8", "100").expect(array(0));
        client.send("EXISTS", "none").expect(integer(0));
        client.send("SET", "n", "12");
        client.send("BITFIELD", "n", "GET", "u8", "#0", "GET", "u8", "#1", "GET", "u16", "8")
                .expect(array(49, 50, 12800));
        client.send("BITFIELD_RO", "n", "GET", "u8", "#1").expect(array(50));
        client.send("BITFIELD", "n", "SET", "u8", "#1", "51").expect(array(50));
        client.send("GET", "n").expect(bulk("13"));
    }

    @WireTest
    void bitFieldOverflow(TestClient client) {
        client.send("BITFIELD", "k", "SET", "u4", "0", "14").expect(array(0));
        client.send("BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "u4", "0", "5", "OVERFLOW", "WRAP", "INCRBY", "u4",
                "0", "3", "OVERFLOW", "FAIL", "INCRBY", "u4", "0", "-3", "SET", "u4", "0", "16")
                .expect(array(15, 2, null, null));
        client.send("BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "u4", "0", "-9").expect(array(0));
        client.send("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "u4", "0", "-1").expect(array(0));
        client.send("BITFIELD", "k", "GET", "u4", "0").expect(array(15));
        client.send("BITFIELD", "s", "SET", "i64", "0", "9223372036854775807").expect(array(0));
        client.send("BITFIELD", "s", "OVERFLOW", "FAIL", "INCRBY", "i64", "0", "1").expect(array((Object) null));
        client.send("BITFIELD", "s", "INCRBY", "i64", "0", "1").expect(array(Long.MIN_VALUE));
        client.send("BITFIELD", "s", "OVERFLOW", "SAT", "INCRBY", "i64", "0", "-9223372036854775808")
                .expect(array(Long.MIN_VALUE));
        client.send("BITFIELD", "v", "OVERFLOW", "SAT", "SET", "i33", "0", "-9223372036854775808", "GET", "i33", "0")
                .expect(array(0, 4_294_967_295L));
        client.send("BITFIELD", "u", "INCRBY", "u63", "0", "-9223372036854775808").expect(array(0));
        client.send("BITFIELD", "t", "SET", "i3", "0", "5", "GET", "i3", "0").expect(array(0, -3));
        client.send("BITFIELD", "t", "OVERFLOW", "SAT", "SET", "i3", "0", "-9", "INCRBY", "i3", "0", "100")
                .expect(array(-3, 3));
    }

    @WireTest
    void bitFieldRefuses(TestClient client) {
        for (String type : new String[]{"u64", "i65", "i0", "u0", "x8", "8", "", "i", "I8"}) {
            client.send("BITFIELD", "k", "GET", type, "0").expect(INVALID_TYPE);
        }
        client.send("BITFIELD", "k", "GET", "u8", "-1").expect(INVALID_OFFSET);
        client.send("BITFIELD", "k", "GET", "u8", "#x").expect(INVALID_OFFSET);
        client.send("BITFIELD", "k", "GET", "u8", "4294967296").expect(INVALID_OFFSET);
        client.send("BITFIELD", "k", "SET", "u8", "0", "x").expect(NOT_AN_INTEGER);
        client.send("BITFIELD", "k", "SET", "u8", "0").expect(SYNTAX_ERROR);
        client.send("BITFIELD", "k", "FOO").expect(SYNTAX_ERROR);
        client.send("BITFIELD", "k", "OVERFLOW").expect(SYNTAX_ERROR);
        client.send("BITFIELD", "k", "OVERFLOW", "BEND").expect(error("ERR Invalid OVERFLOW type specified"));
        client.send("BITFIELD", "k", "SET", "u8", "0", "1", "GET", "u64", "0").expect(INVALID_TYPE);
        client.send("BITFIELD_RO", "k", "SET", "u8", "0", "1")
                .expect(error("ERR BITFIELD_RO only supports the GET subcommand"));
        client.send("EXISTS", "k").expect(integer(0));
        client.send("SET", "k", "kept").expect(ok());
    }
}
