package dev.cistern.engine.pubsub;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Messages between sessions of several loops: none lost, none twice, all in one order. */
@Timeout(120)
final class PubSubRaceTest {
    private static final int PUBLISHERS = 3;
    private static final int LISTENERS = 8;
    private static final int MESSAGES = 500 * Integer.getInteger("cistern.effort", 1);

    @Test
    void allListenersHearTheSameInTheSameOrder() throws Exception {
        try (TestServer server = TestServer.cistern(); ExecutorService threads = Executors.newCachedThreadPool()) {
            List<TestClient> listeners = new ArrayList<>();
            for (int i = 0; i < LISTENERS; i++) {
                TestClient listener = server.connect();
                listener.send(i % 2 == 0 ? "SUBSCRIBE" : "PSUBSCRIBE", "channel");
                listeners.add(listener);
            }
            List<Future<?>> publishing = new ArrayList<>();
            for (int i = 0; i < PUBLISHERS; i++) {
                String name = "p" + i + ":";
                publishing.add(threads.submit(() -> {
                    try (TestClient publisher = server.connect()) {
                        for (int message = 0; message < MESSAGES; message++) {
                            assertThat(publisher.send("PUBLISH", "channel", name + message).text())
                                    .isEqualTo("" + LISTENERS);
                        }
                    }
                }));
            }
            List<Future<List<String>>> heard = new ArrayList<>();
            for (TestClient listener : listeners) {
                heard.add(threads.submit(() -> hear(listener)));
            }
            for (Future<?> each : publishing) {
                each.get();
            }
            List<String> first = heard.getFirst().get();
            assertThat(first).doesNotHaveDuplicates();
            for (Future<List<String>> each : heard) {
                assertThat(each.get()).isEqualTo(first);
            }
            listeners.forEach(TestClient::close);
        }
        assertThat(Memory.heldBytes(MemoryTag.SESSION)).isZero();
    }

    private static List<String> hear(TestClient listener) {
        List<String> heard = new ArrayList<>();
        for (int i = 0; i < PUBLISHERS * MESSAGES; i++) {
            heard.add(listener.read().members().getLast().text());
        }
        return heard;
    }

    /** The notifications of a key tell its changes in their order, whoever made them. */
    @Test
    void notificationsOfAKeyComeInTheOrderOfItsChanges() throws Exception {
        try (TestServer server = TestServer.cistern("notify-keyspace-events", "K$g");
                ExecutorService threads = Executors.newCachedThreadPool();
                TestClient listener = server.connect()) {
            listener.send("SUBSCRIBE", "__keyspace@0__:k");
            List<Future<?>> writing = new ArrayList<>();
            for (int i = 0; i < PUBLISHERS; i++) {
                writing.add(threads.submit(() -> {
                    try (TestClient writer = server.connect()) {
                        for (int round = 0; round < MESSAGES; round++) {
                            // Only one of those who try at once finds no key, and only one finds one to delete.
                            writer.send("SET", "k", "1", "NX");
                            writer.send("DEL", "k");
                        }
                    }
                }));
            }
            for (Future<?> each : writing) {
                each.get();
            }
            String expected = "set";
            while (!listener.isSilentFor(100)) {
                assertThat(listener.read().members().getLast().text()).isEqualTo(expected);
                expected = expected.equals("set") ? "del" : "set";
            }
            assertThat(expected).isEqualTo("set");
        }
    }
}
