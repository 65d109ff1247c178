package dev.cistern.engine.memcached;

import dev.cistern.engine.testing.TestCertificate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Memcached over TLS: it is then all that the port speaks. */
final class TlsWireTest {
    @TempDir
    private static Path folder;
    private static TestCertificate ours;
    private static TestCertificate others;

    @BeforeAll
    static void makeCertificates() {
        ours = TestCertificate.make(folder, "ours");
        others = TestCertificate.make(folder, "others");
    }

    private static MemcachedServer start() {
        return start(ours.certificate(), ours.key());
    }

    private static MemcachedServer start(Path certificate, Path key) {
        return MemcachedServer.Maker.CISTERN.start("enable_ssl", "1", "ssl_chain_cert", certificate.toString(),
                "ssl_key", key.toString());
    }

    private static SSLSocket connect(TestCertificate trusted, int port) throws IOException {
        SSLSocket socket = (SSLSocket) trusted.clientContext().getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(10_000);
        socket.startHandshake();
        return socket;
    }

    private static String ask(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
                .readLine();
    }

    @Test
    void storesAndFinds() throws IOException {
        try (MemcachedServer server = start(); SSLSocket client = connect(ours, server.port())) {
            assertThat(ask(client, "set key 0 0 100000\r\n" + "v".repeat(100_000) + "\r\n")).isEqualTo("STORED");
            assertThat(ask(client, "get key\r\n")).isEqualTo("VALUE key 0 100000");
        }
    }

    @Test
    void refusesPlainText() throws IOException {
        try (MemcachedServer server = start();
                Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            client.setSoTimeout(10_000);
            String answer;
            try {
                answer = ask(client, "version\r\n");
            } catch (IOException reset) {
                answer = null;
            }
            assertThat(answer == null || !answer.contains("VERSION")).isTrue();
        }
    }

    @Test
    void readsRenewedFilesAndKeepsConnections() throws IOException {
        Path certificate = Files.copy(ours.certificate(), folder.resolve("renewed.crt"));
        Path key = Files.copy(ours.key(), folder.resolve("renewed.key"));
        try (MemcachedServer server = start(certificate, key); SSLSocket early = connect(ours, server.port())) {
            Files.copy(others.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
            assertThat(ask(early, "refresh_certs\r\n")).as("a key that does not fit").startsWith("Error");
            Files.copy(others.key(), key, StandardCopyOption.REPLACE_EXISTING);
            assertThat(ask(early, "refresh_certs\r\n")).isEqualTo("OK");
            try (SSLSocket late = connect(others, server.port())) {
                assertThat(ask(late, "version\r\n")).startsWith("VERSION");
            }
            assertThat(ask(early, "version\r\n")).startsWith("VERSION");
        }
    }

    @Test
    void letsInOnlyWhoIsAllowed() throws IOException {
        try (MemcachedServer server = start()) {
            ((MemcachedServer.Cistern) server).node().allowFrom("192.0.2.0/24");
            assertThatThrownBy(() -> connect(ours, server.port())).isInstanceOf(IOException.class);
            ((MemcachedServer.Cistern) server).node().allowFrom("127.0.0.1/32");
            connect(ours, server.port()).close();
        }
    }

    @Test
    void saysNoWithoutCertificates() {
        assertThatThrownBy(() -> MemcachedServer.Maker.CISTERN.start("enable_ssl", "1"))
                .isInstanceOf(IllegalArgumentException.class);
        try (MemcachedServer server = MemcachedServer.Maker.CISTERN.start(); Wire client = server.connect()) {
            client.send("refresh_certs\r\n");
            assertThat(client.line()).isEqualTo("Error TLS not enabled");
        }
    }
}
