package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import dev.cistern.gateway.GatewayOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Attribute by attribute, what Terraform changes about groups and clusters is so, and it finds nothing to do after each.
 * The provider's waits make it a quarter of an hour, so it is walked only where effort is wished.
 */
final class TerraformWalkTest {

    /** Names and values in turn, a step a line. */
    private static final List<List<Object>> STEPS = List.of(
            List.of("description", "second", "team", "shop"),
            List.of("maintenance_window", "tue:" + TerraformGroups.window(6).replace("-", "-tue:")),
            List.of("snapshot_window", TerraformGroups.window(2)),
            List.of("trio_days", 2, "days", 3),
            List.of("minor_upgrades", false),
            List.of("own_values", true),
            List.of("node_type", "cache.t4g.small", "single_type", "cache.t4g.small"),
            List.of("trio_nodes", 4, "replicas", 2, "three_nodes", 4),
            List.of("trio_nodes", 2, "replicas", 1, "three_nodes", 2),
            List.of("shards", 4, "days", 0),
            List.of("shards", 2),
            List.of("multi_az", false),
            List.of("fails_over", false),
            List.of("fails_over", true, "own_values", false),
            List.of("trio_version", "7.1", "wide_version", "8.1", "single_version", "7.1", "three_version", "1.6.22"),
            List.of("engine", "valkey", "trio_version", "8.0"),
            List.of("encryption", "preferred"),
            List.of("encryption", "required"),
            List.of("token", "a-token-of-sixteen-and-more"),
            List.of("token_strategy", "SET"),
            List.of("cluster_mode", "compatible"),
            List.of("cluster_mode", "enabled"));

    @TempDir
    private Path folder;

    @Test
    void eachChangeIsMadeAndLeavesNothingToDo() throws Exception {
        assumeTrue(Integer.getInteger("cistern.effort", 1) > 1, "it takes a quarter of an hour: only with more effort");
        EndpointOptions endpoints = Probe.endpoints();
        try (Terraform terraform = Terraform.start(folder);
                LocalCistern cistern = LocalCistern.start(
                        folder.resolve("state"), endpoints, GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
                ElastiCacheClient aws = Probe.sdk(cistern.url())) {
            Files.writeString(folder.resolve("main.tf"),
                    Terraform.part("provider.tf").replace("@URL@", cistern.url()) + Terraform.part("groups.tf"));
            TerraformGroups groups = new TerraformGroups(folder, endpoints.lastPort());
            groups.write();
            terraform.init();
            terraform.apply();
            terraform.hasNothingToDo("the creation");
            TerraformGroups.areWhole(terraform);
            for (List<Object> step : STEPS) {
                long begun = System.nanoTime();
                for (int i = 0; i < step.size(); i += 2) {
                    groups.with((String) step.get(i), step.get(i + 1));
                }
                groups.write();
                assertThat(terraform.apply()).as(step.toString()).contains(" 0 added, ").contains(" 0 destroyed");
                terraform.hasNothingToDo(step.toString());
                groups.areSo(aws);
                System.out.println(step + ": " + (System.nanoTime() - begun) / 1_000_000_000 + " s");
            }
            groups.areFoundAgain(terraform);
            terraform.run("destroy", "-auto-approve", "-parallelism=30");
            assertThat(aws.describeReplicationGroups().replicationGroups()).isEmpty();
            assertThat(aws.describeCacheClusters().cacheClusters()).isEmpty();
        }
    }
}
