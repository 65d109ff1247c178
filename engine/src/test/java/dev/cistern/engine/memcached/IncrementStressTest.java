package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Many clients that count with one item: none of their steps is lost, and each sees one of its own. */
final class IncrementStressTest {
    private static final int CLIENTS = 64;
    private static final int STEPS = 10_000;
    private static final int PIPELINE = 100;

    @Test
    void noStepIsLost() throws Exception {
        try (MemcachedServer server = Maker.CISTERN.start(); Wire wire = server.connect()) {
            wire.play("""
                    > set n 0 0 1
                    > 0
                    < STORED
                    """);
            List<Future<Long>> highest = new ArrayList<>();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < CLIENTS; i++) {
                    highest.add(threads.submit(() -> count(server)));
                }
            }
            long most = 0;
            for (Future<Long> one : highest) {
                most = Math.max(most, one.get());
            }
            assertThat(most).isEqualTo((long) CLIENTS * STEPS);
            wire.send("get n\r\n");
            assertThat(wire.linesUntil("END")).last().isEqualTo(Long.toString(most));
        }
    }

    /** The last of what the client was answered; each answer is higher than the one before. */
    private static long count(MemcachedServer server) {
        try (Wire wire = server.connect()) {
            long last = 0;
            for (int sent = 0; sent < STEPS; sent += PIPELINE) {
                wire.send("incr n 1\r\n".repeat(PIPELINE));
                for (int i = 0; i < PIPELINE; i++) {
                    long answer = Long.parseLong(wire.line());
                    assertThat(answer).isGreaterThan(last);
                    last = answer;
                }
            }
            return last;
        }
    }
}
