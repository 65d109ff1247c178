package dev.cistern.app;

import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.backup.BackupOptions;
import dev.cistern.control.backup.S3Store;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.s3.S3Client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Snapshots in an object store that others wrote: the one at {@code -Dcistern.s3.endpoint}, which takes the keys test and
 * test, or else moto_server if that is installed.
 */
final class S3BackupTest {

    @TempDir
    private Path folder;

    private @Nullable Process server;
    private URI endpoint;
    private S3Client s3;
    private S3Store store;
    private String bucket;

    @BeforeEach
    void open() throws Exception {
        String given = System.getProperty("cistern.s3.endpoint");
        endpoint = given != null ? URI.create(given) : startServer();
        s3 = S3Client.builder().endpointOverride(endpoint).region(Region.US_EAST_1).forcePathStyle(true)
                .httpClient(UrlConnectionHttpClient.create()).credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
                .build();
        bucket = "caches-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
        s3.createBucket(r -> r.bucket(bucket));
        Path keys = folder.resolve("keys");
        Files.writeString(keys, "[default]\naws_access_key_id = test\naws_secret_access_key = test\n");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
        store = S3Store.open(endpoint, "us-east-1", keys);
    }

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
            s3.close();
        }
        if (server != null) {
            server.destroyForcibly();
        }
    }

    private URI startServer() throws IOException, InterruptedException {
        assumeTrue(Programs.works("moto_server", "--help"), "moto_server is not installed");
        int port;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        server = new ProcessBuilder("moto_server", "-H", "127.0.0.1", "-p", Integer.toString(port))
                .redirectErrorStream(true).redirectOutput(folder.resolve("moto.log").toFile()).start();
        Probe.await(() -> {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            } catch (IOException notYet) {
                return false;
            }
        });
        return URI.create("http://127.0.0.1:" + port);
    }

    @Test
    void objectsArePutFetchedAndDeleted() throws IOException {
        assertThat(store.hasBucket(bucket)).isTrue();
        assertThat(store.hasBucket("no-such-bucket-here")).isFalse();
        assertThat(store.has(bucket, "a/b c.rdb")).isFalse();
        Path out = folder.resolve("out");
        assertThatThrownBy(() -> store.get(bucket, "a/b c.rdb", out)).isInstanceOf(NoSuchFileException.class);
        assertThat(out).doesNotExist();
        for (int bytes : new int[]{0, 1, 1_000, 70_000_000}) {
            byte[] data = new byte[bytes];
            new Random(bytes).nextBytes(data);
            Path in = Files.write(folder.resolve("in"), data);
            store.put(bucket, "a/b c.rdb", in);
            assertThat(in).as("it was moved").doesNotExist();
            assertThat(store.has(bucket, "a/b c.rdb")).isTrue();
            store.get(bucket, "a/b c.rdb", out);
            assertThat(Arrays.equals(Files.readAllBytes(out), data)).as(bytes + " bytes").isTrue();
        }
        store.delete(bucket, "a/b c.rdb");
        store.delete(bucket, "a/b c.rdb");
        assertThat(store.has(bucket, "a/b c.rdb")).isFalse();
        assertThatThrownBy(() -> store.put("no-such-bucket-here", "a", Files.write(folder.resolve("in"), new byte[1])))
                .isInstanceOf(IOException.class);
    }

    @Test
    void keysThatOthersCanReadAreRefused() throws IOException {
        Path keys = folder.resolve("keys");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> S3Store.open(endpoint, "us-east-1", keys)).isInstanceOf(IOException.class)
                .hasMessageContaining("chmod 600");
    }

    @Test
    void snapshotsLieInTheStoreAndComeBack() throws IOException {
        try (LocalCistern cistern = LocalCistern.start(
                ControlPlaneOptions.of(folder.resolve("state"), new InJvmRuntime(EventLoops.start()))
                        .withEndpoints(Probe.endpoints())
                        .withBackups(new BackupOptions(store, bucket, "caches/", store)),
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
                ElastiCacheClient client = Probe.sdk(cistern.url())) {
            client.createReplicationGroup(r -> r.replicationGroupId("shop").replicationGroupDescription("d")
                    .engine("valkey").cacheNodeType("cache.t4g.micro"));
            Map<String, String> before;
            try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "shop"))) {
                BackupTest.fill(jedis);
                before = BackupTest.contents(jedis);
            }
            client.createSnapshot(r -> r.replicationGroupId("shop").snapshotName("one"));
            awaitSnapshot(client, "one");
            assertThat(keys()).containsExactly("caches/000000000000/us-east-1/one/0001.rdb",
                    "caches/000000000000/us-east-1/one/manifest.json");
            client.copySnapshot(r -> r.sourceSnapshotName("one").targetSnapshotName("two"));
            awaitSnapshot(client, "two");
            client.copySnapshot(r -> r.sourceSnapshotName("one").targetSnapshotName("out").targetBucket(bucket));
            awaitSnapshot(client, "one");
            assertThat(keys()).contains("out-0001.rdb");
            client.deleteReplicationGroup(r -> r.replicationGroupId("shop"));
            client.deleteSnapshot(r -> r.snapshotName("one"));
            Probe.await(() -> client.describeSnapshots().snapshots().size() == 1
                    && client.describeReplicationGroups().replicationGroups().isEmpty());
            assertThat(keys()).noneMatch(key -> key.contains("/one/"));
            client.createReplicationGroup(r -> r.replicationGroupId("again").replicationGroupDescription("d")
                    .engine("valkey").snapshotName("two").cacheNodeType("cache.t4g.small"));
            BackupTest.sameAs(before, Probe.awaitAvailable(client, "again"));
            client.createReplicationGroup(r -> r.replicationGroupId("from-object").replicationGroupDescription("d")
                    .engine("valkey").cacheNodeType("cache.t4g.small")
                    .snapshotArns("arn:aws:s3:::" + bucket + "/out-0001.rdb"));
            BackupTest.sameAs(before, Probe.awaitAvailable(client, "from-object"));
        }
    }

    private List<String> keys() {
        return s3.listObjectsV2(r -> r.bucket(bucket)).contents().stream().map(object -> object.key()).sorted()
                .toList();
    }

    private static void awaitSnapshot(ElastiCacheClient client, String name) {
        Probe.await(() -> client.describeSnapshots(r -> r.snapshotName(name)).snapshots().getFirst().snapshotStatus()
                .equals("available"));
    }
}
