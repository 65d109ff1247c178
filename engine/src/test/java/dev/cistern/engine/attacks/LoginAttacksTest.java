package dev.cistern.engine.attacks;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** Who guesses passwords. */
@DisplayName("AUTH timing and brute force")
final class LoginAttacksTest {

    private static final int FREE = 5;
    private static final int PAUSE_MILLIS = 100;

    @Test
    void whoIsWrongFiveTimesWaitsAndNobodyElseDoes() {
        try (TestServer server = TestServer.cistern("requirepass", "secret");
                TestClient admin = server.connect();
                TestClient attacker = server.connect()) {
            admin.send("AUTH", "secret").expect(ok());
            long start = System.nanoTime();
            for (int guess = 0; guess < 1000; guess++) {
                attacker.write("AUTH", "guess" + guess);
            }
            for (int i = 0; i < FREE + 2; i++) {
                assertThat(attacker.read().text()).startsWith("WRONGPASS");
                admin.send("PING").expect(status("PONG"));
                try (TestClient other = server.connect()) {
                    other.send("AUTH", "secret").expect(ok());
                }
            }
            String stats = admin.send("INFO", "stats").text();
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertThat(guesses(stats)).isBetween(FREE + 2L, FREE + 1 + millis / PAUSE_MILLIS);
        }
    }

    private static long guesses(String stats) {
        return stats.lines().filter(line -> line.startsWith("acl_access_denied_auth:")).findFirst()
                .map(line -> Long.parseLong(line.substring(line.indexOf(':') + 1))).orElse(-1L);
    }

    /** The pause comes before the guess, so that a right one is as slow as a wrong one. */
    @Test
    void whoIsRightAtLastComesInAndIsFreeAgain() {
        try (TestServer server = TestServer.cistern("requirepass", "secret"); TestClient client = server.connect()) {
            for (int guess = 0; guess < FREE + 1; guess++) {
                assertThat(client.send("HELLO", "3", "AUTH", "default", "guess").text()).startsWith("WRONGPASS");
            }
            client.write("AUTH", "secret");
            client.write("PING");
            client.read().expect(ok());
            client.read().expect(status("PONG"));
        }
    }

    @Test
    void oneThatLeavesWhileItWaitsLeavesNothing() {
        try (TestServer server = TestServer.cistern("requirepass", "secret"); TestClient admin = server.connect()) {
            try (TestClient attacker = server.connect()) {
                for (int guess = 0; guess < 100; guess++) {
                    attacker.write("AUTH", "guess");
                }
                for (int i = 0; i < FREE; i++) {
                    attacker.read();
                }
            }
            admin.send("AUTH", "secret").expect(ok());
            while (!admin.send("INFO", "clients").text().contains("connected_clients:1\r\n")) {
                Thread.onSpinWait();
            }
            admin.send("PING").expect(status("PONG"));
        }
    }
}
