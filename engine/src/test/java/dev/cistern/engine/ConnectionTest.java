package dev.cistern.engine;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;
import java.util.Map;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** PING, ECHO, SELECT, HELLO, AUTH, QUIT, RESET. */
final class ConnectionTest {

    @WireTest
    void ping(TestClient client) {
        client.send("PING").expect(status("PONG"));
        client.send("PING", "there").expect(bulk("there"));
        client.send("PING", "a", "b").expect(error("ERR wrong number of arguments for 'ping' command"));
        client.send("ECHO", "\0\1binary\r\n").expect(bulk("\0\1binary\r\n"));
    }

    @WireTest
    void databasesAreSeparate(TestClient client) {
        client.send("SET", "a", "0").expect(ok());
        client.send("SELECT", "15").expect(ok());
        client.send("GET", "a").expect(nil());
        client.send("SET", "a", "15").expect(ok());
        client.send("DBSIZE").expect(integer(1));
        client.send("SWAPDB", "0", "15").expect(ok());
        client.send("GET", "a").expect(bulk("0"));
        client.send("FLUSHDB").expect(ok());
        client.send("SELECT", "0").expect(ok());
        client.send("GET", "a").expect(bulk("15"));
    }

    @WireTest
    void databasesThatAreNot(TestClient client) {
        client.send("SELECT", "16").expect(error("ERR DB index is out of range"));
        client.send("SELECT", "-1").expect(error("ERR DB index is out of range"));
        client.send("SELECT", "x").expect(error("ERR value is not an integer or out of range"));
        client.send("SWAPDB", "x", "1").expect(error("ERR invalid first DB index"));
        client.send("SWAPDB", "1", "x").expect(error("ERR invalid second DB index"));
        client.send("SWAPDB", "1", "16").expect(error("ERR DB index is out of range"));
        client.send("FLUSHALL", "NOW").expect(error("ERR syntax error"));
    }

    @WireTest
    void helloIsAMapInResp3(TestServer server, TestClient client) {
        WireReply reply = client.send("HELLO", "3");
        assertThat(reply).isInstanceOf(WireReply.MapReply.class);
        Map<WireReply, WireReply> facts = ((WireReply.MapReply) reply).pairs();
        assertThat(facts.get(bulk("server"))).isEqualTo(bulk(server.isOurs() ? "valkey" : "redis"));
        assertThat(facts.get(bulk("proto"))).isEqualTo(integer(3));
        assertThat(facts.get(bulk("mode"))).isEqualTo(bulk("standalone"));
        assertThat(facts.get(bulk("role"))).isEqualTo(bulk("master"));
        assertThat(facts.get(bulk("modules"))).isEqualTo(array());
        assertThat(facts).containsKeys(bulk("id"), bulk("version"));
        client.send("HELLO", "2").members();
    }

    @WireTest
    void helloWithOptions(TestClient client) {
        client.send("HELLO", "2", "SETNAME", "me");
        client.send("CLIENT", "GETNAME").expect(bulk("me"));
        client.send("HELLO", "2", "AUTH", "default", "any", "SETNAME", "you").members();
        client.send("CLIENT", "GETNAME").expect(bulk("you"));
        client.send("HELLO", "4").expect(error("NOPROTO unsupported protocol version"));
        client.send("HELLO", "x").expect(error("ERR Protocol version is not an integer or out of range"));
        client.send("HELLO", "3", "FOO").expect(error("ERR Syntax error in HELLO option 'FOO'"));
        client.send("HELLO", "3", "AUTH", "a").expect(error("ERR Syntax error in HELLO option 'AUTH'"));
        client.send("HELLO", "3", "SETNAME", "a b").expect(
                error("ERR Client names cannot contain spaces, newlines or special characters."));
        client.send("HELLO", "3", "AUTH", "nobody", "x").expect(
                error("WRONGPASS invalid username-password pair or user is disabled."));
    }

    @WireTest
    void authWithoutAPassword(TestClient client) {
        client.send("AUTH", "x").expect(error("ERR AUTH <password> called without any password configured for the "
                + "default user. Are you sure your configuration is correct?"));
        client.send("AUTH", "default", "x").expect(ok());
        client.send("AUTH", "nobody", "x").expect(
                error("WRONGPASS invalid username-password pair or user is disabled."));
        client.send("AUTH", "a", "b", "c").expect(error("ERR syntax error"));
    }

    @WireTest(settings = {"requirepass", "secret"})
    void nothingBeforeThePassword(TestClient client) {
        client.send("GET", "a").expect(error("NOAUTH Authentication required."));
        client.send("PING").expect(error("NOAUTH Authentication required."));
        client.send("NOPE").expect(error("ERR unknown command 'NOPE', with args beginning with: "));
        client.send("GET").expect(error("ERR wrong number of arguments for 'get' command"));
        // Redis 7.0 does not write "<proto>" here; Valkey 8 does.
        assertThat(client.send("HELLO", "3").text()).startsWith("NOAUTH HELLO must be called with the client already "
                + "authenticated, otherwise the HELLO ").endsWith("AUTH <user> <pass> option can be used to "
                        + "authenticate the client and select the RESP protocol version at the same time");
        client.send("AUTH", "wrong").expect(
                error("WRONGPASS invalid username-password pair or user is disabled."));
        client.send("AUTH", "secret").expect(ok());
        client.send("GET", "a").expect(nil());
        client.send("RESET").expect(status("RESET"));
        client.send("GET", "a").expect(error("NOAUTH Authentication required."));
        client.send("HELLO", "2", "AUTH", "default", "secret").members();
        client.send("GET", "a").expect(nil());
    }

    @WireTest
    void quitAnswersAndCloses(TestClient client) {
        client.raw("QUIT\r\nSET a b\r\n");
        client.read().expect(ok());
        assertThat(client.isClosedByServer()).isTrue();
    }

    @WireTest
    void resetForgetsEverything(TestClient client) {
        client.send("HELLO", "3", "SETNAME", "me");
        client.send("SELECT", "3").expect(ok());
        client.send("SET", "a", "b").expect(ok());
        client.send("RESET").expect(status("RESET"));
        client.send("GET", "a").expect(nil());
        client.send("CLIENT", "GETNAME").expect(nil());
    }

    @WireTest(settings = {"maxclients", "2"})
    void oneClientTooMany(TestServer server, TestClient first, TestClient second) {
        first.send("PING").expect(status("PONG"));
        second.send("PING").expect(status("PONG"));
        try (TestClient third = server.connect()) {
            third.read().expect(error("ERR max number of clients reached"));
            assertThat(third.isClosedByServer()).isTrue();
        }
        second.close();
        while (true) {
            try (TestClient fourth = server.connect()) {
                if (fourth.send("PING").equals(status("PONG"))) {
                    return;
                }
            } catch (java.io.UncheckedIOException notYet) {
                // The server has not heard of the second one's end yet.
            }
        }
    }

    @WireTest(settings = {"timeout", "1"})
    void silentClientsAreClosed(TestClient client) {
        client.send("PING").expect(status("PONG"));
        assertThat(client.isClosedByServer()).isTrue();
    }

    @WireTest
    void replyModes(TestClient client) {
        client.raw("CLIENT REPLY OFF\r\nPING\r\nnonsense\r\nCLIENT REPLY ON\r\n");
        client.read().expect(ok());
        client.raw("CLIENT REPLY SKIP\r\nPING skipped\r\nPING heard\r\n");
        client.read().expect(bulk("heard"));
        client.send("CLIENT", "REPLY", "maybe").expect(error("ERR syntax error"));
        assertThat(client.send("CLIENT", "ID").number()).isPositive();
    }

    @WireTest
    void namesAndIds(TestServer server, TestClient client) {
        long id = client.send("CLIENT", "ID").number();
        client.send("CLIENT", "GETNAME").expect(nil());
        client.send("CLIENT", "SETNAME", "me").expect(ok());
        client.send("CLIENT", "GETNAME").expect(bulk("me"));
        client.send("CLIENT", "SETNAME", "a\nb").expect(
                error("ERR Client names cannot contain spaces, newlines or special characters."));
        String line = client.send("CLIENT", "INFO").text();
        assertThat(line).startsWith("id=" + id + " addr=127.0.0.1:").contains(" name=me ", " db=0 ", " resp=2",
                " cmd=client|info ", " user=default ", ":" + server.port() + " ");
        try (TestClient other = server.connect()) {
            assertThat(other.send("CLIENT", "ID").number()).isGreaterThan(id);
        }
    }

    @WireTest(notOnOriginal = "Redis 7.0 knows neither CLIENT SETINFO nor its fields")
    void libraries(TestClient client) {
        client.send("CLIENT", "SETINFO", "LIB-NAME", "jedis").expect(ok());
        client.send("CLIENT", "SETINFO", "lib-ver", "1.2").expect(ok());
        assertThat(client.send("CLIENT", "INFO").text()).contains("lib-name=jedis lib-ver=1.2");
        client.send("CLIENT", "SETINFO", "LIB-NAME", "a b").expect(
                error("ERR lib-name cannot contain spaces, newlines or special characters."));
        client.send("CLIENT", "SETINFO", "COLOUR", "red").expect(error("ERR Unrecognized option 'COLOUR'"));
    }

    @WireTest
    void listShowsWhoIsThere(TestClient one, TestClient two) {
        long first = one.send("CLIENT", "ID").number();
        long second = two.send("CLIENT", "ID").number();
        two.send("CLIENT", "SETNAME", "two").expect(ok());
        List<String> lines = one.send("CLIENT", "LIST", "ID", "" + first, "" + second, "999999").text().lines()
                .toList();
        assertThat(lines).hasSize(2);
        assertThat(lines).anyMatch(line -> line.startsWith("id=" + first + " "));
        assertThat(lines).anyMatch(line -> line.startsWith("id=" + second + " ") && line.contains(" name=two ")
                && line.contains(" cmd=client|setname "));
        assertThat(one.send("CLIENT", "LIST", "TYPE", "pubsub").text()).isEmpty();
        one.send("CLIENT", "LIST", "TYPE", "foo").expect(error("ERR Unknown client type 'foo'"));
        one.send("CLIENT", "LIST", "ID", "x").expect(error("ERR Invalid client ID"));
        one.send("CLIENT", "KILL", "ID", "x").expect(error("ERR client-id should be greater than 0"));
        one.send("CLIENT", "LIST", "FOO").expect(error("ERR syntax error"));
    }

    @WireTest
    void killEndsOthers(TestServer server, TestClient one) {
        try (TestClient two = server.connect(); TestClient three = server.connect()) {
            long second = two.send("CLIENT", "ID").number();
            one.send("CLIENT", "KILL", "ID", "" + second).expect(integer(1));
            assertThat(two.isClosedByServer()).isTrue();
            String line = three.send("CLIENT", "INFO").text();
            String address = line.substring(line.indexOf("addr=") + 5, line.indexOf(" laddr"));
            one.send("CLIENT", "KILL", address).expect(ok());
            assertThat(three.isClosedByServer()).isTrue();
        }
        one.send("CLIENT", "KILL", "ID", "999999").expect(integer(0));
        one.send("CLIENT", "KILL", "1.1.1.1:1").expect(error("ERR No such client"));
        one.send("CLIENT", "KILL", "ID", "0").expect(error("ERR client-id should be greater than 0"));
        one.send("CLIENT", "KILL", "FOO", "BAR").expect(error("ERR syntax error"));
        one.send("CLIENT", "KILL", "TYPE", "foo").expect(error("ERR Unknown client type 'foo'"));
        one.send("CLIENT", "KILL", "USER", "foo").expect(error("ERR No such user 'foo'"));
        one.send("CLIENT", "KILL", "ID", "1", "SKIPME").expect(error("ERR syntax error"));
    }

    @WireTest
    void killMyselfIsAnsweredFirst(TestClient client) {
        String id = "" + client.send("CLIENT", "ID").number();
        client.send("CLIENT", "KILL", "ID", id).expect(integer(0));
        client.send("CLIENT", "KILL", "ID", id, "SKIPME", "no").expect(integer(1));
        assertThat(client.isClosedByServer()).isTrue();
    }

    @WireTest
    void pauseHoldsBackAndLosesNothing(TestClient one, TestClient two) {
        one.send("CLIENT", "PAUSE", "100000", "WRITE").expect(ok());
        two.raw("ECHO \"read\\x20on\"\r\nSET \"a\\x20b\" 1\r\nGET \"a b\"\r\n");
        two.read().expect(bulk("read on"));
        assertThat(two.isSilentFor(100)).isTrue();
        two.write("GET", "a b");
        one.send("GET", "a b").expect(nil());
        one.send("CLIENT", "UNPAUSE").expect(ok());
        two.read().expect(ok());
        two.read().expect(bulk("1"));
        two.read().expect(bulk("1"));
    }

    @WireTest
    void pauseEndsByItself(TestClient client) {
        client.send("CLIENT", "PAUSE", "50", "ALL").expect(ok());
        client.send("PING").expect(status("PONG"));
        client.send("CLIENT", "PAUSE", "x").expect(error("ERR timeout is not an integer or out of range"));
        client.send("CLIENT", "PAUSE", "-1").expect(error("ERR timeout is negative"));
        client.send("CLIENT", "PAUSE", "1", "FOO").expect(error("ERR CLIENT PAUSE mode must be WRITE or ALL"));
    }

    @WireTest
    void whatIsNotThereYetSaysSo(TestClient client) {
        client.send("CLIENT", "TRACKINGINFO").expect(
                array("flags", array("off"), "redirect", -1, "prefixes", array()));
        client.send("CLIENT", "GETREDIR").expect(integer(-1));
        client.send("CLIENT", "UNBLOCK", "99999").expect(integer(0));
        client.send("CLIENT", "UNBLOCK", "1", "FOO").expect(
                error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        client.send("CLIENT", "NO-EVICT", "maybe").expect(error("ERR syntax error"));
        client.send("CLIENT", "NO-EVICT", "ON").expect(ok());
        assertThat(client.send("CLIENT", "INFO").text()).contains("flags=e");
    }

    @WireTest(notOnOriginal = "Redis 7.0 does not know CLIENT NO-TOUCH")
    void readingWithoutTouching(TestClient client, TestClient other) throws InterruptedException {
        other.send("SET", "key", "value").expect(ok());
        client.send("CLIENT", "NO-TOUCH", "ON").expect(ok());
        Thread.sleep(2100);
        client.send("GET", "key").expect(bulk("value"));
        assertThat(other.send("OBJECT", "IDLETIME", "key").number()).isGreaterThanOrEqualTo(2);
        client.send("TOUCH", "key").expect(integer(1));
        assertThat(other.send("OBJECT", "IDLETIME", "key").number()).isLessThan(2);
        assertThat(client.send("CLIENT", "INFO").text()).contains("flags=T");
    }

    @WireTest(settings = {"requirepass", "secret"})
    void limitsFallWithThePasswordInOnePipeline(TestClient client) {
        String request = new String(TestClient.encode("SET", "key", "x".repeat(20_000)),
                java.nio.charset.StandardCharsets.ISO_8859_1);
        client.raw("AUTH secret\r\n" + request + "STRLEN key\r\nRESET\r\nPING\r\n");
        client.read().expect(ok());
        client.read().expect(ok());
        client.read().expect(integer(20_000));
        client.read().expect(status("RESET"));
        client.read().expect(error("NOAUTH Authentication required."));
    }

    @WireTest(notOnOriginal = "these conditions came with Valkey 8 and 9")
    void sessionsAreFoundByManyConditions(TestClient one, TestClient two) {
        one.send("CLIENT", "SETNAME", "one").expect(ok());
        two.send("CLIENT", "SETNAME", "two").expect(ok());
        two.send("CLIENT", "SETINFO", "LIB-NAME", "lib").expect(ok());
        two.send("CLIENT", "SETINFO", "LIB-VER", "1.2").expect(ok());
        two.send("CLIENT", "CAPA", "redirect", "unheard-of").expect(ok());
        two.send("SELECT", "3").expect(ok());
        two.send("MULTI").expect(ok());
        String[][] conditions = {{"NAME", "two"}, {"LIB-NAME", "lib"}, {"LIB-VER", "1.2"}, {"DB", "3"}, {"FLAGS", "x"},
                {"CAPA", "r"}, {"NOT-NAME", "one", "NAME", "two"}, {"NOT-FLAGS", "N"}, {"NOT-DB", "0"}};
        for (String[] condition : conditions) {
            assertThat(list(one, condition)).as(String.join(" ", condition)).contains(" name=two ").hasLineCount(1);
        }
        assertThat(list(one, "IP", "127.0.0.1", "TYPE", "normal", "USER", "default", "IDLE", "0")).contains(
                " name=two ",
                " name=one ");
        assertThat(list(one, "NOT-IP", "127.0.0.1")).isEmpty();
        assertThat(list(one, "NAME", "one", "SKIPME", "yes")).isEmpty();
        String id = one.send("CLIENT", "ID").text();
        assertThat(list(one, "NOT-ID", id, "999999", "NAME", "one")).isEmpty();
        one.send("CLIENT", "LIST", "NOT-MAXAGE", "1").expect(error("ERR syntax error"));
        one.send("CLIENT", "LIST", "DB", "99").expect(error("ERR DB index is out of range"));
        one.send("CLIENT", "IMPORT-SOURCE", "ON").expect(error("ERR Server is not in import mode"));
        one.send("CLIENT", "KILL", "NAME", "two", "DB", "3").expect(integer(1));
        assertThat(two.isClosedByServer()).isTrue();
    }

    private static String list(TestClient client, String... conditions) {
        String[] request = new String[conditions.length + 2];
        request[0] = "CLIENT";
        request[1] = "LIST";
        System.arraycopy(conditions, 0, request, 2, conditions.length);
        return client.send(request).text();
    }
}
