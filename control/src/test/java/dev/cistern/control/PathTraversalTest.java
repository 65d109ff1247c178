package dev.cistern.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Names that would be paths elsewhere: every call that takes a name of the caller's choice refuses them, and leaves no file. */
@DisplayName("Path traversal in snapshot, cluster, export, parameter-group names")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PathTraversalTest {

    private static final List<String> NAMES = List.of("../x", "..", "a/../../x", "/etc/x", "%2e%2e%2fx", "a\0x",
            "..\\x", "\u2024\u2024/x", "\uff0e\uff0e\uff0fx", "a/b", "~", "a\nx");

    private TestPlane test;
    private Path directory;

    @BeforeAll
    void open(@TempDir Path root) {
        directory = root;
        test = new TestPlane(root.resolve("state"));
        test.createCluster("there");
        test.settle();
        test.aws.createSnapshot(r -> r.cacheClusterId("there").snapshotName("taken"));
        test.settle();
    }

    @AfterAll
    void close() {
        test.close();
    }

    static Stream<Arguments> calls() {
        return Stream.of(
                call("CreateCacheCluster", (aws, name) -> aws.createCacheCluster(
                        r -> r.cacheClusterId(name).engine("redis").cacheNodeType("cache.t3.micro"))),
                call("CreateReplicationGroup", (aws, name) -> aws.createReplicationGroup(r -> r
                        .replicationGroupId(name).replicationGroupDescription("d").engine("redis")
                        .cacheNodeType("cache.t3.micro"))),
                call("CreateCacheParameterGroup", (aws, name) -> aws.createCacheParameterGroup(r -> r
                        .cacheParameterGroupName(name).cacheParameterGroupFamily("redis7").description("d"))),
                call("CreateSnapshot",
                        (aws, name) -> aws.createSnapshot(r -> r.cacheClusterId("there").snapshotName(name))),
                call("CopySnapshot", (aws, name) -> aws.copySnapshot(
                        r -> r.sourceSnapshotName("taken").targetSnapshotName(name))),
                call("CopySnapshot to a bucket", (aws, name) -> aws.copySnapshot(
                        r -> r.sourceSnapshotName("taken").targetSnapshotName("t").targetBucket(name))),
                call("SnapshotArns", (aws, name) -> aws.createCacheCluster(r -> r.cacheClusterId("new").engine("redis")
                        .cacheNodeType("cache.t3.micro").snapshotArns("arn:aws:s3:::bucket/" + name))),
                call("FinalSnapshotIdentifier", (aws, name) -> aws.deleteCacheCluster(
                        r -> r.cacheClusterId("there").finalSnapshotIdentifier(name))),
                call("CreateUser", (aws, name) -> aws.createUser(r -> r.userId(name).userName("u").engine("redis")
                        .accessString("on ~* +@all").noPasswordRequired(true))),
                call("CreateUserGroup", (aws, name) -> aws.createUserGroup(
                        r -> r.userGroupId(name).engine("redis").userIds("default"))));
    }

    private static Arguments call(String what, BiConsumer<ElastiCacheClient, String> call) {
        return Arguments.of(what, call);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void isNoPath(String what, BiConsumer<ElastiCacheClient, String> call) throws IOException {
        Set<String> before = folders();
        for (String name : NAMES) {
            assertThatThrownBy(() -> call.accept(test.aws, name)).as("%s %s", what, name)
                    .isInstanceOfSatisfying(AwsServiceException.class,
                            fault -> assertThat(fault.statusCode()).isBetween(400, 499));
        }
        assertThat(folders()).isEqualTo(before);
    }

    /** All that there is, but for what the database comes and goes with. */
    private Set<String> folders() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return new TreeSet<>(all.map(directory::relativize).map(Path::toString)
                    .filter(path -> !path.contains("state.mv.db") && !path.contains(".trace")).toList());
        }
    }
}
