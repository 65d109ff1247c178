package dev.cistern.control.node;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the control plane says to a Memcached node, over its text protocol as the node's manager.
 *
 * <p>Each call opens a connection of its own and closes it, as with {@link NodeAdmin} and for its reasons. A node that does
 * not answer in time is a {@link NodeRuntimeException}, which workflows retry.
 */
public final class MemcachedAdmin {

    private static final int CONNECT_MILLIS = 1_000;
    private static final int ANSWER_MILLIS = 2_000;
    private static final String OK = "OK";
    private static final String UNKNOWN = "NOT_FOUND";

    private final NodeAddress address;
    private final AdminCredential admin;

    public MemcachedAdmin(NodeAddress address, AdminCredential admin) {
        this.address = address;
        this.admin = admin;
    }

    /** Whether the node answers, and knows its manager. */
    public boolean answers() {
        try (Exchange _ = connect()) {
            return true;
        } catch (IOException | NodeRuntimeException e) {
            return false;
        }
    }

    /** Has the node answer this list to clients that follow its cluster. */
    public void setList(String list) {
        try (Exchange node = connect()) {
            String answer = node.ask("config set cluster 0 " + list.length() + "\r\n" + list);
            if (!answer.equals("STORED")) {
                throw new NodeRuntimeException(address + " does not take the list of its cluster: " + answer);
            }
        } catch (IOException e) {
            throw silent(e);
        }
    }

    /** Sets each that the node can change while it serves; answers the ones that it refuses, and why. */
    public Map<String, String> setParameters(Map<String, String> settings) {
        Map<String, String> refused = new LinkedHashMap<>();
        try (Exchange node = connect()) {
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                String answer = node.ask("config parameter " + setting.getKey() + " " + setting.getValue());
                if (!answer.equals(OK) && !answer.equals(UNKNOWN)) {
                    refused.put(setting.getKey(), answer);
                }
            }
        } catch (IOException e) {
            throw silent(e);
        }
        return refused;
    }

    private Exchange connect() throws IOException {
        Exchange exchange = new Exchange(address);
        String answer = exchange.ask("config manager " + admin.password().reveal());
        if (!answer.equals(OK)) {
            exchange.close();
            throw new NodeRuntimeException(address + " does not know its manager: " + answer);
        }
        return exchange;
    }

    private NodeRuntimeException silent(IOException e) {
        return new NodeRuntimeException(address + " does not answer: " + e.getMessage(), e);
    }

    /** One connection: a line out, a line in. */
    private static final class Exchange implements Closeable {

        private final Socket socket = new Socket();
        private final BufferedReader in;
        private final OutputStream out;

        Exchange(NodeAddress address) throws IOException {
            try {
                socket.connect(new InetSocketAddress(address.host(), address.port()), CONNECT_MILLIS);
                socket.setSoTimeout(ANSWER_MILLIS);
                in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
                out = socket.getOutputStream();
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        }

        String ask(String line) throws IOException {
            out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            @Nullable
            String answer = in.readLine();
            if (answer == null) {
                throw new IOException("the connection was closed");
            }
            return answer;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
