package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Clients that read and write keys at random, as much of one as of the other, each on a thread of its own until closed. */
final class MixedLoad implements AutoCloseable {

    static final int VALUE_BYTES = 1_000;
    private static final int BATCH = 8;

    private final int keys;
    private final LongAdder requests = new LongAdder();
    private final List<Thread> threads = new ArrayList<>();
    private final List<PeerConnection> connections = new ArrayList<>();
    private volatile boolean isOver;
    private volatile @Nullable IOException failure;

    MixedLoad(RunningPeer server, int clients, int keys) throws IOException {
        this.keys = keys;
        for (int i = 0; i < clients; i++) {
            PeerConnection connection = new PeerConnection(server);
            connections.add(connection);
            SplittableRandom random = new SplittableRandom(i);
            threads.add(Thread.ofPlatform().name("load-" + i).start(() -> run(connection, random)));
        }
    }

    private void run(PeerConnection connection, SplittableRandom random) {
        String value = "y".repeat(VALUE_BYTES);
        try {
            while (!isOver) {
                StringBuilder batch = new StringBuilder(BATCH * VALUE_BYTES);
                for (int i = 0; i < BATCH; i++) {
                    String key = PeerConnection.key("key:", random.nextInt(keys));
                    if (i % 2 == 0) {
                        connection.appendSet(batch, key, value);
                    } else {
                        connection.appendGet(batch, key);
                    }
                }
                connection.send(batch.toString());
                for (int i = 0; i < BATCH; i++) {
                    connection.readReply();
                }
                requests.add(BATCH);
            }
        } catch (IOException e) {
            failure = e;
        }
    }

    /** How many were answered so far. */
    long requests() {
        return requests.sum();
    }

    /** A client that failed makes the figures worthless. */
    void requireAlive() throws IOException {
        IOException why = failure;
        if (why != null) {
            throw why;
        }
    }

    @Override
    public void close() throws IOException {
        isOver = true;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        for (PeerConnection connection : connections) {
            connection.close();
        }
    }
}
