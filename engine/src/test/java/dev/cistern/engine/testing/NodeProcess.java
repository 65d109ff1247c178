package dev.cistern.engine.testing;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A Cistern node in a process of its own, which can be killed. */
public final class NodeProcess implements AutoCloseable {
    private final Process process;
    private final int port;

    private NodeProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts one with these settings, names and values in turn, behind the words of a program that is to run it. */
    public static NodeProcess start(List<String> wrapper, String... settings) {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                NodeProcess.class.getName()));
        command.addAll(List.of(settings));
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> destroy(process)));
            BufferedReader out = new BufferedReader(
                    new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            String line = out.readLine();
            while (line != null && !line.startsWith("port ")) {
                line = out.readLine();
            }
            if (line == null) {
                throw new IOException("the node did not start");
            }
            return new NodeProcess(process, Integer.parseInt(line.substring("port ".length())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The process itself: starts a node, tells its port, and runs until it is killed or asked to end. */
    public static void main(String[] settings) throws IOException, InterruptedException {
        NodeOptions options = NodeOptions.onPort("process", 0).with("enable-debug-command", "yes");
        for (int i = 0; i < settings.length; i += 2) {
            options = options.with(settings[i], settings[i + 1]);
        }
        try (EventLoops loops = EventLoops.start(Transport.named("auto"), 1);
                CacheNode node = CacheNode.start(options, loops)) {
            System.out.println("port " + node.port());
            node.awaitShutdownRequest();
        }
    }

    public int port() {
        return port;
    }

    public TestClient connect() {
        return new TestClient(port);
    }

    public long pid() {
        return process.pid();
    }

    /** A wrapper that is killed leaves what it runs. */
    private static void destroy(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** Ends it as a crash would, and waits until it is gone. */
    public void kill() {
        destroy(process);
        boolean interrupted = false;
        while (process.isAlive()) {
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
    }
}
