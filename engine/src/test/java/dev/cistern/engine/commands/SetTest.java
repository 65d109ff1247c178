package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** SET with all its options, and GET. */
final class SetTest {
    private static final WireReply SYNTAX_ERROR = error("ERR syntax error");
    private static final WireReply NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
    private static final WireReply INVALID_TIME = error("ERR invalid expire time in 'set' command");
    private static final String VALKEY_ONLY = "the option is Valkey's, since 8.1";

    @WireTest
    void anyBytesAreKept(TestClient client) {
        StringBuilder all = new StringBuilder();
        for (char letter = 0; letter < 256; letter++) {
            all.append(letter);
        }
        String key = all.toString();
        String value = all.reverse().toString();
        client.send("SET", key, value).expect(ok());
        client.send("GET", key).expect(bulk(value));
        client.send("SET", "", "").expect(ok());
        client.send("GET", "").expect(bulk(""));
    }

    @WireTest
    void largeValuesAreKept(TestClient client) {
        String large = "0123456789abcdef".repeat(200_000);
        client.send("SET", "large", large).expect(ok());
        client.send("GET", "large").expect(bulk(large));
        client.send("SET", "large", "small").expect(ok());
        client.send("GET", "large").expect(bulk("small"));
    }

    @WireTest
    void whatReadsAsAnIntegerKeepsItsText(TestClient client) {
        for (String value : new String[]{"0", "-1", "9223372036854775807", "-9223372036854775808", "007", "-0", "+1",
                "9223372036854775808", " 1", "1.0", "18446744073709551616", "-", ""}) {
            client.send("SET", "k", value).expect(ok());
            client.send("GET", "k").expect(bulk(value));
        }
    }

    @WireTest
    void nxSetsOnlyAnAbsentKey(TestClient client) {
        client.send("SET", "k", "1", "NX").expect(ok());
        client.send("SET", "k", "2", "nx").expect(nil());
        client.send("GET", "k").expect(bulk("1"));
    }

    @WireTest
    void xxSetsOnlyAPresentKey(TestClient client) {
        client.send("SET", "k", "1", "XX").expect(nil());
        client.send("GET", "k").expect(nil());
        client.send("SET", "k", "1");
        client.send("SET", "k", "2", "Xx").expect(ok());
        client.send("GET", "k").expect(bulk("2"));
    }

    @WireTest
    void getAnswersTheOldValue(TestClient client) {
        client.send("SET", "k", "1", "GET").expect(nil());
        client.send("SET", "k", "two", "GET").expect(bulk("1"));
        client.send("SET", "k", "3", "NX", "GET").expect(bulk("two"));
        client.send("GET", "k").expect(bulk("two"));
        client.send("SET", "other", "4", "XX", "GET").expect(nil());
        client.send("EXISTS", "other").expect(integer(0));
        client.send("SET", "k", "5", "XX", "GET", "GET").expect(bulk("two"));
        client.send("GET", "k").expect(bulk("5"));
    }

    @WireTest
    void timesAreTakenInEachUnit(TestClient client) {
        client.send("SET", "k", "v", "EX", "100").expect(ok());
        assertBetween(client.send("PTTL", "k").number(), 99_000, 100_000);
        client.send("SET", "k", "v", "PX", "100000").expect(ok());
        assertBetween(client.send("PTTL", "k").number(), 99_000, 100_000);
        client.send("SET", "k", "v", "EXAT", "4102444800").expect(ok());
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_000L));
        client.send("SET", "k", "v", "PXAT", "4102444800001").expect(ok());
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_001L));
        client.send("SET", "k", "v", "PXAT", "9223372036854775807").expect(ok());
        client.send("PEXPIRETIME", "k").expect(integer(Long.MAX_VALUE));
    }

    private static void assertBetween(long value, long least, long most) {
        assertTrue(value >= least && value <= most, () -> value + " is not from " + least + " to " + most);
    }

    @WireTest
    void aPlainSetTakesTheDeadlineAway(TestClient client) {
        client.send("SET", "k", "v", "EX", "100");
        client.send("SET", "k", "v").expect(ok());
        client.send("TTL", "k").expect(integer(-1));
    }

    @WireTest
    void keepTtlKeepsIt(TestClient client) {
        client.send("SET", "k", "v", "PXAT", "4102444800000");
        client.send("SET", "k", "longer than before", "KEEPTTL").expect(ok());
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_000L));
        client.send("SET", "k", "1", "keepttl", "GET").expect(bulk("longer than before"));
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_000L));
        client.send("SET", "fresh", "v", "KEEPTTL").expect(ok());
        client.send("TTL", "fresh").expect(integer(-1));
    }

    @WireTest
    void aTimeThatIsOverLeavesNoKey(TestClient client) {
        client.send("SET", "k", "v");
        client.send("SET", "k", "w", "PXAT", "1").expect(ok());
        client.send("GET", "k").expect(nil());
        client.send("SET", "fresh", "w", "EXAT", "1").expect(ok());
        client.send("EXISTS", "fresh").expect(integer(0));
        client.send("SET", "k", "v");
        client.send("SET", "k", "w", "GET", "EXAT", "1").expect(bulk("v"));
        client.send("EXISTS", "k").expect(integer(0));
    }

    @WireTest
    void theLastOfSeveralTimesCounts(TestClient client) {
        client.send("SET", "k", "v", "PXAT", "4102444800000", "PXAT", "4102444800001").expect(ok());
        client.send("PEXPIRETIME", "k").expect(integer(4_102_444_800_001L));
    }

    @WireTest
    void timesThatCannotBeAreRefused(TestClient client) {
        for (String option : new String[]{"EX", "PX", "EXAT", "PXAT"}) {
            client.send("SET", "k", "v", option, "0").expect(INVALID_TIME);
            client.send("SET", "k", "v", option, "-1").expect(INVALID_TIME);
            client.send("SET", "k", "v", option, "1.5").expect(NOT_AN_INTEGER);
            client.send("SET", "k", "v", option, "9223372036854775808").expect(NOT_AN_INTEGER);
        }
        client.send("SET", "k", "v", "EX", "9223372036854775807").expect(INVALID_TIME);
        client.send("SET", "k", "v", "EX", "9223372036854775").expect(INVALID_TIME);
        client.send("SET", "k", "v", "EXAT", "9223372036854776").expect(INVALID_TIME);
        client.send("SET", "k", "v", "EXAT", "9223372036854775").expect(ok());
        client.send("SET", "k", "v", "PX", "9223372036854775807").expect(INVALID_TIME);
    }

    @WireTest
    void optionsThatExcludeOneAnotherAreRefused(TestClient client) {
        String[][] wrong = {{"NX", "XX"}, {"XX", "NX"}, {"EX", "1", "PX", "1"}, {"EX", "1", "KEEPTTL"},
                {"KEEPTTL", "PX", "1"}, {"EXAT", "1", "PXAT", "1"}, {"PERSIST"}, {"EX"}, {"PXAT"}, {"FOO"}, {""},
                {"1"}, {"NX", "1"}};
        for (String[] options : wrong) {
            String[] command = new String[3 + options.length];
            System.arraycopy(new String[]{"SET", "k", "v"}, 0, command, 0, 3);
            System.arraycopy(options, 0, command, 3, options.length);
            client.send(command).expect(SYNTAX_ERROR);
        }
        client.send("GET", "k").expect(nil());
    }

    @WireTest(notOnOriginal = VALKEY_ONLY)
    void ifeqSetsOnlyOverAnEqualValue(TestClient client) {
        client.send("SET", "k", "v", "IFEQ", "v").expect(nil());
        client.send("GET", "k").expect(nil());
        client.send("SET", "k", "v");
        client.send("SET", "k", "w", "IFEQ", "other").expect(nil());
        client.send("GET", "k").expect(bulk("v"));
        client.send("SET", "k", "12", "ifeq", "v").expect(ok());
        client.send("SET", "k", "13", "IFEQ", "12", "EX", "100").expect(ok());
        client.send("TTL", "k").expect(integer(100));
        client.send("SET", "k", "14", "IFEQ", "13", "GET").expect(bulk("13"));
        client.send("SET", "k", "15", "GET", "IFEQ", "13").expect(bulk("14"));
        client.send("GET", "k").expect(bulk("14"));
        client.send("SET", "none", "15", "GET", "IFEQ", "13").expect(nil());
    }

    @WireTest(notOnOriginal = VALKEY_ONLY)
    void ifeqStandsAlone(TestClient client) {
        client.send("SET", "k", "v", "IFEQ").expect(SYNTAX_ERROR);
        client.send("SET", "k", "v", "NX", "IFEQ", "a").expect(SYNTAX_ERROR);
        client.send("SET", "k", "v", "IFEQ", "a", "XX").expect(SYNTAX_ERROR);
        client.send("SET", "k", "v", "IFEQ", "a", "IFEQ", "a").expect(SYNTAX_ERROR);
    }

    @WireTest
    void arityIsChecked(TestClient client) {
        client.send("SET", "k").expect(error("ERR wrong number of arguments for 'set' command"));
        client.send("GET").expect(error("ERR wrong number of arguments for 'get' command"));
        client.send("GET", "a", "b").expect(error("ERR wrong number of arguments for 'get' command"));
    }
}
