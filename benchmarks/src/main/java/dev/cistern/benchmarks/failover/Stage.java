package dev.cistern.benchmarks.failover;

import dev.cistern.app.InJvmRuntime;
import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.ControlPlane;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.EndpointOptions;
import dev.cistern.control.Quotas;
import dev.cistern.control.StatusReport;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.engine.network.EventLoops;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.ClusterMode;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.NodeGroup;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;

/** A control plane in this program, with one group at a time. */
final class Stage implements AutoCloseable {

    /** How nodes are run, as {@code up --runtime} names it. */
    enum Runs {
        JVM, PROCESS, ORIGINAL
    }

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String FIRST_VERSION = "7.0";
    private static final String NEXT_VERSION = "7.1";
    private static final Pattern KEPT = Pattern.compile(".* went on without: .* \\((\\d+) bytes\\) in .*");
    private static final int PORTS = 64;
    private static final int FIRST_PORT = 23_000 + (int) (ProcessHandle.current().pid() % 60) * PORTS;
    private static final Quotas PLENTY = new Quotas(300, 40, 90, 50, 300, 2_000, 200, 100, 300, 20, 20, 1_000_000,
            10_000);

    private final Path state;
    private final NodeRuntime runtime;
    private final ControlPlane plane;
    private final ElastiCacheClient aws;
    private String group = "";
    private int groups;

    private Stage(Path state, NodeRuntime runtime) {
        this.state = state;
        this.runtime = runtime;
        this.plane = ControlPlane.open(ControlPlaneOptions.of(state, runtime).withQuotas(PLENTY)
                .withEndpoints(new EndpointOptions("127.0.0.1", "127.0.0.1", FIRST_PORT, FIRST_PORT + PORTS - 1)));
        this.aws = plane.elastiCache();
    }

    static Stage open(Path folder, Runs runs) {
        return new Stage(folder.resolve("state"), switch (runs) {
            case JVM -> new InJvmRuntime(EventLoops.start());
            case PROCESS -> ProcessRuntime.ofOwnEngine();
            case ORIGINAL -> ProcessRuntime.ofOriginals();
        });
    }

    /** One whose group was made before, and whose nodes are run by another runtime from now on. */
    static Stage reopen(Path folder, NodeRuntime runtime) {
        Stage stage = new Stage(folder.resolve("state"), runtime);
        stage.group = "g1";
        return stage;
    }

    /** The id of the member of that number, from 1 on. */
    String memberNumber(int number) {
        return String.format(Locale.ROOT, "%s-%03d", group, number);
    }

    /** How often the group was failed over, by wish or not. */
    long failovers() {
        return aws.describeEvents(r -> r.sourceType("replication-group").sourceIdentifier(group)).events().stream()
                .filter(event -> event.message().startsWith("Failover from")).count();
    }

    /** How much that member wrote that the others went on without, by its events. */
    long keptBytes(String member) {
        return aws.describeEvents(r -> r.sourceType("cache-cluster").sourceIdentifier(member)).events().stream()
                .map(event -> KEPT.matcher(event.message())).filter(Matcher::matches)
                .mapToLong(kept -> Long.parseLong(kept.group(1))).sum();
    }

    /** Makes the group, in a version that another one follows, and waits until it serves. */
    ReplicationGroup create(int replicas, boolean failsOver) {
        group = "g" + ++groups;
        aws.createReplicationGroup(r -> r.replicationGroupId(group).replicationGroupDescription("watched")
                .engine("redis").engineVersion(FIRST_VERSION).cacheNodeType("cache.t4g.small")
                .numCacheClusters(1 + replicas)
                .automaticFailoverEnabled(failsOver));
        awaitWhole();
        return group();
    }

    /** Makes a group in cluster mode, and waits until it serves. */
    void createShards(int nodeGroups, int replicas) {
        group = "g" + ++groups;
        aws.createReplicationGroup(r -> r.replicationGroupId(group).replicationGroupDescription("watched")
                .engine("redis").cacheNodeType("cache.t4g.small").numNodeGroups(nodeGroups)
                .replicasPerNodeGroup(replicas).clusterMode(ClusterMode.ENABLED).automaticFailoverEnabled(true));
        awaitWhole();
    }

    /** Has the group become one of so many node groups, the first of those that there are. */
    void reshard(int nodeGroups) {
        List<String> retained = group().nodeGroups().stream().map(NodeGroup::nodeGroupId).limit(nodeGroups).toList();
        aws.modifyReplicationGroupShardConfiguration(r -> r.replicationGroupId(group).nodeGroupCount(nodeGroups)
                .nodeGroupsToRetain(retained.size() < group().nodeGroups().size() ? retained : null)
                .applyImmediately(true));
    }

    /** What is being done for the group; empty when nothing is. */
    String presentStep() {
        return plane.status().work().stream().map(StatusReport.Work::step).filter(Objects::nonNull).findFirst()
                .orElse("");
    }

    /** Whether nothing is being done any more. */
    boolean isIdle() {
        return plane.isIdle();
    }

    /** Which slots each node group has, by its number. */
    Map<String, BitSet> slots() {
        Map<String, BitSet> slots = new LinkedHashMap<>();
        group().nodeGroups().forEach(each -> slots.put(each.nodeGroupId(), SlotMap.slots(each.slots())));
        return slots;
    }

    /** Where clients of a group in cluster mode begin. */
    Endpoint configurationEndpoint() {
        return group().configurationEndpoint();
    }

    /** Where all the nodes are. */
    List<Endpoint> endpoints() {
        return group().memberClusters().stream().map(this::endpointOf).toList();
    }

    private ReplicationGroup group() {
        return aws.describeReplicationGroups(r -> r.replicationGroupId(group)).replicationGroups().getFirst();
    }

    /** Waits until the group and all its nodes are available. */
    void awaitWhole() {
        await("a whole group", () -> plane.isIdle() && group().status().equals("available")
                && group().memberClusters().stream().map(this::cluster).allMatch(Stage::isWhole));
    }

    private static boolean isWhole(CacheCluster cluster) {
        return cluster.cacheClusterStatus().equals("available")
                && cluster.cacheNodes().getFirst().cacheNodeStatus().equals("available");
    }

    private CacheCluster cluster(String id) {
        return aws.describeCacheClusters(r -> r.cacheClusterId(id).showCacheNodeInfo(true)).cacheClusters().getFirst();
    }

    /** The member that leads, or that follows first. */
    String member(boolean isPrimary) {
        return group().nodeGroups().getFirst().nodeGroupMembers().stream()
                .filter(member -> member.currentRole().equals("primary") == isPrimary).findFirst().orElseThrow()
                .cacheClusterId();
    }

    /** Where clients find the primary. */
    Endpoint primaryEndpoint() {
        return group().nodeGroups().getFirst().primaryEndpoint();
    }

    /** Where that very node is found. */
    Endpoint endpointOf(String member) {
        return cluster(member).cacheNodes().getFirst().endpoint();
    }

    void testFailover() {
        aws.testFailover(r -> r.replicationGroupId(group).nodeGroupId("0001"));
    }

    void upgrade() {
        aws.modifyReplicationGroup(r -> r.replicationGroupId(group).engineVersion(NEXT_VERSION).applyImmediately(true));
    }

    void resize() {
        aws.modifyReplicationGroup(
                r -> r.replicationGroupId(group).cacheNodeType("cache.t4g.medium").applyImmediately(true));
    }

    void promote(String member) {
        aws.modifyReplicationGroup(r -> r.replicationGroupId(group).primaryClusterId(member).applyImmediately(true));
    }

    /** Ends that member's node as a crash would. */
    void kill(String member) throws IOException, InterruptedException {
        if (runtime instanceof InJvmRuntime nodes) {
            nodes.crash(folderOf(member).getFileName().toString());
        } else {
            signal("KILL", pidOf(member));
        }
    }

    /** The process that is that member's node. */
    long pidOf(String member) throws IOException {
        String record = Files.readString(folderOf(member).resolve("process"), StandardCharsets.ISO_8859_1);
        return Long.parseLong(record.substring(0, record.indexOf(' ')));
    }

    private Path folderOf(String member) throws IOException {
        try (Stream<Path> folders = Files.list(state.resolve("nodes"))) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith(member + "-")).findFirst()
                    .orElseThrow();
        }
    }

    static void signal(String name, long pid) throws IOException, InterruptedException {
        int code = new ProcessBuilder(List.of("kill", "-" + name, Long.toString(pid))).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        if (code != 0 && !name.equals("CONT")) {
            throw new IOException("kill -" + name + " " + pid + " failed");
        }
    }

    /** Deletes the group, and waits until its nodes are gone. */
    void delete() {
        await("a group that can be deleted", this::isDeleting);
        await("no group", () -> plane.isIdle() && aws.describeReplicationGroups().replicationGroups().isEmpty());
    }

    private boolean isDeleting() {
        try {
            aws.deleteReplicationGroup(r -> r.replicationGroupId(group).retainPrimaryCluster(false));
            return true;
        } catch (ElastiCacheException busy) {
            return false;
        }
    }

    static void await(String what, BooleanSupplier condition) {
        await(what, LIMIT, condition);
    }

    static void await(String what, Duration limit, BooleanSupplier condition) {
        if (!comesTrue(limit, condition)) {
            throw new IllegalStateException("waited in vain for " + what);
        }
    }

    /** Waits until it holds; false if it does not within that time. */
    static boolean comesTrue(Duration limit, BooleanSupplier condition) {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            pause(5);
        }
        return true;
    }

    static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        plane.close();
        try {
            var _ = ProcessRuntime.endAll(state.resolve("nodes"));
        } catch (IOException e) {
            throw new IllegalStateException("nodes may still run: " + e.getMessage(), e);
        }
    }
}
