package dev.cistern.control;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.elasticache.model.CompleteMigrationRequest;
import software.amazon.awssdk.services.elasticache.model.CustomerNodeEndpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Moving in from a server that is not ours, over nodes that keep no data: who follows whom, which faults there are, and that
 * no crash leaves a group half moved in.
 */
final class MigrationTest extends CrashPoints {

    private FakeSource source;

    @BeforeEach
    void listen() throws IOException {
        source = new FakeSource();
    }

    @AfterEach
    void close() throws IOException {
        source.close();
    }

    @Test
    @Kills("start-migration")
    void startingAMigration() throws IOException {
        nodesOutlive = true;
        atEveryPoint(MigrationTest::createTarget, this::start, test -> {
            assertThat(test.group("g").status()).isEqualTo("migrating");
            assertThat(test.nodes.followedPort("g-001")).isEqualTo(source.port());
            assertThat(test.nodes.follows("g-002")).isEqualTo("g-001");
            String[] ports = test.nodes.rolePorts("g-001").split(" ", -1);
            assertThat(ports[0]).as("who comes to the primary endpoint reads").isEqualTo(ports[1]);
            assertThat(test.events("replication-group", "g")).filteredOn("Start Migration successful for g"::equals)
                    .hasSize(1);
        });
    }

    @Test
    @Kills("complete-migration")
    void completingAMigration() throws IOException {
        nodesOutlive = true;
        atEveryPoint(this::moveIn, test -> complete(test, false), MigrationTest::isItsOwn);
    }

    @Test
    @Kills("test-migration")
    void testingAMigration() throws IOException {
        nodesOutlive = true;
        atEveryPoint(MigrationTest::createTarget, test -> test.aws.testMigration(
                r -> r.replicationGroupId("g").customerNodeEndpointList(at("127.0.0.1", source.port()))), test -> {
                    assertThat(test.group("g").status()).isEqualTo("available");
                    assertThat(test.nodes.followedPort("g-001")).isZero();
                    assertThat(test.events("replication-group", "g"))
                            .filteredOn("Test Migration successful for g"::equals).hasSize(1);
                });
    }

    /** Here nodes end with the control plane, and what they had is gone. */
    @Test
    @Kills("complete-migration")
    void abortingAMigration() throws IOException {
        assumeTrue(Integer.getInteger("cistern.effort", 1) > 1, "what takes over is killed at each point as well");
        atEveryPoint(this::moveIn, test -> complete(test, true), MigrationTest::isItsOwn);
    }

    private static void createTarget(TestPlane test) {
        test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("moves in")
                .engine("valkey").cacheNodeType("cache.t4g.small").numCacheClusters(2).automaticFailoverEnabled(true)
                .multiAZEnabled(true));
        test.settle();
    }

    private void start(TestPlane test) {
        test.aws.startMigration(
                r -> r.replicationGroupId("g").customerNodeEndpointList(at("127.0.0.1", source.port())));
    }

    private void moveIn(TestPlane test) {
        createTarget(test);
        start(test);
        test.settle();
    }

    private static void complete(TestPlane test, boolean force) {
        test.aws.completeMigration(CompleteMigrationRequest.builder().replicationGroupId("g").force(force).build());
    }

    private static void isItsOwn(TestPlane test) {
        assertThat(test.group("g").status()).as("%s", test.events("replication-group", "g")).isEqualTo("available");
        assertThat(test.nodes.followedPort("g-001")).isZero();
        assertThat(test.nodes.follows("g-002")).isEqualTo("g-001");
        assertThat(test.events("replication-group", "g")).filteredOn("Complete Migration successful for g"::equals)
                .hasSize(1);
        await().atMost(Duration.ofSeconds(30)).until(() -> test.nodes.leaseMillis("g-001") > 0);
    }

    @Test
    void aPrimaryThatEndsMeanwhileFollowsAgainAndIsNotFailedOver() {
        try (TestPlane test = new TestPlane(root.resolve("state"))) {
            moveIn(test);
            test.crash("g-001");
            await().atMost(Duration.ofSeconds(30)).ignoreExceptions()
                    .until(() -> test.nodes.followedPort("g-001") == source.port());
            assertThat(test.group("g").status()).isEqualTo("migrating");
            assertThat(test.events("replication-group", "g")).noneMatch(event -> event.startsWith("Failover"));
        }
    }

    @Test
    void whatCannotBeIsRefusedOrToldByAnEvent() throws IOException {
        try (TestPlane test = new TestPlane(root.resolve("state"))) {
            createTarget(test);
            test.aws.createReplicationGroup(r -> r.replicationGroupId("plain").replicationGroupDescription("d")
                    .engine("valkey").cacheNodeType("cache.t4g.small"));
            test.settle();
            refuses("InvalidReplicationGroupState", () -> test.aws.startMigration(r -> r.replicationGroupId("plain")
                    .customerNodeEndpointList(at("127.0.0.1", 1))));
            refuses("InvalidParameterValue", () -> test.aws.startMigration(r -> r.replicationGroupId("g")));
            refuses("InvalidParameterValue", () -> test.aws.testMigration(r -> r.replicationGroupId("g")
                    .customerNodeEndpointList(at("a b", 1))));
            refuses("ReplicationGroupNotFoundFault", () -> test.aws.completeMigration(r -> r.replicationGroupId("no")));
            refuses("ReplicationGroupNotUnderMigrationFault", () -> complete(test, false));

            source.text = "cluster_enabled:1\r\n";
            start(test);
            test.settle();
            source.text = "used_memory:99999999999999\r\n";
            test.aws.testMigration(
                    r -> r.replicationGroupId("g").customerNodeEndpointList(at("127.0.0.1", source.port())));
            test.settle();
            source.text = "db0:keys=1\r\ndb16:keys=1\r\n";
            start(test);
            test.settle();
            assertThat(test.group("g").status()).isEqualTo("available");
            assertThat(test.events("replication-group", "g"))
                    .anyMatch(event -> event.startsWith("Start Migration failed for g: the source is in cluster mode"))
                    .anyMatch(event -> event.startsWith("Test Migration failed for g: the source uses 99999999999999"))
                    .contains("Start Migration failed for g: the source has keys in database 16, "
                            + "the parameter group allows 16 databases");

            source.text = "db15:keys=1\r\n";
            start(test);
            test.settle();
            refuses("ReplicationGroupAlreadyUnderMigrationFault", () -> start(test));
            refuses("InvalidReplicationGroupState", () -> test.aws.deleteReplicationGroup(
                    r -> r.replicationGroupId("g")));
            source.text = "master_repl_offset:8\r\n";
            complete(test, false);
            test.settle();
            assertThat(test.group("g").status()).isEqualTo("migrating");
            assertThat(test.events("replication-group", "g"))
                    .contains("Complete Migration failed for g: the data is not in sync");
            source.close();
            complete(test, true);
            test.settle();
            isItsOwn(test);
            assertThat(test.nodes.rolePorts("g-001").split(" ", -1)).doesNotHaveDuplicates();
        }
    }

    private static CustomerNodeEndpoint at(String address, int port) {
        return CustomerNodeEndpoint.builder().address(address).port(port).build();
    }

    private static void refuses(String code, Runnable call) {
        assertThat(catchThrowableOfType(AwsServiceException.class, call::run).awsErrorDetails().errorCode())
                .isEqualTo(code);
    }

    /** Answers whatever it is asked with what INFO says. */
    private static final class FakeSource {

        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private volatile String text = "";

        FakeSource() throws IOException {
            Thread.ofVirtual().start(this::accept);
        }

        int port() {
            return server.getLocalPort();
        }

        private void accept() {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> answer(socket));
                } catch (IOException e) {
                    return;
                }
            }
        }

        private void answer(Socket socket) {
            try (socket;
                    BufferedReader in = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    if (line.equalsIgnoreCase("INFO")) {
                        String info = "run_id:source\r\nmaster_repl_offset:7\r\n" + text;
                        socket.getOutputStream().write(("$" + info.length() + "\r\n" + info + "\r\n")
                                .getBytes(StandardCharsets.UTF_8));
                    }
                }
            } catch (IOException e) {
                // The other side went away.
            }
        }

        void close() throws IOException {
            server.close();
        }
    }
}
