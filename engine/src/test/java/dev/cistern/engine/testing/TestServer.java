package dev.cistern.engine.testing;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A server under test: a Cistern node in this JVM, or the original in a process of its own. */
public abstract sealed class TestServer implements AutoCloseable {
    private final int port;

    private TestServer(int port) {
        this.port = port;
    }

    public int port() {
        return port;
    }

    /** Whether it is a Cistern node. */
    public abstract boolean isOurs();

    public TestClient connect() {
        return new TestClient(port);
    }

    @Override
    public abstract void close();

    /** Starts a Cistern node with these settings, names and values in turn. */
    public static TestServer cistern(String... settings) {
        NodeOptions options = NodeOptions.onPort("test", 0).with("enable-debug-command", "yes");
        for (int i = 0; i < settings.length; i += 2) {
            options = options.with(settings[i], settings[i + 1]);
        }
        return cistern(options);
    }

    public static TestServer cistern(NodeOptions options) {
        EventLoops loops = EventLoops.start(Transport.named(System.getProperty("cistern.transport", "auto")), 2);
        try {
            return new Cistern(CacheNode.start(options, loops), loops);
        } catch (IOException e) {
            loops.close();
            throw new UncheckedIOException(e);
        }
    }

    /** A port on which nobody listens just now. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The original on this machine's path: a Valkey if there is one, else a Redis. */
    public static Optional<Path> original() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Arrays.stream(new String[]{"valkey-server", "redis-server"})
                .flatMap(name -> Arrays.stream(path.split(File.pathSeparator, -1)).map(dir -> Path.of(dir, name)))
                .filter(Files::isExecutable).findFirst();
    }

    /** Starts the original with these settings, names and values in turn. */
    public static TestServer original(Path program, String... settings) {
        try {
            return Original.start(program, settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The node in this JVM. */
    public static final class Cistern extends TestServer {
        private final CacheNode node;
        private final EventLoops loops;

        private Cistern(CacheNode node, EventLoops loops) {
            super(node.port());
            this.node = node;
            this.loops = loops;
        }

        public CacheNode node() {
            return node;
        }

        public EventLoops loops() {
            return loops;
        }

        @Override
        public boolean isOurs() {
            return true;
        }

        @Override
        public void close() {
            node.close();
            loops.close();
        }
    }

    /** The process. */
    private static final class Original extends TestServer {
        private static final int START_MILLIS = 10_000;

        private final Process process;

        private Original(Process process, int port) {
            super(port);
            this.process = process;
        }

        static Original start(Path program, String... settings) throws IOException {
            int port = freePort();
            Map<String, String> all = new LinkedHashMap<>();
            all.put("port", Integer.toString(port));
            all.put("bind", "127.0.0.1");
            all.put("save", "");
            all.put("enable-debug-command", "yes");
            for (int i = 0; i < settings.length; i += 2) {
                all.put(settings[i], settings[i + 1]);
            }
            List<String> command = new ArrayList<>(List.of(program.toString()));
            all.forEach((name, value) -> command.addAll(List.of("--" + name, value)));
            Path directory = Files.createTempDirectory("original");
            directory.toFile().deleteOnExit();
            Process process = new ProcessBuilder(command).directory(directory.toFile())
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            Original original = new Original(process, port);
            original.awaitStart();
            return original;
        }

        private void awaitStart() throws IOException {
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
            while (true) {
                try (TestClient client = connect()) {
                    client.send("PING");
                    return;
                } catch (UncheckedIOException notYet) {
                    if (!process.isAlive() || System.nanoTime() > deadline) {
                        throw new IOException("the original did not start", notYet);
                    }
                    pause();
                }
            }
        }

        private static void pause() throws IOException {
            try {
                TimeUnit.MILLISECONDS.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }

        @Override
        public boolean isOurs() {
            return false;
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
