package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.IntSupplier;

/**
 * One trace played to one fresh server as a read-through cache. The first third fills the cache and is not counted.
 *
 * @param items
 *            that the server held at the end
 * @param hitRatio
 *            of the requests that count, 0 to 1
 */
record HitRatioTrial(String contestant, String trace, long items, double hitRatio) {

    static final int VALUE_BYTES = 100;
    private static final int BATCH = 50;
    private static final int CALIBRATIONS = 3;
    private static final long SEED = 1;

    /**
     * A server and the policy that it shall follow.
     *
     * @param policy
     *            of maxmemory-policy; empty for a server that has only its own
     */
    record Contestant(Peer peer, String policy) {
        String name() {
            return policy.isEmpty() ? peer.name() : peer.name() + " " + policy;
        }
    }

    /** How large the cache is. */
    sealed interface Size {
        /** So many bytes over what the empty server takes. */
        record Bytes(long bytes) implements Size {}

        /** Whatever it takes to hold so many items. */
        record Items(int items) implements Size {}
    }

    /**
     * Plays the trace.
     *
     * @param items
     *            that the trace shall be hard for
     */
    static HitRatioTrial of(Contestant contestant, Trace trace, Size size, int items, int requests, Path folder)
            throws IOException, InterruptedException {
        try (RunningPeer server = RunningPeer.start(contestant.peer(), folder);
                CacheClient client = new CacheClient(server, VALUE_BYTES)) {
            if (!contestant.policy().isEmpty()) {
                limit(client, contestant.policy(), size);
            }
            IntSupplier keys = trace.player().play(SEED, items);
            play(client, keys, requests / 3);
            long hits = play(client, keys, requests - requests / 3);
            return new HitRatioTrial(contestant.name(), trace.name(), client.items(),
                    (double) hits / (requests - requests / 3));
        }
    }

    private static long play(CacheClient client, IntSupplier keys, int requests) throws IOException {
        long hits = 0;
        for (int done = 0; done < requests; done += BATCH) {
            int[] batch = new int[Math.min(BATCH, requests - done)];
            for (int i = 0; i < batch.length; i++) {
                batch[i] = keys.getAsInt();
            }
            hits += client.readThrough(batch);
        }
        return hits;
    }

    private static void limit(CacheClient client, String policy, Size size) throws IOException {
        long empty = client.usedBytes();
        client.configure("maxmemory-policy", policy);
        switch (size) {
            case Size.Bytes(long bytes) -> client.configure("maxmemory", Long.toString(empty + bytes));
            case Size.Items(int items) -> limitItems(client, empty, items);
        }
    }

    /** Fills the server over its limit, sees how many items stay, and moves the limit, until they are as many as asked. */
    private static void limitItems(CacheClient client, long empty, int items) throws IOException {
        long bytes = items * (VALUE_BYTES + 100L);
        for (int i = 0; i < CALIBRATIONS; i++) {
            client.configure("maxmemory", Long.toString(empty + bytes));
            int[] next = {0};
            play(client, () -> next[0]++, 2 * items);
            bytes = bytes * items / client.items();
            client.flush();
        }
        client.configure("maxmemory", Long.toString(empty + bytes));
    }
}
