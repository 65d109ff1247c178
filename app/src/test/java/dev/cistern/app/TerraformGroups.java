package dev.cistern.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What Terraform is to make of {@code groups.tf}: groups of three nodes and of three times two, and clusters, with values
 * that can be changed one by one.
 */
final class TerraformGroups {

    private static final List<String> RESOURCES = List.of("aws_elasticache_replication_group.trio",
            "aws_elasticache_replication_group.wide", "aws_elasticache_cluster.single",
            "aws_elasticache_cluster.three");

    /** What nobody wishes here; Terraform has no value for it. */
    private static final Set<String> UNWISHED = Set.of("auth_token", "final_snapshot_identifier",
            "global_replication_group_id", "kms_key_id", "notification_topic_arn", "outpost_mode",
            "preferred_availability_zones", "preferred_cache_cluster_azs", "snapshot_arns", "snapshot_name", "timeouts",
            "user_group_ids");

    /** The endpoints that those of their kind do not have. */
    private static final Map<String, List<String>> ELSEWHERE = Map.of(
            RESOURCES.get(0), List.of("configuration_endpoint_address"),
            RESOURCES.get(1), List.of("primary_endpoint_address", "reader_endpoint_address"),
            RESOURCES.get(2), List.of("cluster_address", "configuration_endpoint"),
            RESOURCES.get(3), List.of());

    /** The only attributes that no API tells of: Terraform takes them from what is written. */
    private static final Pattern UNREAD = Pattern.compile("apply_immediately|auth_token(_update_strategy)?");

    private static final Pattern CHANGE = Pattern.compile("^\\s+[+~-] (?!resource)(\\w+) += ");

    private static final JsonMapper JSON = new JsonMapper();

    private final Path folder;
    private final Map<String, @Nullable Object> values = new HashMap<>();

    /** @param port the highest of four that they may have */
    TerraformGroups(Path folder, int port) {
        this.folder = folder;
        values.putAll(Map.of("description", "first", "team", "web", "engine", "redis", "trio_version", "7.0",
                "wide_version", "8.0", "single_version", "7.0", "three_version", "1.6.17", "port", port));
        values.putAll(Map.of("node_type", "cache.t4g.micro", "single_type", "cache.t4g.micro", "trio_nodes", 3,
                "shards", 3, "replicas", 1, "three_nodes", 3, "own_values", false));
        values.putAll(Map.of("fails_over", true, "multi_az", true, "minor_upgrades", true, "trio_days", 0, "days", 1,
                "snapshot_window", window(0), "maintenance_window", "sun:" + window(4).replace("-", "-sun:")));
        for (String unsaid : List.of("encryption", "token", "token_strategy", "cluster_mode")) {
            values.put(unsaid, null);
        }
    }

    /** An hour in which it is not yet now: what is to happen in it does not happen while a test runs. */
    static String window(int hours) {
        int first = (Instant.now().atOffset(ZoneOffset.UTC).getHour() < 12 ? 14 : 2) + hours;
        return "%02d:00-%02d:00".formatted(first, first + 1);
    }

    TerraformGroups with(String name, @Nullable Object value) {
        assertThat(values).containsKey(name);
        values.put(name, value);
        return this;
    }

    Object get(String name) {
        return Objects.requireNonNull(values.get(name));
    }

    void write() throws IOException {
        Files.writeString(folder.resolve("groups.json"), JSON.writeValueAsString(values));
    }

    /** What the API says of them is what is wanted. */
    void areSo(ElastiCacheClient aws) {
        ReplicationGroup trio = Probe.group(aws, "trio");
        ReplicationGroup wide = Probe.group(aws, "wide");
        assertThat(trio.memberClusters()).hasSize((int) get("trio_nodes"));
        assertThat(wide.nodeGroups()).hasSize((int) get("shards")).allSatisfy(
                nodeGroup -> assertThat(nodeGroup.nodeGroupMembers()).hasSize(1 + (int) get("replicas")));
        assertThat(trio.automaticFailoverAsString()).isEqualTo((boolean) get("fails_over") ? "enabled" : "disabled");
        assertThat(trio.snapshotRetentionLimit()).isEqualTo(get("trio_days"));
        assertThat(trio.engine()).isEqualTo(get("engine"));
        assertThat(trio.transitEncryptionModeAsString()).isEqualTo(values.get("encryption"));
        assertThat(trio.authTokenEnabled()).isEqualTo(values.get("token") != null);
        assertThat(trio.clusterModeAsString()).isEqualTo(
                Objects.requireNonNullElse(values.get("cluster_mode"), "disabled"));
        for (ReplicationGroup group : List.of(trio, wide)) {
            assertThat(group.status()).isEqualTo("available");
            assertThat(group.description()).isEqualTo(get("description"));
            assertThat(group.multiAZAsString()).isEqualTo((boolean) get("multi_az") ? "enabled" : "disabled");
            assertThat(tags(aws, group.arn())).isEqualTo(List.of("team=" + get("team")));
            assertThat(group.memberClusters()).allSatisfy(id -> isSo(Probe.cluster(aws, id)));
        }
        isSo(Probe.cluster(aws, "single"));
        assertThat(Probe.cluster(aws, "three").cacheNodes()).hasSize((int) get("three_nodes"));
        assertThat(Probe.cluster(aws, "three").engineVersion()).isEqualTo(get("three_version"));
    }

    private void isSo(CacheCluster cluster) {
        String name = cluster.cacheClusterId().split("-")[0];
        assertThat(cluster.cacheClusterStatus()).isEqualTo("available");
        assertThat(cluster.cacheNodeType()).isEqualTo(get(name.equals("single") ? "single_type" : "node_type"));
        assertThat(cluster.engineVersion()).startsWith(get(name + "_version") + ".");
        assertThat(cluster.preferredMaintenanceWindow()).isEqualTo(get("maintenance_window"));
        assertThat(cluster.snapshotWindow()).isEqualTo(get("snapshot_window"));
        assertThat(cluster.snapshotRetentionLimit()).isEqualTo(get(name.equals("trio") ? "trio_days" : "days"));
        assertThat(cluster.autoMinorVersionUpgrade()).isEqualTo(get("minor_upgrades"));
        assertThat(cluster.cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");
        assertThat(cluster.cacheParameterGroup().cacheParameterGroupName().startsWith("default."))
                .isNotEqualTo(get("own_values"));
    }

    private static List<String> tags(ElastiCacheClient aws, String arn) {
        return aws.listTagsForResource(r -> r.resourceName(arn)).tagList().stream()
                .map(tag -> tag.key() + "=" + tag.value()).toList();
    }

    /** Terraform has read a value for each attribute that the provider knows, except for what nobody wished. */
    static void areWhole(Terraform terraform) throws IOException, InterruptedException {
        Map<String, List<String>> absent = new TreeMap<>();
        for (JsonNode resource : JSON.readTree(terraform.run("show", "-json"))
                .at("/values/root_module/resources")) {
            String address = resource.at("/address").asString();
            if (RESOURCES.contains(address)) {
                absent.put(address, resource.at("/values").propertyStream()
                        .filter(value -> value.getValue().isNull()).map(Map.Entry::getKey)
                        .filter(name -> !UNWISHED.contains(name)).sorted().toList());
            }
        }
        assertThat(absent).isEqualTo(ELSEWHERE);
    }

    /**
     * Terraform forgets them, is told of them again, and would change nothing about them but what it only takes down. It is
     * not let do that: this provider wishes another token then, also where there is none.
     */
    void areFoundAgain(Terraform terraform) throws IOException, InterruptedException {
        Path state = folder.resolve("terraform.tfstate");
        byte[] before = Files.readAllBytes(state);
        List<String> forget = new ArrayList<>(List.of("state", "rm"));
        forget.addAll(RESOURCES);
        terraform.run(forget.toArray(String[]::new));
        StringBuilder blocks = new StringBuilder();
        RESOURCES.forEach(address -> blocks.append("import {\n  to = ").append(address).append("\n  id = \"")
                .append(address.substring(address.indexOf('.') + 1)).append("\"\n}\n"));
        Path imports = folder.resolve("imports.tf");
        Files.writeString(imports, blocks);
        String said = terraform.run("plan");
        Files.delete(imports);
        Files.write(state, before);
        assertThat(said).contains("Plan: 4 to import, 0 to add, 4 to change, 0 to destroy.");
        assertThat(said.lines().map(CHANGE::matcher).filter(Matcher::find).map(change -> change.group(1)))
                .as(said).isNotEmpty().allMatch(UNREAD.asMatchPredicate());
    }
}
