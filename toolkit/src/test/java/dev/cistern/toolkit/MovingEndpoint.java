package dev.cistern.toolkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An endpoint that keeps its address while the server behind it changes, as the endpoints of ElastiCache do: bytes are
 * passed on, and a move ends the connections to where it pointed before.
 */
final class MovingEndpoint implements AutoCloseable {

    private final ServerSocket listening;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile int targetPort;

    MovingEndpoint(int targetPort) throws IOException {
        this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), targetPort);
    }

    MovingEndpoint(ServerSocket listening, int targetPort) {
        this.listening = listening;
        this.targetPort = targetPort;
        daemon(this::accept);
    }

    String redisUri() {
        return "redis://127.0.0.1:" + listening.getLocalPort();
    }

    void moveTo(int port) {
        targetPort = port;
        open.forEach(MovingEndpoint::close);
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                open.add(client);
                connect(client);
            } catch (IOException closed) {
                // The end of the test.
            }
        }
    }

    private void connect(Socket client) {
        try {
            Socket server = new Socket(InetAddress.getLoopbackAddress(), targetPort);
            open.add(server);
            daemon(() -> pass(client, server));
            daemon(() -> pass(server, client));
        } catch (IOException nobodyThere) {
            close(client);
        }
    }

    private void pass(Socket from, Socket to) {
        try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException cut) {
            // Either side went away; both are closed.
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "moving-endpoint");
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no use any more, closed or not.
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        open.forEach(MovingEndpoint::close);
    }
}
