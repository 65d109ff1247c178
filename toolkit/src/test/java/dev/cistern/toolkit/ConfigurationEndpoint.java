package dev.cistern.toolkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Answers "config get cluster", or only the older "get AmazonElastiCache:cluster". */
final class ConfigurationEndpoint implements AutoCloseable {

    private final ServerSocket listening;
    private final boolean old;
    volatile String payload = "";

    ConfigurationEndpoint(boolean old) throws IOException {
        this.old = old;
        listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        daemon(this::serve);
    }

    int port() {
        return listening.getLocalPort();
    }

    private void serve() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                daemon(() -> serve(client));
            } catch (IOException closed) {
                // The end of the test.
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            talk(client);
        } catch (IOException gone) {
            // The client went away.
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "configuration-endpoint");
        thread.setDaemon(true);
        thread.start();
    }

    private void talk(Socket client) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(client.getInputStream(), UTF_8));
        OutputStream out = client.getOutputStream();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String data = payload;
            if (line.equals("config get cluster") && !old) {
                out.write(("CONFIG cluster 0 " + data.length() + "\r\n" + data + "\r\nEND\r\n").getBytes(UTF_8));
            } else if (line.equals("get AmazonElastiCache:cluster") && old) {
                out.write(("VALUE AmazonElastiCache:cluster 0 " + data.length() + "\r\n" + data + "\r\nEND\r\n")
                        .getBytes(UTF_8));
            } else {
                out.write("ERROR\r\n".getBytes(UTF_8));
            }
            out.flush();
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
