package dev.cistern.app;

import dev.cistern.app.Visitor.Visit;
import dev.cistern.control.Caller;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.EndpointOptions;
import dev.cistern.control.certificate.CertificateAuthority;
import dev.cistern.control.operation.SecurityGroupOperations.Wish;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.gateway.GatewayOptions;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.Role;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import net.spy.memcached.ClientMode;
import net.spy.memcached.ConnectionFactoryBuilder;
import net.spy.memcached.MemcachedClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateUserRequest;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.InputAuthenticationType;
import software.amazon.awssdk.services.elasticache.model.TransitEncryptionMode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Each security switch in one Cistern: with every client one visit that must be refused and one that must be let in. And
 * every encrypted port as a scanner sees it.
 */
final class SecuritySwitchesTest {

    private static final String TOKEN = "the-token-of-the-group";
    private static final String PASSWORD = "correct-horse-battery";

    @TempDir
    private static Path folder;
    private static Path state;
    private static Path ours;
    private static Path others;
    private static EndpointOptions endpoints;
    private static AccessKey admin;
    private static AccessKey app;
    private static LocalCistern cistern;
    private static ElastiCacheClient client;
    private static Visit guarded;
    private static Visit token;
    private static Visit users;
    private static Visit preferred;
    private static Endpoint memcached;
    private static String securityGroup;

    @BeforeAll
    static void make() throws IOException {
        state = folder.resolve("state");
        ours = state.resolve("certificates");
        others = folder.resolve("others");
        CertificateAuthority.open(others, Clock.systemUTC());
        Files.createDirectories(state);
        KeyFile keys = new KeyFile(state.resolve(AccessOptions.KEYS_FILE));
        admin = keys.create("root", Role.ADMIN, null, new SecureRandom());
        app = keys.create("app", Role.CLIENT, null, new SecureRandom());
        endpoints = Probe.endpoints();
        cistern = LocalCistern.start(
                ControlPlaneOptions.of(state, new InJvmRuntime(EventLoops.start())).withEndpoints(endpoints),
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0).withKeys(keys));
        client = sdk(admin.secret());
        securityGroup = cistern.controlPlane().network(Caller.DEFAULT)
                .change(network -> network.create("web", "of the web", null, Map.of())).id();
        makeUsers();
        createGroup("guarded", r -> r.securityGroupIds(securityGroup));
        createGroup("token", r -> r.transitEncryptionEnabled(true).authToken(TOKEN)
                .cacheParameterGroupName("default.redis7.cluster.on").numNodeGroups(1).automaticFailoverEnabled(true));
        createGroup("users", r -> r.transitEncryptionEnabled(true).userGroupIds("team"));
        createGroup("both", r -> r.transitEncryptionEnabled(true)
                .transitEncryptionMode(TransitEncryptionMode.PREFERRED));
        client.createCacheCluster(r -> r.cacheClusterId("mem").engine("memcached").cacheNodeType("cache.t4g.micro")
                .numCacheNodes(1).transitEncryptionEnabled(true));
        guarded = new Visit(Probe.awaitAvailable(client, "guarded").port(), null, null, null, "key");
        Probe.await(() -> Probe.group(client, "token").status().equals("available"));
        token = new Visit(Probe.group(client, "token").configurationEndpoint().port(), ours, null, TOKEN, "key");
        users = new Visit(Probe.awaitAvailable(client, "users").port(), ours, null, null, "app:key");
        preferred = new Visit(Probe.awaitAvailable(client, "both").port(), ours, null, null, "key");
        Probe.await(() -> memcached().cacheClusterStatus().equals("available"));
        memcached = memcached().cacheNodes().getFirst().endpoint();
    }

    @AfterAll
    static void end() {
        client.close();
        cistern.close();
    }

    private static ElastiCacheClient sdk(String secret) {
        return ElastiCacheClient.builder().endpointOverride(URI.create(cistern.url())).region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(admin.id(), secret)))
                .httpClient(UrlConnectionHttpClient.create()).build();
    }

    private static void createGroup(String id, Consumer<CreateReplicationGroupRequest.Builder> wish) {
        client.createReplicationGroup(r -> wish.accept(r.replicationGroupId(id).replicationGroupDescription("d")
                .engine("redis").cacheNodeType("cache.t4g.micro")));
    }

    private static void makeUsers() {
        createUser("ann", r -> r.passwords(PASSWORD));
        createUser("guest", r -> r.noPasswordRequired(true));
        createUser("bob", r -> r.authenticationMode(m -> m.type(InputAuthenticationType.IAM)));
        client.createUser(r -> r.userId("closed").userName("default").engine("redis").accessString("off -@all")
                .noPasswordRequired(true));
        client.createUserGroup(r -> r.userGroupId("team").engine("redis").userIds("ann", "guest", "bob", "closed"));
        Probe.await(() -> client.describeUserGroups(r -> r.userGroupId("team")).userGroups().getFirst().status()
                .equals("active"));
    }

    private static void createUser(String name, Consumer<CreateUserRequest.Builder> wish) {
        client.createUser(r -> wish.accept(r.userId(name).userName(name).engine("redis")
                .accessString("on ~app:* +@all")));
    }

    private static CacheCluster memcached() {
        return client.describeCacheClusters(r -> r.cacheClusterId("mem").showCacheNodeInfo(true)).cacheClusters()
                .getFirst();
    }

    /** A switch, who comes in, and who does not for which reason; any, where the client finds it by itself. */
    private record Row(String name, Visit letIn, Visit refused, String reason) {}

    private static List<Row> table() {
        Visit ann = users.as("ann", PASSWORD);
        Visit guest = users.as("guest", "whatever");
        return List.of(
                new Row("AUTH token", token, token.as(null, "another-token-of-it"), "WRONGPASS"),
                new Row("AUTH token: none", token, token.as(null, null), "NOAUTH"),
                new Row("password of a user", ann, ann.as("ann", "wrong-horse-battery"), "WRONGPASS"),
                new Row("a user at all", ann, ann.as("nobody", PASSWORD), "WRONGPASS"),
                new Row("default user that is off", ann, users, "NOAUTH"),
                new Row("access string", ann, ann.writing("other"), "NOPERM"),
                new Row("user without a password", guest, guest.writing("other"), "NOPERM"),
                new Row("IAM token", users.as("bob", iamToken("bob")), users.as("bob", iamToken("ann")), "WRONGPASS"),
                new Row("IAM token: a password instead", users.as("bob", iamToken("bob")), users.as("bob", PASSWORD),
                        "WRONGPASS"),
                new Row("TLS required", token, token.trusting(null), ""),
                new Row("TLS required: certificate", token, token.trusting(others), ""),
                new Row("TLS preferred", preferred, preferred.trusting(others), ""),
                new Row("TLS preferred: plain", preferred.trusting(null), preferred.trusting(others), ""));
    }

    private static String iamToken(String user) {
        return new IamLoginTest.Wish("users", user, "us-east-1", Duration.ofMinutes(15), Duration.ZERO, "").token(app);
    }

    @ParameterizedTest
    @EnumSource(Visitor.Kind.class)
    void aSwitchLetsOneInAndRefusesAnother(Visitor.Kind kind) throws Exception {
        assumeTrue(kind.isInstalled(), kind.text + " is not installed");
        try (Visitor visitor = kind.open()) {
            for (Row row : table()) {
                assertThat(visitor.set(row.letIn)).as(kind.text + ", " + row.name).isEqualTo("OK");
                assertThat(visitor.set(row.refused)).as(kind.text + ", " + row.name).isNotEqualTo("OK")
                        .contains(row.reason);
            }
            admit("127.0.0.1/32");
            Probe.await(() -> visitor.set(guarded).equals("OK"));
            refuse("127.0.0.1/32");
            Probe.await(() -> !visitor.set(guarded).equals("OK"));
        }
    }

    private static void admit(String range) {
        cistern.controlPlane().network(Caller.DEFAULT).change(network -> network.authorize(securityGroup, null, false,
                List.of(rule(range)), Map.of()));
    }

    private static void refuse(String range) {
        cistern.controlPlane().network(Caller.DEFAULT).change(network -> {
            network.revoke(securityGroup, null, false, List.of(rule(range)), List.of());
            return range;
        });
    }

    private static Wish rule(String range) {
        return new Wish("tcp", guarded.port(), guarded.port(), range, "");
    }

    @Test
    void theApiLetsInWhoeverSignedWithAKeyAndNobodyElse() {
        assertThat(client.describeReplicationGroups().replicationGroups()).hasSize(4);
        try (ElastiCacheClient forger = sdk(admin.secret().substring(1) + "x");
                ElastiCacheClient any = Probe
                        .sdk(cistern.url())) {
            assertThatThrownBy(forger::describeReplicationGroups).isInstanceOf(ElastiCacheException.class)
                    .hasMessageContaining("signature we calculated does not match");
            assertThatThrownBy(any::describeReplicationGroups).isInstanceOf(ElastiCacheException.class)
                    .hasMessageContaining("security token included in the request is invalid");
        }
    }

    @Test
    void memcachedOverTlsByTheClientOfAws() throws Exception {
        MemcachedClient distrusting = memcachedClient(trusting(others));
        MemcachedClient plain = memcachedClient(null);
        MemcachedClient trusting = memcachedClient(trusting(ours));
        try {
            assertThatThrownBy(() -> distrusting.set("distrusting", 0, "value").get(1, TimeUnit.SECONDS))
                    .isInstanceOfAny(TimeoutException.class, ExecutionException.class, CancellationException.class);
            assertThatThrownBy(() -> plain.set("plain", 0, "value").get(1, TimeUnit.SECONDS))
                    .isInstanceOfAny(TimeoutException.class, ExecutionException.class, CancellationException.class);
            assertThat(trusting.set("trusting", 0, "value").get()).isTrue();
            // However often they tried again meanwhile.
            assertThat(trusting.getBulk("distrusting", "plain", "trusting")).containsOnlyKeys("trusting");
        } finally {
            distrusting.shutdown();
            plain.shutdown();
            trusting.shutdown();
        }
    }

    private static MemcachedClient memcachedClient(@Nullable SSLContext trusting) throws IOException {
        ConnectionFactoryBuilder builder = new ConnectionFactoryBuilder().setClientMode(ClientMode.Static)
                .setOpTimeout(20_000);
        if (trusting != null) {
            builder.setSSLContext(trusting).setHostnameForTlsVerification("localhost");
        }
        return new MemcachedClient(builder.build(),
                List.of(new InetSocketAddress(memcached.address(), memcached.port())));
    }

    @Test
    void memcachedOverTlsByPymemcache() throws Exception {
        assumeTrue(Programs.works("python3", "-c", "import pymemcache"), "pymemcache is not installed");
        String script = """
                import ssl, sys
                from pymemcache.client.base import Client
                for ca in sys.argv[2:]:
                    try:
                        tls = ssl.create_default_context(cafile=ca) if ca else None
                        client = Client(("localhost", int(sys.argv[1])), timeout=20, tls_context=tls)
                        print(client.set("key", "value", noreply=False))
                    except Exception as refused:
                        print("refused")
                """;
        assertThat(Programs.run("python3", "-c", script, Integer.toString(memcached.port()),
                ours.resolve("ca.crt").toString(), others.resolve("ca.crt").toString(), "").lines())
                .containsExactly("True", "refused", "refused");
    }

    private static SSLContext trusting(Path authority) throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance("JKS");
        try (InputStream in = Files.newInputStream(authority.resolve("ca.jks"))) {
            trusted.load(in, CertificateAuthority.TRUST_PASSWORD.toCharArray());
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** What is listened on, but for what is plain by order. */
    @Test
    void aScannerFindsNothingAtAnyEncryptedPort() throws Exception {
        SSLContext trusting = trusting(ours);
        Set<Integer> plain = new LinkedHashSet<>(portsOf("guarded"));
        Set<Integer> speakMemcached = Set.of(memcached.port(), memcached().configurationEndpoint().port());
        List<Integer> scanned = new ArrayList<>();
        List<String> findings = new ArrayList<>();
        for (int port = endpoints.firstPort(); port <= endpoints.lastPort(); port++) {
            if (!plain.contains(port) && isOpen(port)) {
                scanned.add(port);
                findings.addAll(TlsScan.findings(port, trusting,
                        speakMemcached.contains(port) ? "version\r\n" : "PING\r\n"));
            }
        }
        assertThat(findings).isEmpty();
        assertThat(scanned).contains(token.port(), users.port(), preferred.port(), memcached.port())
                .hasSizeGreaterThanOrEqualTo(7);
    }

    /** Of its node and of its roles. */
    private static List<Integer> portsOf(String group) {
        return Probe.group(client, group).nodeGroups().stream().flatMap(shard -> {
            List<Integer> ports = new ArrayList<>(List.of(shard.primaryEndpoint().port(),
                    shard.readerEndpoint().port()));
            shard.nodeGroupMembers().forEach(member -> ports.add(member.readEndpoint().port()));
            return ports.stream();
        }).toList();
    }

    private static boolean isOpen(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException closed) {
            return false;
        }
    }
}
