package dev.cistern.control;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.SnapshotSource;
import dev.cistern.control.resource.SnapshotStatus;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.resource.UserAuthentication;
import dev.cistern.control.resource.UserGroupMember;
import dev.cistern.control.resource.UserStatus;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Names that lie in databases out there: a name may be added, none may change or go. And AWS's word for each. */
final class PersistedNamesTest {

    @Test
    void namesOfEngines() {
        assertThat(EngineType.values()).extracting(Enum::name).startsWith("REDIS", "VALKEY", "MEMCACHED");
    }

    @Test
    void namesOfStates() {
        assertThat(CacheClusterStatus.values()).extracting(Enum::name)
                .startsWith("CREATING", "AVAILABLE", "MODIFYING", "DELETING", "INCOMPATIBLE_NETWORK", "REBOOTING",
                        "SNAPSHOTTING", "RESTORE_FAILED");
        assertThat(CacheNodeStatus.values()).extracting(Enum::name)
                .startsWith("CREATING", "AVAILABLE", "REBOOTING", "DELETING", "RESTARTING");
        assertThat(ReplicationGroupStatus.values()).extracting(Enum::name)
                .startsWith("CREATING", "AVAILABLE", "MODIFYING", "DELETING", "CREATE_FAILED", "SNAPSHOTTING",
                        "MIGRATING");
        assertThat(SnapshotStatus.values()).extracting(Enum::name)
                .startsWith("CREATING", "AVAILABLE", "COPYING", "DELETING", "FAILED");
        assertThat(SnapshotSource.values()).extracting(Enum::name).startsWith("AUTOMATED", "MANUAL");
    }

    @Test
    void namesAroundUsers() {
        assertThat(UserStatus.values()).extracting(Enum::name)
                .startsWith("CREATING", "ACTIVE", "MODIFYING", "DELETING");
        assertThat(UserAuthentication.values()).extracting(Enum::name).startsWith("PASSWORD", "NO_PASSWORD", "IAM");
        assertThat(UserGroupMember.State.values()).extracting(Enum::name).startsWith("JOINING", "JOINED", "LEAVING");
    }

    @Test
    void namesOfEncryption() {
        assertThat(TransitEncryption.Mode.values()).extracting(Enum::name)
                .startsWith("DISABLED", "PREFERRED", "REQUIRED");
    }

    @Test
    void wordsOfTheWire() {
        assertThat(Arrays.stream(CacheClusterStatus.values()).map(CacheClusterStatus::wireName))
                .containsExactly("creating", "available", "modifying", "deleting", "incompatible-network",
                        "rebooting cluster nodes", "snapshotting", "restore-failed");
        assertThat(Arrays.stream(ReplicationGroupStatus.values()).map(ReplicationGroupStatus::wireName))
                .containsExactly("creating", "available", "modifying", "deleting", "create-failed", "snapshotting",
                        "migrating");
    }
}
