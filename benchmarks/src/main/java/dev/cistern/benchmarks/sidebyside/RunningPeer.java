package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** One server process of ours, from start to end; its output goes to a file that is shown when it does not come up. */
final class RunningPeer implements AutoCloseable {

    private static final Duration READY_WITHIN = Duration.ofMinutes(2);
    private static final Duration GONE_WITHIN = Duration.ofSeconds(5);

    private final Peer peer;
    private final int port;
    private final Process process;
    private final Path log;

    private RunningPeer(Peer peer, int port, Process process, Path log) {
        this.peer = peer;
        this.port = port;
        this.process = process;
        this.log = log;
    }

    /** Starts it and returns when it answers. */
    static RunningPeer start(Peer peer, Path folder) throws IOException, InterruptedException {
        int port = freePort();
        Path log = folder.resolve(peer.name() + "-" + port + ".log");
        Process process = new ProcessBuilder(peer.commandLine().apply(port)).directory(folder.toFile())
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        RunningPeer running = new RunningPeer(peer, port, process, log);
        // Ctrl-C ends this JVM through its hooks; the children must not outlive it.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        try {
            running.awaitReady();
        } catch (IOException | InterruptedException e) {
            running.close();
            throw e;
        }
        return running;
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    private void awaitReady() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            try (PeerConnection connection = new PeerConnection(this)) {
                connection.ping();
                return;
            } catch (IOException notYet) {
                Thread.sleep(50);
            }
        }
        throw new IOException(peer.name() + " did not come up. It said: " + Files.readString(log).strip());
    }

    Peer peer() {
        return peer;
    }

    int port() {
        return port;
    }

    ProcessUsage usage() {
        return new ProcessUsage(process.pid());
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(GONE_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
