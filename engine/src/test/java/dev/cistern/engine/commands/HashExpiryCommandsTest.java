package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** Deadlines of fields, which only Valkey from 9 on has. */
final class HashExpiryCommandsTest {
    private static final String SINCE_9 = "Valkey's, since 9.0";
    private static final String FAR = "4102444800";
    private static final WireReply BAD_FIELDS = error(
            "ERR numfields should be greater than 0 and match the provided number of fields");

    @WireTest(notOnOriginal = SINCE_9)
    void expireAndTell(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2", "c", "3");
        client.send("HEXPIREAT", "h", FAR, "FIELDS", "3", "a", "none", "b").expect(array(1, -2, 1));
        client.send("HEXPIRETIME", "h", "FIELDS", "4", "a", "b", "c", "none")
                .expect(array(4_102_444_800L, 4_102_444_800L,
                        -1, -2));
        client.send("HPEXPIRETIME", "h", "FIELDS", "1", "a").expect(array(4_102_444_800_000L));
        assertThat(client.send("HTTL", "h", "FIELDS", "1", "a").members().getFirst().number()).isPositive();
        client.send("HEXPIRE", "h", "100", "FIELDS", "1", "c").expect(array(1));
        client.send("HTTL", "h", "FIELDS", "1", "c").expect(array(100));
        assertThat(client.send("HPTTL", "h", "FIELDS", "1", "c").members().getFirst().number()).isBetween(90_000L,
                100_000L);
        client.send("OBJECT", "ENCODING", "h").expect(bulk("hashtable"));
        client.send("HTTL", "none", "FIELDS", "2", "a", "b").expect(array(-2, -2));
        client.send("HEXPIRE", "none", "100", "FIELDS", "1", "a").expect(array(-2));
    }

    @WireTest(notOnOriginal = SINCE_9)
    void conditions(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2");
        client.send("HPEXPIREAT", "h", "4102444800000", "XX", "FIELDS", "1", "a").expect(array(0));
        client.send("HPEXPIREAT", "h", "4102444800000", "GT", "FIELDS", "1", "a").expect(array(0));
        client.send("OBJECT", "ENCODING", "h").expect(bulk("listpack"));
        client.send("HPEXPIREAT", "h", "4102444800000", "NX", "FIELDS", "1", "a").expect(array(1));
        client.send("HPEXPIREAT", "h", "4102444800001", "NX", "FIELDS", "2", "a", "b").expect(array(0, 1));
        client.send("HPEXPIREAT", "h", "4102444800000", "GT", "FIELDS", "1", "b").expect(array(0));
        client.send("HPEXPIREAT", "h", "4102444800002", "GT", "FIELDS", "1", "b").expect(array(1));
        client.send("HPEXPIREAT", "h", "4102444800001", "LT", "FIELDS", "2", "a", "b").expect(array(0, 1));
        client.send("HPEXPIREAT", "h", "1", "NX", "XX", "FIELDS", "1", "a")
                .expect(error("ERR NX and XX, GT or LT options at the same time are not compatible"));
        client.send("HPEXPIREAT", "h", "1", "FOO", "FIELDS", "1", "a").expect(error("ERR Unsupported option FOO"));
    }

    @WireTest(notOnOriginal = SINCE_9)
    void malformed(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2");
        client.send("HEXPIRE", "h", "10", "FIELDS", "2", "a").expect(BAD_FIELDS);
        client.send("HEXPIRE", "h", "10", "FIELDS", "0", "a").expect(BAD_FIELDS);
        client.send("HEXPIRE", "h", "10", "FIELDS", "1", "a", "b").expect(BAD_FIELDS);
        client.send("HEXPIRE", "h", "10", "NX", "1", "a").expect(BAD_FIELDS);
        client.send("HEXPIRE", "h", "10", "FIELDS", "x", "a")
                .expect(error("ERR value is not an integer or out of range"));
        client.send("HEXPIRE", "h", "-1", "FIELDS", "1", "a")
                .expect(error("ERR invalid expire time in 'hexpire' command"));
        client.send("HEXPIRE", "h", "9223372036854775807", "FIELDS", "1", "a")
                .expect(error("ERR invalid expire time in 'hexpire' command"));
        client.send("HTTL", "h", "FIELDS", "2", "a").expect(error("ERR syntax error"));
        client.send("HSETEX", "h", "EX", "10", "FIELDS", "1", "a").expect(BAD_FIELDS);
        client.send("HSETEX", "h", "EX", "10", "KEEPTTL", "FIELDS", "1", "a", "1").expect(error("ERR syntax error"));
        client.send("HSETEX", "h", "PERSIST", "FIELDS", "1", "a", "1").expect(error("ERR syntax error"));
        client.send("HGETEX", "h", "KEEPTTL", "FIELDS", "1", "a").expect(error("ERR syntax error"));
        client.send("HGETEX", "h", "EX", "FIELDS", "1", "a").expect(error("ERR syntax error"));
        client.send("SET", "s", "text");
        for (String command : List.of("HEXPIRE s 10 FIELDS 1 a", "HTTL s FIELDS 1 a", "HPERSIST s FIELDS 1 a",
                "HSETEX s FIELDS 1 a v", "HGETEX s FIELDS 1 a", "HGETDEL s FIELDS 1 a")) {
            client.send(command.split(" "))
                    .expect(error("WRONGTYPE Operation against a key holding the wrong kind of value"));
        }
    }

    @WireTest(notOnOriginal = SINCE_9)
    void timesInThePastDelete(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2");
        client.send("HEXPIREAT", "h", "1", "FIELDS", "2", "a", "none").expect(array(2, -2));
        client.send("HGETALL", "h").expect(array("b", "2"));
        client.send("HEXPIRE", "h", "0", "FIELDS", "1", "b").expect(array(2));
        client.send("EXISTS", "h").expect(integer(0));
    }

    @WireTest(notOnOriginal = SINCE_9)
    void persistAndOverwriting(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2", "n", "3");
        client.send("HEXPIREAT", "h", FAR, "FIELDS", "3", "a", "b", "n");
        client.send("HPERSIST", "h", "FIELDS", "3", "a", "none", "a").expect(array(1, -2, -1));
        client.send("HSET", "h", "b", "new");
        client.send("HINCRBY", "h", "n", "1").expect(integer(4));
        client.send("HINCRBYFLOAT", "h", "n", "0.5").expect(bulk("4.5"));
        client.send("HEXPIRETIME", "h", "FIELDS", "3", "a", "b", "n").expect(array(-1, -1, 4_102_444_800L));
        client.send("COPY", "h", "c").expect(integer(1));
        client.send("HEXPIRETIME", "c", "FIELDS", "3", "a", "b", "n").expect(array(-1, -1, 4_102_444_800L));
    }

    @WireTest(notOnOriginal = SINCE_9)
    void setEx(TestClient client) {
        client.send("HSETEX", "h", "EXAT", FAR, "FIELDS", "2", "a", "1", "b", "2").expect(integer(1));
        client.send("HEXPIRETIME", "h", "FIELDS", "2", "a", "b").expect(array(4_102_444_800L, 4_102_444_800L));
        client.send("HSETEX", "h", "KEEPTTL", "FIELDS", "1", "a", "3").expect(integer(1));
        client.send("HSETEX", "h", "FIELDS", "1", "b", "4").expect(integer(1));
        client.send("HEXPIRETIME", "h", "FIELDS", "2", "a", "b").expect(array(4_102_444_800L, -1));
        client.send("HSETEX", "h", "FNX", "FIELDS", "2", "b", "5", "c", "5").expect(integer(0));
        client.send("HSETEX", "h", "FXX", "FIELDS", "2", "b", "5", "c", "5").expect(integer(0));
        client.send("HSETEX", "h", "FNX", "FIELDS", "1", "c", "5").expect(integer(1));
        client.send("HSETEX", "h", "NX", "FIELDS", "1", "d", "6").expect(integer(0));
        client.send("HSETEX", "new", "XX", "FIELDS", "1", "d", "6").expect(integer(0));
        client.send("HSETEX", "h", "PXAT", "1", "FIELDS", "2", "a", "x", "b", "x").expect(integer(1));
        client.send("HGETALL", "h").expect(array("c", "5"));
    }

    @WireTest(notOnOriginal = SINCE_9)
    void getExAndGetDel(TestClient client) {
        client.send("HSET", "h", "a", "1", "b", "2");
        client.send("HGETEX", "h", "EXAT", FAR, "FIELDS", "2", "a", "none").expect(array("1", null));
        client.send("HEXPIRETIME", "h", "FIELDS", "2", "a", "b").expect(array(4_102_444_800L, -1));
        client.send("HGETEX", "h", "PERSIST", "FIELDS", "1", "a").expect(array("1"));
        client.send("HEXPIRETIME", "h", "FIELDS", "1", "a").expect(array(-1));
        client.send("HGETEX", "h", "FIELDS", "1", "a").expect(array("1"));
        client.send("HGETDEL", "h", "FIELDS", "2", "a", "none").expect(array("1", null));
        client.send("HGETEX", "h", "PX", "0", "FIELDS", "1", "b").expect(array("2"));
        client.send("EXISTS", "h").expect(integer(0));
        client.send("HGETDEL", "h", "FIELDS", "1", "a").expect(array((Object) null));
    }

    @WireTest(notOnOriginal = SINCE_9)
    void expiredFieldsAreHiddenAndThenRemoved(TestClient client) throws InterruptedException {
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0").expect(ok());
        long before = expiredFields(client);
        client.send("HSET", "h", "a", "1", "b", "2");
        for (int i = 0; i < 500; i++) {
            client.send("HSETEX", "h", "PX", "1", "FIELDS", "1", "f" + i, "v");
        }
        client.send("HSETEX", "gone", "PX", "1", "FIELDS", "1", "f", "v");
        Thread.sleep(5);
        assertThat(client.send("HKEYS", "h").texts()).containsExactlyInAnyOrder("a", "b");
        client.send("HMGET", "h", "f1", "a").expect(array(null, "1"));
        client.send("HLEN", "h").expect(integer(502));
        client.send("HDEL", "h", "f1").expect(integer(0));
        client.send("HSET", "h", "f2", "again").expect(integer(1));
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1").expect(ok());
        for (int i = 0; i < 1_000 && client.send("HLEN", "h").number() > 3; i++) {
            Thread.sleep(10);
        }
        client.send("HLEN", "h").expect(integer(3));
        client.send("EXISTS", "gone").expect(integer(0));
        client.send("HGETALL", "h").members();
        assertThat(expiredFields(client) - before).isEqualTo(501);
    }

    private static long expiredFields(TestClient client) {
        String text = client.send("INFO", "stats").text();
        int at = text.indexOf("expired_fields:") + "expired_fields:".length();
        return Long.parseLong(text.substring(at, text.indexOf('\r', at)));
    }
}
