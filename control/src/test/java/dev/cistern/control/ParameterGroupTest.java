package dev.cistern.control;

import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroup;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupAlreadyExistsException;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupNotFoundException;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupQuotaExceededException;
import software.amazon.awssdk.services.elasticache.model.ChangeType;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParametersResponse;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheClusterStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidCacheParameterGroupStateException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterCombinationException;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;
import software.amazon.awssdk.services.elasticache.model.Parameter;
import software.amazon.awssdk.services.elasticache.model.ParameterNameValue;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Parameter groups: their life, their values, and how values come to nodes that run. */
final class ParameterGroupTest {

    @TempDir
    Path directory;

    @Test
    void aGroupIsMadeChangedAndDeleted() {
        try (TestPlane test = new TestPlane(directory)) {
            CacheParameterGroup made = test.aws.createCacheParameterGroup(r -> r.cacheParameterGroupName("Mine")
                    .cacheParameterGroupFamily("redis7").description("d")
                    .tags(Tag.builder().key("team").value("web").build())).cacheParameterGroup();
            assertThat(made.cacheParameterGroupName()).isEqualTo("mine");
            assertThat(made.arn()).isEqualTo("arn:aws:elasticache:us-east-1:000000000000:parametergroup:mine");
            assertThat(made.isGlobal()).isFalse();
            assertThat(test.aws.listTagsForResource(r -> r.resourceName(made.arn())).tagList()).hasSize(1);
            assertThat(test.aws.describeCacheParameterGroups(r -> r.cacheParameterGroupName("MINE"))
                    .cacheParameterGroups()).containsExactly(made);
            assertThat(values(test, "mine", "user")).isEmpty();

            assertThat(set(test, "mine", "maxmemory-policy", "allkeys-lru", "timeout", "60")).isEqualTo("mine");
            assertThat(values(test, "mine", "user"))
                    .isEqualTo(Map.of("maxmemory-policy", "allkeys-lru", "timeout", "60"));
            assertThat(values(test, "mine", "system")).containsEntry("databases", "16").doesNotContainKey("timeout");
            assertThat(values(test, "mine", "engine-default")).isEmpty();
            assertThat(values(test, "mine", null)).containsEntry("timeout", "60").containsEntry("databases", "16");
            assertThat(test.events("cache-parameter-group", "mine")).containsExactly(
                    "Updated parameter maxmemory-policy to allkeys-lru", "Updated parameter timeout to 60");

            test.aws.resetCacheParameterGroup(r -> r.cacheParameterGroupName("mine").resetAllParameters(false)
                    .parameterNameValues(pair("timeout", null)));
            assertThat(values(test, "mine", "user")).containsOnlyKeys("maxmemory-policy");
            test.aws.resetCacheParameterGroup(r -> r.cacheParameterGroupName("mine").resetAllParameters(true));
            assertThat(values(test, "mine", "user")).isEmpty();

            test.aws.deleteCacheParameterGroup(r -> r.cacheParameterGroupName("mine"));
            assertThatThrownBy(() -> values(test, "mine", null))
                    .isInstanceOf(CacheParameterGroupNotFoundException.class)
                    .hasMessageContaining("CacheParameterGroup not found: mine");
            assertThatThrownBy(() -> test.aws.listTagsForResource(r -> r.resourceName(made.arn())))
                    .isInstanceOf(CacheParameterGroupNotFoundException.class);
        }
    }

    @Test
    void everyDefaultGroupIsThereAndShowsItsParametersInPages() {
        try (TestPlane test = new TestPlane(directory)) {
            List<String> names = test.aws.describeCacheParameterGroupsPaginator(r -> r.maxRecords(20))
                    .cacheParameterGroups().stream().map(CacheParameterGroup::cacheParameterGroupName).toList();
            assertThat(names).hasSize(21).isSorted().contains("default.redis2.6", "default.memcached1.6",
                    "default.redis3.2.cluster.on", "default.valkey9.cluster.on")
                    .doesNotContain("default.redis2.8.cluster.on");
            for (String name : names) {
                List<String> seen = new ArrayList<>();
                @Nullable
                String marker = null;
                do {
                    @Nullable
                    String from = marker;
                    DescribeCacheParametersResponse page = test.aws.describeCacheParameters(
                            r -> r.cacheParameterGroupName(name).maxRecords(20).marker(from));
                    assertThat(page.parameters().size() + page.cacheNodeTypeSpecificParameters().size())
                            .isBetween(1, 20);
                    page.parameters().forEach(parameter -> seen.add(parameter.parameterName()));
                    page.cacheNodeTypeSpecificParameters().forEach(parameter -> seen.add(parameter.parameterName()));
                    marker = page.marker();
                } while (marker != null);
                assertThat(seen).as(name).doesNotHaveDuplicates().hasSizeGreaterThan(25);
                assertThat(values(test, name, "user")).isEmpty();
            }
            assertThat(values(test, "default.redis7.cluster.on", null)).containsEntry("cluster-enabled", "yes");
        }
    }

    @Test
    void parametersTellWhatAwsTells() {
        try (TestPlane test = new TestPlane(directory)) {
            var defaults = test.aws.describeEngineDefaultParameters(r -> r.cacheParameterGroupFamily("redis7"))
                    .engineDefaults();
            assertThat(defaults.cacheParameterGroupFamily()).isEqualTo("redis7");
            Parameter policy = defaults.parameters().stream()
                    .filter(parameter -> parameter.parameterName().equals("maxmemory-policy")).findFirst()
                    .orElseThrow();
            assertThat(policy.parameterValue()).isEqualTo("volatile-lru");
            assertThat(policy.dataType()).isEqualTo("string");
            assertThat(policy.source()).isEqualTo("system");
            assertThat(policy.isModifiable()).isTrue();
            assertThat(policy.changeType()).isEqualTo(ChangeType.IMMEDIATE);
            assertThat(policy.minimumEngineVersion()).isEqualTo("7.0.0");
            assertThat(policy.allowedValues()).contains("allkeys-lfu", "noeviction");
            assertThat(defaults.cacheNodeTypeSpecificParameters()).extracting(p -> p.parameterName())
                    .containsExactly("client-output-buffer-limit-replica-hard-limit",
                            "client-output-buffer-limit-replica-soft-limit", "maxmemory");
            assertThat(defaults.cacheNodeTypeSpecificParameters().getLast().cacheNodeTypeSpecificValues())
                    .anySatisfy(value -> {
                        assertThat(value.cacheNodeType()).isEqualTo("cache.t4g.micro");
                        assertThat(value.value()).isEqualTo("536870912");
                    });
            assertThatThrownBy(() -> test.aws.describeEngineDefaultParameters(r -> r.cacheParameterGroupFamily("x")))
                    .isInstanceOf(InvalidParameterValueException.class)
                    .hasMessageContaining("CacheParameterGroupFamily x is not a valid parameter group family.");
        }
    }

    @Test
    void whatIsRefused() {
        try (TestPlane test = new TestPlane(directory, StepObserver.NONE,
                new Quotas(300, 40, 90, 50, 1, 10, 10, 10, 10, 20, 20, 15, 1000), TestPlane.START)) {
            create(test, "mine");
            refused(CacheParameterGroupAlreadyExistsException.class, "already exists", () -> create(test, "MINE"));
            refused(CacheParameterGroupQuotaExceededException.class, "the quota of 1", () -> create(test, "more"));
            refused(InvalidParameterValueException.class, "is not a valid identifier",
                    () -> create(test, "default.mine"));
            refused(InvalidParameterValueException.class, "Parameter nothing doesn't exist",
                    () -> set(test, "mine", "nothing", "1"));
            refused(InvalidParameterValueException.class, "The parameter maxclients cannot be modified.",
                    () -> set(test, "mine", "maxclients", "1"));
            refused(InvalidParameterValueException.class,
                    "Invalid parameter value: 10 for: timeout allowed values are: 0,20-",
                    () -> set(test, "mine", "timeout", "10"));
            refused(InvalidParameterValueException.class, "A maximum of 20 parameters may be modified per request.",
                    () -> test.aws.modifyCacheParameterGroup(r -> r.cacheParameterGroupName("mine")
                            .parameterNameValues(IntStream.range(0, 21).mapToObj(i -> pair("timeout", "0")).toList())));
            refused(InvalidParameterValueException.class, "ParameterNameValues must be provided",
                    () -> test.aws.modifyCacheParameterGroup(r -> r.cacheParameterGroupName("mine")));
            refused(InvalidParameterValueException.class, "Parameter reserved-memory doesn't exist",
                    () -> test.aws.resetCacheParameterGroup(r -> r.cacheParameterGroupName("mine")
                            .parameterNameValues(pair("reserved-memory", null))));
            refused(InvalidParameterCombinationException.class, "must be left out",
                    () -> test.aws.resetCacheParameterGroup(r -> r.cacheParameterGroupName("mine")
                            .resetAllParameters(true).parameterNameValues(pair("timeout", null))));
            refused(InvalidParameterValueException.class, "Invalid value all for Source",
                    () -> values(test, "mine", "all"));
            refused(InvalidCacheParameterGroupStateException.class, "cannot be modified or deleted",
                    () -> set(test, "default.redis7", "timeout", "60"));
            refused(InvalidCacheParameterGroupStateException.class, "cannot be modified or deleted", () -> test.aws
                    .deleteCacheParameterGroup(r -> r.cacheParameterGroupName("default.redis7")));
            refused(CacheParameterGroupNotFoundException.class, "CacheParameterGroup not found: nobody",
                    () -> set(test, "nobody", "timeout", "60"));
            assertThat(values(test, "mine", "user")).isEmpty();
        }
    }

    @Test
    void aNewClusterHasTheValuesOfItsGroup() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "mine");
            set(test, "mine", "maxmemory-policy", "allkeys-lfu", "reserved-memory-percent", "50");
            CacheCluster cluster = createWith(test, "c", "Mine");
            assertThat(cluster.cacheParameterGroup().cacheParameterGroupName()).isEqualTo("mine");
            assertThat(cluster.cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");
            assertThat(cluster.cacheNodes().getFirst().parameterGroupStatus()).isEqualTo("in-sync");
            assertThat(test.nodes.settings("c")).containsEntry("maxmemory-policy", "allkeys-lfu");
            assertThat(test.nodes.running().values()).containsExactly(536_870_912L / 100 * 50);
            test.createCluster("plain");
            assertThat(test.nodes.settings("plain")).containsEntry("maxmemory-policy", "volatile-lru");
            refused(InvalidCacheParameterGroupStateException.class, "still members of this parameter group",
                    () -> test.aws.deleteCacheParameterGroup(r -> r.cacheParameterGroupName("mine")));
        }
    }

    @Test
    void familiesMustMatch() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createCluster("c");
            test.aws.createCacheParameterGroup(
                    r -> r.cacheParameterGroupName("old").cacheParameterGroupFamily("redis6.x").description("d"));
            String message = "Expected a parameter group of family redis7 but found one of family redis6.x";
            refused(InvalidParameterCombinationException.class, message, () -> createWith(test, "new", "old"));
            refused(InvalidParameterCombinationException.class, message, () -> test.aws.modifyCacheCluster(
                    r -> r.cacheClusterId("c").cacheParameterGroupName("old").applyImmediately(true)));
            test.createGroup("g");
            refused(InvalidParameterCombinationException.class, "family valkey8 but found one of family redis6.x",
                    () -> test.aws.modifyReplicationGroup(
                            r -> r.replicationGroupId("g").cacheParameterGroupName("old").applyImmediately(true)));
        }
    }

    @Test
    void runningNodesAreToldAtOnce() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "mine");
            createWith(test, "c", "mine");
            set(test, "mine", "timeout", "120", "reserved-memory-percent", "10",
                    "client-output-buffer-limit-normal-hard-limit", "1000000");
            test.settle();
            assertThat(test.nodes.settings("c")).containsEntry("timeout", "120").containsEntry(
                    "client-output-buffer-limit",
                    "normal 1000000 0 0 slave 53687091 53687091 60 pubsub 33554432 8388608 60");
            assertThat(test.nodes.running().values()).containsExactly(536_870_912L / 100 * 90);
            assertThat(test.cluster("c").cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");
            assertThat(test.events("cache-cluster", "c")).contains("Updated parameter timeout to 120");

            test.aws.modifyCacheCluster(
                    r -> r.cacheClusterId("c").cacheNodeType("cache.t3.small").applyImmediately(true));
            test.settle();
            assertThat(test.nodes.running().values()).containsExactly(1_471_026_299L / 100 * 90);

            test.aws.resetCacheParameterGroup(r -> r.cacheParameterGroupName("mine").resetAllParameters(true));
            test.settle();
            assertThat(test.nodes.settings("c")).containsEntry("timeout", "0");
            assertThat(test.nodes.running().values()).containsExactly(1_471_026_299L / 100 * 75);
        }
    }

    @Test
    void anotherGroupComesAtOnceOrInTheWindow() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "mine");
            set(test, "mine", "timeout", "120");
            test.aws.createCacheCluster(r -> r.cacheClusterId("c").engine("redis").cacheNodeType("cache.t3.micro")
                    .preferredMaintenanceWindow("wed:13:00-wed:14:00"));
            test.settle();
            CacheCluster answer = test.aws.modifyCacheCluster(
                    r -> r.cacheClusterId("c").cacheParameterGroupName("mine")).cacheCluster();
            assertThat(answer.cacheParameterGroup().cacheParameterGroupName()).isEqualTo("mine");
            assertThat(answer.cacheParameterGroup().parameterApplyStatus()).isEqualTo("pending-reboot");
            set(test, "mine", "timeout", "180");
            test.settle();
            assertThat(test.nodes.settings("c")).containsEntry("timeout", "0");
            test.move(Duration.ofMinutes(65));
            await().until(() -> "180".equals(test.nodes.settings("c").get("timeout")));
            test.settle();
            assertThat(test.cluster("c").cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");

            test.aws.modifyCacheCluster(
                    r -> r.cacheClusterId("c").cacheParameterGroupName("default.redis7").applyImmediately(true));
            test.settle();
            assertThat(test.nodes.settings("c")).containsEntry("timeout", "0");
            assertThat(test.events("cache-cluster", "c")).contains("Updated to use a CacheParameterGroup mine",
                    "Updated to use a CacheParameterGroup default.redis7", "Updated parameter timeout to 180");
        }
    }

    @Test
    void aGroupsMembersChangeTogether() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createGroup("g");
            test.aws.createCacheParameterGroup(
                    r -> r.cacheParameterGroupName("v").cacheParameterGroupFamily("valkey8").description("d"));
            set(test, "v", "maxmemory-samples", "7");
            test.aws.modifyReplicationGroup(
                    r -> r.replicationGroupId("g").cacheParameterGroupName("v").applyImmediately(true));
            test.settle();
            assertThat(test.nodes.settings("g-001")).containsEntry("maxmemory-samples", "7");
            assertThat(test.cluster("g-001").cacheParameterGroup().cacheParameterGroupName()).isEqualTo("v");
        }
    }

    @Test
    void whatIsFixedAtCreationStaysSo() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "many");
            set(test, "many", "databases", "64");
            createWith(test, "c", "many");
            assertThat(test.nodes.settings("c")).containsEntry("databases", "64");
            refused(InvalidCacheParameterGroupStateException.class,
                    "Parameter databases cannot be changed while cache clusters are members of parameter group many.",
                    () -> set(test, "many", "databases", "32"));
            set(test, "many", "databases", "64", "timeout", "60");
            refused(InvalidParameterCombinationException.class, "Parameter databases is 64 in parameter group many "
                    + "and 16 in parameter group default.redis7",
                    () -> test.aws.modifyCacheCluster(
                            r -> r.cacheClusterId("c").cacheParameterGroupName("default.redis7")));
        }
    }

    @Test
    void aRebootBringsEverything() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "mine");
            set(test, "mine", "timeout", "120");
            test.createCluster("c");
            test.aws.modifyCacheCluster(r -> r.cacheClusterId("c").cacheParameterGroupName("mine"));
            assertThat(test.cluster("c").cacheParameterGroup().cacheNodeIdsToReboot()).containsExactly("0001");
            CacheCluster answer = test.aws.rebootCacheCluster(
                    r -> r.cacheClusterId("C").cacheNodeIdsToReboot("0001")).cacheCluster();
            assertThat(answer.cacheClusterStatus()).isEqualTo("rebooting cluster nodes");
            test.settle();
            CacheCluster after = test.cluster("c");
            assertThat(after.cacheClusterStatus()).isEqualTo("available");
            assertThat(after.cacheNodes().getFirst().cacheNodeStatus()).isEqualTo("available");
            assertThat(after.cacheParameterGroup().parameterApplyStatus()).isEqualTo("in-sync");
            assertThat(test.nodes.settings("c")).containsEntry("timeout", "120");
            assertThat(test.events("cache-cluster", "c")).endsWith("Cache node 0001 shutdown",
                    "Updated parameter timeout to 120", "Cache node 0001 restarted");
            refused(InvalidParameterValueException.class, "Cache node 0002 does not exist in cache cluster c.",
                    () -> test.aws.rebootCacheCluster(r -> r.cacheClusterId("c").cacheNodeIdsToReboot("0002")));
        }
    }

    @Test
    void aNodeThatDoesNotComeBackIsTheKeepersConcern() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createCluster("c");
            test.nodes.failingStarts.set(8);
            test.aws.rebootCacheCluster(r -> r.cacheClusterId("c").cacheNodeIdsToReboot("0001"));
            refused(InvalidCacheClusterStateException.class, "not in available state", () -> test.aws
                    .rebootCacheCluster(r -> r.cacheClusterId("c").cacheNodeIdsToReboot("0001")));
            await().until(() -> test.cluster("c").cacheClusterStatus().equals("available")
                    && test.cluster("c").cacheNodes().getFirst().cacheNodeStatus().equals("available"));
            assertThat(test.nodes.running()).hasSize(1);
        }
    }

    @Test
    void whatANodeDoesNotKnowIsLeftOutAndWhatItRefusesIsTold() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "mine");
            createWith(test, "c", "mine");
            test.nodes.unknownSetting = "activedefrag";
            test.nodes.refusedSetting = "timeout";
            set(test, "mine", "activedefrag", "yes", "timeout", "60");
            test.settle();
            assertThat(test.events("cache-cluster", "c"))
                    .contains("Cache node 0001 refused parameter timeout: ERR CONFIG SET failed - not today")
                    .noneMatch(message -> message.contains("refused parameter activedefrag"));
        }
    }

    @Test
    void anotherCallersGroupIsNotThere() {
        try (TestPlane test = new TestPlane(directory)) {
            create(test, "mine");
            var other = test.plane.elastiCache(new Caller("111122223333", "eu-west-1"));
            assertThatThrownBy(() -> other.describeCacheParameters(r -> r.cacheParameterGroupName("mine")))
                    .isInstanceOf(CacheParameterGroupNotFoundException.class);
            assertThat(other.describeCacheParameterGroups().cacheParameterGroups()).hasSize(21);
        }
    }

    private static void refused(Class<? extends ElastiCacheException> fault, String words,
            ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(fault).hasMessageContaining(words);
    }

    private static void create(TestPlane test, String name) {
        test.aws.createCacheParameterGroup(
                r -> r.cacheParameterGroupName(name).cacheParameterGroupFamily("redis7").description("d"));
    }

    private static CacheCluster createWith(TestPlane test, String id, String group) {
        test.aws.createCacheCluster(r -> r.cacheClusterId(id).engine("redis").cacheNodeType("cache.t3.micro")
                .cacheParameterGroupName(group));
        test.settle();
        return test.cluster(id);
    }

    private static String set(TestPlane test, String group, String... namesAndValues) {
        return test.aws
                .modifyCacheParameterGroup(
                        r -> r.cacheParameterGroupName(group).parameterNameValues(TestPlane.values(namesAndValues)))
                .cacheParameterGroupName();
    }

    private static ParameterNameValue pair(String name, @Nullable String value) {
        return ParameterNameValue.builder().parameterName(name).parameterValue(value).build();
    }

    private static Map<String, String> values(TestPlane test, String group, @Nullable String source) {
        Map<String, String> values = new TreeMap<>();
        test.aws.describeCacheParametersPaginator(r -> r.cacheParameterGroupName(group).source(source)).stream()
                .forEach(page -> page.parameters()
                        .forEach(parameter -> values.put(parameter.parameterName(), parameter.parameterValue())));
        return values;
    }
}
