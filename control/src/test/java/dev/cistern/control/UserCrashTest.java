package dev.cistern.control;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Workflows on users and their groups that are killed at each of their points. */
final class UserCrashTest extends CrashPoints {

    @Test
    @Kills("change-user")
    void changingAUserOfAGroupsUserGroup() throws IOException {
        atEveryPoint(UserCrashTest::groupWithUsers,
                test -> test.aws.modifyUser(r -> r.userId("ann").accessString("on ~a:* +@all")),
                test -> {
                    assertThat(test.aws.describeUsers(r -> r.userId("ann")).users().getFirst().status())
                            .isEqualTo("active");
                    assertThat(test.nodes.users("g-001").get("ann")).endsWith(" on ~a:* +@all");
                });
    }

    @Test
    @Kills("delete-user")
    void deletingAUserOfAGroupsUserGroup() throws IOException {
        atEveryPoint(UserCrashTest::groupWithUsers, test -> test.aws.deleteUser(r -> r.userId("ann")), test -> {
            assertThat(test.aws.describeUsers(r -> {}).users()).extracting(user -> user.userId())
                    .containsExactly("bob", "default");
            assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().userIds()).containsExactly("bob");
            assertThat(test.nodes.users("g-001")).containsOnlyKeys("bob", "default");
        });
    }

    @Test
    @Kills("change-user-group")
    void changingAUserGroup() throws IOException {
        atEveryPoint(UserCrashTest::groupWithUsers,
                test -> test.aws.modifyUserGroup(r -> r.userGroupId("team").userIdsToRemove("bob")), test -> {
                    assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().status())
                            .isEqualTo("active");
                    assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().userIds())
                            .containsExactly("ann");
                    assertThat(test.nodes.users("g-001")).containsOnlyKeys("ann", "default");
                });
    }

    @Test
    @Kills("secure-replication-group")
    void takingTheUserGroupFromAGroup() throws IOException {
        atEveryPoint(UserCrashTest::groupWithUsers,
                test -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").removeUserGroups(true)
                        .authToken("correct-horse-battery").authTokenUpdateStrategy("SET")),
                test -> {
                    assertThat(test.group("g").status()).isEqualTo("available");
                    assertThat(test.group("g").userGroupIds()).isEmpty();
                    assertThat(test.group("g").pendingModifiedValues().userGroups()).isNull();
                    assertThat(test.nodes.users("g-001")).containsOnlyKeys("default");
                    assertThat(test.nodes.users("g-001").get("default")).startsWith("reset on #");
                });
    }

    @Test
    @Kills("change-user-group")
    void makingAUserGroup() throws IOException {
        atEveryPoint(test -> {}, test -> test.aws.createUserGroup(r -> r.userGroupId("team").engine("redis")
                .userIds("default")),
                test -> assertThat(test.aws.describeUserGroups(r -> {}).userGroups().getFirst().status())
                        .isEqualTo("active"));
    }

    @Test
    @Kills("delete-user-group")
    void deletingAUserGroup() throws IOException {
        atEveryPoint(test -> {
            test.aws.createUserGroup(r -> r.userGroupId("team").engine("redis").userIds("default"));
            test.settle();
        }, test -> test.aws.deleteUserGroup(r -> r.userGroupId("team")), test -> {
            assertThat(test.aws.describeUserGroups(r -> {}).userGroups()).isEmpty();
            assertThat(test.events("user-group", "team")).filteredOn("User group team deleted"::equals).hasSize(1);
        });
    }

    private static void groupWithUsers(TestPlane test) {
        for (String user : List.of("ann", "bob")) {
            test.aws.createUser(r -> r.userId(user).userName(user).engine("redis").accessString("on ~* +@all")
                    .passwords("correct-horse-battery"));
        }
        test.aws.createUserGroup(r -> r.userGroupId("team").engine("valkey").userIds("ann", "bob"));
        test.createEncryptedGroup("g");
        test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").userGroupIdsToAdd("team"));
        test.settle();
    }
}
