package dev.cistern.engine;

import dev.cistern.engine.testing.TestCertificate;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

/** Encrypted connections: who gets in, who does not, and what changes while they are open. */
final class TlsTest {
    private static final String RESTRICTED_TO_JDK = "TLS_AES_128_GCM_SHA256";

    private static final WireReply OK = new WireReply.Status("OK");
    private static final WireReply PONG = new WireReply.Status("PONG");

    @TempDir
    private static Path folder;
    private static TestCertificate ours;
    private static TestCertificate others;

    @BeforeAll
    static void makeCertificates() {
        ours = TestCertificate.make(folder, "ours");
        others = TestCertificate.make(folder, "others");
    }

    private static TestServer start(int plainPort, int tlsPort, String... more) {
        List<String> settings = new ArrayList<>(List.of("port", Integer.toString(plainPort), "tls-port",
                Integer.toString(tlsPort), "tls-cert-file", ours.certificate().toString(), "tls-key-file",
                ours.key().toString(), "tls-auth-clients", "no"));
        settings.addAll(List.of(more));
        return TestServer.cistern(settings.toArray(String[]::new));
    }

    private static SSLSocket open(SSLContext context, int port, String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
        if (protocols.length > 0) {
            socket.setEnabledProtocols(protocols);
        }
        socket.setSoTimeout(10_000);
        socket.startHandshake();
        return socket;
    }

    private static TestClient secure(TestCertificate trusted, int port, String... protocols) throws IOException {
        return new TestClient(open(trusted.clientContext(), port, protocols));
    }

    // --- conversations ---

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void speaksBothVersions(String version) throws IOException {
        int port = TestServer.freePort();
        try (TestServer server = start(0, port); TestClient client = secure(ours, port, version)) {
            assertThat(server.port()).isEqualTo(port);
            assertThat(client.send("SET", "key", "value")).isEqualTo(OK);
            assertThat(client.send("GET", "key")).isEqualTo(new WireReply.Bulk("value"));
        }
    }

    /** Requests and replies of all sizes around those of records and buffers, in pipelines. */
    @ParameterizedTest
    @ValueSource(strings = {"", RESTRICTED_TO_JDK})
    void carriesWhateverIsSent(String suites) throws IOException {
        long seed = Long.getLong("cistern.seed", 1);
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port, "tls-ciphersuites", suites); TestClient client = secure(ours, port)) {
            for (int length : new int[]{0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000, 5_000_000}) {
                String value = text(random, length);
                assertThat(client.send("SET", "key", value)).isEqualTo(OK);
                assertThat(client.send("GET", "key")).isEqualTo(new WireReply.Bulk(value));
            }
            for (int round = 0; round < 20; round++) {
                int count = 1 + random.nextInt(400);
                List<String> values = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    values.add(text(random, random.nextInt(600)));
                    client.write("ECHO", values.get(i));
                }
                for (String value : values) {
                    assertThat(client.read()).isEqualTo(new WireReply.Bulk(value));
                }
            }
        }
    }

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    /** A reply of many megabytes to one who does not read for a while goes through the backlog, encrypted. */
    @Test
    void waitsForASlowReader() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port); TestClient client = secure(ours, port)) {
            String value = "v".repeat(1 << 20);
            assertThat(client.send("SET", "key", value)).isEqualTo(OK);
            for (int i = 0; i < 30; i++) {
                client.write("GET", "key");
            }
            for (int i = 0; i < 30; i++) {
                assertThat(client.read()).isEqualTo(new WireReply.Bulk(value));
            }
        }
    }

    @Test
    void pushesToSubscribers() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(port, port);
                TestClient listener = secure(ours, port);
                TestClient speaker = new TestClient(port)) {
            listener.send("SUBSCRIBE", "news");
            assertThat(speaker.send("PUBLISH", "news", "heard")).isEqualTo(new WireReply.Int(1));
            assertThat(listener.read().toString()).contains("heard");
        }
    }

    // --- doors ---

    @Test
    void onePortServesBothWhileThePortsAreTheSame() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(port, port);
                TestClient plain = new TestClient(port);
                TestClient secured = secure(ours, port)) {
            assertThat(plain.send("SET", "key", "value")).isEqualTo(OK);
            assertThat(secured.send("GET", "key")).isEqualTo(new WireReply.Bulk("value"));
        }
    }

    @Test
    void plainConnectionsGoWhenTlsIsRequired() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(port, port);
                TestClient plain = new TestClient(port);
                TestClient secured = secure(ours, port)) {
            assertThat(plain.send("PING")).isEqualTo(PONG);
            assertThat(secured.send("CONFIG", "SET", "port", "0")).isEqualTo(OK);
            assertThat(plain.isClosedByServer()).isTrue();
            assertThat(secured.send("PING")).isEqualTo(PONG);
            try (TestClient late = new TestClient(port)) {
                late.write("PING");
                assertThat(late.isClosedByServer()).isTrue();
            }
        }
    }

    @Test
    void tlsComesToARunningNode() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = TestServer.cistern("port", Integer.toString(port));
                TestClient plain = new TestClient(port)) {
            assertThat(plain.send("CONFIG", "SET", "tls-port", Integer.toString(port)))
                    .isInstanceOf(WireReply.ErrorLine.class);
            assertThat(plain.send("CONFIG", "SET", "tls-cert-file", ours.certificate().toString(), "tls-key-file",
                    ours.key().toString(), "tls-auth-clients", "no", "tls-port", Integer.toString(port)))
                    .isEqualTo(OK);
            try (TestClient secured = secure(ours, port)) {
                assertThat(secured.send("PING")).isEqualTo(PONG);
            }
            assertThat(plain.send("PING")).isEqualTo(PONG);
            int another = TestServer.freePort();
            assertThat(plain.send("CONFIG", "SET", "tls-port", Integer.toString(another))).isEqualTo(OK);
            awaitListening(another);
            try (TestClient secured = secure(ours, another)) {
                assertThat(secured.send("PING")).isEqualTo(PONG);
            }
            assertThat(plain.send("CONFIG", "SET", "tls-port", "0")).isEqualTo(OK);
            assertThatThrownBy(() -> secure(ours, port)).isInstanceOf(IOException.class);
        }
    }

    private static void awaitListening(int port) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException notYet) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void onlyTheRangesThatAreAllowedComeIn() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(port, port); TestClient inside = new TestClient(port)) {
            assertThat(inside.send("CONFIG", "SET", "allow-from", "10.0.0.0/8 ::1")).isEqualTo(OK);
            assertThatThrownBy(() -> {
                try (TestClient late = new TestClient(port)) {
                    late.send("PING");
                }
            }).isInstanceOf(UncheckedIOException.class);
            assertThatThrownBy(() -> secure(ours, port)).isInstanceOf(IOException.class);
            assertThat(inside.send("CONFIG", "SET", "allow-from", "127.0.0.0/8")).isEqualTo(OK);
            try (TestClient late = new TestClient(port)) {
                assertThat(late.send("PING")).isEqualTo(PONG);
            }
            assertThat(inside.send("CONFIG", "SET", "allow-from", "somewhere")).isInstanceOf(WireReply.ErrorLine.class);
        }
    }

    // --- certificates ---

    @DisplayName("TLS: rotation")
    @Test
    void otherCertificatesTakeOverWhileConnectionsGoOn() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port); TestClient early = secure(ours, port)) {
            assertThat(early.send("CONFIG", "SET", "tls-cert-file", others.certificate().toString(), "tls-key-file",
                    others.key().toString())).isEqualTo(OK);
            try (SSLSocket late = open(others.clientContext(), port); TestClient client = new TestClient(late)) {
                X509Certificate shown = (X509Certificate) late.getSession().getPeerCertificates()[0];
                assertThat(shown.getSubjectX500Principal().getName()).isEqualTo("CN=others");
                assertThat(client.send("PING")).isEqualTo(PONG);
            }
            assertThat(early.send("PING")).isEqualTo(PONG);
        }
    }

    @Test
    void badCertificatesChangeNothing() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port); TestClient client = secure(ours, port)) {
            Path rubbish = Files.writeString(folder.resolve("rubbish"), "no certificate");
            for (String[] change : new String[][]{{"tls-cert-file", rubbish.toString()},
                    {"tls-cert-file", "/nonexistent"}, {"tls-key-file", rubbish.toString()},
                    {"tls-protocols", "TLSv1.1"}, {"tls-ciphers", "nonsense"}, {"tls-ciphersuites", "nonsense"},
                    {"tls-auth-clients", "yes"}}) {
                assertThat(client.send("CONFIG", "SET", change[0], change[1]))
                        .isEqualTo(new WireReply.ErrorLine(
                                "ERR CONFIG SET failed (possibly related to argument '" + change[0]
                                        + "') - Unable to update TLS configuration. Check server logs."));
            }
            assertThat(client.send("CONFIG", "GET", "tls-cert-file").toString()).contains("ours.crt");
            try (TestClient late = secure(ours, port)) {
                assertThat(late.send("PING")).isEqualTo(PONG);
            }
        }
    }

    @Test
    void clientsShowCertificatesWhereTheyHaveTo() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port, "tls-auth-clients", "yes", "tls-ca-cert-file",
                ours.certificate().toString())) {
            try (TestClient known = secure(ours, port)) {
                assertThat(known.send("PING")).isEqualTo(PONG);
            }
            SSLContext nameless = ours.trustingContext();
            assertThatThrownBy(() -> {
                try (TestClient unknown = new TestClient(open(nameless, port))) {
                    unknown.send("PING");
                }
            }).isInstanceOfAny(IOException.class, UncheckedIOException.class);
        }
    }

    @Test
    void protocolsAndSuitesAreThoseThatAreSet() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port, "tls-protocols", "TLSv1.2", "tls-ciphers",
                "ECDHE-ECDSA-AES256-GCM-SHA384")) {
            try (SSLSocket socket = open(ours.clientContext(), port)) {
                assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.2");
                assertThat(socket.getSession().getCipherSuite()).isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
            }
            assertThatThrownBy(() -> open(ours.clientContext(), port, "TLSv1.3")).isInstanceOf(IOException.class);
        }
    }

    // --- attacks ---

    /** Bytes of all kinds instead of a handshake, or in the middle of one: the connection ends, the node goes on. */
    @DisplayName("TLS: rubbish instead of a handshake")
    @Test
    void rubbishInsteadOfAHandshake() throws IOException {
        long seed = Long.getLong("cistern.seed", 1);
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int port = TestServer.freePort();
        try (TestServer server = start(port, port); TestClient client = secure(ours, port)) {
            for (int round = 0; round < 300; round++) {
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    byte[] bytes = new byte[random.nextInt(40_000) + 6];
                    random.nextBytes(bytes);
                    bytes[0] = 0x16;
                    if (random.nextBoolean()) {
                        bytes[1] = 3;
                        bytes[2] = 1;
                    }
                    socket.getOutputStream().write(bytes, 0, 6 + random.nextInt(bytes.length - 5));
                } catch (IOException closedAlready) {
                    // As it should be.
                }
            }
            assertThat(client.send("PING")).isEqualTo(PONG);
            awaitSessions(server, 1);
        }
    }

    private static void awaitSessions(TestServer server, int count) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (((TestServer.Cistern) server).node().node().sessions().count() != count) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** Replies wait in two places here: encrypted ones in the second. */
    @DisplayName("Pre-auth output growth (send, never read): encrypted")
    @Test
    void unreadErrorsBeforeAuthenticationEndTheConnection() throws IOException {
        int port = TestServer.freePort();
        try (TestServer server = start(0, port); TestClient admin = secure(ours, port)) {
            assertThat(admin.send("CONFIG", "SET", "requirepass", "secret")).isEqualTo(OK);
            String requests = "GET a\r\n".repeat(1000);
            try (TestClient stranger = secure(ours, port)) {
                for (int sent = 0; sent < 100_000; sent++) {
                    stranger.raw(requests);
                }
                fail("it may send for ever and never read");
            } catch (UncheckedIOException closed) {
                assertThat(closed).hasMessageMatching("(?is).*(broken pipe|reset|closed).*");
            }
            assertThat(admin.send("PING")).isEqualTo(PONG);
            awaitSessions(server, 1);
        }
    }

    @Test
    void whoSaysNothingHoldsNoPlaceOfThoseWhoDo() throws IOException {
        int port = TestServer.freePort();
        List<Socket> silent = new ArrayList<>();
        try (TestServer server = start(0, port)) {
            for (int i = 0; i < 2500; i++) {
                silent.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }
            try (TestClient client = secure(ours, port)) {
                assertThat(client.send("PING")).isEqualTo(PONG);
                awaitSessions(server, 1);
            }
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    /** In TLS 1.2 a client may ask for another handshake: refused by OpenSSL, and of itself not by the JDK. */
    @DisplayName("TLS: renegotiation")
    @ParameterizedTest
    @ValueSource(strings = {"", RESTRICTED_TO_JDK})
    void whoAsksForAnotherHandshakeIsGone(String suites) throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port, "tls-ciphersuites", suites);
                TestClient other = secure(ours, port);
                SSLSocket socket = open(ours.clientContext(), port, "TLSv1.2");
                TestClient client = new TestClient(socket)) {
            assertThat(client.send("PING")).isEqualTo(PONG);
            assertThatThrownBy(() -> {
                socket.startHandshake();
                client.send("PING");
            }).isInstanceOfAny(IOException.class, UncheckedIOException.class);
            assertThat(other.send("PING")).isEqualTo(PONG);
        }
    }

    /** Data in the first flight could be sent again by whoever hears it: a session that is resumed may send none. */
    @DisplayName("TLS: 0-RTT")
    @ParameterizedTest
    @ValueSource(strings = {"", RESTRICTED_TO_JDK})
    void noSessionAllowsEarlyData(String suites) throws Exception {
        Assumptions.assumeTrue(worksOpenssl("version"), "openssl is not installed");
        int port = TestServer.freePort();
        Path session = folder.resolve("session" + suites);
        try (TestServer _ = start(0, port, "tls-ciphersuites", suites)) {
            openssl("QUIT\r\n", "s_client", "-quiet", "-tls1_3", "-connect", "127.0.0.1:" + port, "-sess_out",
                    session.toString());
            assertThat(openssl("", "sess_id", "-noout", "-text", "-in", session.toString())).contains("TLSv1.3")
                    .contains("Max Early Data: 0");
        }
    }

    private static boolean worksOpenssl(String word) throws InterruptedException {
        try {
            return new ProcessBuilder("openssl", word).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    private static String openssl(String input, String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.US_ASCII));
            in.flush();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return output;
        }
    }

    @DisplayName("TLS: plain text on a TLS port")
    @Test
    void plainTextOnATlsPortEndsTheConnection() throws IOException {
        int port = TestServer.freePort();
        try (TestServer _ = start(0, port); TestClient client = new TestClient(port)) {
            client.raw("SET key value\r\n");
            assertThat(endsAfterAlert(client.socket().getInputStream())).isTrue();
        }
    }

    private static boolean endsAfterAlert(InputStream in) {
        try {
            return in.readAllBytes().length <= 7;
        } catch (IOException reset) {
            return true;
        }
    }
}
