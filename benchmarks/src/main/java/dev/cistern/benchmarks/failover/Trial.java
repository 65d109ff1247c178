package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

/** One failover of a fresh group under load, and what clients saw of it. */
final class Trial {

    private static final int WARM_MILLIS = 1_500;
    private static final int AFTER_MILLIS = 1_500;
    private static final int NEW_ACKS = 100;
    private static final int KEYS_AT_A_TIME = 500;
    private static final int CLINGING_WRITES = 200;

    private final Stage stage;
    private final Fault fault;
    private final int run;
    private final int waitReplicas;
    private final List<Writer> writers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    Trial(Stage stage, Fault fault, int run, int waitReplicas) {
        this.stage = stage;
        this.fault = fault;
        this.run = run;
        this.waitReplicas = waitReplicas;
    }

    Outcome run(int replicas, int writerCount) throws IOException, InterruptedException {
        // Nobody may choose the primary of a group that fails over by itself.
        var _ = stage.create(replicas, fault != Fault.PLANNED);
        try {
            InetSocketAddress primary = address(stage.primaryEndpoint());
            begin(primary, writerCount);
            Stage.pause(WARM_MILLIS);
            String former = stage.member(true);
            long injectedNanos;
            long ackedByFormer;
            try (Socket clinging = connect(address(stage.endpointOf(former)))) {
                injectedNanos = System.nanoTime();
                inject(former);
                if (fault != Fault.RESIZE) {
                    awaitWritesAfter(former);
                }
                if (fault.isChange()) {
                    stage.awaitWhole();
                }
                Stage.pause(AFTER_MILLIS);
                ackedByFormer = fault == Fault.STOP ? writesTo(clinging) : 0;
            }
            end();
            stage.awaitWhole();
            return outcome(primary, injectedNanos, ackedByFormer);
        } finally {
            end();
            stage.delete();
        }
    }

    private static InetSocketAddress address(Endpoint endpoint) {
        return new InetSocketAddress(endpoint.address(), endpoint.port());
    }

    private void begin(InetSocketAddress primary, int count) {
        for (int i = 0; i < count; i++) {
            Writer writer = new Writer("r" + run + ":w" + i, primary, waitReplicas, 0);
            writers.add(writer);
            threads.add(Thread.ofPlatform().name("writer-" + i).start(writer));
        }
    }

    private void end() throws IOException, InterruptedException {
        for (Writer writer : writers) {
            writer.end();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void inject(String former) throws IOException, InterruptedException {
        switch (fault) {
            case KILL -> stage.kill(former);
            case STOP -> {
                long pid = stage.pidOf(former);
                Stage.signal("STOP", pid);
                Thread.ofVirtual().start(() -> resume(former, pid));
            }
            case TEST_FAILOVER -> stage.testFailover();
            case PLANNED -> stage.promote(stage.member(false));
            case UPGRADE -> stage.upgrade();
            case RESIZE -> stage.resize();
        }
    }

    /** It goes on when another one leads, if it still can. */
    private void resume(String former, long pid) {
        Stage.await("another primary", () -> !stage.member(true).equals(former));
        try {
            Stage.signal("CONT", pid);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitWritesAfter(String former) {
        Stage.await("another primary", () -> !stage.member(true).equals(former));
        long before = acked();
        Stage.await("writes to the new primary", () -> acked() > before + NEW_ACKS);
    }

    private long acked() {
        return writers.stream().mapToLong(Writer::count).sum();
    }

    /** How many writes the former primary acknowledges to a client that never left it. */
    private static long writesTo(Socket clinging) {
        long acked = 0;
        try {
            Lines replies = new Lines(clinging.getInputStream());
            for (int i = 0; i < CLINGING_WRITES; i++) {
                clinging.getOutputStream().write("SET clinging 1\r\n".getBytes(StandardCharsets.US_ASCII));
                acked += replies.next().equals("+OK") ? 1 : 0;
            }
        } catch (IOException ended) {
            return acked;
        }
        return acked;
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.connect(address, 1_000);
        socket.setSoTimeout(5_000);
        return socket;
    }

    private Outcome outcome(InetSocketAddress primary, long injectedNanos, long ackedByFormer) throws IOException {
        long[] times = writers.stream().flatMapToLong(writer -> Arrays.stream(writer.times())).sorted().toArray();
        long before = Arrays.stream(times).filter(time -> time < injectedNanos).count();
        double gapMillis = 0;
        for (int i = 1; i < times.length; i++) {
            if (times[i] > injectedNanos) {
                gapMillis = Math.max(gapMillis, (times[i] - times[i - 1]) / 1e6);
            }
        }
        return new Outcome(gapMillis, times.length, lost(primary), ackedByFormer,
                before * 1e9 / Math.max(1, injectedNanos - times[0]));
    }

    /** How many of the acknowledged keys are not there. */
    private long lost(InetSocketAddress primary) throws IOException {
        long lost = 0;
        try (Socket socket = connect(primary)) {
            Lines replies = new Lines(socket.getInputStream());
            for (Writer writer : writers) {
                String[] keys = writer.keys();
                for (int i = 0; i < keys.length; i += KEYS_AT_A_TIME) {
                    List<String> some = List.of(keys).subList(i, Math.min(keys.length, i + KEYS_AT_A_TIME));
                    socket.getOutputStream()
                            .write(("EXISTS " + String.join(" ", some) + "\r\n").getBytes(StandardCharsets.US_ASCII));
                    lost += some.size() - Long.parseLong(replies.next().substring(1));
                }
            }
        }
        return lost;
    }
}
