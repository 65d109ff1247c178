package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What Terraform makes, finds unchanged, changes and takes away again, with the AWS provider that is installed.
 *
 * <p>The provider is looked for where Terraform keeps mirrors of them and in the folder that TF_PLUGIN_DIR names.
 */
final class TerraformTest {

    private static final String PROVIDER = "registry.terraform.io/hashicorp/aws";

    @TempDir
    private Path folder;

    private EndpointOptions endpoints;

    private LocalCistern cistern;

    @BeforeEach
    void start() throws IOException {
        endpoints = Probe.endpoints();
        cistern = LocalCistern.start(folder.resolve("state"), endpoints,
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
    }

    @AfterEach
    void end() {
        cistern.close();
    }

    @Test
    void parameterGroupUsersAndReplicationGroup() throws Exception {
        Optional<Path> mirror = mirror();
        assumeTrue(mirror.isPresent(), "Terraform's AWS provider is not installed");
        assumeTrue(isThere(), "terraform is not installed");
        ElastiCacheClient aws = Probe.sdk(cistern.url());
        write("60", "on ~app:* +@all", "web");
        terraform("init", "-plugin-dir=" + mirror.get());
        terraform("apply", "-auto-approve");
        assertThat(terraform("plan", "-detailed-exitcode")).as("the second plan").contains("No changes.");
        Endpoint endpoint = Probe.awaitAvailable(aws, "shop");
        try (Jedis client = Probe.connect(endpoint)) {
            assertThatThrownBy(client::ping).hasMessageContaining("NOAUTH");
            client.auth("ann", "correct-horse-battery");
            assertThat(client.set("app:1", "x")).isEqualTo("OK");
            assertThatThrownBy(() -> client.set("other", "x")).hasMessageContaining("NOPERM");
        }

        write("120", "on ~* +@all", "shop");
        terraform("apply", "-auto-approve");
        assertThat(terraform("plan", "-detailed-exitcode")).as("the plan after a change").contains("No changes.");
        try (Jedis client = Probe.connect(endpoint)) {
            client.auth("ann", "correct-horse-battery");
            assertThat(client.set("other", "x")).isEqualTo("OK");
        }
        assertThat(aws.describeCacheParameters(r -> r.cacheParameterGroupName("shop").source("user")).parameters())
                .extracting(parameter -> parameter.parameterName() + "=" + parameter.parameterValue())
                .contains("timeout=120");

        terraform("destroy", "-auto-approve");
        assertThat(aws.describeReplicationGroups().replicationGroups()).isEmpty();
        assertThat(aws.describeUserGroups(r -> {}).userGroups()).isEmpty();
        assertThat(aws.describeUsers(r -> {}).users()).hasSize(1);
        assertThat(aws.describeCacheParameterGroups().cacheParameterGroups())
                .noneMatch(group -> group.cacheParameterGroupName().equals("shop"));
    }

    private void write(String timeout, String access, String team) throws IOException {
        String text = """
                terraform {
                  required_providers {
                    aws = { source = "hashicorp/aws" }
                  }
                }
                provider "aws" {
                  region                      = "us-east-1"
                  access_key                  = "any"
                  secret_key                  = "any"
                  skip_credentials_validation = true
                  skip_requesting_account_id  = true
                  skip_metadata_api_check     = true
                  endpoints { elasticache = "@URL@" }
                }
                resource "aws_elasticache_parameter_group" "shop" {
                  name        = "shop"
                  family      = "valkey8"
                  description = "values of the shop"
                  parameter {
                    name  = "timeout"
                    value = "@TIMEOUT@"
                  }
                  parameter {
                    name  = "maxmemory-policy"
                    value = "allkeys-lru"
                  }
                  tags = { team = "@TEAM@" }
                }
                resource "aws_elasticache_user" "ann" {
                  user_id       = "ann"
                  user_name     = "ann"
                  engine        = "valkey"
                  access_string = "@ACCESS@"
                  passwords     = ["correct-horse-battery"]
                  tags          = { team = "@TEAM@" }
                }
                resource "aws_elasticache_user" "closed" {
                  user_id       = "closed"
                  user_name     = "default"
                  engine        = "redis"
                  access_string = "off -@all"
                  authentication_mode {
                    type      = "password"
                    passwords = ["another-staple-of-it"]
                  }
                }
                resource "aws_elasticache_user_group" "team" {
                  user_group_id = "team"
                  engine        = "valkey"
                  user_ids      = [aws_elasticache_user.ann.user_id, aws_elasticache_user.closed.user_id]
                  tags          = { team = "@TEAM@" }
                }
                resource "aws_elasticache_replication_group" "shop" {
                  replication_group_id = "shop"
                  description          = "cache of @TEAM@"
                  engine               = "valkey"
                  node_type            = "cache.t4g.micro"
                  num_cache_clusters   = 1
                  port                 = @PORT@
                  parameter_group_name = aws_elasticache_parameter_group.shop.name
                  user_group_ids       = [aws_elasticache_user_group.team.user_group_id]
                  apply_immediately    = true
                  tags                 = { team = "@TEAM@" }
                }
                """;
        // The provider takes any other port than 6379 for a change when none is said, and here that one may be taken.
        Files.writeString(folder.resolve("main.tf"), text.replace("@URL@", cistern.url())
                .replace("@PORT@", Integer.toString(endpoints.firstPort()))
                .replace("@TIMEOUT@", timeout).replace("@ACCESS@", access).replace("@TEAM@", team));
    }

    /** The folder below which the provider lies. */
    private static Optional<Path> mirror() {
        return Stream.of(Objects.requireNonNullElse(System.getenv("TF_PLUGIN_DIR"), ""), "/usr/share/terraform/plugins",
                "/usr/local/share/terraform/plugins", "/opt/tf-plugins",
                System.getProperty("user.home") + "/.terraform.d/plugins")
                .filter(place -> !place.isEmpty()).map(Path::of)
                .filter(path -> Files.isDirectory(path.resolve(PROVIDER)))
                .findFirst();
    }

    private boolean isThere() throws InterruptedException {
        try {
            return process(List.of("version")).start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    private String terraform(String... words) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("-no-color", "-input=false"));
        Process process = process(all).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("terraform " + String.join(" ", words) + ": " + output).isZero();
        return output;
    }

    private ProcessBuilder process(List<String> words) {
        List<String> line = new ArrayList<>(List.of("terraform"));
        line.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().put("CHECKPOINT_DISABLE", "1");
        builder.environment().remove("TF_CLI_CONFIG_FILE");
        return builder;
    }
}
