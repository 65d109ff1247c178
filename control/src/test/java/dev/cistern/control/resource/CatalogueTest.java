package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The tables of AWS's facts, by samples and by what must hold for every row. */
final class CatalogueTest {

    @Test
    void nodeTypesHaveAwssMemoryLessAQuarter() {
        assertThat(NodeType.named("cache.t4g.micro").publishedMaxMemory()).isEqualTo(536_870_912);
        assertThat(NodeType.named("cache.r7g.16xlarge").publishedMaxMemory()).isEqualTo(450_000_750_456L);
        assertThat(NodeType.named("cache.r5.24xlarge").publishedMaxMemory()).isEqualTo(682_485_973_811L);
        assertThat(parameters("cache.m8g.large", "redis7").maxMemoryBytes()).isEqualTo(5_470_634_100L);
        assertThat(NodeType.find("cache.m5.8xlarge")).isNull();
    }

    @Test
    void everyChangeOfNodeTypeLeadsBack() {
        NodeType small = NodeType.named("cache.t3.small");
        assertThat(small.scaleUps()).doesNotContain("cache.t3.small").doesNotContain("cache.r6gd.xlarge");
        small.scaleUps().forEach(name -> assertThat(NodeType.named(name).canBecome(small)).isTrue());
        assertThat(NodeType.named("cache.r6gd.2xlarge").scaleUps()).allMatch(name -> name.startsWith("cache.r6gd."));
    }

    @Test
    void everyEngineHasOneDefaultAndEveryVersionItsGroups() {
        assertThat(EngineVersion.defaultOf(EngineType.REDIS).full()).isEqualTo("7.1.0");
        for (EngineVersion version : EngineVersion.ALL) {
            assertThat(version.full()).startsWith(version.name()).matches("\\d+\\.\\d+\\.\\d+");
            String group = ParameterGroup.defaultFor(version);
            assertThat(ParameterGroup.defaults(new ResourceKey("a", "r", ""))).extracting(ParameterGroup::id)
                    .contains(group);
            if (version.engine() != EngineType.MEMCACHED) {
                assertThat(ParameterFamily.named(version.family()).hasClusterMode()).isTrue();
            }
            assertThat(EngineVersion.familyOf(version.engine(), version.full())).isEqualTo(version.family());
        }
        assertThat(EngineVersion.ALL).filteredOn(EngineVersion::isDefault).hasSize(3);
    }

    @Test
    void thereAreThirteenFamiliesAndTheirTwins() {
        assertThat(ParameterFamily.ALL).hasSize(13);
        assertThat(ParameterGroup.defaults(new ResourceKey("a", "r", ""))).hasSize(21);
    }

    @Test
    void everyDefaultIsAllowedAndEveryParameterIsWhole() {
        NodeType type = NodeType.named("cache.r6g.large");
        for (ParameterFamily family : ParameterFamily.ALL) {
            for (Parameter parameter : family.parameters().values()) {
                String name = family.name() + " " + parameter.name();
                assertThat(parameter.type()).as(name).isIn("string", "integer", "bytes", "float");
                assertThat(parameter.description()).as(name).endsWith(".");
                assertThat(parameter.minimumVersion()).as(name).matches("\\d+\\.\\d+\\.\\d+");
                String value = parameter.defaultOn(type);
                boolean off = parameter.name().equals("cluster-databases");
                assertThat(parameter.allows(value) || off).as(name + " = " + value).isTrue();
                assertThat(parameter.allows("nonsense")).as(name).isFalse();
            }
        }
    }

    @Test
    void familiesHaveTheParametersOfTheirTime() {
        assertThat(ParameterFamily.named("redis7").parameters()).containsKeys("hash-max-listpack-entries",
                "lazyfree-lazy-user-del", "close-on-replica-write").doesNotContainKeys("hash-max-ziplist-entries",
                        "extended-redis-compatibility");
        assertThat(ParameterFamily.named("redis4.0").parameters()).containsKeys("hash-max-ziplist-entries",
                "close-on-slave-write", "slave-lazy-flush").doesNotContainKeys("stream-node-max-bytes");
        assertThat(ParameterFamily.named("valkey8").parameters()).containsKeys("extended-redis-compatibility")
                .doesNotContainKeys("lazyfree-lazy-expire", "cluster-databases");
        assertThat(parameter("valkey8", "repl-backlog-size").defaultValue())
                .isEqualTo("10485760");
        assertThat(parameter("valkey8", "search-default-timeout-ms").minimumVersion())
                .isEqualTo("8.2.0");
        assertThat(ParameterFamily.named("memcached1.6").parameters()).containsKeys("max_item_size", "num_threads");
    }

    @Test
    void whatCallersMaySet() {
        assertThat(allows("timeout", "0", "20", "3600")).isTrue();
        assertThat(allows("timeout", "19")).isFalse();
        assertThat(allows("slowlog-log-slower-than", "-1", "0", "10000")).isTrue();
        assertThat(allows("slowlog-log-slower-than", "-2")).isFalse();
        assertThat(allows("tcp-keepalive", "2147483648")).isFalse();
        assertThat(allows("client-output-buffer-limit-normal-hard-limit", "2147483648")).isTrue();
        assertThat(allows("maxmemory-policy", "allkeys-lfu")).isTrue();
        assertThat(allows("maxmemory-policy", "allkeys", "")).isFalse();
        assertThat(allows("notify-keyspace-events", "", "KEA", "g$lshzxe")).isTrue();
        assertThat(allows("notify-keyspace-events", "Q")).isFalse();
        assertThat(allows("rename-commands", "", "KEYS BLOCKED", "KEYS BLOCKED FLUSHALL wipe")).isTrue();
        assertThat(allows("rename-commands", "KEYS")).isFalse();
    }

    @Test
    void whatANodeIsToldFollowsItsTypeAndItsValues() {
        NodeParameters plain = parameters("cache.t4g.small", "redis7");
        assertThat(plain.settings()).containsEntry("maxmemory-policy", "volatile-lru")
                .containsEntry("maxmemory", Long.toString(1_471_026_299L / 100 * 75))
                .containsEntry("maxclients", "65000")
                .containsEntry("client-output-buffer-limit",
                        "normal 0 0 0 slave 147102629 147102629 60 pubsub 33554432 8388608 60")
                .doesNotContainKeys("reserved-memory", "rename-commands");
        NodeParameters changed = plain.withValues(new TreeMap<>(Map.of("reserved-memory-percent", "50",
                "maxmemory-policy", "noeviction", "timeout", "0")));
        assertThat(changed.settingsUnlike(plain)).containsExactlyInAnyOrderEntriesOf(
                Map.of("maxmemory", Long.toString(1_471_026_299L / 100 * 50), "maxmemory-policy", "noeviction"));
        assertThat(plain.withValues(new TreeMap<>(Map.of("reserved-memory", "1000000000"))).maxMemoryBytes())
                .isEqualTo(471_026_299);
        assertThat(parameters("cache.t3.micro", "redis4.0").settings())
                .containsEntry("hash-max-listpack-entries", "512").containsEntry("maxclients", "20000");
    }

    private static boolean allows(String name, String... values) {
        return Stream.of(values).allMatch(parameter("redis7", name)::allows);
    }

    private static Parameter parameter(String family, String name) {
        return Objects.requireNonNull(ParameterFamily.named(family).parameter(name));
    }

    private static NodeParameters parameters(String nodeType, String family) {
        return new NodeParameters(ParameterFamily.named(family), "99.0.0", NodeType.named(nodeType), new TreeMap<>());
    }
}
