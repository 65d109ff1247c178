package dev.cistern.benchmarks.failover;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The load by a library of this JVM. */
final class ThreadsLoad implements ClusterLoad {

    private final ClusterClient client;
    private final int pauseMillis;
    private final Tally tally = new Tally();
    private final List<Worker> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean isEnding;

    /** Takes the client over: it ends with the load. */
    ThreadsLoad(String name, ClusterClient client, int threads, int pauseMillis) {
        this.client = client;
        this.pauseMillis = pauseMillis;
        for (int i = 0; i < threads; i++) {
            Worker worker = new Worker(name + ":" + i);
            workers.add(worker);
            this.threads.add(Thread.ofPlatform().name(worker.name).start(worker));
        }
    }

    /** One thread, and what its keys must be. */
    private final class Worker implements Runnable {

        private final String name;
        private final BitSet unsure = new BitSet();
        private final long[] counters = new long[COUNTERS];
        private final long[] unsureIncrements = new long[COUNTERS];
        private int next;

        Worker(String name) {
            this.name = name;
        }

        private String key(int number) {
            return name + ":" + number;
        }

        private String counter(int number) {
            return name + ":counter:" + number;
        }

        private static String value(String key) {
            return "value of " + key;
        }

        @Override
        public void run() {
            while (!isEnding) {
                try {
                    step();
                } catch (RuntimeException e) {
                    tally.error(name + ": " + e);
                }
                Stage.pause(pauseMillis);
            }
        }

        private void step() {
            int number = next++;
            String key = key(number);
            unsure.set(number);
            tally.timed(() -> {
                client.set(key, value(key));
                return key;
            });
            unsure.clear(number);
            tally.acked();
            same(key, tally.timed(() -> client.get(key)));
            increment(number % COUNTERS);
        }

        private void increment(int number) {
            String key = counter(number);
            unsureIncrements[number]++;
            long found = tally.timed(() -> client.increment(key));
            unsureIncrements[number]--;
            tally.acked();
            sameCounter(number, 1, found);
            counters[number] = found;
            unsureIncrements[number] = 0;
        }

        private void same(String key, @Nullable String found) {
            if (found == null) {
                tally.lost(1, key + " is gone");
            } else if (!found.equals(value(key))) {
                tally.wrong(key + " is " + found);
            }
        }

        /** That counter has so many increments more than what is known, and perhaps those of which nothing is known. */
        private void sameCounter(int number, int more, long found) {
            long expected = counters[number] + more;
            if (found < expected) {
                tally.lost(expected - found, counter(number) + " is " + found + " and not " + expected);
            } else if (found > expected + unsureIncrements[number]) {
                tally.wrong(counter(number) + " is " + found + " and not " + expected);
            }
        }

        long keys() {
            return next + (long) Math.min(COUNTERS, next);
        }

        void check() {
            for (int number = 0; number < next; number++) {
                if (!unsure.get(number)) {
                    same(key(number), client.get(key(number)));
                }
            }
            for (int number = 0; number < Math.min(COUNTERS, next); number++) {
                String found = client.get(counter(number));
                sameCounter(number, 0, found == null ? 0 : Long.parseLong(found));
            }
        }
    }

    @Override
    public Span span() {
        return tally.span();
    }

    @Override
    public Verdict end() throws InterruptedException {
        isEnding = true;
        for (Thread thread : threads) {
            thread.join();
        }
        workers.forEach(Worker::check);
        return tally.verdict(workers.stream().mapToLong(Worker::keys).sum());
    }

    @Override
    public void close() {
        isEnding = true;
        client.close();
    }
}
