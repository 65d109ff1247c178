package dev.cistern.app;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.SslOptions;

/** A client as people have it, who comes to a node's door over a connection of its own, and tells what came of it. */
interface Visitor extends AutoCloseable {

    /**
     * Where it goes, and as whom.
     *
     * @param authority the folder of the authority that it trusts; null for a plain connection
     * @param user      null for the one without a name
     * @param password  null for none
     * @param key       what it writes
     */
    record Visit(int port, @Nullable Path authority, @Nullable String user, @Nullable String password, String key) {

        Visit as(@Nullable String name, @Nullable String secret) {
            return new Visit(port, authority, name, secret, key);
        }

        Visit writing(String value) {
            return new Visit(port, authority, user, password, value);
        }

        Visit trusting(@Nullable Path value) {
            return new Visit(port, value, user, password, key);
        }

        private @Nullable Path trusted(String file) {
            return authority == null ? null : authority.resolve(file);
        }
    }

    /** OK when it came in and could write; else why not. */
    String set(Visit visit) throws Exception;

    @Override
    default void close() {}

    /** The clients that there are, by name. */
    enum Kind {
        REDIS_CLI("redis-cli"), JEDIS("Jedis"), LETTUCE("Lettuce"), REDIS_PY("redis-py");

        final String text;

        Kind(String text) {
            this.text = text;
        }

        boolean isInstalled() throws InterruptedException {
            return switch (this) {
                case REDIS_CLI -> Programs.works("redis-cli", "--version");
                case REDIS_PY -> Programs.works("python3", "-c", "import redis");
                default -> true;
            };
        }

        Visitor open() throws IOException {
            return switch (this) {
                case REDIS_CLI -> Visitor::byRedisCli;
                case JEDIS -> Visitor::byJedis;
                case LETTUCE -> new Lettuce();
                case REDIS_PY -> new RedisPy();
            };
        }
    }

    private static String byRedisCli(Visit visit) throws Exception {
        List<String> line = new ArrayList<>(List.of("redis-cli", "-p", Integer.toString(visit.port)));
        if (visit.authority != null) {
            line.addAll(List.of("--tls", "--cacert", visit.authority.resolve("ca.crt").toString()));
        }
        if (visit.user != null) {
            line.addAll(List.of("--user", visit.user));
        }
        if (visit.password != null) {
            line.addAll(List.of("--no-auth-warning", "--pass", visit.password));
        }
        line.addAll(List.of("SET", visit.key, "x"));
        return Programs.said(line).strip();
    }

    private static String byJedis(Visit visit) {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder().user(visit.user)
                .password(visit.password);
        Path trusted = visit.trusted("ca.jks");
        if (trusted != null) {
            config.sslOptions(SslOptions.builder().truststore(trusted.toFile(), "cistern".toCharArray())
                    .trustStoreType("JKS").build());
        }
        try (Jedis jedis = new Jedis(new HostAndPort("127.0.0.1", visit.port), config.build())) {
            return jedis.set(visit.key, "x");
        } catch (RuntimeException refused) {
            return reasons(refused);
        }
    }

    /** The words of an exception and of all that led to it. */
    private static String reasons(Throwable last) {
        StringBuilder reasons = new StringBuilder();
        for (Throwable cause = last; cause != null; cause = cause.getCause()) {
            reasons.append(cause).append(' ');
        }
        return reasons.toString();
    }

    /** One client for all connections: its threads are what takes time. */
    final class Lettuce implements Visitor {

        private final RedisClient client = RedisClient.create();

        @Override
        public String set(Visit visit) {
            RedisURI.Builder uri = RedisURI.builder().withHost("127.0.0.1").withPort(visit.port)
                    .withTimeout(Duration.ofSeconds(20)).withSsl(visit.authority != null);
            if (visit.user != null && visit.password != null) {
                uri.withAuthentication(visit.user, visit.password);
            } else if (visit.password != null) {
                uri.withPassword(visit.password.toCharArray());
            }
            ClientOptions.Builder options = ClientOptions.builder().autoReconnect(false);
            Path trusted = visit.trusted("ca.crt");
            if (trusted != null) {
                options.sslOptions(io.lettuce.core.SslOptions.builder().jdkSslProvider()
                        .trustManager(trusted.toFile()).build());
            }
            client.setOptions(options.build());
            try (StatefulRedisConnection<String, String> connection = client.connect(uri.build())) {
                return connection.sync().set(visit.key, "x");
            } catch (RuntimeException refused) {
                return reasons(refused);
            }
        }

        @Override
        public void close() {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        }
    }

    /** One process for all connections: it takes a while to begin. */
    final class RedisPy implements Visitor {

        private static final String SCRIPT = """
                import redis, sys
                from redis.backoff import NoBackoff
                from redis.retry import Retry
                for line in sys.stdin:
                    port, ca, user, password, key = [word or None for word in line.rstrip("\\n").split("\\t")]
                    try:
                        client = redis.Redis("127.0.0.1", int(port), ssl=ca is not None, ssl_ca_certs=ca, username=user,
                                             password=password, socket_timeout=20, retry=Retry(NoBackoff(), 0))
                        print("OK" if client.set(key, "x") else "nothing", flush=True)
                        client.close()
                    except Exception as refused:
                        # It makes classes of the first words of errors, one of two of them.
                        word = {"AuthenticationError": "WRONGPASS NOAUTH",
                                "NoPermissionError": "NOPERM"}
                        print(word.get(type(refused).__name__, ""), repr(refused).replace("\\n", " "), flush=True)
                """;

        private final Process process;
        private final BufferedReader answers;
        private final Writer questions;

        RedisPy() throws IOException {
            process = new ProcessBuilder("python3", "-c", SCRIPT).redirectErrorStream(true).start();
            answers = process.inputReader(StandardCharsets.UTF_8);
            questions = process.outputWriter(StandardCharsets.UTF_8);
        }

        @Override
        public String set(Visit visit) throws IOException {
            questions.write(String.join("\t", Integer.toString(visit.port), text(visit.trusted("ca.crt")),
                    text(visit.user), text(visit.password), visit.key) + "\n");
            questions.flush();
            return String.valueOf(answers.readLine());
        }

        private static String text(@Nullable Object value) {
            return value == null ? "" : value.toString();
        }

        @Override
        public void close() {
            process.destroy();
        }
    }
}
