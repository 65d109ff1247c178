package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;

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

/** Channels, patterns and shard channels. */
final class PubSubCommandsTest {

    @WireTest
    void messagesReachAllWhoListen(TestClient first, TestClient second, TestClient publisher) {
        first.send("SUBSCRIBE", "news").expect(array("subscribe", "news", 1));
        second.send("SUBSCRIBE", "news").expect(array("subscribe", "news", 1));
        publisher.send("PUBLISH", "news", "hello").expect(integer(2));
        publisher.send("PUBLISH", "other", "hello").expect(integer(0));
        first.read().expect(array("message", "news", "hello"));
        second.read().expect(array("message", "news", "hello"));
    }

    @WireTest
    void countsGoUpAndDown(TestClient client) {
        client.write("SUBSCRIBE", "a", "b", "a");
        client.read().expect(array("subscribe", "a", 1));
        client.read().expect(array("subscribe", "b", 2));
        client.read().expect(array("subscribe", "a", 2));
        client.send("PSUBSCRIBE", "p*").expect(array("psubscribe", "p*", 3));
        client.send("SSUBSCRIBE", "s").expect(array("ssubscribe", "s", 1));
        client.send("UNSUBSCRIBE", "a").expect(array("unsubscribe", "a", 2));
        client.send("UNSUBSCRIBE", "none").expect(array("unsubscribe", "none", 2));
        client.send("PUNSUBSCRIBE").expect(array("punsubscribe", "p*", 1));
        client.send("UNSUBSCRIBE").expect(array("unsubscribe", "b", 0));
        client.send("UNSUBSCRIBE").expect(array("unsubscribe", null, 0));
        client.send("SUNSUBSCRIBE").expect(array("sunsubscribe", "s", 0));
        client.send("GET", "k").expect(nil());
    }

    @WireTest
    void patternsMatchAndTellTheChannel(TestClient client, TestClient publisher) {
        client.write("PSUBSCRIBE", "n*", "?ews", "x[ab]");
        client.read();
        client.read();
        client.read();
        client.send("SUBSCRIBE", "news").expect(array("subscribe", "news", 4));
        publisher.send("PUBLISH", "news", "m").expect(integer(3));
        client.read().expect(array("message", "news", "m"));
        // In which order patterns are tried is nobody's promise.
        WireReply first = client.read();
        WireReply second = client.read();
        assertThat(List.of(first, second)).containsExactlyInAnyOrder(array("pmessage", "n*", "news", "m"),
                array("pmessage", "?ews", "news", "m"));
        publisher.send("PUBLISH", "xc", "m").expect(integer(0));
        publisher.send("PUBLISH", "xa", "m").expect(integer(1));
        client.read().expect(array("pmessage", "x[ab]", "xa", "m"));
    }

    @WireTest
    void shardChannelsAreApart(TestClient client, TestClient publisher) {
        client.send("SSUBSCRIBE", "c").expect(array("ssubscribe", "c", 1));
        publisher.send("PUBLISH", "c", "m").expect(integer(0));
        publisher.send("SPUBLISH", "c", "m").expect(integer(1));
        client.read().expect(array("smessage", "c", "m"));
    }

    @WireTest
    void fewCommandsAreAllowedInResp2(TestClient client) {
        client.send("SUBSCRIBE", "a");
        client.send("GET", "k").expect(error("ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING "
                + "/ QUIT / RESET are allowed in this context"));
        client.send("CLIENT", "ID").expect(error("ERR Can't execute 'client|id': only (P|S)SUBSCRIBE / "
                + "(P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"));
        client.send("PING").expect(array("pong", ""));
        client.send("PING", "hi").expect(array("pong", "hi"));
        client.send("RESET").expect(status("RESET"));
        client.send("PING").expect(status("PONG"));
        client.send("PUBLISH", "a", "m").expect(integer(0));
    }

    @WireTest
    void inResp3EverythingIsAllowedAndMessagesArePushes(TestClient client, TestClient publisher) {
        client.send("HELLO", "3");
        client.send("SUBSCRIBE", "a").expect(push("subscribe", "a", 1));
        client.send("GET", "none").expect(null3());
        client.send("PING").expect(status("PONG"));
        publisher.send("PUBLISH", "a", "m").expect(integer(1));
        client.read().expect(push("message", "a", "m"));
        client.send("UNSUBSCRIBE").expect(push("unsubscribe", "a", 0));
        client.send("UNSUBSCRIBE").expect(push("unsubscribe", null3(), 0));
    }

    @WireTest(notOnOriginal = "Redis 7.0 pushes the message before the reply")
    void whoPublishesToItselfIsAnsweredFirst(TestClient client) {
        client.send("HELLO", "3");
        client.send("SUBSCRIBE", "a");
        client.raw("PUBLISH a 1\r\nPUBLISH a 2\r\nMULTI\r\nPUBLISH a 3\r\nPING\r\nEXEC\r\nPING\r\n");
        client.read().expect(integer(1));
        client.read().expect(push("message", "a", "1"));
        client.read().expect(integer(1));
        client.read().expect(push("message", "a", "2"));
        client.read().expect(ok());
        client.read().expect(status("QUEUED"));
        client.read().expect(status("QUEUED"));
        client.read().expect(array(1, status("PONG")));
        client.read().expect(push("message", "a", "3"));
        client.read().expect(status("PONG"));
    }

    @WireTest
    void pubsubTellsWhoListens(TestClient client, TestClient other) {
        client.send("SUBSCRIBE", "one");
        client.send("PSUBSCRIBE", "p*");
        client.send("SSUBSCRIBE", "shard");
        other.send("PUBSUB", "CHANNELS").expect(array("one"));
        other.send("PUBSUB", "CHANNELS", "o*").expect(array("one"));
        other.send("PUBSUB", "CHANNELS", "x*").expect(array());
        other.send("PUBSUB", "NUMSUB").expect(array());
        other.send("PUBSUB", "NUMSUB", "one", "two").expect(array("one", 1, "two", 0));
        other.send("PUBSUB", "NUMPAT").expect(integer(1));
        other.send("PUBSUB", "SHARDCHANNELS").expect(array("shard"));
        other.send("PUBSUB", "SHARDNUMSUB", "shard").expect(array("shard", 1));
        other.send("PUBSUB", "CHANNELS", "a", "b").expect(error(
                "ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP."));
        assertThat(other.send("INFO", "stats").text()).contains("pubsub_channels:1\r\npubsub_patterns:1");
    }

    @WireTest
    void theEndOfASessionEndsItsSubscriptions(TestClient client, TestClient other) {
        client.send("SUBSCRIBE", "one");
        client.send("PSUBSCRIBE", "p*");
        client.send("QUIT");
        assertThat(client.isClosedByServer()).isTrue();
        // The socket is closed before the session has heard of it.
        for (int i = 0; i < 1_000 && !other.send("PUBSUB", "NUMPAT").equals(integer(0)); i++) {
            Thread.onSpinWait();
        }
        other.send("PUBLISH", "one", "m").expect(integer(0));
    }

    @WireTest
    void clientListShowsThem(TestClient client, TestClient other) {
        String id = client.send("CLIENT", "ID").text();
        client.write("SUBSCRIBE", "a", "b");
        client.read();
        client.read();
        client.send("PSUBSCRIBE", "p*");
        client.send("SSUBSCRIBE", "s");
        assertThat(other.send("CLIENT", "LIST", "ID", id).text()).contains(" flags=P ")
                .contains(" sub=2 psub=1 ssub=1 ");
        assertThat(other.send("CLIENT", "LIST", "TYPE", "pubsub").text()).contains("id=" + id + " ");
    }

    @WireTest
    void messagesComeThoughRepliesAreOff(TestClient client, TestClient publisher) {
        client.write("CLIENT", "REPLY", "OFF");
        client.write("SUBSCRIBE", "a");
        client.read().expect(array("subscribe", "a", 1));
        publisher.send("PUBLISH", "a", "m").expect(integer(1));
        client.read().expect(array("message", "a", "m"));
    }

    @WireTest
    void inATransaction(TestClient client) {
        client.send("MULTI");
        client.send("SUBSCRIBE", "a").expect(status("QUEUED"));
        client.send("PUBLISH", "none", "m").expect(status("QUEUED"));
        client.send("EXEC").expect(array(array("subscribe", "a", 1), 0));
    }

    @WireTest(settings = {"client-output-buffer-limit", "pubsub 100000 0 0"})
    void whoDoesNotReadIsClosed(TestClient client, TestClient publisher) {
        client.send("SUBSCRIBE", "a");
        String message = "x".repeat(50_000);
        WireReply receivers = integer(1);
        for (int i = 0; i < 2_000 && receivers.equals(integer(1)); i++) {
            receivers = publisher.send("PUBLISH", "a", message);
        }
        receivers.expect(integer(0));
        publisher.send("ECHO", "alive").expect(bulk("alive"));
    }
}
