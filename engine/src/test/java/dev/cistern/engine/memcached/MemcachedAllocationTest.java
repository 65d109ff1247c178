package dev.cistern.engine.memcached;

import com.sun.management.ThreadMXBean;
import dev.cistern.engine.memcached.MemcachedServer.Maker;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A warm hot path allocates nothing on the heap, in any of the three dialects. Counted on the loop's own thread. */
final class MemcachedAllocationTest {
    private static final int WARM_UP = 12_000;
    private static final int ROUNDS = 4_000;

    private static final String COMMANDS = """
            set key 5 0 10
            0123456789
            get key
            gets key other
            gat 100 key
            touch key 0
            add key 0 0 1
            x
            append key 0 0 1
            x
            set n 0 100 2
            12
            incr n 1
            decr n 5
            delete n
            mg key v k f s t c O1
            ms key 3 T100 F7 c
            abc
            ma n N0 J13 v
            md n q
            mg none v
            set q 0 0 1 noreply
            x
            mn
            """.replace("\n", "\r\n");

    @Test
    void nothingPerRequest() throws Exception {
        byte[] commands = COMMANDS.getBytes(StandardCharsets.ISO_8859_1);
        try (MemcachedServer server = Maker.CISTERN.start(); Wire wire = server.connect()) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long loop = loopOf(wire, commands, threads);
            rounds(wire, commands, WARM_UP);
            long before = threads.getThreadAllocatedBytes(loop);
            rounds(wire, commands, ROUNDS);
            long allocated = threads.getThreadAllocatedBytes(loop) - before;
            assertThat(allocated).as("bytes in %d rounds", ROUNDS).isLessThan(ROUNDS);
        }
    }

    private static void rounds(Wire wire, byte[] commands, int count) {
        for (int i = 0; i < count; i++) {
            wire.send(commands);
            wire.linesUntil("MN");
        }
    }

    /** The loop that serves this connection: the one that spends time on it. */
    private static long loopOf(Wire wire, byte[] commands, ThreadMXBean threads) {
        long[] ids = threads.getAllThreadIds();
        long[] before = threads.getThreadCpuTime(ids);
        rounds(wire, commands, 500);
        long[] after = threads.getThreadCpuTime(ids);
        int busiest = -1;
        for (int i = 0; i < ids.length; i++) {
            boolean isLoop = threads.getThreadInfo(ids[i]) != null
                    && threads.getThreadInfo(ids[i]).getThreadName().startsWith("cistern-loop");
            if (isLoop && (busiest < 0 || after[i] - before[i] > after[busiest] - before[busiest])) {
                busiest = i;
            }
        }
        return ids[busiest];
    }
}
