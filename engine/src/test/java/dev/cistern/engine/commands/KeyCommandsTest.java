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
import static dev.cistern.engine.testing.WireReply.status;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** Commands on keys whatever their values. */
final class KeyCommandsTest {
    private static final WireReply NO_SUCH_KEY = error("ERR no such key");
    private static final WireReply SAME_OBJECT = error("ERR source and destination objects are the same");
    private static final WireReply DB_OUT_OF_RANGE = error("ERR DB index is out of range");
    private static final WireReply NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
    private static final WireReply OUT_OF_INT_RANGE = error(
            "ERR value is out of range, value must between -2147483648 and 2147483647");
    private static final WireReply SYNTAX_ERROR = error("ERR syntax error");

    @WireTest
    void deleteCountsWhatWasThere(TestClient client) {
        client.send("MSET", "a", "1", "b", "2", "c", "3");
        client.send("DEL", "a", "none", "a", "b").expect(integer(2));
        client.send("UNLINK", "c", "c").expect(integer(1));
        client.send("DBSIZE").expect(integer(0));
        client.send("DEL").expect(error("ERR wrong number of arguments for 'del' command"));
    }

    @WireTest
    void existsAndTouchCountRepetitions(TestClient client) {
        client.send("MSET", "a", "1", "b", "2");
        client.send("EXISTS", "a", "a", "none", "b").expect(integer(3));
        client.send("TOUCH", "a", "a", "none", "b").expect(integer(3));
        client.send("EXISTS", "none").expect(integer(0));
    }

    @WireTest
    void type(TestClient client) {
        client.send("SET", "k", "1");
        client.send("TYPE", "k").expect(status("string"));
        client.send("TYPE", "none").expect(status("none"));
    }

    @WireTest
    void renameCarriesTheDeadline(TestClient client) {
        client.send("SET", "a", "1", "PXAT", "4102444800000");
        client.send("SET", "b", "two");
        client.send("RENAME", "a", "b").expect(ok());
        client.send("GET", "b").expect(bulk("1"));
        client.send("PEXPIRETIME", "b").expect(integer(4_102_444_800_000L));
        client.send("EXISTS", "a").expect(integer(0));
        client.send("SET", "c", "3");
        client.send("RENAME", "c", "b").expect(ok());
        client.send("TTL", "b").expect(integer(-1));
        client.send("RENAME", "b", "b").expect(ok());
        client.send("GET", "b").expect(bulk("3"));
        client.send("RENAME", "none", "b").expect(NO_SUCH_KEY);
        client.send("RENAME", "none", "none").expect(NO_SUCH_KEY);
        client.send("GET", "b").expect(bulk("3"));
    }

    @WireTest
    void renameNx(TestClient client) {
        client.send("MSET", "a", "1", "b", "2");
        client.send("RENAMENX", "a", "b").expect(integer(0));
        client.send("RENAMENX", "a", "a").expect(integer(0));
        client.send("RENAMENX", "a", "c").expect(integer(1));
        client.send("MGET", "a", "b", "c").expect(array(null, "2", "1"));
        client.send("RENAMENX", "none", "c").expect(NO_SUCH_KEY);
        client.send("PEXPIREAT", "b", "1");
        client.send("RENAMENX", "c", "b").expect(integer(1));
    }

    @WireTest
    void copy(TestClient client) {
        client.send("SET", "a", "1", "PXAT", "4102444800000");
        client.send("COPY", "a", "b").expect(integer(1));
        client.send("PEXPIRETIME", "b").expect(integer(4_102_444_800_000L));
        client.send("SET", "a", "other");
        client.send("COPY", "a", "b").expect(integer(0));
        client.send("GET", "b").expect(bulk("1"));
        client.send("COPY", "a", "b", "replace").expect(integer(1));
        client.send("GET", "b").expect(bulk("other"));
        client.send("TTL", "b").expect(integer(-1));
        client.send("COPY", "none", "b", "REPLACE").expect(integer(0));
    }

    @WireTest
    void copyToAnotherDatabase(TestClient client) {
        client.send("SET", "a", "other");
        client.send("COPY", "a", "a", "DB", "9").expect(integer(1));
        client.send("COPY", "a", "a", "DB", "9").expect(integer(0));
        client.send("COPY", "a", "c", "REPLACE", "db", "9").expect(integer(1));
        client.send("SELECT", "9");
        client.send("MGET", "a", "b", "c").expect(array("other", null, "other"));
    }

    @WireTest
    void copyRefuses(TestClient client) {
        client.send("COPY", "a", "a").expect(SAME_OBJECT);
        client.send("COPY", "a", "a", "DB", "0").expect(SAME_OBJECT);
        client.send("COPY", "a", "b", "DB", "16").expect(DB_OUT_OF_RANGE);
        client.send("COPY", "a", "b", "DB", "-1").expect(DB_OUT_OF_RANGE);
        client.send("COPY", "a", "b", "DB", "x").expect(NOT_AN_INTEGER);
        client.send("COPY", "a", "b", "DB", "2147483648").expect(OUT_OF_INT_RANGE);
        client.send("COPY", "a", "b", "DB").expect(SYNTAX_ERROR);
        client.send("COPY", "a", "b", "FOO").expect(SYNTAX_ERROR);
    }

    @WireTest
    void move(TestClient client) {
        client.send("SET", "a", "1", "PXAT", "4102444800000");
        client.send("MOVE", "a", "9").expect(integer(1));
        client.send("MOVE", "a", "9").expect(integer(0));
        client.send("SET", "a", "2");
        client.send("MOVE", "a", "9").expect(integer(0));
        client.send("GET", "a").expect(bulk("2"));
        client.send("SELECT", "9");
        client.send("GET", "a").expect(bulk("1"));
        client.send("PEXPIRETIME", "a").expect(integer(4_102_444_800_000L));
        client.send("MOVE", "a", "9").expect(SAME_OBJECT);
        client.send("MOVE", "a", "16").expect(DB_OUT_OF_RANGE);
        client.send("MOVE", "a", "x").expect(NOT_AN_INTEGER);
        client.send("MOVE", "a", "-2147483649").expect(OUT_OF_INT_RANGE);
    }

    @WireTest
    void objectEncoding(TestClient client) {
        client.send("MSET", "int", "-9223372036854775808", "short", "x".repeat(44), "long", "x".repeat(45), "empty",
                "", "zero", "007");
        client.send("OBJECT", "ENCODING", "int").expect(bulk("int"));
        client.send("object", "encoding", "short").expect(bulk("embstr"));
        client.send("OBJECT", "ENCODING", "long").expect(bulk("raw"));
        client.send("OBJECT", "ENCODING", "empty").expect(bulk("embstr"));
        client.send("OBJECT", "ENCODING", "zero").expect(bulk("embstr"));
        client.send("OBJECT", "ENCODING", "none").expect(nil());
    }

    @WireTest
    void objectTellsOfUse(TestClient client) {
        client.send("SET", "k", "text");
        client.send("OBJECT", "REFCOUNT", "k").expect(integer(1));
        client.send("OBJECT", "IDLETIME", "k").expect(integer(0));
        client.send("OBJECT", "FREQ", "k").expect(error("ERR An LFU maxmemory policy is not selected, access "
                + "frequency not tracked. Please note that when switching between policies at runtime LRU and LFU "
                + "data will take some time to adjust."));
        for (String subcommand : new String[]{"REFCOUNT", "IDLETIME", "FREQ"}) {
            client.send("OBJECT", subcommand, "none").expect(nil());
        }
    }

    @WireTest
    void objectRefuses(TestClient client) {
        client.send("OBJECT").expect(error("ERR wrong number of arguments for 'object' command"));
        client.send("OBJECT", "FOO").expect(error("ERR unknown subcommand 'FOO'. Try OBJECT HELP."));
        client.send("OBJECT", "FREQ").expect(error("ERR wrong number of arguments for 'object|freq' command"));
        client.send("OBJECT", "HELP", "x").expect(error("ERR wrong number of arguments for 'object|help' command"));
    }

    @WireTest
    void objectHelpNamesEachSubcommand(TestClient client) {
        WireReply help = client.send("OBJECT", "HELP");
        assertEquals(status("OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"),
                help.members().getFirst());
        for (String line : new String[]{"ENCODING <key>", "FREQ <key>", "IDLETIME <key>", "REFCOUNT <key>", "HELP"}) {
            assertEquals(1, help.texts().stream().filter(line::equals).count(), line);
        }
    }
}
