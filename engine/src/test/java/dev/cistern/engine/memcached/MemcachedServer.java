package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A Memcached server under test: a node in this JVM, or the original in a process of its own. */
public abstract sealed class MemcachedServer implements AutoCloseable {

    /** Which of the two. */
    public enum Maker {
        CISTERN, ORIGINAL;

        /** Starts it with these parameters, names and values in turn; skips the test if it is not installed. */
        MemcachedServer start(String... parameters) {
            if (this == CISTERN) {
                return cistern(Clock.SYSTEM, parameters);
            }
            Optional<Path> program = original();
            Assumptions.assumeTrue(program.isPresent(), "memcached is not installed");
            try {
                return Original.start(program.orElseThrow(), parameters);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final int port;

    private MemcachedServer(int port) {
        this.port = port;
    }

    public int port() {
        return port;
    }

    public Wire connect() {
        return new Wire(port);
    }

    @Override
    public abstract void close();

    /** Starts a node of ours that reads this clock. */
    static Cistern cistern(Clock clock, String... parameters) {
        MemcachedOptions options = MemcachedOptions.onPort("test", 0);
        for (int i = 0; i < parameters.length; i += 2) {
            options = options.with(parameters[i], parameters[i + 1]);
        }
        EventLoops loops = EventLoops.start(Transport.named(System.getProperty("cistern.transport", "auto")), 2);
        try {
            return new Cistern(MemcachedNode.start(options, loops, clock), loops);
        } catch (IOException | RuntimeException e) {
            loops.close();
            throw new IllegalArgumentException(e);
        }
    }

    /** The original on this machine's path. */
    static Optional<Path> original() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Arrays.stream(path.split(File.pathSeparator, -1)).map(dir -> Path.of(dir, "memcached"))
                .filter(Files::isExecutable).findFirst();
    }

    /** The node in this JVM. */
    static final class Cistern extends MemcachedServer {
        private final MemcachedNode node;
        private final EventLoops loops;

        private Cistern(MemcachedNode node, EventLoops loops) {
            super(node.port());
            this.node = node;
            this.loops = loops;
        }

        MemcachedNode node() {
            return node;
        }

        @Override
        public void close() {
            node.close();
            loops.close();
        }
    }

    /** The process. */
    private static final class Original extends MemcachedServer {
        private static final int START_MILLIS = 10_000;

        private final Process process;

        private Original(Process process, int port) {
            super(port);
            this.process = process;
        }

        static Original start(Path program, String... parameters) throws IOException {
            int port = freePort();
            List<String> command = new ArrayList<>(List.of(program.toString(), "-u", "nobody", "-l", "127.0.0.1", "-p",
                    Integer.toString(port)));
            for (int i = 0; i < parameters.length; i += 2) {
                command.addAll(options(parameters[i], parameters[i + 1]));
            }
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            Original original = new Original(process, port);
            original.awaitStart();
            return original;
        }

        /** What the original calls a parameter. */
        private static List<String> options(String name, String value) {
            return switch (name) {
                case "max_cache_memory" -> List.of("-m", value);
                case "max_item_size" -> List.of("-I", value);
                case "max_simultaneous_connections" -> List.of("-c", value);
                case "num_threads" -> List.of("-t", value);
                case "error_on_memory_exhausted" -> value.equals("1") ? List.of("-M") : List.of();
                case "cas_disabled" -> value.equals("1") ? List.of("-C") : List.of();
                case "disable_flush_all" -> value.equals("1") ? List.of("-F") : List.of();
                case "binding_protocol" -> List.of("-B", value);
                case "auth_file" -> List.of("-Y", value);
                case "dump" -> value.equals("0") ? List.of("-X") : List.of();
                case "watch" -> value.equals("0") ? List.of("-W") : List.of();
                case "idle_timeout" -> List.of("-o", "idle_timeout=" + value);
                case "lru_crawler" -> value.equals("0") ? List.of("-o", "no_lru_crawler") : List.of();
                case "lru_maintainer" -> value.equals("0") ? List.of("-o", "no_lru_maintainer") : List.of();
                default -> throw new IllegalArgumentException("no option of the original: " + name);
            };
        }

        private static int freePort() throws IOException {
            try (ServerSocket socket = new ServerSocket(0)) {
                return socket.getLocalPort();
            }
        }

        private void awaitStart() throws IOException {
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
            while (true) {
                try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port())) {
                    return;
                } catch (IOException notYet) {
                    if (!process.isAlive() || System.nanoTime() > deadline) {
                        throw new IOException("memcached did not start", notYet);
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
        public void close() {
            process.destroyForcibly();
        }
    }
}
