package dev.cistern.control;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** The state directory between processes: after kill -9, while another one has it, and who may read it. */
final class KillTest {

    private static final int FIRST_PORT = 22_100;
    private static final long SEED = Long.getLong("cistern.seed", 1);

    @TempDir
    Path directory;

    @Test
    void afterKillMinusNineEveryAnsweredClusterAndGroupIsThereAndRuns() throws Exception {
        Random random = new Random(SEED);
        for (int round = 0; round < Integer.getInteger("cistern.effort", 1); round++) {
            killAfter(20 + random.nextInt(40), directory.resolve("round-" + round));
        }
    }

    private static void killAfter(int answers, Path folder) throws Exception {
        Path said = Files.createFile(Files.createDirectories(folder).resolve("said"));
        Path state = folder.resolve("state");
        Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
                System.getProperty("java.class.path"), KilledPlane.class.getName(), state.toString(),
                Integer.toString(FIRST_PORT)).redirectOutput(said.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> Files.readAllLines(said).size() >= answers);
            assertThatThrownBy(() -> open(state, new FakeNodes()))
                    .isInstanceOf(StateDirectoryException.class)
                    .hasMessage("another Cistern is running on the state directory " + state
                            + "; stop it, or give this one a directory of its own");
        } finally {
            process.destroyForcibly().waitFor();
        }
        String text = Files.readString(said);
        List<String> answered = text.substring(0, text.lastIndexOf('\n')).lines().toList();
        assertThat(answered).hasSizeGreaterThanOrEqualTo(answers);

        FakeNodes nodes = new FakeNodes();
        try (ControlPlane plane = open(state, nodes)) {
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            List<CacheCluster> clusters = plane.elastiCache()
                    .describeCacheClustersPaginator(r -> r.showCacheNodeInfo(true)).cacheClusters().stream().toList();
            assertThat(clusters).extracting(CacheCluster::cacheClusterId)
                    .containsAll(answered.stream().map(id -> id.startsWith("g") ? id + "-001" : id).toList());
            assertThat(clusters).extracting(CacheCluster::cacheClusterStatus).containsOnly("available");
            assertThat(plane.elastiCache().describeReplicationGroupsPaginator(r -> {}).replicationGroups().stream()
                    .filter(group -> group.status().equals("available")).map(ReplicationGroup::replicationGroupId))
                    .containsAll(answered.stream().filter(id -> id.startsWith("g")).toList());
            // Whoever was answered first got the lowest port, in the process that is dead.
            assertThat(answered.stream().filter(id -> id.startsWith("k")).map(id -> portOf(clusters, id))).isSorted();
            assertThat(nodes.running()).hasSameSizeAs(clusters);
        }
    }

    @Test
    void onlyTheOwnerCanReadTheState() throws Exception {
        Path state = directory.resolve("state");
        try (ControlPlane plane = ControlPlane.open(ControlPlaneOptions.of(state, new FakeNodes()))) {
            assertThat(plane.elastiCache().describeCacheClusters().cacheClusters()).isEmpty();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state))).isEqualTo("rwx------");
            try (Stream<Path> files = Files.list(state)) {
                assertThat(files.filter(Files::isRegularFile).toList()).isNotEmpty().allSatisfy(
                        file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                                .isEqualTo("rw-------"));
            }
        }
    }

    @Test
    void aDirectoryThatCannotBeMadeIsToldSo() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> ControlPlane.open(ControlPlaneOptions.of(file, new FakeNodes())))
                .isInstanceOf(StateDirectoryException.class)
                .hasMessageContaining("cannot use " + file + " as state directory");
    }

    /** An interrupt within file input or output would close the database's file for the whole process. */
    @Test
    void anInterruptedCallerHarmsNobodyElse() throws Exception {
        try (ControlPlane plane = open(directory.resolve("state"), new FakeNodes())) {
            for (int i = 0; i < 20; i++) {
                String id = "i" + i;
                Thread caller = Thread.ofPlatform().start(() -> {
                    try {
                        plane.elastiCache().createCacheCluster(
                                r -> r.cacheClusterId(id).engine("redis").cacheNodeType("cache.t3.micro"));
                    } catch (RuntimeException e) {
                        // Its own call may fail.
                    }
                });
                Thread.sleep(i % 5);
                caller.interrupt();
                caller.join();
            }
            plane.elastiCache().createCacheCluster(
                    r -> r.cacheClusterId("after").engine("redis").cacheNodeType("cache.t3.micro"));
            await().atMost(Duration.ofSeconds(30)).until(plane::isIdle);
            assertThat(plane.elastiCache().describeCacheClusters(r -> r.cacheClusterId("after")).cacheClusters()
                    .getFirst().cacheClusterStatus()).isEqualTo("available");
        }
    }

    private static ControlPlane open(Path state, FakeNodes nodes) {
        return ControlPlane.open(ControlPlaneOptions.of(state, nodes)
                .withEndpoints(new EndpointOptions("127.0.0.1", "127.0.0.1", FIRST_PORT, FIRST_PORT + 299)));
    }

    private static int portOf(List<CacheCluster> clusters, String id) {
        return clusters.stream().filter(cluster -> cluster.cacheClusterId().equals(id)).findFirst().orElseThrow()
                .cacheNodes().getFirst().endpoint().port();
    }
}
