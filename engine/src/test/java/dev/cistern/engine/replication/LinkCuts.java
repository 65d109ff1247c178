package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A program: a replica follows a primary for a minute of many writes a second while its link is cut again and again; then
 * both are compared. Takes much of a machine, so no test; {@link ReplicationTest} has the small one.
 *
 * <pre>
 *   LinkCuts seconds writes-per-second cuts ours|original ours|original       primary and replica
 * </pre>
 */
final class LinkCuts {
    private static final int WRITERS = 2;
    private static final int BATCH = 100;
    private static final int KEYS = 4_000;
    private static final long WAIT_SECONDS = 120;

    private final AtomicLong written = new AtomicLong();
    private final TestServer primary;
    private final TestServer replica;
    private final long seconds;
    private final long rate;

    private LinkCuts(TestServer primary, TestServer replica, long seconds, long rate) {
        this.primary = primary;
        this.replica = replica;
        this.seconds = seconds;
        this.rate = rate;
    }

    public static void main(String[] words) throws InterruptedException {
        try (TestServer primary = server(words[3]);
                TestServer replica = server(words[4])) {
            new LinkCuts(primary, replica, Long.parseLong(words[0]), Long.parseLong(words[1]))
                    .run(Integer.parseInt(words[2]), words[3] + " -> " + words[4]);
        }
    }

    private static TestServer server(String who) {
        String[] backlog = {"repl-backlog-size", "64mb"};
        return who.equals("ours")
                ? TestServer.cistern(backlog)
                : TestServer.original(TestServer.original().orElseThrow(), backlog);
    }

    private void run(int cuts, String name) throws InterruptedException {
        try (TestClient writer = primary.connect();
                TestClient reader = replica.connect();
                LinkProxy proxy = new LinkProxy(primary.port())) {
            ReplicationNodes.follow(reader, proxy.port());
            awaitUp(reader);
            long began = System.nanoTime();
            List<Thread> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int number = i;
                writers.add(Thread.ofPlatform().start(() -> write(number, began)));
            }
            for (int i = 1; i <= cuts; i++) {
                awaitMoment(began + TimeUnit.SECONDS.toNanos(seconds) * i / (cuts + 1));
                proxy.cut();
            }
            for (Thread each : writers) {
                each.join();
            }
            double took = (System.nanoTime() - began) / 1e9;
            long caughtUpMillis = awaitEqual(writer, reader);
            String one = writer.send("DEBUG", "DIGEST").text();
            String other = reader.send("DEBUG", "DIGEST").text();
            System.out.printf("%s: %d writes in %.1f s (%.0f a second), %d cuts, full syncs %s, partial %s, caught up "
                    + "%d ms after the last write, %s keys, %s%n", name, written.get(), took, written.get() / took,
                    cuts,
                    ReplicationNodes.fact(writer, "sync_full"), ReplicationNodes.fact(writer, "sync_partial_ok"),
                    caughtUpMillis, writer.send("DBSIZE").text(),
                    one.equals(other) ? "equal" : "NOT EQUAL " + one + " " + other);
        }
    }

    private static void awaitUp(TestClient reader) {
        ReplicationNodes.await("link up", () -> ReplicationNodes.fact(reader, "master_link_status").equals("up"));
    }

    private static void awaitMoment(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.max(0, nanos - System.nanoTime()));
    }

    /** Milliseconds until the replica has all. */
    private static long awaitEqual(TestClient writer, TestClient reader) throws InterruptedException {
        long began = System.nanoTime();
        while (!ReplicationNodes.fact(writer, "master_repl_offset")
                .equals(ReplicationNodes.fact(reader, "master_repl_offset"))) {
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(WAIT_SECONDS)) {
                throw new AssertionError("never equal");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return (System.nanoTime() - began) / 1_000_000;
    }

    private void write(int number, long began) {
        SplittableRandom random = new SplittableRandom(number);
        long interval = TimeUnit.SECONDS.toNanos(1) * BATCH * WRITERS / rate;
        long end = began + TimeUnit.SECONDS.toNanos(seconds);
        try (TestClient client = primary.connect()) {
            for (long next = began; next < end; next += interval) {
                awaitMoment(next);
                client.raw(batch(random));
                for (int i = 0; i < BATCH; i++) {
                    client.read();
                }
                written.addAndGet(BATCH);
                if (System.nanoTime() > end) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] batch(SplittableRandom random) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < BATCH; i++) {
            String key = Integer.toString(random.nextInt(KEYS));
            String value = Long.toString(random.nextLong());
            all.writeBytes(switch (random.nextInt(12)) {
                case 0 -> TestClient.encode("RPUSH", "l" + key, value);
                case 1 -> TestClient.encode("LPOP", "l" + key);
                case 2 -> TestClient.encode("HSET", "h" + key, "f" + value.length(), value);
                case 3 -> TestClient.encode("ZADD", "z" + key, Integer.toString(random.nextInt(100)), value);
                case 4 -> TestClient.encode("ZPOPMIN", "z" + key);
                case 5 -> TestClient.encode("SADD", "t" + key, value);
                case 6 -> TestClient.encode("SPOP", "t" + key);
                case 7 -> TestClient.encode("INCR", "n" + key);
                case 8 -> TestClient.encode("SET", "e" + key, value, "EX", "100000");
                case 9 -> TestClient.encode("DEL", "s" + key);
                default -> TestClient.encode("SET", "s" + key, value);
            });
        }
        return all.toByteArray();
    }
}
