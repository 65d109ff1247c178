package dev.cistern.engine;

import dev.cistern.engine.commands.Families;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.testing.TestCertificate;
import dev.cistern.engine.testing.TestClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** Logins by signed tokens, as far as a node decides alone: where they may be shown, and for how long they hold. */
final class TokenLoginTest {
    private static final String REFUSED = "WRONGPASS invalid username-password pair or user is disabled.";

    @TempDir
    private Path folder;
    private final AheadClock clock = new AheadClock();
    private EventLoops loops;
    private CacheNode node;
    private TestCertificate certificate;
    private TestClient admin;

    @BeforeEach
    void start() throws IOException {
        certificate = TestCertificate.make(folder, "node");
        loops = EventLoops.start();
        int port;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        // Plain and encrypted on one port.
        node = CacheNode.start(NodeOptions.onPort("n", port).withInternalUser("inner", "hidden")
                .with("tls-port", Integer.toString(port)).with("tls-cert-file", certificate.certificate().toString())
                .with("tls-key-file", certificate.key().toString()).with("tls-auth-clients", "no"), loops,
                Families.index(), clock);
        admin = new TestClient(node.port());
        assertThat(admin.send("AUTH", "inner", "hidden")).isEqualTo(ok());
        assertThat(admin.send("ACL", "SETUSER", "ann", "reset", "on", "~*", "+@all")).isEqualTo(ok());
        assertThat(admin.send("CISTERN", "LOGIN-TOKENS", "cache", "-", "us-east-1", "USERS", "1", "ann", "KEYS", "2",
                "ID", date(0), HexFormat.of().formatHex(signingKey("secret", date(0))),
                "ID", date(1), HexFormat.of().formatHex(signingKey("secret", date(1))))).isEqualTo(ok());
    }

    @AfterEach
    void end() {
        admin.close();
        node.close();
        loops.close();
    }

    private TestClient secure() throws IOException {
        SSLSocket socket = (SSLSocket) certificate.clientContext().getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), node.port());
        socket.startHandshake();
        return new TestClient(socket);
    }

    private Instant now() {
        return Instant.now().plusNanos(clock.aheadNanos());
    }

    private static String date(int daysAhead) {
        return DateTimeFormatter.BASIC_ISO_DATE.format(Instant.now().atOffset(ZoneOffset.UTC).plusDays(daysAhead)
                .toLocalDate());
    }

    /** A signer of its own, so that the node is not measured by its own rule. */
    private String token(String query) {
        String time = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").format(now().atOffset(ZoneOffset.UTC));
        String scope = time.substring(0, 8) + "/us-east-1/elasticache/aws4_request";
        String sorted = query + "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ID%2F" + scope.replace("/", "%2F")
                + "&X-Amz-Date=" + time + "&X-Amz-Expires=900&X-Amz-SignedHeaders=host";
        String canonical = "GET\n/\n" + sorted + "\nhost:cache\n\nhost\n" + sha256("");
        byte[] signature = hmac(signingKey("secret", time.substring(0, 8)),
                "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256(canonical));
        return "cache/?" + sorted + "&X-Amz-Signature=" + HexFormat.of().formatHex(signature);
    }

    private static byte[] signingKey(String secret, String date) {
        return hmac(hmac(hmac(hmac(("AWS4" + secret).getBytes(StandardCharsets.UTF_8), date), "us-east-1"),
                "elasticache"), "aws4_request");
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(
                    MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSessionEndsAfterTwelveHoursUnlessItShowsAnotherToken() throws IOException {
        try (TestClient lasting = secure(); TestClient ending = secure(); TestClient other = secure()) {
            assertThat(lasting.send("AUTH", "ann", token("Action=connect&User=ann"))).isEqualTo(ok());
            assertThat(ending.send("HELLO", "2", "AUTH", "ann", token("Action=connect&User=ann")).members())
                    .isNotEmpty();
            clock.jump(Duration.ofHours(11));
            assertThat(ending.send("PING").toString()).contains("PONG");
            assertThat(lasting.send("AUTH", "ann", token("Action=connect&User=ann"))).isEqualTo(ok());
            clock.jump(Duration.ofMinutes(61));
            assertThat(ending.isClosedByServer()).isTrue();
            assertThat(lasting.send("PING").toString()).contains("PONG");
            assertThat(other.send("PING").toString()).as("whoever has no token has no end").contains("PONG");
            assertThat(admin.send("INFO", "stats").toString()).contains("iam_authentications:3",
                    "iam_authentication_expirations:1", "iam_authentication_failures:0");
        }
    }

    @Test
    void aTokenIsNotTakenWhereItMayNotBeShown() throws IOException {
        String token = token("Action=connect&User=ann");
        try (TestClient plain = new TestClient(node.port()); TestClient encrypted = secure()) {
            assertThat(plain.send("AUTH", "ann", token).text()).isEqualTo(REFUSED);
            encrypted.send("MULTI");
            encrypted.send("AUTH", "ann", token);
            assertThat(encrypted.send("EXEC").toString()).contains("WRONGPASS");
            assertThat(encrypted.send("ACL", "WHOAMI").text()).isEqualTo("default");
            assertThat(encrypted.send("AUTH", "ann", token)).isEqualTo(ok());
            assertThat(encrypted.send("AUTH", "ann", token("Action=connect&User=bob")).text()).isEqualTo(REFUSED);
            assertThat(encrypted.send("AUTH", "ann", token("Action=Connect&User=ann")).text()).isEqualTo(REFUSED);
            assertThat(admin.send("ACL", "SETUSER", "ann", "off")).isEqualTo(ok());
            assertThat(encrypted.send("AUTH", "ann", token).text()).isEqualTo(REFUSED);
        }
    }

    /** No byte of a token can be another one, or be missing. */
    @Test
    void aBentTokenIsRefused() throws IOException {
        String token = token("Action=connect&User=ann");
        Random random = new Random(Long.getLong("cistern.seed", 1));
        try (TestClient client = secure()) {
            for (int at = 0; at < token.length(); at++) {
                char other = (char) ('!' + random.nextInt('~' - '!'));
                String bent = random.nextBoolean()
                        ? token.substring(0, at) + token.substring(at + 1)
                        : token.substring(0, at) + other + token.substring(at + 1);
                // Digits of an encoded character may be small or large.
                boolean isSame = bent.equals(token) || (token.charAt(at) == 'F' && bent.equalsIgnoreCase(token));
                if (!isSame) {
                    assertThat(client.send("AUTH", "ann", bent).text()).as(bent).isEqualTo(REFUSED);
                }
            }
        }
    }
}
