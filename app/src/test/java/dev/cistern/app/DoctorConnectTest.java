package dev.cistern.app;

import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;

/** What the doctor says of connections that are let in and of those that are refused. */
final class DoctorConnectTest {

    @TempDir
    private Path state;

    private LocalCistern cistern;
    private ElastiCacheClient client;

    @BeforeEach
    void start() throws IOException {
        cistern = LocalCistern.start(state, Probe.endpoints(), GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        client = Probe.sdk(cistern.url());
    }

    @AfterEach
    void end() {
        client.close();
        cistern.close();
    }

    private String says(int exitCode, String target, String... more) {
        StringWriter out = new StringWriter();
        List<String> words = new ArrayList<>(List.of("doctor", "connect", target, "--endpoint", cistern.url()));
        words.addAll(List.of(more));
        assertThat(Cistern.commandLine().setOut(new PrintWriter(out)).execute(words.toArray(String[]::new)))
                .as(out.toString()).isEqualTo(exitCode);
        return out.toString();
    }

    @Test
    void anEncryptedGroupThatWantsAToken() {
        client.createReplicationGroup(r -> r.replicationGroupId("sealed").replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").transitEncryptionEnabled(true)
                .authToken("the-token-of-this-group"));
        Endpoint endpoint = Probe.awaitAvailable(client, "sealed");
        String target = "127.0.0.1:" + endpoint.port();
        String inside = says(ExitCode.OK, target);
        assertThat(inside).contains("primary of replication group sealed, valkey, available", "lets 127.0.0.1 in",
                "127.0.0.0/8", "TLSv1.3, required, certificate for", "localhost", "-NOAUTH",
                "who has the AUTH token").doesNotContain("the-token-of-this-group", "FAIL");
        assertThat(says(ExitCode.BAD_ENVIRONMENT, target, "--from", "10.1.2.3"))
                .contains("FAIL  rule", "no rule lets 10.1.2.3 in to port " + endpoint.port(),
                        "authorize-security-group-ingress --group-id sg-", "--cidr 10.1.2.3/32");
        assertThat(says(ExitCode.BAD_ENVIRONMENT, "127.0.0.1:1")).contains("nothing that this Cistern runs",
                "primary of replication group sealed");
        assertThat(says(ExitCode.BAD_ENVIRONMENT, "no.such.name.invalid:6379")).contains("has no address");
        assertThat(Cistern.commandLine().setErr(new PrintWriter(new StringWriter()))
                .execute("doctor", "connect", "6379")).isEqualTo(ExitCode.BAD_SYNTAX);
    }

    @Test
    void aPlainClusterOfMemcached() {
        client.createCacheCluster(r -> r.cacheClusterId("mem").engine("memcached").cacheNodeType("cache.t4g.micro")
                .numCacheNodes(1));
        Probe.await(() -> client.describeCacheClusters().cacheClusters().getFirst().cacheClusterStatus()
                .equals("available"));
        int port = client.describeCacheClusters().cacheClusters().getFirst().configurationEndpoint().port();
        assertThat(says(ExitCode.OK, "127.0.0.1:" + port)).contains("configuration endpoint of cluster mem",
                "answered VERSION 1.6", "lets in everybody");
    }
}
