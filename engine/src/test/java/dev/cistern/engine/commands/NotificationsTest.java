package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.map;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** notify-keyspace-events, and what is published. */
final class NotificationsTest {

    private static void select(TestClient client, String classes) {
        client.send("CONFIG", "SET", "notify-keyspace-events", classes).expect(ok());
    }

    private static WireReply event(String event, String key) {
        return array("pmessage", "*", "__keyevent@0__:" + event, key);
    }

    @WireTest
    void theSettingIsShownTheOneWay(TestClient client) {
        String[][] pairs = {{"", ""}, {"KEA", "AKE"}, {"KA", "AK"}, {"K$", "$K"}, {"Eglshzxetdmn", "glshzxetdnEm"},
                {"KEAmn", "AKEm"}, {"KEg$lszhxetd", "AKE"}, {"Kn", "nK"}, {"mE", "Em"}};
        for (String[] pair : pairs) {
            select(client, pair[0]);
            client.send("CONFIG", "GET", "notify-keyspace-events").expect(array("notify-keyspace-events", pair[1]));
        }
        client.send("CONFIG", "SET", "notify-keyspace-events", "KEq").expect(error(
                "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class "
                        + "character. Use 'Ag$lshzxeKEtmdn'."));
        select(client, "");
        client.send("HELLO", "3");
        client.send("CONFIG", "GET", "notify-keyspace-events").expect(map("notify-keyspace-events", ""));
    }

    @WireTest
    void nothingIsPublishedUnlessSelected(TestClient client, TestClient listener) {
        select(client, "");
        listener.send("PSUBSCRIBE", "*");
        client.send("SET", "k", "1");
        select(client, "A");
        client.send("SET", "k", "1");
        select(client, "Kl");
        client.send("SET", "k", "1");
        assertThat(listener.isSilentFor(50)).isTrue();
    }

    @WireTest
    void bothKindsOfChannels(TestClient client, TestClient listener) {
        select(client, "KEA");
        listener.send("PSUBSCRIBE", "*");
        client.send("SET", "k", "1", "EX", "100");
        listener.read().expect(array("pmessage", "*", "__keyspace@0__:k", "set"));
        listener.read().expect(array("pmessage", "*", "__keyevent@0__:set", "k"));
        listener.read().expect(array("pmessage", "*", "__keyspace@0__:k", "expire"));
        listener.read().expect(array("pmessage", "*", "__keyevent@0__:expire", "k"));
        client.send("SELECT", "3");
        client.send("SET", "k", "1");
        listener.read().expect(array("pmessage", "*", "__keyspace@3__:k", "set"));
        listener.read().expect(array("pmessage", "*", "__keyevent@3__:set", "k"));
        client.send("FLUSHALL");
        select(client, "");
    }

    @WireTest
    void eventsOfStringsAndKeys(TestClient client, TestClient listener) {
        select(client, "EA");
        listener.send("PSUBSCRIBE", "*");
        String[][] commandsAndEvents = {{"SET k 1", "set k"}, {"APPEND k x", "append k"},
                {"SETRANGE k 0 y", "setrange k"},
                {"INCR n", "incrby n"}, {"INCRBYFLOAT n 1.5", "incrbyfloat n"}, {"SETBIT b 1 1", "setbit b"},
                {"PFADD h a", "pfadd h"}, {"EXPIRE k 100", "expire k"}, {"PERSIST k", "persist k"},
                {"RENAME k l", "rename_from k", "rename_to l"}, {"COPY l m", "copy_to m"}, {"DEL l", "del l"},
                {"EXPIRE m -1", "del m"}, {"GETDEL n", "del n"}, {"MSET a 1 b 2", "set a", "set b"},
                {"GETSET a 2", "set a"}, {"GETEX a EX 100", "expire a"}, {"SETEX a 100 x", "set a", "expire a"}};
        for (String[] each : commandsAndEvents) {
            client.send(each[0].split(" ", -1));
            for (int i = 1; i < each.length; i++) {
                String[] words = each[i].split(" ", -1);
                listener.read().expect(event(words[0], words[1]));
            }
        }
        assertThat(listener.isSilentFor(20)).isTrue();
        select(client, "");
    }

    @WireTest
    void expiryIsPublishedWhenTheKeyGoes(TestClient client, TestClient listener) {
        select(client, "Ex");
        listener.send("PSUBSCRIBE", "*");
        client.send("SET", "k", "1", "PX", "10");
        listener.read().expect(event("expired", "k"));
        select(client, "");
    }

    @WireTest
    void missesAndNewKeysOnlyWhenAskedFor(TestClient client, TestClient listener) {
        select(client, "EAmn");
        listener.send("PSUBSCRIBE", "*");
        client.send("GET", "none");
        listener.read().expect(event("keymiss", "none"));
        client.send("SET", "k", "1");
        listener.read().expect(event("new", "k"));
        listener.read().expect(event("set", "k"));
        client.send("SET", "k", "1");
        listener.read().expect(event("set", "k"));
        client.send("EXISTS", "none");
        listener.read().expect(event("keymiss", "none"));
        select(client, "");
    }

    @WireTest
    void insideATransactionTheyComeInOrder(TestClient client, TestClient listener) {
        select(client, "EA");
        listener.send("PSUBSCRIBE", "*");
        client.send("MULTI");
        client.send("SET", "a", "1");
        client.send("SET", "b", "1");
        client.send("DEL", "a");
        client.send("EXEC").expect(array(ok(), ok(), 1));
        listener.read().expect(event("set", "a"));
        listener.read().expect(event("set", "b"));
        listener.read().expect(event("del", "a"));
        select(client, "");
    }
}
