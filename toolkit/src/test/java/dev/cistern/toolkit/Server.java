package dev.cistern.toolkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ServiceLoader;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * A cache server on a free loopback port: an original in a process of its own, or, where the test's class path has a
 * {@link Maker}, what that makes. So the same tests run on redis-server, on memcached and on Cistern.
 */
public abstract class Server implements AutoCloseable {

    private static final Maker MAKER = ServiceLoader.load(Maker.class).findFirst().orElseGet(Originals::new);
    private static final int PATIENCE_MILLIS = 20_000;

    public final int port;

    protected Server(int port) {
        this.port = port;
    }

    /** Makes servers that do not run yet. */
    public interface Maker {

        Server redis(int port);

        Server memcached(int port);
    }

    public static Server redis() throws Exception {
        return started(MAKER.redis(freePort()));
    }

    public static Server memcached() throws Exception {
        return started(MAKER.memcached(freePort()));
    }

    private static Server started(Server server) throws Exception {
        server.start();
        return server;
    }

    public String redisUri() {
        return "redis://127.0.0.1:" + port;
    }

    public String address() {
        return "127.0.0.1:" + port;
    }

    /** Starts it, again after a {@link #kill}. */
    public abstract void start() throws Exception;

    /** Ends it without notice, and what it stored. */
    public abstract void kill() throws Exception;

    @Override
    public void close() throws Exception {
        kill();
    }

    /** Says a line and returns the answer: the line, or the bulk that it announces. For Redis only. */
    public String ask(String line) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream().write((line + "\r\n").getBytes(UTF_8));
            BufferedReader answer = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            String first = answer.readLine();
            if (!first.startsWith("$")) {
                return first;
            }
            char[] bulk = new char[Integer.parseInt(first.substring(1))];
            for (int at = 0; at < bulk.length;) {
                at += answer.read(bulk, at, bulk.length - at);
            }
            return new String(bulk);
        }
    }

    protected final void awaitListening() throws Exception {
        long giveUpAtNanos = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
        while (System.nanoTime() < giveUpAtNanos) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
                return;
            } catch (IOException notYet) {
                Thread.sleep(25);
            }
        }
        throw new IllegalStateException("nobody listens on port " + port);
    }

    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
