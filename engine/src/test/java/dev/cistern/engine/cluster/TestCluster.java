package dev.cistern.engine.cluster;

import dev.cistern.engine.testing.TestCertificate;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** Shards in this JVM whose nodes are told of one another as a control plane would, over their admin connections. */
final class TestCluster implements AutoCloseable {
    private final List<TestServer> servers = new ArrayList<>();
    private final List<TestClient> admins = new ArrayList<>();
    private final List<BitSet> slots = new ArrayList<>();
    private final List<Integer> tlsPorts = new ArrayList<>();
    /** One of each shard, if there are any. */
    private final List<TestServer> replicas = new ArrayList<>();
    private final List<TestClient> replicaAdmins = new ArrayList<>();

    /** So many primaries; the first {@code sharing} of them share the slots evenly. */
    TestCluster(int primaries, int sharing) {
        this(primaries, sharing, false, null);
    }

    /** The same, which tell one another and their clients of nothing but TLS ports. */
    TestCluster(int primaries, int sharing, TestCertificate certificate) {
        this(primaries, sharing, false, certificate);
    }

    /** The same, each with a replica. */
    static TestCluster withReplicas(int primaries, int sharing) {
        return new TestCluster(primaries, sharing, true, null);
    }

    private TestCluster(int primaries, int sharing, boolean hasReplicas, @Nullable TestCertificate certificate) {
        for (int i = 0; i < primaries; i++) {
            startPrimary(certificate);
            if (hasReplicas) {
                replicas.add(TestServer.cistern("cluster-enabled", "yes"));
                replicaAdmins.add(replicas.get(i).connect());
            }
            BitSet own = new BitSet();
            if (i < sharing) {
                own.set(16_384 * i / sharing, 16_384 * (i + 1) / sharing);
            }
            slots.add(own);
        }
        publish();
    }

    private void startPrimary(@Nullable TestCertificate certificate) {
        List<String> all = new ArrayList<>(List.of("cluster-enabled", "yes"));
        int tlsPort = 0;
        if (certificate != null) {
            tlsPort = TestServer.freePort();
            all.addAll(List.of("port", Integer.toString(TestServer.freePort()), "tls-port", Integer.toString(tlsPort),
                    "tls-cert-file", certificate.certificate().toString(), "tls-key-file",
                    certificate.key().toString(), "tls-ca-cert-file", certificate.certificate().toString(),
                    "tls-auth-clients", "yes"));
        }
        tlsPorts.add(tlsPort);
        servers.add(TestServer.cistern(all.toArray(String[]::new)));
        admins.add(servers.getLast().connect());
    }

    static String id(int node) {
        return "%040x".formatted(0xA0 + node);
    }

    private static String shardId(int node) {
        return "%040x".formatted(0xB0 + node);
    }

    private static String replicaId(int node) {
        return "%040x".formatted(0xC0 + node);
    }

    int port(int node) {
        return servers.get(node).port();
    }

    int tlsPort(int node) {
        return tlsPorts.get(node);
    }

    TestServer server(int node) {
        return servers.get(node);
    }

    TestClient admin(int node) {
        return admins.get(node);
    }

    /** The replica of this primary. */
    TestClient replica(int node) {
        return replicaAdmins.get(node);
    }

    BitSet slots(int node) {
        return slots.get(node);
    }

    /** Tells all nodes who has what, under an epoch above all that they know. */
    void publish() {
        long epoch = 0;
        for (TestClient admin : admins) {
            epoch = Math.max(epoch, Long.parseLong(admin.send("CISTERN", "TOPOLOGY").text().lines().findFirst()
                    .orElseThrow().substring("epoch ".length())));
        }
        for (int i = 0; i < admins.size(); i++) {
            assertThat(admins.get(i).send("CISTERN", "SET-TOPOLOGY", text(epoch + 1, id(i))).text()).isEqualTo("OK");
        }
        for (int i = 0; i < replicas.size(); i++) {
            assertThat(replicaAdmins.get(i).send("CISTERN", "SET-TOPOLOGY", text(epoch + 1, replicaId(i))).text())
                    .isEqualTo("OK");
        }
    }

    String text(long epoch, String self) {
        StringBuilder text = new StringBuilder("epoch " + epoch + "\nself " + self + "\n");
        for (int i = 0; i < servers.size(); i++) {
            text.append("shard ").append(shardId(i)).append(' ').append(SlotRanges.format(slots.get(i))).append('\n');
            int tlsPort = tlsPorts.get(i);
            text.append("node %s 127.0.0.1 %d %d primary\n".formatted(id(i), tlsPort == 0 ? port(i) : 0, tlsPort));
            if (!replicas.isEmpty()) {
                text.append("node %s 127.0.0.1 %d 0 replica\n".formatted(replicaId(i), replicas.get(i).port()));
            }
        }
        return text.toString();
    }

    /** Has the first node move slots to the second, waits until they are there, and tells all of it. */
    void move(int from, int to, BitSet moved) {
        long move = Long.parseLong(admins.get(from).send("CISTERN", "MOVE-SLOTS", SlotRanges.format(moved), id(to))
                .text());
        assertThat(awaitEnd(from, move)).as("move from %d to %d", from, to).startsWith("done");
        slots.get(from).andNot(moved);
        slots.get(to).or(moved);
        publish();
    }

    /** The state of a move, when it is over, and its error. */
    String awaitEnd(int node, long move) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            List<WireReply> facts = facts(node, move);
            String state = facts.get(3).text();
            if (List.of("done", "failed", "cancelled").contains(state)) {
                return state + " " + facts.get(15).text();
            }
            assertThat(System.nanoTime()).as("move goes on: %s", state).isLessThan(deadline);
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private List<WireReply> facts(int node, long move) {
        return admins.get(node).send("CISTERN", "MOVES").members().stream().map(WireReply::members)
                .filter(facts -> facts.get(1).text().equals(Long.toString(move))).findFirst().orElseThrow();
    }

    long longestHoldMicros(int node) {
        return admins.get(node).send("CISTERN", "MOVES").members().stream()
                .mapToLong(move -> Long.parseLong(move.members().get(13).text())).max().orElse(0);
    }

    /** The first so many slots of a node. */
    BitSet some(int node, int count) {
        BitSet some = new BitSet();
        slots.get(node).stream().limit(count).forEach(some::set);
        return some;
    }

    long keys() {
        return admins.stream().mapToLong(admin -> Long.parseLong(admin.send("DBSIZE").text())).sum();
    }

    @Override
    public void close() {
        admins.forEach(TestClient::close);
        replicaAdmins.forEach(TestClient::close);
        replicas.forEach(TestServer::close);
        servers.forEach(TestServer::close);
    }
}
