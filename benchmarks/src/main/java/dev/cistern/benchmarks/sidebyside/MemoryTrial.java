package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What an element costs, all told: the growth of a fresh server's resident memory while it is filled, and what is
 * left after everything is deleted and the server was asked to give memory back.
 *
 * <p>The start is read after a tenth of the elements were put in and deleted, for all servers alike: a JVM then has compiled the
 * path and touched the buffers that are not the elements' cost. The absolute figure is reported beside it, so nothing hides.
 */
record MemoryTrial(String peer, Shape shape, long startBytes, long loadedBytes, long emptiedBytes) {

    private static final long SETTLE_STEP_MILLIS = 250;
    private static final int SETTLE_STEPS_AT_MOST = 40;
    private static final int SETTLED_AFTER_STEPS = 4;

    static MemoryTrial of(Peer peer, Shape shape, Path folder) throws IOException, InterruptedException {
        try (RunningPeer server = RunningPeer.start(peer, folder); Loader loader = Loader.connect(server)) {
            shape.fill().into(loader, shape.elements() / 10);
            loader.empty();
            long start = settledBytes(server);
            shape.fill().into(loader, shape.elements());
            long loaded = settledBytes(server);
            loader.empty();
            return new MemoryTrial(peer.name(), shape, start, loaded, settledBytes(server));
        }
    }

    double bytesPerElement() {
        return (double) (loadedBytes - startBytes) / shape.elements();
    }

    double emptiedOverStart() {
        return (double) emptiedBytes / startBytes;
    }

    /** Resident memory once it stopped falling: servers free in the background. */
    private static long settledBytes(RunningPeer server) throws InterruptedException {
        long least = server.usage().residentBytes();
        int steady = 0;
        for (int step = 0; step < SETTLE_STEPS_AT_MOST && steady < SETTLED_AFTER_STEPS; step++) {
            Thread.sleep(SETTLE_STEP_MILLIS);
            long now = server.usage().residentBytes();
            steady = now < least - least / 200 ? 0 : steady + 1;
            least = Math.min(least, now);
        }
        return server.usage().residentBytes();
    }
}
