package dev.cistern.engine.tracking;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.null3;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.push;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** CLIENT TRACKING: who is told of which changes, in which words, and when. */
final class TrackingTest {

    private static WireReply invalidate(String... keys) {
        return push("invalidate", array((Object[]) keys));
    }

    private static void track(TestClient client, String... options) {
        client.send("HELLO", "3");
        String[] command = new String[3 + options.length];
        command[0] = "CLIENT";
        command[1] = "TRACKING";
        command[2] = "ON";
        System.arraycopy(options, 0, command, 3, options.length);
        client.send(command).expect(ok());
    }

    @WireTest
    void aReaderIsToldOnceOfAChange(TestClient client, TestClient other) {
        track(client);
        client.send("GET", "k").expect(null3());
        client.send("MGET", "a", "b");
        other.send("SET", "k", "1");
        client.read().expect(invalidate("k"));
        other.send("SET", "k", "2");
        other.send("DEL", "none", "a");
        other.send("RPUSH", "b", "x");
        client.read().expect(invalidate("b"));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void ownChangesAreToldBehindTheReply(TestClient client) {
        track(client);
        client.send("HSET", "h", "f", "v");
        client.send("HGET", "h", "f");
        client.send("HDEL", "h", "f").expect(integer(1));
        client.read().expect(invalidate("h"));
        client.send("GET", "k");
        client.send("MULTI");
        client.send("INCR", "k");
        client.send("PING");
        client.send("EXEC").expect(array(integer(1), status("PONG")));
        client.read().expect(invalidate("k"));
    }

    @WireTest
    void noLoopLeavesOwnChangesOut(TestClient client, TestClient other) {
        track(client, "NOLOOP");
        client.send("MGET", "a", "b");
        client.send("SET", "a", "1").expect(ok());
        other.send("SET", "b", "1");
        client.read().expect(invalidate("b"));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void optInRemembersWhatFollowsCachingYes(TestClient client, TestClient other) {
        track(client, "OPTIN");
        client.send("GET", "a");
        client.send("CLIENT", "CACHING", "YES").expect(ok());
        client.send("CLIENT", "ID");
        client.send("GET", "b");
        client.send("GET", "c");
        client.send("CLIENT", "CACHING", "YES");
        client.send("MULTI");
        client.send("GET", "d");
        client.send("EXEC");
        client.send("GET", "e");
        for (String key : new String[]{"a", "b", "c", "d", "e"}) {
            other.send("SET", key, "1");
        }
        client.read().expect(invalidate("b"));
        client.read().expect(invalidate("d"));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void optOutForgetsWhatFollowsCachingNo(TestClient client, TestClient other) {
        track(client, "OPTOUT");
        client.send("GET", "a");
        client.send("CLIENT", "CACHING", "NO").expect(ok());
        client.send("GET", "b");
        other.send("SET", "b", "1");
        other.send("SET", "a", "1");
        client.read().expect(invalidate("a"));
    }

    @WireTest
    void broadcastTellsOfAllKeysWithThePrefixes(TestClient client, TestClient other) {
        track(client, "BCAST", "PREFIX", "a:", "PREFIX", "b:");
        other.send("SET", "c:1", "1");
        other.send("SET", "a:1", "1");
        client.read().expect(invalidate("a:1"));
        other.send("SET", "b:1", "1");
        client.read().expect(invalidate("b:1"));
        client.send("CLIENT", "TRACKINGINFO").expect(WireReply.map("flags", WireReply.set("on", "bcast"), "redirect",
                integer(0), "prefixes", array("a:", "b:")));
        client.send("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a:x").expect(error("ERR Prefix 'a:x' overlaps with "
                + "an existing prefix 'a:'. Prefixes for a single client must not overlap."));
    }

    @WireTest
    void messagesAreRedirectedAsThoseOfAChannel(TestClient client, TestClient target, TestClient other) {
        String id = Long.toString(((WireReply.Int) target.send("CLIENT", "ID")).value());
        target.send("SUBSCRIBE", "__redis__:invalidate");
        client.send("CLIENT", "TRACKING", "ON", "REDIRECT", id).expect(ok());
        client.send("CLIENT", "GETREDIR").expect(integer(Long.parseLong(id)));
        client.send("GET", "k").expect(nil());
        other.send("SET", "k", "1");
        target.read().expect(array("message", "__redis__:invalidate", array("k")));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void aBrokenRedirectionIsTold(TestClient client, TestClient target, TestClient other) {
        String id = Long.toString(((WireReply.Int) target.send("CLIENT", "ID")).value());
        track(client, "REDIRECT", id);
        client.send("GET", "k");
        target.send("QUIT").expect(ok());
        target.isClosedByServer();
        while (other.send("CLIENT", "LIST").text().contains("id=" + id + " ")) {
            Thread.onSpinWait();
        }
        other.send("SET", "k", "1");
        client.read().expect(push("tracking-redir-broken", integer(Long.parseLong(id))));
        assertThat(client.send("CLIENT", "TRACKINGINFO").toString()).contains("broken_redirect");
    }

    @WireTest
    void flushingTellsOfAllKeys(TestClient client, TestClient other) {
        track(client);
        client.send("GET", "k");
        other.send("FLUSHALL");
        client.read().expect(push("invalidate", null3()));
        client.send("FLUSHDB").expect(ok());
        client.read().expect(push("invalidate", null3()));
    }

    @WireTest
    void expiredKeysAreTold(TestClient client) {
        track(client, "BCAST");
        client.send("SET", "k", "v", "PX", "1").expect(ok());
        client.read().expect(invalidate("k"));
        client.read().expect(invalidate("k"));
    }

    @WireTest
    void theTableIsBounded(TestClient client, TestClient other) {
        track(client);
        client.send("MGET", "a", "b");
        other.send("CONFIG", "SET", "tracking-table-max-keys", "1");
        other.send("PING");
        assertThat(client.read().members().getFirst()).isEqualTo(bulk("invalidate"));
        assertThat(other.send("INFO", "stats").text()).contains("tracking_total_keys:1\r");
        other.send("CONFIG", "SET", "tracking-table-max-keys", "1000000");
    }

    @WireTest(notOnOriginal = "Redis 7.0 tracks the keys that a script declares")
    void aScriptTracksWhatItReads(TestClient client, TestClient other) {
        track(client);
        client.send("EVAL", "redis.call('get', KEYS[2]); redis.call('set', KEYS[1], 'x')", "2", "{t}a", "{t}b");
        other.send("SET", "{t}a", "1");
        other.send("SET", "{t}b", "1");
        client.read().expect(invalidate("{t}b"));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void aBlockedReaderGetsItsAnswerFirst(TestClient client, TestClient other) {
        track(client);
        client.send("LRANGE", "to", "0", "-1");
        client.write("BLMOVE", "from", "to", "LEFT", "LEFT", "0");
        while (!other.send("INFO", "clients").text().contains("blocked_clients:1\r")) {
            Thread.onSpinWait();
        }
        other.send("RPUSH", "from", "x");
        client.read().expect(bulk("x"));
        client.read().expect(invalidate("to"));
    }

    @WireTest
    void optionsThatDoNotGoTogetherAreRefused(TestClient client) {
        client.send("CLIENT", "CACHING", "YES")
                .expect(error("ERR CLIENT CACHING can be called only when the client is in "
                        + "tracking mode with OPTIN or OPTOUT mode enabled"));
        client.send("CLIENT", "TRACKING", "ON", "PREFIX", "a").expect(
                error("ERR PREFIX option requires BCAST mode to be enabled"));
        client.send("CLIENT", "TRACKING", "ON", "OPTIN", "OPTOUT").expect(
                error("ERR You can't specify both OPTIN mode and OPTOUT mode"));
        client.send("CLIENT", "TRACKING", "ON", "OPTIN", "BCAST").expect(
                error("ERR OPTIN and OPTOUT are not compatible with BCAST"));
        client.send("CLIENT", "TRACKING", "ON", "REDIRECT", "999999").expect(
                error("ERR The client ID you want redirect to does not exist"));
        client.send("CLIENT", "TRACKING", "MAYBE").expect(error("ERR syntax error"));
        client.send("CLIENT", "TRACKING", "ON").expect(ok());
        client.send("CLIENT", "TRACKING", "ON", "BCAST").expect(error("ERR You can't switch BCAST mode on/off before "
                + "disabling tracking for this client, and then re-enabling it with a different mode."));
        client.send("CLIENT", "CACHING", "NO").expect(
                error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."));
        client.send("CLIENT", "TRACKING", "OFF").expect(ok());
        client.send("CLIENT", "GETREDIR").expect(integer(-1));
    }
}
