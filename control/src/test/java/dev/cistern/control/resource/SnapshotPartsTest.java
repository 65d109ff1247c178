package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.Secret;
import dev.cistern.control.state.Database;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Which member of a group is saved: a primary, which is the first one, and two replicas. */
final class SnapshotPartsTest {

    private static final ResourceKey GROUP = new ResourceKey("000000000000", "us-east-1", "g");
    private static final List<String> MEMBERS = List.of("g-001", "g-002", "g-003");

    @TempDir
    Path folder;

    private Database database;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("state"));
        database.run(handle -> {
            ReplicationGroup.TABLE.insert(handle, new ReplicationGroup(GROUP, 0, ReplicationGroupStatus.AVAILABLE, "d",
                    EngineType.VALKEY, "abc123", ReplicationGroup.DISABLED, false, ReplicationGroup.DISABLED, 0,
                    GroupAccess.OPEN, null));
            NodeGroup.TABLE.insert(handle, NodeGroup.fresh(GROUP, NodeGroup.FIRST, null, "g-001", 1, 2));
            for (String id : MEMBERS) {
                CacheCluster.TABLE.insert(handle, new CacheCluster(GROUP.sibling(id), 0, CacheClusterStatus.AVAILABLE,
                        EngineType.VALKEY, "abc123", "us-east-1a", 1, 0, GROUP.id(), NodeGroup.FIRST,
                        new ClusterSettings("8.0.1", "cache.t3.micro", "default.valkey8", "sun:05:00-sun:06:00",
                                "03:00-04:00", 1, true),
                        null, false, "default"));
                CacheNode.TABLE.insert(handle, new CacheNode(GROUP.sibling(id), "0001", 0, id + "-abc123-0001",
                        CacheNodeStatus.AVAILABLE, true, "us-east-1a", "127.0.0.1", 3,
                        Secret.generate(new SecureRandom()), 0, ""));
            }
        });
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aReplicaIsSavedUnlessAnotherMemberIsNamed() {
        assertThat(daily(null)).isEqualTo("g-002");
        assertThat(daily("g-003")).isEqualTo("g-003");
        assertThat(daily("g-001")).isEqualTo("g-001");
        assertThat(daily("g-009")).as("of one that is gone").isEqualTo("g-002");
    }

    @Test
    void whoIsAwayIsNotSaved() {
        becomes("g-003", CacheNodeStatus.REBOOTING);
        assertThat(daily("g-003")).isEqualTo("g-002");
        becomes("g-002", CacheNodeStatus.REBOOTING);
        assertThat(daily("g-003")).isEqualTo("g-001");
        becomes("g-001", CacheNodeStatus.LOST);
        assertThat(daily("g-003")).as("when none can save, the primary tells why").isEqualTo("g-001");
    }

    /** The name is for automatic ones alone. */
    @Test
    void oneThatSomebodyWishesIsOfAReplicaAndAFinalOneOfThePrimary() {
        name("g-003");
        assertThat(saved(false)).isEqualTo("g-002");
        assertThat(saved(true)).isEqualTo("g-001");
    }

    private String daily(@Nullable String named) {
        name(named);
        return database.read(handle -> SnapshotParts.ofGroupDaily(handle, GROUP.sibling("s"),
                ReplicationGroup.named(handle, GROUP)).getFirst().cacheClusterId());
    }

    private String saved(boolean isFinal) {
        return database.read(handle -> SnapshotParts.ofGroup(handle, GROUP.sibling("s"),
                ReplicationGroup.named(handle, GROUP), isFinal).getFirst().cacheClusterId());
    }

    private void name(@Nullable String clusterId) {
        database.run(handle -> ReplicationGroup.TABLE.update(handle,
                ReplicationGroup.named(handle, GROUP).withSnapshottingCluster(clusterId)));
    }

    private void becomes(String clusterId, CacheNodeStatus status) {
        database.run(handle -> CacheNode.TABLE.update(handle,
                CacheNode.of(handle, GROUP.sibling(clusterId)).getFirst().withStatus(status)));
    }
}
