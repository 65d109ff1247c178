package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Work that one client gives a server while others want their answers: what must be there before, and the work itself.
 * Sizes follow from one number of elements, ten million for a run that counts.
 */
enum Disturbance {
    /** Nothing: what the machine itself does to latencies. */
    IDLE("nothing else") {
        @Override
        void act(Loader loader, Size size) throws InterruptedException {
            // As long as the longest of the others: rare waits are met by who looks long enough.
            Thread.sleep(size.seconds() * 1_000L);
        }
    },
    DELETE("a large set is deleted") {
        @Override
        void prepare(Loader loader, Size size) throws IOException {
            loader.send(size.elements(), i -> new String[]{"SADD", "set", PeerConnection.key("elt:", i)});
        }

        @Override
        void act(Loader loader, Size size) throws IOException, InterruptedException {
            loader.send(1, _ -> new String[]{"DEL", "set"});
            Thread.sleep(REST_MILLIS);
        }
    },
    EVICT("writes go on past maxmemory") {
        @Override
        void prepare(Loader loader, Size size) throws IOException {
            loader.configure("maxmemory-policy", "allkeys-lru");
            loader.configure("maxmemory", Long.toString(100L * size.elements()));
            loader.fill("old:", size.elements(), 64);
            loader.fill("key:", 1, 64);
        }

        @Override
        void act(Loader loader, Size size) throws IOException {
            long end = System.nanoTime() + size.seconds() * 1_000_000_000L;
            for (int round = 0; System.nanoTime() < end; round++) {
                loader.fill(String.format("n%03d", round % 1000), Math.max(1, size.elements() / 100), 64);
            }
        }
    },
    EXPIRE("all keys expire in the same second") {
        @Override
        void prepare(Loader loader, Size size) throws IOException {
            int tried = size.elements() / 20 + 1;
            long start = System.currentTimeMillis();
            fill(loader, tried, start + FAR_MILLIS);
            long now = System.currentTimeMillis();
            // A machine that does other work as well may get twice as slow meanwhile, and a bit.
            long deadline = now + 5_000 + 2 * (now - start) * size.elements() / tried;
            fill(loader, size.elements(), deadline);
            size.deadlineMillis().set(deadline);
            if (System.currentTimeMillis() > deadline) {
                throw new IOException("this machine is too slow: the keys expired while they were made");
            }
        }

        @Override
        void act(Loader loader, Size size) throws InterruptedException {
            Thread.sleep(Math.max(0, size.deadlineMillis().get() - System.currentTimeMillis()) + REST_MILLIS);
        }

        private static void fill(Loader loader, int keys, long deadlineMillis) throws IOException {
            String deadline = Long.toString(deadlineMillis);
            loader.send(keys, i -> new String[]{"SET", PeerConnection.key("key:", i), "value", "PXAT", deadline});
        }
    },
    FLUSH("everything is flushed") {
        @Override
        void prepare(Loader loader, Size size) throws IOException {
            loader.fill("key:", size.elements(), 500);
        }

        @Override
        void act(Loader loader, Size size) throws IOException, InterruptedException {
            loader.send(1, _ -> new String[]{"FLUSHALL"});
            Thread.sleep(REST_MILLIS);
        }
    },
    GROW("the keyspace grows from nothing") {
        @Override
        void act(Loader loader, Size size) throws IOException {
            loader.fill("key:", 2 * size.elements(), 16);
        }
    };

    /** Long enough for what a server does afterwards in the background to show. */
    private static final long REST_MILLIS = 8_000;
    private static final long FAR_MILLIS = 3_600_000;

    private final String title;

    Disturbance(String title) {
        this.title = title;
    }

    /**
     * How large the work is.
     *
     * @param elements       keys, or members of a set
     * @param seconds        of writing past the limit, and of nothing
     * @param deadlineMillis when the keys expire, told by what prepares to what acts
     */
    record Size(int elements, int seconds, AtomicLong deadlineMillis) {
        Size(int elements, int seconds) {
            this(elements, seconds, new AtomicLong());
        }
    }

    String title() {
        return title;
    }

    /** Before the clock runs. */
    void prepare(Loader loader, Size size) throws IOException {}

    abstract void act(Loader loader, Size size) throws IOException, InterruptedException;
}
