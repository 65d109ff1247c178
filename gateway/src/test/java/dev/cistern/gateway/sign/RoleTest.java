package dev.cistern.gateway.sign;

import dev.cistern.gateway.wire.ServiceRules;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What each role may, over all actions that there are. */
final class RoleTest {

    private static final Set<String> ALL = new TreeSet<>();

    static {
        ServiceRules.load("elasticache").operationNames().forEach(ALL::add);
    }

    @Test
    void anAdminMayEverything() {
        assertThat(allowed(Role.ADMIN)).isEqualTo(ALL);
    }

    @Test
    void aViewerMayLookAndNothingElse() {
        assertThat(allowed(Role.VIEWER)).isNotEmpty()
                .allMatch(name -> name.startsWith("Describe") || name.startsWith("List"));
        assertThat(ALL).filteredOn(name -> name.startsWith("Describe"))
                .allMatch(name -> Role.VIEWER.allows(name, List.of()));
    }

    /** The list is written out, so that an action that AWS adds is a decision and not an accident. */
    @Test
    void anOperatorRunsCachesButNeitherDeletesNorOpensDoors() {
        Set<String> more = new TreeSet<>(allowed(Role.OPERATOR));
        more.removeAll(allowed(Role.VIEWER));
        assertThat(more).containsExactly("AddTagsToResource", "BatchApplyUpdateAction", "BatchStopUpdateAction",
                "CompleteMigration", "CopyServerlessCacheSnapshot", "CopySnapshot", "CreateCacheCluster",
                "CreateCacheParameterGroup", "CreateGlobalReplicationGroup", "CreateReplicationGroup",
                "CreateServerlessCache", "CreateServerlessCacheSnapshot", "CreateSnapshot",
                "DecreaseNodeGroupsInGlobalReplicationGroup", "DecreaseReplicaCount", "ExportServerlessCacheSnapshot",
                "FailoverGlobalReplicationGroup", "IncreaseNodeGroupsInGlobalReplicationGroup", "IncreaseReplicaCount",
                "ModifyCacheCluster", "ModifyCacheParameterGroup", "ModifyGlobalReplicationGroup",
                "ModifyReplicationGroup", "ModifyReplicationGroupShardConfiguration", "ModifyServerlessCache",
                "RebalanceSlotsInGlobalReplicationGroup", "RebootCacheCluster", "RemoveTagsFromResource",
                "ResetCacheParameterGroup", "StartMigration", "TestFailover", "TestMigration");
    }

    @Test
    void anOperatorDoesNotChangeWhoGetsIntoWhatExists() {
        assertThat(Role.OPERATOR.allows("ModifyReplicationGroup", List.of("CacheNodeType"))).isTrue();
        for (String parameter : List.of("AuthToken", "UserGroupIdsToRemove.member.1", "RemoveUserGroups",
                "SecurityGroupIds.SecurityGroupId.1", "TransitEncryptionMode")) {
            assertThat(Role.OPERATOR.allows("ModifyReplicationGroup", List.of("CacheNodeType", parameter)))
                    .as(parameter).isFalse();
        }
        assertThat(Role.OPERATOR.allows("CreateReplicationGroup", List.of("AuthToken"))).isTrue();
    }

    @Test
    void whatNobodyKnowsIsForAdminsAlone() {
        for (Role role : List.of(Role.VIEWER, Role.OPERATOR)) {
            assertThat(role.allows("", List.of())).isFalse();
            assertThat(role.allows("describeUsers", List.of())).isFalse();
            assertThat(role.allows("Fly", List.of())).isFalse();
        }
    }

    private static Set<String> allowed(Role role) {
        Set<String> names = new TreeSet<>(ALL);
        names.removeIf(name -> !role.allows(name, List.of()));
        return names;
    }
}
