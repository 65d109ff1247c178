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
 * A program: replicas follow a primary for a minute of many writes a second, while their links are cut again and again;
 * then all are compared, and each says how far it was behind. Takes much of a machine, so no test; {@link ReplicationTest}
 * has the small one.
 *
 * <pre>
 *   LinkCuts seconds writes-per-second cuts ours|original ours|original[,ours|original…]       primary and replicas
 * </pre>
 *
 * <p>With 0 writes a second the clients write as fast as they can, and with 0 cuts nothing stands in the links.
 */
final class LinkCuts {
    private static final int WRITERS = 2;
    private static final int BATCH = 100;
    private static final int KEYS = 4_000;
    private static final long WAIT_SECONDS = 120;
    private static final long LOOK_MILLIS = 100;

    private final AtomicLong written = new AtomicLong();
    private final TestServer primary;
    private final long seconds;
    private final long rate;
    private final int cuts;
    private final List<Replica> replicas = new ArrayList<>();

    /** One that follows. */
    private static final class Replica implements AutoCloseable {
        private final String kind;
        private final TestServer server;
        private final TestClient client;
        private final LinkProxy proxy;
        private volatile long mostBytesBehind;

        Replica(String kind, int primaryPort) {
            this.kind = kind;
            this.server = server(kind);
            this.client = server.connect();
            this.proxy = new LinkProxy(primaryPort);
        }

        /** How far it is, in the bytes of the log. */
        long offset() {
            return Long.parseLong(ReplicationNodes.fact(client, "slave_repl_offset"));
        }

        boolean isUp() {
            return ReplicationNodes.fact(client, "master_link_status").equals("up");
        }

        @Override
        public void close() {
            proxy.close();
            client.close();
            server.close();
        }
    }

    private LinkCuts(TestServer primary, long seconds, long rate, int cuts) {
        this.primary = primary;
        this.seconds = seconds;
        this.rate = rate;
        this.cuts = cuts;
    }

    public static void main(String[] words) throws InterruptedException {
        try (TestServer primary = server(words[3])) {
            LinkCuts run = new LinkCuts(primary, Long.parseLong(words[0]), Long.parseLong(words[1]),
                    Integer.parseInt(words[2]));
            try {
                for (String kind : words[4].split(",", -1)) {
                    run.replicas.add(new Replica(kind, primary.port()));
                }
                run.run(words[3]);
            } finally {
                run.replicas.forEach(Replica::close);
            }
        }
    }

    private static TestServer server(String who) {
        String[] backlog = {"repl-backlog-size", "64mb"};
        return who.equals("ours")
                ? TestServer.cistern(backlog)
                : TestServer.original(TestServer.original().orElseThrow(),
                        "repl-backlog-size", "64mb", "repl-diskless-sync-delay", "0");
    }

    private void run(String primaryKind) throws InterruptedException {
        try (TestClient asked = primary.connect()) {
            for (Replica replica : replicas) {
                ReplicationNodes.follow(replica.client, cuts == 0 ? primary.port() : replica.proxy.port());
                ReplicationNodes.await("link up", replica::isUp);
            }
            long began = System.nanoTime();
            List<Thread> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int number = i;
                writers.add(Thread.ofPlatform().start(() -> write(number, began)));
            }
            for (int i = 1; i <= cuts + 1; i++) {
                watchUntil(asked, began + TimeUnit.SECONDS.toNanos(seconds) * i / (cuts + 1));
                if (i <= cuts) {
                    replicas.forEach(replica -> replica.proxy.cut());
                }
            }
            for (Thread each : writers) {
                each.join();
            }
            double took = (System.nanoTime() - began) / 1e9;
            System.out.printf("%s: %d writes in %.1f s (%.0f a second), %d cuts, full syncs %s, partial %s, %s keys%n",
                    primaryKind, written.get(), took, written.get() / took, cuts,
                    ReplicationNodes.fact(asked, "sync_full"), ReplicationNodes.fact(asked, "sync_partial_ok"),
                    asked.send("DBSIZE").text());
            tellOfReplicas(asked);
        }
    }

    private void tellOfReplicas(TestClient asked) throws InterruptedException {
        long end = System.nanoTime();
        for (Replica replica : replicas) {
            awaitEqual(asked, replica);
            System.out.printf("  %s: at most %d bytes behind, caught up %d ms after the last write%n", replica.kind,
                    replica.mostBytesBehind, (System.nanoTime() - end) / 1_000_000);
        }
        String digest = asked.send("DEBUG", "DIGEST").text();
        for (Replica replica : replicas) {
            String other = replica.client.send("DEBUG", "DIGEST").text();
            System.out.printf("  %s: %s%n", replica.kind,
                    digest.equals(other) ? "equal" : "NOT EQUAL " + digest + " " + other);
        }
    }

    /** Looks again and again how far the replicas are behind. */
    private void watchUntil(TestClient asked, long nanos) throws InterruptedException {
        while (System.nanoTime() < nanos) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            for (Replica replica : replicas) {
                long offset = replica.offset();
                replica.mostBytesBehind = Math.max(replica.mostBytesBehind, end(asked) - offset);
            }
        }
    }

    private static long end(TestClient asked) {
        return Long.parseLong(ReplicationNodes.fact(asked, "master_repl_offset"));
    }

    private static void awaitMoment(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.max(0, nanos - System.nanoTime()));
    }

    private static void awaitEqual(TestClient asked, Replica replica) throws InterruptedException {
        long began = System.nanoTime();
        while (end(asked) != replica.offset()) {
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(WAIT_SECONDS)) {
                throw new AssertionError("never equal");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private void write(int number, long began) {
        SplittableRandom random = new SplittableRandom(number);
        long interval = rate == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) * BATCH * WRITERS / rate;
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
