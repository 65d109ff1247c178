package dev.cistern.control;

import dev.cistern.control.state.Database;
import dev.cistern.control.workflow.StepObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.ParameterNameValue;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.Snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A control plane over {@link FakeNodes} with a clock that can be moved, and the calls that most tests make. */
final class TestPlane implements AutoCloseable {

    /** A Wednesday. */
    static final Instant START = Instant.parse("2026-03-04T12:00:00Z");

    /** How much faster time goes than the clock on the wall: what waits for long is tested soon. */
    private static final int SPEED = 20;

    /** Below those that the kernel gives out; other test runs on this machine have others. */
    private static final int PORTS = 200;
    static final int FIRST_PORT = 12_000 + (int) (ProcessHandle.current().pid() % 100) * PORTS;

    static {
        // A database takes a fifth of a second to become small when it is closed, and here it is not opened that often.
        System.setProperty("h2.maxCompactTime", "0");
    }

    /** A database without rows. */
    private static final byte[] EMPTY = makeEmpty();

    final FakeNodes nodes;
    final ControlPlane plane;
    final ElastiCacheClient aws;
    private volatile Duration moved = Duration.ZERO;

    TestPlane(Path directory) {
        this(directory, StepObserver.NONE);
    }

    TestPlane(Path directory, StepObserver observer) {
        this(directory, observer, Quotas.DEFAULT, START);
    }

    /** A plane that opens {@code start}, to follow one that was closed. */
    TestPlane(Path directory, Instant start) {
        this(directory, StepObserver.NONE, Quotas.DEFAULT, start);
    }

    /** A plane whose nodes outlived one that was closed. */
    static TestPlane adopting(Path directory, Instant start) {
        FakeNodes nodes = new FakeNodes();
        nodes.outlive = true;
        return new TestPlane(directory, StepObserver.NONE, Quotas.DEFAULT, start, nodes, "");
    }

    TestPlane(Path directory, StepObserver observer, Quotas quotas, Instant start) {
        this(directory, observer, quotas, start, new FakeNodes(), "");
    }

    /** A plane whose endpoints have names in this domain. */
    static TestPlane withDomain(Path directory, String domain) {
        return new TestPlane(directory, StepObserver.NONE, Quotas.DEFAULT, START, new FakeNodes(), domain);
    }

    private TestPlane(Path directory, StepObserver observer, Quotas quotas, Instant start, FakeNodes nodes,
            String domain) {
        this.nodes = nodes;
        fill(directory);
        long begun = System.nanoTime();
        InstantSource now = () -> start.plus(moved).plusNanos((System.nanoTime() - begun) * SPEED);
        Clock clock = now.withZone(ZoneOffset.UTC);
        plane = ControlPlane.open(ControlPlaneOptions.of(directory, nodes)
                .withEndpoints(
                        new EndpointOptions("127.0.0.1", "127.0.0.1", FIRST_PORT, FIRST_PORT + PORTS - 1)
                                .withDomain(domain))
                .withQuotas(quotas)
                .withRandom(new Random(7))
                .withSplitter(FakeNodes::split)
                .withTime(clock, duration -> Thread.sleep(duration.dividedBy(SPEED))), observer);
        aws = plane.elastiCache();
    }

    /** Lays a database into a new folder whose tables are there: to make them takes longer than most tests. */
    private static void fill(Path directory) {
        Path file = directory.resolve("state.mv.db");
        try {
            if (!Files.exists(file)) {
                Files.createDirectories(directory);
                Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
                Files.write(file, EMPTY);
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] makeEmpty() {
        try {
            Path folder = Files.createTempDirectory("cistern-empty");
            Path file = folder.resolve("state.mv.db");
            Database.open(folder.resolve("state")).close();
            byte[] bytes = Files.readAllBytes(file);
            Files.delete(file);
            Files.delete(folder);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the node of that cluster without telling anybody. */
    void crash(String clusterId) {
        nodes.crash(nodes.running().keySet().stream().filter(node -> node.startsWith(clusterId + "-")).findFirst()
                .orElseThrow());
    }

    void move(Duration duration) {
        moved = moved.plus(duration);
    }

    CacheCluster createCluster(String id) {
        aws.createCacheCluster(r -> r.cacheClusterId(id).engine("redis").cacheNodeType("cache.t3.micro"));
        settle();
        return cluster(id);
    }

    CacheCluster createMemcached(String id, int nodes) {
        aws.createCacheCluster(r -> r.cacheClusterId(id).engine("memcached").cacheNodeType("cache.t3.micro")
                .numCacheNodes(nodes));
        settle();
        return cluster(id);
    }

    ReplicationGroup createGroup(String id) {
        aws.createReplicationGroup(r -> r.replicationGroupId(id).replicationGroupDescription("a group of one")
                .engine("valkey").cacheNodeType("cache.t4g.small"));
        settle();
        return group(id);
    }

    /** A group with so many replicas. */
    ReplicationGroup createGroup(String id, int replicas) {
        return createGroup(id, replicas, false);
    }

    /** A group whose replicas take their primary's place by themselves, or not. */
    ReplicationGroup createGroup(String id, int replicas, boolean failsOver) {
        aws.createReplicationGroup(r -> r.replicationGroupId(id).replicationGroupDescription("a group of many")
                .engine("valkey").cacheNodeType("cache.t4g.small").numCacheClusters(1 + replicas)
                .automaticFailoverEnabled(failsOver));
        settle();
        return group(id);
    }

    /** One to which tokens and users can be given. */
    ReplicationGroup createEncryptedGroup(String id) {
        aws.createReplicationGroup(r -> r.replicationGroupId(id).replicationGroupDescription("a group of one")
                .engine("valkey").cacheNodeType("cache.t4g.small").transitEncryptionEnabled(true));
        settle();
        return group(id);
    }

    CacheCluster cluster(String id) {
        return aws.describeCacheClusters(r -> r.cacheClusterId(id).showCacheNodeInfo(true)).cacheClusters().getFirst();
    }

    ReplicationGroup group(String id) {
        return aws.describeReplicationGroups(r -> r.replicationGroupId(id)).replicationGroups().getFirst();
    }

    Snapshot snapshot(String name) {
        return aws.describeSnapshots(r -> r.snapshotName(name)).snapshots().getFirst();
    }

    /** Makes a cluster of the snapshot and looks what its node loaded. */
    void restoresTo(String snapshot, String dataBeginning) {
        aws.createCacheCluster(r -> r.cacheClusterId("restored").snapshotName(snapshot).engine(null));
        settle();
        assertThat(nodes.data("restored")).startsWith(dataBeginning);
    }

    /** The messages of a source's events, oldest first. */
    List<String> events(String sourceType, String id) {
        return aws.describeEvents(r -> r.sourceType(sourceType).sourceIdentifier(id).duration(20_160)).events()
                .reversed()
                .stream().map(event -> event.message()).toList();
    }

    /** Pairs of a parameter's name and its value. */
    static List<ParameterNameValue> values(String... namesAndValues) {
        List<ParameterNameValue> pairs = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            pairs.add(ParameterNameValue.builder().parameterName(namesAndValues[i])
                    .parameterValue(namesAndValues[i + 1]).build());
        }
        return pairs;
    }

    /** Waits until all that was wished is so. */
    void settle() {
        await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(5)).until(plane::isIdle);
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        plane.close();
        assertThat(nodes.running()).as("nodes after close").isEmpty();
    }
}
