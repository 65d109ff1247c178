package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.Locale;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The EXPIRE and TTL families. */
final class ExpiryCommandsTest {
    private static final WireReply NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
    private static final WireReply NX_WITH_OTHERS = error(
            "ERR NX and XX, GT or LT options at the same time are not compatible");

    @WireTest
    void deadlinesAreSetInEachUnit(TestClient client) {
        client.send("SET", "k", "12");
        client.send("EXPIRE", "k", "100").expect(integer(1));
        client.send("TTL", "k").expect(integer(100));
        client.send("PEXPIRE", "k", "200000").expect(integer(1));
        long left = client.send("PTTL", "k").number();
        assertTrue(left > 199_000 && left <= 200_000, () -> "left: " + left);
        client.send("EXPIREAT", "k", "4102444800").expect(integer(1));
        client.send("EXPIRETIME", "k").expect(integer(4_102_444_800L));
        client.send("PEXPIREAT", "k", "4102444800499").expect(integer(1));
        client.send("EXPIRETIME", "k").expect(integer(4_102_444_800L));
        client.send("PEXPIREAT", "k", "4102444800500").expect(integer(1));
        client.send("EXPIRETIME", "k").expect(integer(4_102_444_801L));
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_500L));
        client.send("GET", "k").expect(bulk("12"));
        client.send("PERSIST", "k").expect(integer(1));
        client.send("PERSIST", "k").expect(integer(0));
        client.send("GET", "k").expect(bulk("12"));
    }

    @WireTest
    void whatIsNotThereIsTold(TestClient client) {
        for (String command : new String[]{"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}) {
            client.send(command, "none").expect(integer(-2));
        }
        client.send("SET", "k", "v");
        for (String command : new String[]{"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}) {
            client.send(command, "k").expect(integer(-1));
        }
        client.send("EXPIRE", "none", "100").expect(integer(0));
        client.send("PERSIST", "none").expect(integer(0));
    }

    @WireTest
    void aPastDeadlineDeletes(TestClient client) {
        String[][] past = {{"EXPIRE", "0"}, {"EXPIRE", "-1"}, {"PEXPIRE", "-100"}, {"EXPIREAT", "1"},
                {"PEXPIREAT", "0"}, {"PEXPIREAT", "-9223372036854775808"}, {"EXPIREAT", "-9223372036854775"}};
        for (String[] command : past) {
            client.send("SET", "k", "v");
            client.send(command[0], "k", command[1]).expect(integer(1));
            client.send("GET", "k").expect(nil());
            client.send("DBSIZE").expect(integer(0));
        }
    }

    @WireTest
    void conditions(TestClient client) {
        client.send("SET", "k", "v");
        client.send("EXPIREAT", "k", "4102444800", "XX").expect(integer(0));
        client.send("EXPIREAT", "k", "4102444800", "GT").expect(integer(0));
        client.send("TTL", "k").expect(integer(-1));
        client.send("EXPIREAT", "k", "4102444800", "nx").expect(integer(1));
        client.send("EXPIREAT", "k", "4102444801", "NX").expect(integer(0));
        client.send("EXPIREAT", "k", "4102444801", "LT").expect(integer(0));
        client.send("EXPIREAT", "k", "4102444800", "LT").expect(integer(0));
        client.send("EXPIREAT", "k", "4102444800", "GT").expect(integer(0));
        client.send("EXPIREAT", "k", "4102444801", "GT").expect(integer(1));
        client.send("EXPIREAT", "k", "4102444799", "LT", "XX").expect(integer(1));
        client.send("EXPIREAT", "k", "4102444800", "XX", "XX", "GT").expect(integer(1));
        client.send("EXPIRETIME", "k").expect(integer(4_102_444_800L));
        client.send("SET", "fresh", "v");
        client.send("EXPIREAT", "fresh", "4102444800", "LT", "XX").expect(integer(0));
        client.send("EXPIREAT", "fresh", "4102444800", "LT").expect(integer(1));
        client.send("EXPIREAT", "fresh", "1", "GT").expect(integer(0));
        client.send("EXPIREAT", "fresh", "1", "LT").expect(integer(1));
        client.send("EXISTS", "fresh").expect(integer(0));
    }

    @WireTest
    void conditionsThatContradictAreRefused(TestClient client) {
        client.send("EXPIRE", "k", "x", "NX", "XX").expect(NX_WITH_OTHERS);
        client.send("EXPIRE", "k", "1", "GT", "NX").expect(NX_WITH_OTHERS);
        client.send("EXPIRE", "k", "1", "LT", "GT", "NX").expect(NX_WITH_OTHERS);
        client.send("EXPIRE", "k", "x", "LT", "GT")
                .expect(error("ERR GT and LT options at the same time are not compatible"));
        client.send("EXPIRE", "k", "x", "Foo").expect(error("ERR Unsupported option Foo"));
        client.send("EXPIRE", "k", "1", "NX", "XX", "Foo").expect(error("ERR Unsupported option Foo"));
        client.send("EXPIRE", "k", "1", "F\r\no\r\n").expect(error("ERR Unsupported option F  o"));
    }

    @WireTest
    void timesThatCannotBeAreRefused(TestClient client) {
        for (String command : new String[]{"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"}) {
            client.send(command, "k", "1.5").expect(NOT_AN_INTEGER);
            client.send(command, "k", "9223372036854775808").expect(NOT_AN_INTEGER);
            client.send(command, "k").expect(error("ERR wrong number of arguments for '"
                    + command.toLowerCase(Locale.ROOT) + "' command"));
        }
        client.send("EXPIRE", "k", "9223372036854776").expect(error("ERR invalid expire time in 'expire' command"));
        client.send("EXPIRE", "k", "9223372036854775").expect(error("ERR invalid expire time in 'expire' command"));
        client.send("EXPIRE", "k", "-9223372036854776").expect(error("ERR invalid expire time in 'expire' command"));
        client.send("PEXPIRE", "k", "9223372036854775807")
                .expect(error("ERR invalid expire time in 'pexpire' command"));
        client.send("EXPIREAT", "k", "9223372036854776")
                .expect(error("ERR invalid expire time in 'expireat' command"));
        client.send("EXPIREAT", "k", "9223372036854775").expect(integer(0));
        client.send("PEXPIREAT", "k", "9223372036854775807").expect(integer(0));
        client.send("PEXPIRE", "k", "-9223372036854775808").expect(integer(0));
    }
}
