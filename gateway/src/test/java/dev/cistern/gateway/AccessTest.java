package dev.cistern.gateway;

import dev.cistern.gateway.audit.AuditLog;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.Role;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CreateUserResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeUsersResponse;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.RebootCacheClusterResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

/** Who may do what, through the real SDK, and what is written down of it. */
final class AccessTest {

    private static final String CANARY = "canary-of-sixteen-letters";

    private final RecordingService<ElastiCacheClient> service = new RecordingService<>(ElastiCacheClient.class);

    @TempDir
    private Path folder;

    private KeyFile keys;
    private Gateway gateway;

    @BeforeEach
    void start() {
        keys = new KeyFile(folder.resolve("access-keys"));
        gateway = Gateway.start(GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0).withKeys(keys)
                .withAudit(AuditLog.in(folder.resolve("audit.log"))), caller -> service.client());
        service.reply(request -> switch (request.getClass().getSimpleName()) {
            case "DescribeUsersRequest" -> DescribeUsersResponse.builder().build();
            case "CreateUserRequest" -> CreateUserResponse.builder().userId("u").build();
            default -> RebootCacheClusterResponse.builder().build();
        });
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    @DisplayName("AuthZ: roles")
    @Test
    void eachRoleMayWhatItIsForAndNothingElse() throws Exception {
        try (ElastiCacheClient viewer = client(key("eye", Role.VIEWER));
                ElastiCacheClient operator = client(key("hand", Role.OPERATOR));
                ElastiCacheClient admin = client(key("head", Role.ADMIN))) {
            for (ElastiCacheClient each : List.of(viewer, operator, admin)) {
                each.describeUsers(request -> {});
            }
            operator.rebootCacheCluster(request -> request.cacheClusterId("c").cacheNodeIdsToReboot("0001"));
            admin.createUser(request -> request.userId("u").userName("u").engine("valkey").accessString("on"));
            denied("eye", "RebootCacheCluster",
                    () -> viewer.rebootCacheCluster(r -> r.cacheClusterId("c").cacheNodeIdsToReboot("0001")));
            denied("hand", "CreateUser", () -> operator
                    .createUser(r -> r.userId("u").userName("u").engine("valkey").accessString("on")));
            denied("hand", "DeleteReplicationGroup",
                    () -> operator.deleteReplicationGroup(r -> r.replicationGroupId("g")));
            denied("hand", "ModifyReplicationGroup",
                    () -> operator.modifyReplicationGroup(r -> r.replicationGroupId("g").removeUserGroups(true)));
        }
    }

    @Test
    void aKeyThatIsDeletedIsRefusedAtOnce() throws Exception {
        try (ElastiCacheClient client = client(key("ann", Role.ADMIN))) {
            client.describeUsers(request -> {});
            keys.delete("ann");
            var refused = assertThrows(ElastiCacheException.class, () -> client.describeUsers(request -> {}));
            assertThat(refused.awsErrorDetails().errorCode()).isEqualTo("InvalidClientTokenId");
            assertThat(refused.statusCode()).isEqualTo(403);
        }
    }

    @DisplayName("Secrets in logs, events: audit log")
    @Test
    void everyCallIsWrittenDownWithoutItsSecrets() throws Exception {
        AccessKey ann = key("ann", Role.ADMIN);
        try (ElastiCacheClient client = client(ann);
                ElastiCacheClient forger = client(new AccessKey("x", ann.id(), CANARY, null, Role.ADMIN))) {
            client.createUser(request -> request.userId("u").userName("u").engine("valkey").accessString("on")
                    .passwords(CANARY));
            assertThrows(ElastiCacheException.class, () -> forger.describeUsers(request -> {}));
        }
        List<String> lines = Files.readAllLines(folder.resolve("audit.log"));
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst()).contains("\"action\":\"CreateUser\"", "\"keyName\":\"ann\"", "\"UserId\":\"u\"",
                "\"source\":\"127.0.0.1:", "\"status\":200");
        assertThat(lines.getLast()).contains("\"keyId\":\"" + ann.id() + "\"", "\"keyName\":\"\"",
                "\"code\":\"SignatureDoesNotMatch\"").doesNotContain("parameters");
        assertThat(lines).noneMatch(line -> line.contains(CANARY) || line.contains(ann.secret()));
    }

    /** One that is not signed is told nothing, not even what there is. */
    @Test
    void whoDoesNotSignGetsInNowhereButToTheHealth() throws Exception {
        assertThat(get("/health")).isEqualTo(200);
        assertThat(get("/ca.pem")).isEqualTo(404);
        assertThat(get("/status")).isEqualTo(403);
        assertThat(get("/?Action=DescribeUsers&Version=2015-02-02")).isEqualTo(403);
    }

    private int get(String path) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(gateway.url() + path)).build(),
                    HttpResponse.BodyHandlers.discarding()).statusCode();
        }
    }

    private static void denied(String name, String action, Executable call) {
        var refused = assertThrows(ElastiCacheException.class, call);
        assertThat(refused.awsErrorDetails().errorCode()).isEqualTo("AccessDenied");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.awsErrorDetails().errorMessage()).contains(":user/" + name,
                "is not authorized to perform: elasticache:" + action);
    }

    private AccessKey key(String name, Role role) throws Exception {
        return keys.create(name, role, null, new SecureRandom());
    }

    private ElastiCacheClient client(AccessKey key) {
        return TestClients.of(gateway.url(), key.id(), key.secret(), Region.US_EAST_1, request -> {});
    }
}
