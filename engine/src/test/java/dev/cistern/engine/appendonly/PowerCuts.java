package dev.cistern.engine.appendonly;

import dev.cistern.engine.testing.NodeProcess;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A program: clients count upwards on a node whose folder is a file system in an image; at random moments the image is
 * copied, as a power cut would leave the disk, and a node is started on the copy. What was acknowledged before must be
 * there, all of it or all but the last second. The node stands still meanwhile, as no power cut leaves the end of a disk
 * newer than its beginning. Mounts, so it needs root, and Linux.
 *
 * <pre>
 *   PowerCuts images always|everysec folder
 * </pre>
 */
final class PowerCuts {
    private static final int COUNTERS = 4;
    private static final String IMAGE_SIZE = "96M";
    /** What the node had asked the kernel for is done, and what it had sent has arrived. */
    private static final long SETTLE_MILLIS = 30;
    private static final long ONE_SECOND = TimeUnit.SECONDS.toNanos(1);
    /** So many of a counter's last acknowledgements have their moments kept. */
    private static final int KEPT_MOMENTS = 1 << 16;

    private final Path folder;
    private final String policy;
    private final AtomicLongArray acknowledged = new AtomicLongArray(COUNTERS);
    private final List<AtomicLongArray> moments = new ArrayList<>();
    private long lost;
    private long unloadable;
    private long longestLossNanos;

    private PowerCuts(Path folder, String policy) {
        this.folder = folder;
        this.policy = policy;
        for (int i = 0; i < COUNTERS; i++) {
            moments.add(new AtomicLongArray(KEPT_MOMENTS));
        }
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        new PowerCuts(Files.createDirectories(Path.of(words[2])), words[1]).run(Integer.parseInt(words[0]));
    }

    private void run(int images) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(Long.getLong("cistern.seed", 1));
        Path image = folder.resolve("disk.img");
        Path mounted = Files.createDirectories(folder.resolve("disk"));
        call("truncate", "-s", IMAGE_SIZE, image.toString());
        call("mkfs.ext4", "-q", "-F", image.toString());
        call("mount", "-o", "loop", image.toString(), mounted.toString());
        try (NodeProcess node = NodeProcess.start(List.of(), "dir", mounted.toString(), "appendonly", "yes",
                "appendfsync", policy, "auto-aof-rewrite-min-size", "64kb", "save", "1 100")) {
            for (int i = 0; i < COUNTERS; i++) {
                int number = i;
                Thread.ofPlatform().daemon().start(() -> count(node.port(), number));
            }
            for (int i = 0; i < images; i++) {
                TimeUnit.MILLISECONDS.sleep(300 + random.nextInt(700));
                cut(image, Long.toString(node.pid()));
            }
        } finally {
            call("umount", mounted.toString());
        }
        long all = 0;
        for (int i = 0; i < COUNTERS; i++) {
            all += acknowledged.get(i);
        }
        System.out.printf(
                "%s: %d images, %d writes acknowledged, %d lost too much, %d not loadable, oldest write that was "
                        + "lost acknowledged %d ms before the cut%n",
                policy, images, all, lost, unloadable,
                longestLossNanos / 1_000_000);
    }

    private void count(int port, int number) {
        try (TestClient client = new TestClient(port)) {
            while (true) {
                long value = number(client.send("INCR", "counter" + number));
                moments.get(number).set((int) (value % KEPT_MOMENTS), System.nanoTime());
                acknowledged.set(number, value);
            }
        } catch (UncheckedIOException | NumberFormatException ended) {
            // The node is gone.
        }
    }

    /** Copies the disk as it is, and looks what a node finds there. */
    private void cut(Path image, String pid) throws IOException, InterruptedException {
        Path copy = folder.resolve("copy.img");
        call("kill", "-STOP", pid);
        TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
        long cut = System.nanoTime();
        long[] expected = new long[COUNTERS];
        for (int i = 0; i < COUNTERS; i++) {
            expected[i] = acknowledged.get(i);
        }
        call("cp", "--sparse=always", image.toString(), copy.toString());
        call("kill", "-CONT", pid);
        Path mounted = Files.createDirectories(folder.resolve("copy"));
        call("mount", "-o", "loop", copy.toString(), mounted.toString());
        try (TestServer found = TestServer.cistern("dir", mounted.toString(), "appendonly", "yes");
                TestClient client = found.connect()) {
            for (int i = 0; i < COUNTERS; i++) {
                compare(i, expected[i], number(client.send("INCRBY", "counter" + i, "0")), cut);
            }
        } catch (UncheckedIOException | IllegalStateException e) {
            unloadable++;
            System.out.println("not loadable: " + e);
        } finally {
            call("umount", mounted.toString());
        }
    }

    private static long number(WireReply reply) {
        return Long.parseLong(reply.text());
    }

    private void compare(int number, long expected, long found, long cut) {
        if (found >= expected) {
            return;
        }
        long age = cut - moments.get(number).get((int) ((found + 1) % KEPT_MOMENTS));
        longestLossNanos = Math.max(longestLossNanos, age);
        if (policy.equals("always") || age > ONE_SECOND) {
            lost++;
            System.out.printf("counter %d: %d acknowledged, %d found, the first lost %d ms before the cut%n", number,
                    expected, found, age / 1_000_000);
        }
    }

    private static void call(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).inheritIO().start();
        if (process.waitFor() != 0) {
            throw new IOException("failed: " + String.join(" ", words));
        }
    }
}
