package dev.cistern.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.gateway.GatewayOptions;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.Role;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.InputAuthenticationType;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A canary wherever the control plane is given a secret, and a search for each in all that it writes and answers: logs of every
 * level, events, descriptions, faults, the audit log, the state's files, command lines and environments of its processes, and
 * what its nodes tell customers.
 */
@DisplayName("Secrets in logs, events, SLOWLOG, MONITOR, crash dumps, heap")
final class CanarySecretsTest {

    /** Holds what signatures are verified with: the one place of an access key's secret. */
    private static final String KEYS = AccessOptions.KEYS_FILE;

    private final Map<String, String> planted = new LinkedHashMap<>();
    private final Map<String, String> told = new LinkedHashMap<>();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger root = ((LoggerContext) LoggerFactory.getILoggerFactory())
            .getLogger(Logger.ROOT_LOGGER_NAME);
    private final Level usual = root.getLevel();

    @TempDir
    private Path state;

    private LocalCistern cistern;
    private ElastiCacheClient client;
    private AccessKey login;

    @SuppressWarnings("NullAway.Init") // each test starts with start()
    CanarySecretsTest() {}

    @BeforeEach
    void start() throws IOException {
        log.setContext(root.getLoggerContext());
        log.start();
        root.addAppender(log);
        root.setLevel(Level.DEBUG);
        KeyFile keys = new KeyFile(state.resolve(KEYS));
        AccessKey key = keys.create("root", Role.ADMIN, null, new SecureRandom());
        login = keys.create("app", Role.CLIENT, null, new SecureRandom());
        planted.put("access key's secret", key.secret());
        planted.put("another access key's secret", login.secret());
        cistern = LocalCistern.start(ControlPlaneOptions.of(state, RuntimeChoice.PROCESS.start())
                .withEndpoints(Probe.endpoints()), GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0).withKeys(keys));
        client = ElastiCacheClient.builder().endpointOverride(URI.create(cistern.url())).region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(key.id(), key.secret())))
                .httpClient(UrlConnectionHttpClient.create()).build();
    }

    @AfterEach
    void end() throws IOException {
        root.detachAppender(log);
        root.setLevel(usual);
        client.close();
        cistern.close();
        ProcessRuntime.endAll(state.resolve("nodes"));
    }

    private String canary(String what) {
        return planted.computeIfAbsent(what, _ -> "canary" + planted.size() + "x5f2b17e0c4");
    }

    @Test
    void aSecretIsNowhereButWhereItIsNeeded() throws Exception {
        makeUsers();
        Endpoint byUsers = makeGroup("users");
        Endpoint byToken = makeGroup("token");
        client.createCacheCluster(r -> r.cacheClusterId("mem").engine("memcached").cacheNodeType("cache.t4g.micro")
                .numCacheNodes(1));
        rotate();
        refusals();
        speak(byUsers, byToken);
        describe();
        Probe.await(() -> client.describeCacheClusters(r -> r.cacheClusterId("mem")).cacheClusters().getFirst()
                .cacheClusterStatus().equals("available"));
        processes();
        log.stop();
        told.put("log", String.join("\n", List.copyOf(log.list).stream().map(CanarySecretsTest::text).toList()));
        assertThat(told.get("log").length()).as("the log was listened to").isGreaterThan(1_000);
        assertThat(hits()).isEmpty();
        files();
    }

    // --- what is planted ---

    private void makeUsers() {
        client.createUser(r -> r.userId("ann").userName("ann").engine("valkey").accessString("on ~* +@all")
                .passwords(canary("user's password"), canary("user's second password")));
        client.createUser(r -> r.userId("bob").userName("bob").engine("valkey").accessString("on ~* +@all")
                .authenticationMode(m -> m.type(InputAuthenticationType.IAM)));
        client.createUser(r -> r.userId("off").userName("default").engine("valkey").accessString("on ~* +@all")
                .authenticationMode(m -> m.type(InputAuthenticationType.PASSWORD)
                        .passwords(canary("password by mode"))));
        client.createUserGroup(r -> r.userGroupId("team").engine("valkey").userIds("ann", "bob", "off"));
        Probe.await(() -> client.describeUserGroups(r -> r.userGroupId("team")).userGroups().getFirst().status()
                .equals("active"));
    }

    private Endpoint makeGroup(String id) {
        client.createReplicationGroup(r -> {
            r.replicationGroupId(id).replicationGroupDescription("d").engine("valkey").cacheNodeType("cache.t4g.micro")
                    .transitEncryptionEnabled(true);
            if (id.equals("users")) {
                r.userGroupIds("team");
            } else {
                r.authToken(canary("AUTH token"));
            }
        });
        return Probe.awaitAvailable(client, id);
    }

    private void rotate() {
        for (String strategy : List.of("ROTATE", "SET")) {
            client.modifyReplicationGroup(r -> r.replicationGroupId("token").applyImmediately(true)
                    .authToken(canary("next AUTH token")).authTokenUpdateStrategy(strategy));
            Probe.awaitAvailable(client, "token");
        }
        client.modifyUser(r -> r.userId("ann").passwords(canary("user's password"), canary("user's newest password")));
        Probe.await(() -> client.describeUsers(r -> r.userId("ann")).users().getFirst().status().equals("active"));
    }

    /** Secrets that are refused, in the right places and in wrong ones. */
    private void refusals() {
        refused(() -> client.createUser(r -> r.userId("c").userName("c").engine("valkey").accessString("on ~* +@all")
                .passwords(canary("refused password") + " @")));
        refused(() -> client.createUser(r -> r.userId("c").userName("c").engine("valkey")
                .accessString("on >" + canary("password in an access string") + " ~* +@all").passwords("x")));
        refused(() -> client.createReplicationGroup(r -> r.replicationGroupId("c").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").transitEncryptionEnabled(true)
                .authToken(canary("refused AUTH token") + " /")));
        refused(() -> client.createReplicationGroup(r -> r.replicationGroupId("c").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").authToken(canary("unencrypted AUTH token"))));
        refused(() -> client.modifyUser(r -> r.userId("nobody").passwords(canary("nobody's password"))));
        refused(() -> client.modifyUser(r -> r.userId("ann").passwords(canary("first of three"), "b".repeat(16),
                "c".repeat(16))));
        refused(() -> client.modifyReplicationGroup(r -> r.replicationGroupId("token").applyImmediately(true)
                .authToken(canary("AUTH token by no strategy")).authTokenUpdateStrategy("NONSENSE")));
        try (ElastiCacheClient forger = Probe.sdk(cistern.url())) {
            refused(() -> forger.modifyUser(r -> r.userId("ann").passwords(canary("forger's password"))));
        }
    }

    private void refused(Runnable call) {
        try {
            call.run();
            throw new AssertionError("it was not refused");
        } catch (SdkException e) {
            told.merge("faults", e + " ", String::concat);
        }
    }

    private void speak(Endpoint byUsers, Endpoint byToken) {
        String token = new IamLoginTest.Wish("users", "bob", "us-east-1", Duration.ofMinutes(15), Duration.ZERO, "")
                .token(login);
        planted.put("IAM token", token.substring(token.length() - 64));
        for (String[] words : new String[][]{{"ann", canary("user's newest password")}, {"bob", token},
                {"ann", canary("wrong password")}, {"bob", canary("wrong token") + "/?Action=connect&User=bob"}}) {
            try (Jedis jedis = Probe.secure(byUsers, state)) {
                told.merge("replies", jedis.auth(words[0], words[1]), String::concat);
                ask(jedis);
            } catch (JedisException e) {
                told.merge("replies", e + " ", String::concat);
            }
        }
        try (Jedis jedis = Probe.secure(byToken, state)) {
            jedis.auth(canary("next AUTH token"));
            ask(jedis);
        }
        assertThat(told.get("a customer")).contains("used_memory", "ping");
    }

    private void ask(Jedis jedis) {
        StringBuilder answers = new StringBuilder();
        for (String question : List.of("PING", "SLOWLOG GET -1", "ACL LOG", "ACL LIST", "ACL USERS",
                "ACL GETUSER default",
                "INFO everything", "CLIENT LIST", "CONFIG GET *", "COMMAND DOCS auth", "COMMANDLOG GET -1 slow",
                "LATENCY HISTOGRAM ping")) {
            String[] words = question.split(" ");
            try {
                Object answer = jedis.sendCommand(() -> words[0].getBytes(StandardCharsets.US_ASCII),
                        Stream.of(words).skip(1).toArray(String[]::new));
                answers.append(readable(answer)).append('\n');
            } catch (JedisException e) {
                answers.append(e).append('\n');
            }
        }
        told.merge("a customer", answers.toString(), String::concat);
    }

    private static String readable(Object answer) {
        return switch (answer) {
            case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
            case List<?> members -> members.stream().map(member -> readable(String.valueOf(member).isEmpty()
                    ? ""
                    : member)).toList().toString();
            default -> String.valueOf(answer);
        };
    }

    // --- what is looked through ---

    private void describe() throws Exception {
        told.put("descriptions", client.describeReplicationGroups().toString() + client.describeCacheClusters()
                + client.describeUsers(r -> {}) + client.describeUserGroups(r -> {}) + client.describeSnapshots()
                + client.describeCacheParameterGroups());
        told.put("events", client.describeEvents(r -> r.duration(600)).toString());
        assertThat(told.get("events")).contains("users");
        told.put("status", cistern.controlPlane().status() + " " + cistern.controlPlane().doors());
        told.put("audit log", Files.readString(state.resolve(LocalCistern.AUDIT_FILE)));
        assertThat(told.get("audit log")).contains("CreateUser", "***");
    }

    /** Of every process below this one. */
    private void processes() throws IOException {
        List<ProcessHandle> children = ProcessHandle.current().descendants().toList();
        assertThat(children).hasSizeGreaterThanOrEqualTo(3);
        for (ProcessHandle child : children) {
            for (String file : List.of("cmdline", "environ")) {
                try {
                    told.merge(file, Files.readString(Path.of("/proc", Long.toString(child.pid()), file),
                            StandardCharsets.ISO_8859_1), String::concat);
                } catch (IOException gone) {
                    // It has ended: it shows nothing.
                }
            }
        }
        assertThat(told.get("cmdline")).contains("node.properties");
        try (Stream<Path> nodes = Files.list(state.resolve("nodes"))) {
            for (Path node : nodes.toList()) {
                Properties spec = new Properties();
                try (InputStream in = Files.newInputStream(node.resolve("node.properties"))) {
                    spec.load(in);
                }
                planted.put("control plane's password for " + node.getFileName(),
                        spec.getProperty("admin-password"));
            }
        }
    }

    private Set<String> hits() {
        Set<String> hits = new TreeSet<>();
        told.forEach((where, text) -> planted.forEach((what, canary) -> {
            if (text.contains(canary)) {
                hits.add(where + " <- " + what);
            }
        }));
        return hits;
    }

    /** What has to be kept lies in files for their owner alone, and nothing else does. */
    private void files() throws IOException {
        cistern.close();
        List<String> hits = new ArrayList<>();
        try (Stream<Path> all = Files.walk(state)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.toString().matches(".*[.](crt|jks)")) {
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .as(file.toString()).endsWith("------");
                }
                String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                String name = state.relativize(file).toString();
                planted.forEach((what, canary) -> {
                    if (text.contains(canary)) {
                        hits.add(name.replaceAll("nodes/[^/]*/", "").replaceAll("^state.*", "state") + " <- "
                                + what.replaceAll(" for .*", ""));
                    }
                });
            }
        }
        assertThat(new TreeSet<>(hits)).containsExactlyInAnyOrder(KEYS + " <- access key's secret",
                KEYS + " <- another access key's secret", "node.properties <- control plane's password",
                "state <- control plane's password");
    }

    private static String text(ILoggingEvent event) {
        StringBuilder text = new StringBuilder(event.getLoggerName()).append(' ').append(event.getFormattedMessage());
        for (var cause = event.getThrowableProxy(); cause != null; cause = cause.getCause()) {
            text.append(' ').append(cause.getMessage());
        }
        return text.toString();
    }
}
