package dev.cistern.control;

import dev.cistern.control.workflow.StepObserver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.AuthTokenUpdateStatus;
import software.amazon.awssdk.services.elasticache.model.AuthTokenUpdateStrategyType;
import software.amazon.awssdk.services.elasticache.model.CreateUserResponse;
import software.amazon.awssdk.services.elasticache.model.DefaultUserAssociatedToUserGroupException;
import software.amazon.awssdk.services.elasticache.model.DefaultUserRequiredException;
import software.amazon.awssdk.services.elasticache.model.DuplicateUserNameException;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.Filter;
import software.amazon.awssdk.services.elasticache.model.InputAuthenticationType;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;
import software.amazon.awssdk.services.elasticache.model.InvalidUserGroupStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidUserStateException;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.Tag;
import software.amazon.awssdk.services.elasticache.model.User;
import software.amazon.awssdk.services.elasticache.model.UserAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.UserGroup;
import software.amazon.awssdk.services.elasticache.model.UserGroupAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.UserGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.UserNotFoundException;
import software.amazon.awssdk.services.elasticache.model.UserQuotaExceededException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Users, user groups and AUTH tokens: their rules, and what nodes are told of them. */
final class UserTest {

    private static final String SECRET = "correct-horse-battery";
    private static final String SECRET_HASH = "#" + sha256(SECRET);
    private static final String OTHER = "another-staple-of-it";
    private static final String OPEN = "reset on nopass ~* +@all &*";

    @TempDir
    Path directory;

    @Test
    void aUserIsMadeChangedAndDeleted() {
        try (TestPlane test = new TestPlane(directory)) {
            CreateUserResponse made = test.aws.createUser(r -> r.userId("Ann").userName("ann").engine("Valkey")
                    .accessString("~app:* +@read").passwords(SECRET)
                    .tags(Tag.builder().key("team").value("web").build()));
            assertThat(made.userId()).isEqualTo("ann");
            assertThat(made.status()).isEqualTo("active");
            assertThat(made.engine()).isEqualTo("valkey");
            assertThat(made.accessString()).isEqualTo("off ~app:* -@all +@read");
            assertThat(made.authentication().typeAsString()).isEqualTo("password");
            assertThat(made.authentication().passwordCount()).isEqualTo(1);
            assertThat(made.minimumEngineVersion()).isEqualTo("7.2");
            assertThat(made.arn()).isEqualTo("arn:aws:elasticache:us-east-1:000000000000:user:ann");
            assertThat(test.aws.listTagsForResource(r -> r.resourceName(made.arn())).tagList()).hasSize(1);

            assertThat(test.aws.modifyUser(r -> r.userId("ann").appendAccessString("on +@write")
                    .passwords(SECRET, OTHER)).status()).isEqualTo("modifying");
            test.settle();
            User user = user(test, "ann");
            assertThat(user.status()).isEqualTo("active");
            assertThat(user.accessString()).isEqualTo("on ~app:* -@all +@read +@write");
            assertThat(user.authentication().passwordCount()).isEqualTo(2);
            test.aws.modifyUser(r -> r.userId("ann").noPasswordRequired(true));
            test.settle();
            assertThat(user(test, "ann").authentication().typeAsString()).isEqualTo("no-password");
            assertThat(user(test, "ann").authentication().passwordCount()).isNull();

            assertThat(test.aws.deleteUser(r -> r.userId("ANN")).status()).isEqualTo("deleting");
            test.settle();
            refused(UserNotFoundException.class, "User ann not found.", () -> user(test, "ann"));
            assertThat(test.events("user", "ann")).startsWith("User ann created").endsWith("User ann deleted");
        }
    }

    @Test
    void theDefaultUserIsAlwaysThere() {
        try (TestPlane test = new TestPlane(directory)) {
            User user = user(test, "default");
            assertThat(user.userName()).isEqualTo("default");
            assertThat(user.accessString()).isEqualTo("on ~* +@all");
            assertThat(user.authentication().typeAsString()).isEqualTo("no-password");
            refused(InvalidParameterValueException.class, "cannot be modified or deleted",
                    () -> test.aws.modifyUser(r -> r.userId("default").accessString("on")));
            refused(InvalidParameterValueException.class, "cannot be modified or deleted",
                    () -> test.aws.deleteUser(r -> r.userId("default")));
            refused(UserAlreadyExistsException.class, "already exists", () -> create(test, "default", "x"));
        }
    }

    @Test
    void usersAreListedAndFiltered() {
        try (TestPlane test = new TestPlane(directory)) {
            for (int i = 0; i < 25; i++) {
                create(test, "u%02d".formatted(i), "name");
            }
            assertThat(test.aws.describeUsersPaginator(r -> r.maxRecords(20)).users().stream().map(User::userId))
                    .hasSize(26).startsWith("default", "u00").isSorted();
            assertThat(test.aws.describeUsers(r -> r.engine("valkey")).users()).isEmpty();
            assertThat(test.aws.describeUsers(r -> r.filters(
                    Filter.builder().name("user-id").values("u03", "u07").build())).users())
                    .extracting(User::userId).containsExactly("u03", "u07");
            refused(InvalidParameterValueException.class, "Invalid filter name: colour",
                    () -> test.aws.describeUsers(r -> r.filters(Filter.builder().name("colour").values("x").build())));
        }
    }

    @Test
    void whatAUserMayNotBe() {
        try (TestPlane test = new TestPlane(directory, StepObserver.NONE,
                new Quotas(300, 40, 90, 50, 10, 1, 10, 10, 10, 20, 20, 15, 1000), TestPlane.START)) {
            Class<InvalidParameterValueException> value = InvalidParameterValueException.class;
            Class<InvalidParameterCombinationException> combination = InvalidParameterCombinationException.class;
            refused(value, "UserId is not valid", () -> create(test, "1ann", "ann"));
            refused(value, "UserId is not valid", () -> create(test, "a".repeat(41), "ann"));
            refused(value, "UserName must have", () -> create(test, "ann", "an n"));
            refused(value, "Invalid engine: memcached", () -> test.aws.createUser(r -> r.userId("ann").userName("ann")
                    .engine("memcached").accessString("on").noPasswordRequired(true)));
            refused(value, "Invalid access string: +nothing: there is no such command", () -> test.aws.createUser(
                    r -> r.userId("ann").userName("ann").engine("redis").accessString("+nothing")
                            .noPasswordRequired(true)));
            refused(combination, "No password was provided", () -> test.aws.createUser(
                    r -> r.userId("ann").userName("ann").engine("redis").accessString("on")));
            refused(combination, "Passwords cannot be provided", () -> test.aws.createUser(r -> r.userId("ann")
                    .userName("ann").engine("redis").accessString("on").noPasswordRequired(true).passwords(SECRET)));
            refused(combination, "AuthenticationMode cannot be combined", () -> test.aws.createUser(
                    r -> r.userId("ann").userName("ann").engine("redis").accessString("on").passwords(SECRET)
                            .authenticationMode(m -> m.type(InputAuthenticationType.IAM))));
            refused(combination, "must be the same", () -> test.aws.createUser(
                    r -> r.userId("ann").userName("bob").engine("redis").accessString("on")
                            .authenticationMode(m -> m.type(InputAuthenticationType.IAM))));
            for (String bad : List.of("short", "x".repeat(129), "with a space in here", "with,comma,in,here",
                    "with\"quote\"in\"here", "with/slash/in/here/", "with@at@in@here@at", "mit-ümläuten-darin")) {
                assertThatThrownBy(() -> test.aws.createUser(r -> r.userId("ann").userName("ann").engine("redis")
                        .accessString("on").passwords(bad))).isInstanceOf(value)
                        .hasMessageContaining("Passwords must have").hasMessageNotContaining(bad);
            }
            refused(value, "at most 2 passwords", () -> test.aws.createUser(r -> r.userId("ann").userName("ann")
                    .engine("redis").accessString("on").passwords(SECRET, OTHER, SECRET + OTHER)));
            create(test, "ann", "ann");
            refused(UserAlreadyExistsException.class, "User ann already exists.", () -> create(test, "ANN", "x"));
            refused(UserQuotaExceededException.class, "the quota of 1 users", () -> create(test, "bob", "bob"));
            refused(combination, "No modifications were requested", () -> test.aws.modifyUser(r -> r.userId("ann")));
            refused(UserNotFoundException.class, "User bob not found.",
                    () -> test.aws.modifyUser(r -> r.userId("bob").accessString("on")));
        }
    }

    @Test
    void aGroupIsMadeChangedAndDeleted() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            create(test, "bob", "bob");
            assertThat(test.aws.createUserGroup(r -> r.userGroupId("Team").engine("redis").userIds("default", "ann"))
                    .status()).isEqualTo("creating");
            test.settle();
            UserGroup group = userGroup(test, "team");
            assertThat(group.status()).isEqualTo("active");
            assertThat(group.userIds()).containsExactly("ann", "default");
            assertThat(group.arn()).isEqualTo("arn:aws:elasticache:us-east-1:000000000000:usergroup:team");
            assertThat(user(test, "ann").userGroupIds()).containsExactly("team");

            var answer = test.aws.modifyUserGroup(
                    r -> r.userGroupId("team").userIdsToAdd("bob").userIdsToRemove("ann"));
            assertThat(answer.status()).isEqualTo("modifying");
            assertThat(answer.pendingChanges().userIdsToAdd()).containsExactly("bob");
            assertThat(answer.pendingChanges().userIdsToRemove()).containsExactly("ann");
            test.settle();
            assertThat(userGroup(test, "team").userIds()).containsExactly("bob", "default");
            assertThat(userGroup(test, "team").pendingChanges()).isNull();
            test.aws.deleteUser(r -> r.userId("bob"));
            test.settle();
            assertThat(userGroup(test, "team").userIds()).containsExactly("default");
            assertThat(test.aws.deleteUserGroup(r -> r.userGroupId("team")).status()).isEqualTo("deleting");
            test.settle();
            refused(UserGroupNotFoundException.class, "User group team not found.", () -> userGroup(test, "team"));
            assertThat(test.events("user-group", "team")).containsExactly("User group team created",
                    "User group team modified", "User group team deleted");
        }
    }

    @Test
    void whoMayBeTogetherInAGroup() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            create(test, "own-default", "default");
            test.aws.createUser(r -> r.userId("val").userName("val").engine("valkey").accessString("on ~* +@all")
                    .passwords(SECRET));
            refused(DefaultUserRequiredException.class, "whose name is default", () -> group(test, "redis", "ann"));
            refused(DuplicateUserNameException.class, "the name default",
                    () -> group(test, "redis", "default", "own-default"));
            refused(InvalidParameterCombinationException.class, "User val is of engine valkey",
                    () -> group(test, "redis", "default", "val"));
            refused(InvalidParameterCombinationException.class, "User default does not authenticate",
                    () -> group(test, "valkey", "default"));
            refused(UserNotFoundException.class, "User nobody not found.", () -> group(test, "valkey", "nobody"));
            group(test, "redis", "own-default", "ann");
            refused(UserGroupAlreadyExistsException.class, "already exists", () -> group(test, "redis", "default"));
            refused(DefaultUserAssociatedToUserGroupException.class, "cannot be deleted",
                    () -> test.aws.deleteUser(r -> r.userId("own-default")));
            refused(DefaultUserRequiredException.class, "whose name is default",
                    () -> test.aws.modifyUserGroup(r -> r.userGroupId("team").userIdsToRemove("own-default")));
            test.aws.modifyUserGroup(
                    r -> r.userGroupId("team").userIdsToRemove("own-default").userIdsToAdd("default"));
            test.settle();
            refused(InvalidParameterValueException.class, "User ann is already in user group team.",
                    () -> test.aws.modifyUserGroup(r -> r.userGroupId("team").userIdsToAdd("ann")));
            refused(InvalidParameterValueException.class, "User val is not in user group team.",
                    () -> test.aws.modifyUserGroup(r -> r.userGroupId("team").userIdsToRemove("val")));
            refused(InvalidParameterCombinationException.class, "No modifications were requested",
                    () -> test.aws.modifyUserGroup(r -> r.userGroupId("team")));
        }
    }

    @Test
    void nodesLetInTheUsersOfTheGroupAndNobodyElse() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            create(test, "bob", "bob");
            group(test, "valkey", "ann");
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .engine("valkey").cacheNodeType("cache.t3.micro").userGroupIds("Team")
                    .transitEncryptionEnabled(true));
            test.settle();
            assertThat(test.group("g").userGroupIds()).containsExactly("team");
            assertThat(test.group("g").pendingModifiedValues().userGroups()).isNull();
            assertThat(userGroup(test, "team").replicationGroups()).containsExactly("g");
            assertThat(test.nodes.users("g-001")).isEqualTo(Map.of("default", "reset off", "ann",
                    "reset " + SECRET_HASH + " &* on ~* +@all"));

            test.aws.modifyUserGroup(r -> r.userGroupId("team").userIdsToAdd("bob").userIdsToRemove("ann"));
            test.settle();
            assertThat(test.nodes.users("g-001")).containsOnlyKeys("bob", "default");
            test.aws.modifyUser(r -> r.userId("bob").accessString("on ~b:* &b +@read").passwords(OTHER));
            test.settle();
            assertThat(test.nodes.users("g-001")).containsEntry("bob",
                    "reset #" + sha256(OTHER) + " on ~b:* &b -@all +@read");
            refused(InvalidUserGroupStateException.class, "is associated with a replication group",
                    () -> test.aws.deleteUserGroup(r -> r.userGroupId("team")));

            test.nodes.crash(test.nodes.running().keySet().iterator().next());
            // It is started closed and told its users a moment later.
            await().until(() -> test.nodes.running().size() == 1
                    && test.nodes.users("g-001").keySet().equals(Set.of("bob", "default")));
            test.settle();

            ReplicationGroup answer = test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").removeUserGroups(true)).replicationGroup();
            assertThat(answer.status()).isEqualTo("modifying");
            assertThat(answer.pendingModifiedValues().userGroups().userGroupIdsToRemove()).containsExactly("team");
            test.settle();
            assertThat(test.nodes.users("g-001")).isEqualTo(Map.of("default", OPEN));
            test.aws.deleteUserGroup(r -> r.userGroupId("team"));
            test.settle();
        }
    }

    @Test
    void groupsAreExchangedAndMustFit() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            create(test, "bob", "bob");
            group(test, "valkey", "ann");
            test.aws.createUserGroup(r -> r.userGroupId("other").engine("redis").userIds("default", "bob"));
            test.createEncryptedGroup("g");
            test.aws.createReplicationGroup(r -> r.replicationGroupId("r").replicationGroupDescription("d")
                    .engine("redis").cacheNodeType("cache.t3.micro"));
            test.aws.createReplicationGroup(r -> r.replicationGroupId("old").replicationGroupDescription("d")
                    .engine("redis").engineVersion("5.0.6").cacheNodeType("cache.t3.micro"));
            test.settle();
            refused(InvalidParameterCombinationException.class, "of engine valkey and cannot be associated",
                    () -> attach(test, "r", "team"));
            refused(InvalidParameterCombinationException.class, "needs engine version 6.0 or later",
                    () -> attach(test, "old", "other"));
            refused(UserGroupNotFoundException.class, "User group nobody not found.",
                    () -> attach(test, "g", "nobody"));
            attach(test, "g", "team");
            test.settle();
            refused(InvalidParameterCombinationException.class, "only one user group",
                    () -> attach(test, "g", "other"));
            refused(InvalidParameterValueException.class, "User group other is not associated",
                    () -> test.aws.modifyReplicationGroup(
                            r -> r.replicationGroupId("g").userGroupIdsToRemove("other")));
            ReplicationGroup answer = test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g")
                    .userGroupIdsToRemove("team").userGroupIdsToAdd("other")).replicationGroup();
            assertThat(answer.pendingModifiedValues().userGroups().userGroupIdsToAdd()).containsExactly("other");
            assertThat(answer.pendingModifiedValues().userGroups().userGroupIdsToRemove()).containsExactly("team");
            test.settle();
            assertThat(test.nodes.users("g-001")).containsOnlyKeys("default", "bob")
                    .containsEntry("default", "reset nopass &* on ~* +@all");
            refused(InvalidParameterCombinationException.class, "cannot be combined",
                    () -> test.aws.createReplicationGroup(r -> r.replicationGroupId("both")
                            .replicationGroupDescription("d").cacheNodeType("cache.t3.micro").userGroupIds("other")
                            .authToken(SECRET)));
        }
    }

    @Test
    void aTokenIsGivenRotatedAndSet() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .engine("redis").cacheNodeType("cache.t3.micro").authToken(SECRET)
                    .transitEncryptionEnabled(true));
            test.settle();
            assertThat(test.group("g").authTokenEnabled()).isTrue();
            assertThat(test.cluster("g-001").authTokenEnabled()).isTrue();
            assertThat(test.group("g").authTokenLastModifiedDate()).isNotNull();
            assertThat(test.nodes.users("g-001"))
                    .isEqualTo(Map.of("default", "reset on " + SECRET_HASH + " ~* +@all &*"));

            assertThat(token(test, OTHER, null).pendingModifiedValues().authTokenStatus())
                    .isEqualTo(AuthTokenUpdateStatus.ROTATING);
            test.settle();
            assertThat(test.group("g").pendingModifiedValues().authTokenStatus()).isNull();
            assertThat(test.nodes.users("g-001")).isEqualTo(
                    Map.of("default", "reset on #" + sha256(OTHER) + " " + SECRET_HASH + " ~* +@all &*"));
            refused(InvalidParameterCombinationException.class, "last given with ROTATE",
                    () -> token(test, SECRET, AuthTokenUpdateStrategyType.SET));
            token(test, OTHER, AuthTokenUpdateStrategyType.SET);
            test.settle();
            assertThat(test.nodes.users("g-001"))
                    .isEqualTo(Map.of("default", "reset on #" + sha256(OTHER) + " ~* +@all &*"));
            refused(InvalidParameterValueException.class, "Invalid AuthToken provided.",
                    () -> token(test, "with@at@in@here@at", null));
            refused(InvalidParameterCombinationException.class, "DELETE is only allowed",
                    () -> token(test, null, AuthTokenUpdateStrategyType.DELETE));
            test.aws.deleteReplicationGroup(r -> r.replicationGroupId("g").retainPrimaryCluster(true));
            test.settle();
            assertThat(test.cluster("g-001").authTokenEnabled()).isTrue();
            assertThat(test.cluster("g-001").transitEncryptionEnabled()).isTrue();
        }
        try (TestPlane test = new TestPlane(directory)) {
            test.settle();
            assertThat(test.cluster("g-001").transitEncryptionModeAsString()).isEqualTo("required");
            assertThat(test.nodes.settings("g-001")).containsEntry("port", "0");
            assertThat(test.nodes.users("g-001"))
                    .isEqualTo(Map.of("default", "reset on #" + sha256(OTHER) + " ~* +@all &*"));
            test.aws.createReplicationGroup(
                    r -> r.replicationGroupId("h").replicationGroupDescription("d").primaryClusterId("g-001"));
            test.settle();
            assertThat(test.group("h").authTokenEnabled()).isTrue();
            assertThat(test.group("h").transitEncryptionEnabled()).isTrue();
            assertThat(test.nodes.users("g-001"))
                    .isEqualTo(Map.of("default", "reset on #" + sha256(OTHER) + " ~* +@all &*"));
        }
    }

    @Test
    void anOpenGroupStaysOpenUntilItsTokenIsSet() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createEncryptedGroup("g");
            assertThat(test.nodes.users("g-001")).isEqualTo(Map.of("default", OPEN));
            token(test, SECRET, AuthTokenUpdateStrategyType.ROTATE);
            test.settle();
            assertThat(test.nodes.users("g-001")).isEqualTo(Map.of("default", OPEN));
            token(test, SECRET, AuthTokenUpdateStrategyType.SET);
            test.settle();
            assertThat(test.nodes.users("g-001"))
                    .isEqualTo(Map.of("default", "reset on " + SECRET_HASH + " ~* +@all &*"));
        }
    }

    @Test
    void fromATokenToUsersAndBack() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            group(test, "valkey", "ann");
            test.createEncryptedGroup("g");
            token(test, SECRET, AuthTokenUpdateStrategyType.ROTATE);
            test.settle();
            refused(InvalidParameterCombinationException.class, "AuthToken and UserGroupIds cannot be combined.",
                    () -> attach(test, "g", "team"));
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").userGroupIdsToAdd("team")
                    .authTokenUpdateStrategy(AuthTokenUpdateStrategyType.DELETE));
            test.settle();
            assertThat(test.group("g").authTokenEnabled()).isFalse();
            assertThat(test.nodes.users("g-001")).containsOnlyKeys("ann", "default")
                    .containsEntry("default", "reset off");
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").removeUserGroups(true).authToken(OTHER)
                    .authTokenUpdateStrategy(AuthTokenUpdateStrategyType.SET));
            test.settle();
            assertThat(test.group("g").userGroupIds()).isEmpty();
            assertThat(test.nodes.users("g-001"))
                    .isEqualTo(Map.of("default", "reset on #" + sha256(OTHER) + " ~* +@all &*"));
        }
    }

    @Test
    void tokensAndUsersNeedEncryptedConnections() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            group(test, "valkey", "ann");
            test.createGroup("plain");
            refused(InvalidParameterCombinationException.class, "AuthToken can only be given when",
                    () -> test.aws.createReplicationGroup(r -> r.replicationGroupId("g")
                            .replicationGroupDescription("d").cacheNodeType("cache.t3.micro").authToken(SECRET)));
            refused(InvalidParameterCombinationException.class, "requires encryption-in-transit",
                    () -> test.aws.createReplicationGroup(r -> r.replicationGroupId("g").engine("valkey")
                            .replicationGroupDescription("d").cacheNodeType("cache.t3.micro").userGroupIds("team")));
            refused(InvalidParameterCombinationException.class, "preferred is not supported",
                    () -> test.aws.createReplicationGroup(r -> r.replicationGroupId("g").engine("valkey")
                            .replicationGroupDescription("d").cacheNodeType("cache.t3.micro").userGroupIds("team")
                            .transitEncryptionEnabled(true).transitEncryptionMode("preferred")));
            refused(InvalidParameterCombinationException.class, "requires encryption-in-transit",
                    () -> attach(test, "plain", "team"));
            refused(InvalidParameterCombinationException.class, "AuthToken can only be given when",
                    () -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("plain").authToken(SECRET)));
            assertThat(test.nodes.users("plain-001")).isEqualTo(Map.of("default", OPEN));
        }
    }

    @Test
    void whereThereAreUsersOrTokensEncryptionStays() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            group(test, "valkey", "ann");
            test.createEncryptedGroup("g");
            attach(test, "g", "team");
            test.settle();
            refused(InvalidParameterCombinationException.class, "not supported for access control enabled clusters.",
                    () -> test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g")
                            .transitEncryptionMode("preferred").applyImmediately(true)));
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").removeUserGroups(true).authToken(SECRET)
                    .authTokenUpdateStrategy(AuthTokenUpdateStrategyType.SET));
            test.settle();
            test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").transitEncryptionMode("preferred")
                    .applyImmediately(true));
            test.settle();
            refused(InvalidParameterCombinationException.class, "while the replication group has an AUTH token",
                    () -> test.aws.modifyReplicationGroup(
                            r -> r.replicationGroupId("g").transitEncryptionEnabled(false).applyImmediately(true)));
        }
    }

    @Test
    void nodesAreToldWhoLogsInByTokens() {
        try (TestPlane test = new TestPlane(directory)) {
            CreateUserResponse made = test.aws.createUser(r -> r.userId("ann").userName("ann").engine("redis")
                    .accessString("on ~* +@all").authenticationMode(m -> m.type(InputAuthenticationType.IAM)));
            assertThat(made.authentication().typeAsString()).isEqualTo("iam");
            assertThat(made.minimumEngineVersion()).isEqualTo("7.0");
            group(test, "valkey", "ann");
            test.createEncryptedGroup("g");
            attach(test, "g", "team");
            test.settle();
            assertThat(test.nodes.users("g-001")).containsEntry("ann", "reset &* on ~* +@all");
            assertThat(test.nodes.logins("g-001")).isEqualTo("g - us-east-1 USERS 1 ann KEYS 0");
            test.aws.modifyUser(r -> r.userId("ann").passwords(SECRET));
            test.settle();
            assertThat(test.nodes.logins("g-001")).isEqualTo("g - us-east-1 USERS 0 KEYS 0");
        }
    }

    @Test
    void whileNodesAreBeingToldAUserIsNotChanged() {
        CountDownLatch go = new CountDownLatch(1);
        StepObserver holder = (workflow, step, point) -> {
            if (workflow.equals("change-user") && point == StepObserver.Point.BEFORE) {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        try (TestPlane test = new TestPlane(directory, holder)) {
            create(test, "ann", "ann");
            test.aws.modifyUser(r -> r.userId("ann").accessString("off"));
            refused(InvalidUserStateException.class, "User ann is not in active state.",
                    () -> test.aws.modifyUser(r -> r.userId("ann").accessString("on")));
            go.countDown();
            test.settle();
        } finally {
            go.countDown();
        }
    }

    @Test
    void secretsAreNowhereOnTheDisk() throws IOException {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "ann", "ann");
            test.createEncryptedGroup("g");
            token(test, OTHER, AuthTokenUpdateStrategyType.ROTATE);
            test.settle();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                assertThat(bytes.contains(SECRET) || bytes.contains(OTHER)).as(file.toString()).isFalse();
            }
        }
    }

    private static void refused(Class<? extends ElastiCacheException> fault, String words, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(fault).hasMessageContaining(words);
    }

    private static void create(TestPlane test, String id, String name) {
        test.aws.createUser(r -> r.userId(id).userName(name).engine("redis").accessString("on ~* +@all")
                .passwords(SECRET));
    }

    private static void group(TestPlane test, String engine, String... users) {
        test.aws.createUserGroup(r -> r.userGroupId("team").engine(engine).userIds(users));
        test.settle();
    }

    private static void attach(TestPlane test, String replicationGroup, String userGroup) {
        test.aws.modifyReplicationGroup(
                r -> r.replicationGroupId(replicationGroup).userGroupIdsToAdd(userGroup).applyImmediately(true));
    }

    private static ReplicationGroup token(TestPlane test, @Nullable String token,
            @Nullable AuthTokenUpdateStrategyType strategy) {
        return test.aws.modifyReplicationGroup(r -> r.replicationGroupId("g").authToken(token)
                .authTokenUpdateStrategy(strategy).applyImmediately(true)).replicationGroup();
    }

    private static User user(TestPlane test, String id) {
        return test.aws.describeUsers(r -> r.userId(id)).users().getFirst();
    }

    private static UserGroup userGroup(TestPlane test, String id) {
        return test.aws.describeUserGroups(r -> r.userGroupId(id)).userGroups().getFirst();
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
