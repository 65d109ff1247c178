package dev.cistern.engine;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;

/** The first thing anybody tries. */
final class GetSetTest {

    @WireTest
    void whatWasSetIsFound(TestClient client) {
        client.send("GET", "name").expect(nil());
        client.send("SET", "name", "cistern").expect(ok());
        client.send("get", "name").expect(bulk("cistern"));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void unknownCommandsAreRepeated(TestClient client) {
        client.send("foo", "a b", "c").expect(
                error("ERR unknown command 'foo', with args beginning with: 'a b' 'c' "));
        client.send("GET").expect(error("ERR wrong number of arguments for 'get' command"));
    }
}
