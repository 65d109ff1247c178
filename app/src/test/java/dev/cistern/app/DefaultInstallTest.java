package dev.cistern.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What another machine reaches of a Cistern that nobody configured: the other machine is a network namespace of the kernel's. */
@DisplayName("Secure defaults")
final class DefaultInstallTest extends CisternTest {

    private static final String LISTENS = "0A";

    @Test
    void noPortIsOpenToOthers() throws Exception {
        Elsewhere.assumePossible();
        client.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d").engine("valkey")
                .cacheNodeType("cache.t4g.micro").numCacheClusters(2));
        client.createCacheCluster(r -> r.cacheClusterId("m").engine("memcached").cacheNodeType("cache.t4g.micro")
                .numCacheNodes(1));
        Probe.awaitAvailable(client, "g");
        Probe.await(() -> client.describeCacheClusters(r -> r.cacheClusterId("m")).cacheClusters().getFirst()
                .cacheClusterStatus().equals("available"));
        // The last one is to be found: a probe that reaches nothing at all proves nothing.
        try (ServerSocket open = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"));
                Elsewhere elsewhere = Elsewhere.enter(1)) {
            Set<Integer> ports = listening("tcp", "tcp6");
            assertThat(ports).contains(open.getLocalPort(), Probe.group(client, "g").nodeGroups().getFirst()
                    .primaryEndpoint().port()).hasSizeGreaterThanOrEqualTo(5);
            assertThat(reached(elsewhere, ports)).containsExactly(open.getLocalPort());
            assertThat(listening("udp", "udp6")).isEmpty();
        }
    }

    /** Whatever the system would give files by default. */
    @Test
    @DisplayName("Privilege of processes: modes of files")
    void whatIsKeptIsForItsOwnerAlone() throws Exception {
        client.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d").engine("valkey")
                .cacheNodeType("cache.t4g.micro").transitEncryptionEnabled(true).atRestEncryptionEnabled(true));
        Probe.awaitAvailable(client, "g");
        client.createSnapshot(r -> r.replicationGroupId("g").snapshotName("s"));
        Probe.await(() -> client.describeSnapshots(r -> r.snapshotName("s")).snapshots().getFirst().snapshotStatus()
                .equals("available"));
        try (Stream<Path> all = Files.walk(state)) {
            List<Path> kept = all.toList();
            assertThat(kept).hasSizeGreaterThan(10);
            assertThat(kept).allSatisfy(path -> assertThat(Files.getPosixFilePermissions(path)).as("%s", path)
                    .isSubsetOf(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE,
                            PosixFilePermission.OWNER_EXECUTE));
        }
    }

    /** The ports of the sockets that this process has open for others. */
    private static Set<Integer> listening(String... tables) throws IOException {
        Set<String> own;
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            own = files.map(DefaultInstallTest::target).collect(Collectors.toSet());
        }
        Set<Integer> ports = new TreeSet<>();
        for (String table : tables) {
            for (String line : Files.readAllLines(Path.of("/proc/self/net", table))) {
                String[] words = line.strip().split("\\s+");
                boolean isOpen = table.startsWith("udp") || words[3].equals(LISTENS);
                if (isOpen && own.contains("socket:[" + words[9] + "]")) {
                    ports.add(Integer.parseInt(words[1].substring(words[1].indexOf(':') + 1), 16));
                }
            }
        }
        return ports;
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    private static List<Integer> reached(Elsewhere from, Set<Integer> ports) throws IOException, InterruptedException {
        String words = ports.stream().map(String::valueOf).collect(Collectors.joining(" "));
        return from.bash("for p in " + words + "; do (exec 3<>/dev/tcp/" + from.here()
                + "/$p) 2>/dev/null && echo $p; done; true").lines().map(Integer::parseInt).toList();
    }
}
