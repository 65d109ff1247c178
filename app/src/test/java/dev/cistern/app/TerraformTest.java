package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.control.EndpointOptions;
import dev.cistern.control.resource.SecurityRule;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheNode;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;
import software.amazon.awssdk.services.elasticache.model.User;
import software.amazon.awssdk.services.elasticache.model.UserGroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What Terraform makes, finds unchanged, changes and takes away again, with the AWS provider that is installed.
 *
 * <p>The provider waits half a minute before it looks at what it made, changed or deleted, whatever it is. So there is one
 * test, whose resources do not wait for one another, and what is deleted goes with the change. The provider is one process
 * for all of Terraform's commands: it takes seconds to start. It is looked for where Terraform keeps mirrors of them and in
 * the folder that TF_PLUGIN_DIR names.
 */
final class TerraformTest {

    private static final String PROVIDER = "registry.terraform.io/hashicorp/aws";

    /** Whether Terraform makes the user group too, and takes everything away at the end: minutes more. */
    private static final boolean WHOLE = Integer.getInteger("cistern.effort", 1) > 1;
    private static final Pattern REATTACH = Pattern.compile("TF_REATTACH_PROVIDERS='(.*)'");

    @TempDir
    private Path folder;

    private EndpointOptions endpoints;
    private LocalCistern cistern;
    private @Nullable Process provider;
    private String reattach = "";
    private String key = "";

    @BeforeEach
    void start() throws IOException {
        endpoints = Probe.endpoints();
        cistern = LocalCistern.start(folder.resolve("state"), endpoints,
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
    }

    @AfterEach
    void end() {
        if (provider != null) {
            provider.destroy();
        }
        cistern.close();
    }

    @Test
    void whatIsMadeIsFoundUnchangedIsChangedAndGoes() throws Exception {
        Optional<Path> mirror = mirror();
        assumeTrue(mirror.isPresent(), "Terraform's AWS provider is not installed");
        assumeTrue(Programs.works("terraform", "version"), "terraform is not installed");
        startProvider(mirror.get());
        ElastiCacheClient aws = Probe.sdk(cistern.url());
        key = makeKey();
        write("60", "on ~app:* +@all", "web", true);
        terraform("init", "-plugin-dir=" + mirror.get());
        if (!WHOLE) {
            makeUserGroup(aws);
        }
        terraform("apply", "-auto-approve");
        assertThat(terraform("plan", "-detailed-exitcode")).as("the second plan").contains("No changes.");
        Endpoint endpoint = Probe.awaitAvailable(aws, "shop");
        try (Jedis client = Probe.secure(endpoint, folder.resolve("state"))) {
            assertThatThrownBy(client::ping).hasMessageContaining("NOAUTH");
            client.auth("ann", "correct-horse-battery");
            assertThat(client.set("app:1", "x")).isEqualTo("OK");
            assertThatThrownBy(() -> client.set("other", "x")).hasMessageContaining("NOPERM");
        }
        assertThat(nodes(aws, "one")).containsExactly("0001");
        assertThat(nodes(aws, "three")).containsExactly("0001", "0002", "0003");

        write("120", "on ~* +@all", "shop", false);
        terraform("apply", "-auto-approve");
        assertThat(terraform("plan", "-detailed-exitcode")).as("the plan after a change").contains("No changes.");
        try (Jedis client = Probe.secure(endpoint, folder.resolve("state"))) {
            client.auth("ann", "correct-horse-battery");
            assertThat(client.set("other", "x")).isEqualTo("OK");
        }
        assertThat(aws.describeCacheParameters(r -> r.cacheParameterGroupName("shop").source("user")).parameters())
                .extracting(parameter -> parameter.parameterName() + "=" + parameter.parameterValue())
                .contains("timeout=120");
        assertThat(nodes(aws, "three")).containsExactly("0001", "0002");

        assertThat(aws.describeReplicationGroups().replicationGroups()).extracting(ReplicationGroup::replicationGroupId)
                .containsExactly("shop");
        assertThat(aws.describeCacheClusters().cacheClusters()).extracting(CacheCluster::cacheClusterId)
                .containsExactly("shop-001", "three");
        assertThat(aws.describeUserGroups(r -> {}).userGroups()).extracting(UserGroup::userGroupId)
                .containsExactly("made");
        assertThat(aws.describeCacheParameterGroups().cacheParameterGroups())
                .noneMatch(group -> group.cacheParameterGroupName().equals("gone"));
        ReplicationGroup shop = Probe.group(aws, "shop");
        assertThat(shop.kmsKeyId()).isEqualTo(key);
        assertThat(shop.atRestEncryptionEnabled()).isTrue();
        assertThat(aws.describeCacheSubnetGroups(r -> r.cacheSubnetGroupName("shop")).cacheSubnetGroups().getFirst()
                .subnets()).hasSize(3);
        assertThat(peers()).containsExactly("127.0.0.0/8");
        if (WHOLE) {
            terraform("destroy", "-auto-approve");
            assertThat(aws.describeReplicationGroups().replicationGroups()).isEmpty();
            assertThat(aws.describeCacheClusters().cacheClusters()).isEmpty();
            assertThat(aws.describeUserGroups(r -> {}).userGroups()).isEmpty();
            assertThat(aws.describeUsers(r -> {}).users()).extracting(User::userId).containsExactly("default");
            assertThat(aws.describeCacheSubnetGroups().cacheSubnetGroups()).hasSize(1);
            assertThat(cistern.controlPlane().network(Caller.DEFAULT).<Integer>read(groups -> groups.all().size()))
                    .isEqualTo(1);
        }
    }

    /** From where the security group that Terraform made lets in. */
    private List<String> peers() {
        return cistern.controlPlane().network(Caller.DEFAULT).read(groups -> groups.all().stream()
                .filter(group -> group.groupName().equals("web")).flatMap(group -> groups.rules(group).stream())
                .filter(rule -> !rule.egress()).map(SecurityRule::peer).toList());
    }

    /** A group that Terraform made would have the replication group wait for half a minute more. */
    private void makeUserGroup(ElastiCacheClient aws) throws IOException, InterruptedException {
        terraform("apply", "-auto-approve", "-target=aws_elasticache_user.ann",
                "-target=aws_elasticache_user.closed");
        aws.createUserGroup(r -> r.userGroupId("made").engine("valkey").userIds("ann", "closed"));
        Probe.await(() -> aws.describeUserGroups(r -> r.userGroupId("made")).userGroups().getFirst().status()
                .equals("active"));
    }

    private String makeKey() {
        StringWriter out = new StringWriter();
        assertThat(Cistern.commandLine().setOut(new PrintWriter(out)).execute("data-keys", "create", "--state-dir",
                folder.resolve("state").toString(), "for a test")).isZero();
        return out.toString().lines().toList().get(1);
    }

    private String subnets(int count) {
        return cistern.controlPlane().network(Caller.DEFAULT).network().subnets().stream().limit(count)
                .map(subnet -> '"' + subnet.subnetId() + '"').collect(Collectors.joining(", "));
    }

    private static String part(String file) throws IOException {
        try (InputStream in = Objects.requireNonNull(TerraformTest.class.getResourceAsStream("terraform/" + file))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static List<String> nodes(ElastiCacheClient aws, String cluster) {
        return aws.describeCacheClusters(r -> r.cacheClusterId(cluster).showCacheNodeInfo(true)).cacheClusters()
                .getFirst().cacheNodes().stream().map(CacheNode::cacheNodeId).toList();
    }

    /** Writes what is wanted: with what is to go, or without and the rest changed. */
    private void write(String timeout, String access, String team, boolean all) throws IOException {
        // The provider takes any other port than AWS's for a change when none is said, and here that one may be taken.
        // The highest ones are free, for those that nobody names come from below.
        int port = endpoints.lastPort();
        String text = part("main.tf") + (all ? part("going.tf") : "") + (WHOLE ? part("team.tf") : "");
        Files.writeString(folder.resolve("main.tf"), text.replace("@URL@", cistern.url())
                .replace("@PORT@", Integer.toString(port)).replace("@LONE_PORT@", Integer.toString(port - 1))
                .replace("@CLUSTER_PORT@", Integer.toString(port - 2)).replace("@NODES@", all ? "3" : "2")
                .replace("@USERS@", WHOLE ? "aws_elasticache_user_group.made.user_group_id" : "\"made\"")
                .replace("@FROM@", all ? "127.0.0.1/32" : "127.0.0.0/8").replace("@KEY@", key)
                .replace("@SUBNETS@", subnets(all ? 2 : 3)).replace("@TIMEOUT@", timeout)
                .replace("@ACCESS@", access).replace("@TEAM@", team));
    }

    /** Has the provider run until the end, as those who debug it do, and learns how Terraform finds it. */
    private void startProvider(Path mirror) throws IOException {
        Path program;
        try (Stream<Path> files = Files.walk(mirror.resolve(PROVIDER))) {
            program = files.filter(Files::isExecutable).filter(Files::isRegularFile).findFirst().orElseThrow();
        }
        Path said = folder.resolve("provider.log");
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "-debug").directory(folder.toFile())
                .redirectErrorStream(true).redirectOutput(said.toFile());
        // It cannot take certificates twice, and here nothing is encrypted.
        builder.environment().remove("AWS_CA_BUNDLE");
        provider = builder.start();
        Probe.await(() -> REATTACH.matcher(Files.readString(said)).find());
        Matcher found = REATTACH.matcher(Files.readString(said));
        reattach = found.find() ? found.group(1) : "";
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
        builder.environment().put("TF_REATTACH_PROVIDERS", reattach);
        builder.environment().remove("TF_CLI_CONFIG_FILE");
        return builder;
    }
}
