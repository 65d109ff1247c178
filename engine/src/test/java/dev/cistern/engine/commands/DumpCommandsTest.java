package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** DUMP and RESTORE, on one server and between two. */
final class DumpCommandsTest {
    private static final WireReply WRONG = error("ERR DUMP payload version or checksum are wrong");

    @WireTest
    void theKnownBytesOfAString(TestClient client) {
        client.send("SET", "k", "10");
        client.send("DUMP", "k").expect(bulk("\0\u00c0\n\n\0n\u009fWE\u000e\u00aec\u00bb"));
        client.send("DUMP", "absent").expect(WireReply.nil());
    }

    @WireTest
    void aDumpRestoresWithItsTime(TestClient client) {
        client.send("SET", "k", "some text, some text, some text");
        String dump = text(client.send("DUMP", "k"));
        client.send("RESTORE", "copy", "0", dump).expect(ok());
        client.send("GET", "copy").expect(bulk("some text, some text, some text"));
        client.send("TTL", "copy").expect(integer(-1));
        client.send("RESTORE", "copy", "0", dump).expect(error("BUSYKEY Target key name already exists."));
        client.send("RESTORE", "copy", "4102444800000", dump, "REPLACE", "ABSTTL").expect(ok());
        client.send("PEXPIRETIME", "copy").expect(integer(4_102_444_800_000L));
        client.send("RESTORE", "copy", "1", dump, "absttl", "replace").expect(ok());
        client.send("EXISTS", "copy").expect(integer(0));
        client.send("RESTORE", "copy", "0", dump, "IDLETIME", "1000").expect(ok());
        assertThat(number(client.send("OBJECT", "IDLETIME", "copy"))).isBetween(999L, 1002L);
    }

    @DisplayName("RDB / RESTORE payloads")
    @WireTest
    void wrongPayloadsChangeNothing(TestClient client) {
        client.send("SET", "k", "value");
        String dump = text(client.send("DUMP", "k"));
        for (int i = 0; i < dump.length(); i++) {
            String damaged = dump.substring(0, i) + (char) (dump.charAt(i) ^ 1) + dump.substring(i + 1);
            client.send("RESTORE", "k", "0", damaged, "REPLACE").expect(WRONG);
            client.send("RESTORE", "other", "0", dump.substring(0, i)).expect(WRONG);
        }
        client.send("GET", "k").expect(bulk("value"));
        client.send("EXISTS", "other").expect(integer(0));
    }

    @WireTest
    void wrongOptions(TestClient client) {
        client.send("SET", "k", "value");
        String dump = text(client.send("DUMP", "k"));
        WireReply syntaxError = error("ERR syntax error");
        client.send("RESTORE", "n", "-1", dump).expect(error("ERR Invalid TTL value, must be >= 0"));
        client.send("RESTORE", "n", "x", dump).expect(error("ERR value is not an integer or out of range"));
        client.send("RESTORE", "n", "0", dump, "REPLACES").expect(syntaxError);
        client.send("RESTORE", "n", "0", dump, "IDLETIME").expect(syntaxError);
        client.send("RESTORE", "n", "0", dump, "IDLETIME", "1", "FREQ", "1").expect(syntaxError);
        client.send("RESTORE", "n", "0", dump, "IDLETIME", "-1")
                .expect(error("ERR Invalid IDLETIME value, must be >= 0"));
        client.send("RESTORE", "n", "0", dump, "FREQ", "256")
                .expect(error("ERR Invalid FREQ value, must be >= 0 and <= 255"));
        client.send("EXISTS", "n").expect(integer(0));
    }

    @Test
    void valuesTravelBetweenServers() {
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
        try (TestServer ours = TestServer.cistern();
                TestServer original = TestServer.original(TestServer.original().orElseThrow());
                TestClient here = ours.connect();
                TestClient there = original.connect()) {
            String[] values = {"", "7", "-12345", "1234567890123", "text", "long ".repeat(5000), "\0\u00ff\r\n"};
            for (String value : values) {
                travels(here, there, value);
                travels(there, here, value);
            }
        }
    }

    private static void travels(TestClient from, TestClient to, String value) {
        from.send("SET", "k", value).expect(ok());
        to.send("RESTORE", "k", "0", text(from.send("DUMP", "k")), "REPLACE").expect(ok());
        to.send("GET", "k").expect(bulk(value));
        assertThat(to.send("OBJECT", "ENCODING", "k")).isEqualTo(from.send("OBJECT", "ENCODING", "k"));
    }

    @Test
    void hashesTravelBetweenServers() {
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
        try (TestServer ours = TestServer.cistern();
                TestServer original = TestServer.original(TestServer.original().orElseThrow());
                TestClient here = ours.connect();
                TestClient there = original.connect()) {
            for (int size : new int[]{1, 2, 127, 128, 129, 2000}) {
                for (int i = 0; i < size; i++) {
                    String[] put = {"HSET", "k", "field" + i, i % 3 == 0 ? "" + i * 7919L : "value " + i};
                    here.send(put);
                    there.send(put);
                }
                travels(here, there);
                travels(there, here);
            }
        }
    }

    private static void travels(TestClient from, TestClient to) {
        to.send("RESTORE", "copy", "0", text(from.send("DUMP", "k")), "REPLACE").expect(ok());
        assertThat(pairs(to.send("HGETALL", "copy"))).isEqualTo(pairs(from.send("HGETALL", "k")));
        assertThat(to.send("OBJECT", "ENCODING", "copy")).isEqualTo(from.send("OBJECT", "ENCODING", "k"));
    }

    private static Map<WireReply, WireReply> pairs(WireReply reply) {
        List<WireReply> members = ((WireReply.Array) reply).members();
        Map<WireReply, WireReply> pairs = new HashMap<>();
        for (int i = 0; i < members.size(); i += 2) {
            pairs.put(members.get(i), members.get(i + 1));
        }
        return pairs;
    }

    @WireTest(notOnOriginal = "fields with deadlines are Valkey's")
    void deadlinesOfFieldsTravel(TestClient client) {
        client.send("HSET", "k", "a", "1", "b", "2");
        client.send("HPEXPIREAT", "k", "4102444800000", "FIELDS", "1", "a");
        client.send("RESTORE", "copy", "0", text(client.send("DUMP", "k"))).expect(ok());
        client.send("HPEXPIRETIME", "copy", "FIELDS", "2", "a", "b")
                .expect(WireReply.array(4_102_444_800_000L, -1L));
    }

    private static String text(WireReply reply) {
        return ((WireReply.Bulk) reply).text();
    }

    private static long number(WireReply reply) {
        return ((WireReply.Int) reply).value();
    }
}
