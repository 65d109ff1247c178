package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireTest;
import java.io.UncheckedIOException;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** CONFIG, and settings that need a test of their own: those that are hidden, and the memory that clients may take. */
final class ConfigCommandsTest {

    @WireTest
    void whatIsHiddenIsShownToWhoKnowsItsName(TestClient client) {
        assertThat(client.send("CONFIG", "GET", "*").texts()).contains("daemonize").doesNotContain("key-load-delay");
        assertThat(client.send("CONFIG", "GET", "key-load-delay").texts()).containsExactly("key-load-delay", "0");
        client.send("CONFIG", "SET", "daemonize", "yes").expect(error("ERR CONFIG SET failed (possibly related to "
                + "argument 'daemonize') - can't set immutable config"));
    }

    @WireTest
    void clientsMemoryIsASizeOrAShare(TestClient client) {
        for (String text : new String[]{"5%", "100%", "0%", "1mb", "0"}) {
            client.send("CONFIG", "SET", "maxmemory-clients", text).expect(ok());
            assertThat(client.send("CONFIG", "GET", "maxmemory-clients").texts().get(1))
                    .isEqualTo(text.equals("1mb") ? "1048576" : text.equals("0%") ? "0" : text);
        }
        refuse(client, "200%", "percentage argument must be less or equal to 100");
        refuse(client, "much", "argument must be a memory or percent value");
        refuse(client, "-1%", "argument must be a memory or percent value");
    }

    /** The original does not wait until all is there. */
    private static void send(TestClient client, String... arguments) {
        try {
            client.write(arguments);
        } catch (UncheckedIOException disconnected) {
            assertThat(client.isClosedByServer()).isTrue();
        }
    }

    private static void refuse(TestClient client, String text, String reason) {
        client.send("CONFIG", "SET", "maxmemory-clients", text).expect(error(
                "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - " + reason));
    }

    @WireTest(settings = {"maxmemory-clients", "4mb"})
    void whoTakesTooMuchOfItIsDisconnected(TestServer server, TestClient client, TestClient large, TestClient spared) {
        spared.send("CLIENT", "NO-EVICT", "on").expect(ok());
        spared.send("MULTI").expect(ok());
        spared.send("SET", "k", "x".repeat(3 << 20)).expect(status("QUEUED"));
        large.send("MULTI").expect(ok());
        send(large, "SET", "k", "x".repeat(2 << 20));
        while (!client.send("INFO", "stats").text().contains("evicted_clients:1\r\n")) {
            Thread.onSpinWait();
        }
        boolean isClosed = false;
        for (int reads = 0; reads <= "+QUEUED\r\n".length() && !isClosed; reads++) {
            isClosed = large.isClosedByServer();
        }
        assertThat(isClosed).isTrue();
        spared.send("EXEC").expect(array(ok()));
    }
}
