package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import redis.clients.jedis.Jedis;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.InvalidKmsKeyException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.Snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** AtRestEncryptionEnabled and KmsKeyId: what they say is so on the disk, and by which key. */
final class AtRestEncryptionTest {

    private static final String CANARY = "canary-9f31c0d87ab24e65";
    private static final String MAGIC = "CISTSEAL";

    @TempDir
    private Path state;

    private EndpointOptions ports;
    private LocalCistern cistern;
    private ElastiCacheClient client;

    @BeforeEach
    void start() throws IOException {
        ports = Probe.endpoints();
        cistern = LocalCistern.start(state, ports, GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        client = Probe.sdk(cistern.url());
    }

    @AfterEach
    void end() {
        client.close();
        cistern.close();
    }

    private static String run(int code, String... words) {
        StringWriter out = new StringWriter();
        CommandLine line = Cistern.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
        assertThat(line.execute(words)).as(String.join(" ", words) + ": " + out).isEqualTo(code);
        return out.toString();
    }

    /** Its Amazon Resource Name. */
    private String makeKey() {
        return run(ExitCode.OK, "data-keys", "create", "--state-dir", state.toString(), "for a test").lines().toList()
                .get(1);
    }

    private void create(String id, String engine, Consumer<CreateReplicationGroupRequest.Builder> more) {
        client.createReplicationGroup(r -> more.accept(r.replicationGroupId(id).replicationGroupDescription("d")
                .engine(engine).cacheNodeType("cache.t4g.micro")));
    }

    private Snapshot awaitSnapshot(String name) {
        Probe.await(() -> client.describeSnapshots(r -> r.snapshotName(name)).snapshots().getFirst().snapshotStatus()
                .equals("available"));
        return client.describeSnapshots(r -> r.snapshotName(name)).snapshots().getFirst();
    }

    private Path file(String snapshot) {
        return state.resolve("snapshots/000000000000/us-east-1/" + snapshot + "/0001.rdb");
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    }

    private List<Path> hits() throws IOException {
        try (Stream<Path> files = Files.walk(state)) {
            return files.filter(Files::isRegularFile).filter(file -> {
                try {
                    return text(file).contains(CANARY);
                } catch (IOException goneMeanwhile) {
                    return false;
                }
            }).map(state::relativize).toList();
        }
    }

    @Test
    void aGroupsDataAreEncryptedWithItsKeyAndItsSnapshotsWithTheirs() throws IOException {
        String first = makeKey();
        String second = makeKey();
        create("g", "redis", r -> r.atRestEncryptionEnabled(true).kmsKeyId(first).numCacheClusters(2));
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "g"))) {
            jedis.set("key", CANARY);
        }
        assertThat(Probe.group(client, "g").atRestEncryptionEnabled()).isTrue();
        assertThat(Probe.group(client, "g").kmsKeyId()).isEqualTo(first);
        assertThat(client.describeCacheClusters(r -> r.cacheClusterId("g-001")).cacheClusters().getFirst()
                .atRestEncryptionEnabled()).isTrue();

        client.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        assertThat(awaitSnapshot("s").kmsKeyId()).isEqualTo(first);
        String firstId = first.substring(first.indexOf('/') + 1);
        assertThat(run(ExitCode.OK, "data-keys", "rotate", firstId, "--state-dir", state.toString()))
                .contains("Version 2 of " + first);
        client.copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("copy").kmsKeyId(second));
        assertThat(awaitSnapshot("copy").kmsKeyId()).isEqualTo(second);
        Files.createDirectories(state.resolve("buckets/exports"));
        client.copySnapshot(r -> r.sourceSnapshotName("copy").targetSnapshotName("sealed").targetBucket("exports")
                .kmsKeyId(first));
        awaitSnapshot("copy");
        Path exported = state.resolve("buckets/exports/sealed-0001.rdb");
        for (Path sealed : List.of(file("s"), file("copy"), exported)) {
            assertThat(text(sealed)).startsWith(MAGIC);
        }
        assertThat(hits()).isEmpty();
        assertThat(run(ExitCode.OK, "snapshot", "verify", "--state-dir", state.toString()))
                .contains("s 0001: well, ", "copy 0001: well, ", "All can be restored.");

        // Without a key an export is what every server can load: the one way out.
        client.copySnapshot(r -> r.sourceSnapshotName("s").targetSnapshotName("plain").targetBucket("exports"));
        awaitSnapshot("s");
        assertThat(hits()).containsExactly(Path.of("buckets/exports/plain-0001.rdb"));
        assertThat(text(state.resolve("buckets/exports/plain-0001.rdb"))).startsWith("REDIS00");
        Path opened = state.resolve("opened");
        assertThat(run(ExitCode.OK, "decrypt", exported.toString(), "--to", opened.toString(), "--at-rest-key-file",
                state.resolve("data-keys").toString())).isEmpty();
        assertThat(text(opened)).contains(CANARY);

        for (String snapshot : List.of("s", "copy")) {
            create("of-" + snapshot, "redis", r -> r.snapshotName(snapshot));
            try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "of-" + snapshot))) {
                assertThat(jedis.get("key")).isEqualTo(CANARY);
            }
        }
        create("of-object", "valkey", r -> r.snapshotArns("arn:aws:s3:::exports/sealed-0001.rdb"));
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "of-object"))) {
            assertThat(jedis.get("key")).isEqualTo(CANARY);
        }
    }

    /** Also when it is started anew, with its data and without, and when it joins a group again. */
    @Test
    void aRetainedPrimaryKeepsItsKeyAndItsData() throws IOException {
        String key = makeKey();
        create("g", "redis", r -> r.atRestEncryptionEnabled(true).kmsKeyId(key).numCacheClusters(2)
                .engineVersion("7.0"));
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "g"))) {
            jedis.set("key", CANARY);
        }
        client.deleteReplicationGroup(r -> r.replicationGroupId("g").retainPrimaryCluster(true));
        Probe.await(() -> client.describeReplicationGroups().replicationGroups().isEmpty());
        assertThat(kept().atRestEncryptionEnabled()).isTrue();

        client.modifyCacheCluster(r -> r.cacheClusterId("g-001").engineVersion("7.1").applyImmediately(true));
        Probe.await(() -> kept().cacheClusterStatus().equals("available") && kept().engineVersion().equals("7.1.0"));
        try (Jedis jedis = Probe.connect(kept().cacheNodes().getFirst().endpoint())) {
            assertThat(jedis.get("key")).isEqualTo(CANARY);
        }
        isSealedInASnapshot("after-upgrade", key);
        client.close();
        cistern.close();
        cistern = LocalCistern.start(state, ports, GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        client = Probe.sdk(cistern.url());
        assertThat(kept().atRestEncryptionEnabled()).isTrue();
        try (Jedis jedis = Probe.connect(kept().cacheNodes().getFirst().endpoint())) {
            jedis.set("key", CANARY);
        }
        isSealedInASnapshot("after-restart", key);
        assertThat(hits()).isEmpty();

        String other = makeKey();
        for (Consumer<CreateReplicationGroupRequest.Builder> wrong : List.<Consumer<CreateReplicationGroupRequest.Builder>>of(
                r -> r.atRestEncryptionEnabled(false),
                r -> r.atRestEncryptionEnabled(true).kmsKeyId(other))) {
            assertThatThrownBy(() -> client.createReplicationGroup(r -> wrong.accept(r.replicationGroupId("again")
                    .replicationGroupDescription("d").primaryClusterId("g-001"))))
                    .isInstanceOf(InvalidParameterCombinationException.class)
                    .hasMessageContaining("has its encryption and its key");
        }
        client.createReplicationGroup(r -> r.replicationGroupId("again").replicationGroupDescription("d")
                .primaryClusterId("g-001").atRestEncryptionEnabled(true).kmsKeyId(key));
        Probe.awaitAvailable(client, "again");
        assertThat(Probe.group(client, "again").kmsKeyId()).isEqualTo(key);
    }

    private CacheCluster kept() {
        return Probe.cluster(client, "g-001");
    }

    /** A snapshot of the retained one is encrypted with that key, and a restored group has its data. */
    private void isSealedInASnapshot(String name, String key) throws IOException {
        Probe.await(() -> kept().cacheClusterStatus().equals("available"));
        client.createSnapshot(r -> r.cacheClusterId("g-001").snapshotName(name));
        assertThat(awaitSnapshot(name).kmsKeyId()).isEqualTo(key);
        assertThat(text(file(name))).startsWith(MAGIC);
        create("of-" + name, "redis", r -> r.snapshotName(name));
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "of-" + name))) {
            assertThat(jedis.get("key")).isEqualTo(CANARY);
        }
    }

    @Test
    void theRulesAreThoseOfAws() {
        create("valkey", "valkey", r -> {});
        create("redis", "redis", r -> {});
        assertThat(Probe.group(client, "valkey").atRestEncryptionEnabled()).isTrue();
        assertThat(Probe.group(client, "valkey").kmsKeyId()).isNull();
        assertThat(Probe.group(client, "redis").atRestEncryptionEnabled()).isFalse();
        create("plain", "valkey", r -> r.atRestEncryptionEnabled(false));
        assertThat(Probe.group(client, "plain").atRestEncryptionEnabled()).isFalse();
        create("alias", "redis", r -> r.atRestEncryptionEnabled(true).kmsKeyId("alias/aws/elasticache"));
        assertThat(Probe.group(client, "alias").kmsKeyId()).isEqualTo("alias/aws/elasticache");

        String key = makeKey();
        assertThatThrownBy(() -> create("a", "redis", r -> r.kmsKeyId(key)))
                .isInstanceOf(InvalidParameterCombinationException.class)
                .hasMessageContaining("KmsKeyId can only be given when AtRestEncryptionEnabled is true.");
        for (String wrong : List.of("nonsense", key.replace("us-east-1", "eu-west-1"), key + "0")) {
            assertThatThrownBy(() -> create("a", "valkey", r -> r.kmsKeyId(wrong)))
                    .isInstanceOf(InvalidKmsKeyException.class)
                    .hasMessageContaining("The KMS key supplied is not valid");
        }
        run(ExitCode.OK, "data-keys", "state", key, "disabled", "--state-dir", state.toString());
        assertThatThrownBy(() -> create("a", "valkey", r -> r.kmsKeyId(key)))
                .isInstanceOf(InvalidKmsKeyException.class);
        assertThat(run(ExitCode.OK, "data-keys", "list", "--state-dir", state.toString())).contains(key, "disabled",
                "Default key that protects data");
    }
}
