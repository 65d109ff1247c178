package dev.cistern.engine;

import dev.cistern.engine.testing.TestCertificate;
import dev.cistern.engine.testing.TestServer;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The clients that people use, over TLS: let in by the right certificate, and none that does not check. */
final class TlsClientsTest {
    private static final String PYTHON = """
            import sys, redis
            port, ca, other = int(sys.argv[1]), sys.argv[2], sys.argv[3]
            client = redis.Redis(host='localhost', port=port, ssl=True, ssl_ca_certs=ca)
            assert client.set('k', 'v' * 100000) and len(client.get('k')) == 100000
            pipe = client.pipeline()
            for i in range(1000):
                pipe.incr('n')
            assert pipe.execute()[-1] == 1000
            try:
                redis.Redis(host='localhost', port=port, ssl=True, ssl_ca_certs=other).ping()
                print('let in')
            except redis.exceptions.ConnectionError:
                print('all done')
            """;

    private static final String PYTHON_SHOWS = """
            import sys, redis
            port, crt, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
            for shown in ({"ssl_certfile": crt, "ssl_keyfile": key}, {}):
                try:
                    print(redis.Redis(host='localhost', port=port, ssl=True, ssl_ca_certs=crt, **shown).set('k', 'v'))
                except redis.exceptions.ConnectionError:
                    print('refused')
            """;

    @TempDir
    private static Path folder;
    private static TestCertificate ours;
    private static TestCertificate others;
    private TestServer server;

    @BeforeAll
    static void makeCertificates() {
        ours = TestCertificate.make(folder, "ours");
        others = TestCertificate.make(folder, "others");
    }

    @BeforeEach
    void start() throws IOException {
        server = start("tls-auth-clients", "no");
    }

    private static TestServer start(String... more) throws IOException {
        List<String> settings = new ArrayList<>(List.of("port", "0", "tls-port",
                Integer.toString(TestServer.freePort()), "tls-cert-file", ours.certificate().toString(),
                "tls-key-file", ours.key().toString()));
        settings.addAll(List.of(more));
        return TestServer.cistern(settings.toArray(String[]::new));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void jedis() {
        HostAndPort address = new HostAndPort("localhost", server.port());
        try (Jedis jedis = new Jedis(address, config(ours.clientContext()))) {
            assertThat(jedis.set("key", "value")).isEqualTo("OK");
            assertThat(jedis.get("key")).isEqualTo("value");
        }
        assertThatThrownBy(() -> {
            try (Jedis distrusting = new Jedis(address, config(others.clientContext()))) {
                distrusting.ping();
            }
        }).isInstanceOf(JedisConnectionException.class);
    }

    @SuppressWarnings("deprecation") // its successor takes files of Java's own kind alone
    private static DefaultJedisClientConfig config(SSLContext context) {
        return DefaultJedisClientConfig.builder().ssl(true).sslSocketFactory(context.getSocketFactory()).build();
    }

    @Test
    void lettuce() {
        assertThat(byLettuce(server, SslOptions.builder())).isEqualTo("value");
    }

    /** What it read after it wrote that. */
    private static String byLettuce(TestServer server, SslOptions.Builder options) {
        RedisURI uri = RedisURI.builder().withHost("localhost").withPort(server.port()).withSsl(true).build();
        RedisClient client = RedisClient.create(uri);
        client.setOptions(ClientOptions.builder().autoReconnect(false)
                .sslOptions(options.jdkSslProvider().trustManager(ours.certificate().toFile()).build()).build());
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            assertThat(connection.sync().set("key", "value")).isEqualTo("OK");
            return connection.sync().get("key");
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        }
    }

    @Test
    void redisCli() throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("redis-cli", "--version"), "redis-cli is not installed");
        assertThat(output("redis-cli", "-h", "localhost", "-p", Integer.toString(server.port()), "--tls", "--cacert",
                ours.certificate().toString(), "PING")).isEqualTo("PONG\n");
        assertThat(output("redis-cli", "-h", "localhost", "-p", Integer.toString(server.port()), "--tls", "--cacert",
                others.certificate().toString(), "PING")).contains("certificate verify failed");
    }

    @Test
    void redisPy() throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("python3", "-c", "import redis"), "redis-py is not installed");
        assertThat(output("python3", "-c", PYTHON, Integer.toString(server.port()), ours.certificate().toString(),
                others.certificate().toString())).isEqualTo("all done\n");
    }

    // --- where clients have to show a certificate: one that does, and one that has none ---

    private static TestServer asking() throws IOException {
        return start("tls-auth-clients", "yes", "tls-ca-cert-file", ours.certificate().toString());
    }

    @Test
    void jedisShowsItsCertificate() throws IOException {
        try (TestServer asking = asking()) {
            HostAndPort address = new HostAndPort("localhost", asking.port());
            try (Jedis jedis = new Jedis(address, config(ours.clientContext()))) {
                assertThat(jedis.set("key", "value")).isEqualTo("OK");
            }
            assertThatThrownBy(() -> {
                try (Jedis nameless = new Jedis(address, config(ours.trustingContext()))) {
                    nameless.ping();
                }
            }).isInstanceOf(JedisConnectionException.class);
        }
    }

    @Test
    void lettuceShowsItsCertificate() throws IOException {
        try (TestServer asking = asking()) {
            assertThat(byLettuce(asking, SslOptions.builder().keyManager(ours.certificate().toFile(),
                    ours.key().toFile(), null))).isEqualTo("value");
            assertThatThrownBy(() -> byLettuce(asking, SslOptions.builder())).isInstanceOf(RedisException.class);
        }
    }

    @Test
    void redisCliShowsItsCertificate() throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("redis-cli", "--version"), "redis-cli is not installed");
        try (TestServer asking = asking()) {
            String[] line = {"redis-cli", "-h", "localhost", "-p", Integer.toString(asking.port()), "--tls",
                    "--cacert", ours.certificate().toString(), "PING"};
            List<String> showing = new ArrayList<>(List.of(line));
            showing.addAll(8, List.of("--cert", ours.certificate().toString(), "--key", ours.key().toString()));
            assertThat(output(showing.toArray(String[]::new))).isEqualTo("PONG\n");
            assertThat(output(line)).doesNotContain("PONG");
        }
    }

    @Test
    void redisPyShowsItsCertificate() throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("python3", "-c", "import redis"), "redis-py is not installed");
        try (TestServer asking = asking()) {
            assertThat(output("python3", "-c", PYTHON_SHOWS, Integer.toString(asking.port()),
                    ours.certificate().toString(), ours.key().toString())).isEqualTo("True\nrefused\n");
        }
    }

    /** What a scanner would look for first: nothing older than TLS 1.2, and no suite without forward secrecy. */
    @DisplayName("TLS: protocols and suites")
    @Test
    void openSslFindsNothingWeak() throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("openssl", "version"), "openssl is not installed");
        String address = "localhost:" + server.port();
        assertThat(output("openssl", "s_client", "-connect", address, "-tls1_2")).contains("Cipher is ECDHE-");
        assertThat(output("openssl", "s_client", "-connect", address, "-tls1_3")).contains("Cipher is TLS_");
        for (List<String> weak : List.of(List.of("-tls1"), List.of("-tls1_1"),
                List.of("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
                List.of("-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-GCM-SHA384"))) {
            assertThat(output(java.util.stream.Stream.concat(
                    java.util.stream.Stream.of("openssl", "s_client", "-connect", address), weak.stream())
                    .toArray(String[]::new))).as("%s", weak).contains("Cipher is (NONE)");
        }
    }

    private static boolean answers(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String output(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return output;
    }
}
