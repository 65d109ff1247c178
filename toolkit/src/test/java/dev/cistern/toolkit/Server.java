package dev.cistern.toolkit;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * An original, redis-server or memcached, as a child process on a free loopback port. Tests skip when it is absent.
 *
 * <p>With {@code -Dcistern.launcher=../cistern} the same tests run against Cistern's nodes instead.
 */
public final class Server implements AutoCloseable {

    private static final @Nullable String LAUNCHER = System.getProperty("cistern.launcher");

    public final int port;
    private final List<String> command;
    private Process process;

    private Server(int port, List<String> command) throws Exception {
        this.port = port;
        this.command = command;
        start();
    }

    public static Server redis(String... more) throws Exception {
        int port = freePort();
        if (LAUNCHER != null) {
            return new Server(port, List.of(LAUNCHER, "node", "--port", "" + port));
        }
        List<String> command = new ArrayList<>(List.of(require("redis-server"), "--port", "" + port, "--bind",
                "127.0.0.1", "--save", "", "--appendonly", "no"));
        command.addAll(List.of(more));
        return new Server(port, command);
    }

    public static Server memcached() throws Exception {
        int port = freePort();
        if (LAUNCHER != null) {
            return new Server(port, List.of(LAUNCHER, "node", "--engine", "memcached", "--port", "" + port));
        }
        return new Server(port, List.of(require("memcached"), "-l", "127.0.0.1", "-p", "" + port, "-U", "0", "-u",
                "nobody", "-m", "32", "-t", "1"));
    }

    public String redisUri() {
        return "redis://127.0.0.1:" + port;
    }

    public String address() {
        return "127.0.0.1:" + port;
    }

    /** Starts it, again after a {@link #kill}. */
    public void start() throws Exception {
        process = new ProcessBuilder(command)
                .directory(new File(LAUNCHER == null ? System.getProperty("java.io.tmpdir") : "."))
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        for (int attempt = 0; attempt < 1_000; attempt++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
                return;
            } catch (IOException notYet) {
                Thread.sleep(25);
            }
        }
        throw new IllegalStateException(command + " does not listen");
    }

    public void kill() throws Exception {
        process.destroyForcibly();
        process.waitFor(5, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws Exception {
        kill();
    }

    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String require(String program) {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            Path path = Path.of(folder, program);
            if (Files.isExecutable(path)) {
                return path.toString();
            }
        }
        Assumptions.abort(program + " is not installed");
        throw new AssertionError();
    }
}
