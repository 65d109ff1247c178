package dev.cistern.control.node;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the control plane says to a Memcached node, over its text protocol as the node's manager; an original, which knows no
 * manager, is told what it can take.
 *
 * <p>Each call opens a connection of its own and closes it, as with {@link NodeAdmin} and for its reasons. A node that does
 * not answer in time is a {@link NodeRuntimeException}, which workflows retry.
 */
public final class MemcachedAdmin {

    private static final int CONNECT_MILLIS = 1_000;
    private static final int ANSWER_MILLIS = 2_000;
    private static final String OK = "OK";
    private static final String UNKNOWN = "NOT_FOUND";
    private static final String STORED = "STORED";

    /** Where clients look for the list on a server that does not have it apart from its items. */
    private static final String LIST_KEY = "AmazonElastiCache:cluster";

    private final NodeAddress address;
    private final AdminCredential admin;
    private final @Nullable NodeTrust trust;
    private final boolean isOriginal;

    /** Over an encrypted connection where there is a trust. */
    public MemcachedAdmin(NodeAddress address, AdminCredential admin, @Nullable NodeTrust trust, boolean isOriginal) {
        this.isOriginal = isOriginal;
        this.address = address;
        this.admin = admin;
        this.trust = trust;
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
            String place = isOriginal ? "set " + LIST_KEY + " 0 0 " : "config set cluster 0 ";
            String answer = node.ask(place + list.length() + "\r\n" + list);
            if (!answer.equals(STORED)) {
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
            if (isOriginal) {
                return refused;
            }
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

    /** Has the node read the files with its certificate again; its connections go on. */
    public void readCertificates() {
        try (Exchange node = connect()) {
            String answer = node.ask("refresh_certs");
            if (!answer.equals(OK)) {
                throw new NodeRuntimeException(address + " does not take its certificate: " + answer);
            }
        } catch (IOException e) {
            throw silent(e);
        }
    }

    private Exchange connect() throws IOException {
        Exchange exchange = new Exchange(address, trust);
        String answer = exchange.ask(isOriginal ? "version" : "config manager " + admin.password().reveal());
        if (!answer.startsWith(isOriginal ? "VERSION " : OK)) {
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

        private final Socket socket;
        private final BufferedReader in;
        private final OutputStream out;

        Exchange(NodeAddress address, @Nullable NodeTrust trust) throws IOException {
            Socket plain = new Socket();
            try {
                plain.connect(new InetSocketAddress(address.host(), address.port()), CONNECT_MILLIS);
                plain.setSoTimeout(ANSWER_MILLIS);
                socket = trust == null
                        ? plain
                        : trust.sockets().createSocket(plain, address.host(), address.port(), true);
                in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
                out = socket.getOutputStream();
            } catch (UncheckedIOException e) {
                plain.close();
                throw new IOException(e.getMessage(), e);
            } catch (IOException e) {
                plain.close();
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
