package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The tables of AWS's facts, by samples and by what must hold for every row. */
final class CatalogueTest {

    @Test
    void nodeTypesHaveAwssMemoryLessAQuarter() {
        assertThat(NodeType.named("cache.t4g.micro").publishedMaxMemory()).isEqualTo(536_870_912);
        assertThat(NodeType.named("cache.r7g.16xlarge").publishedMaxMemory()).isEqualTo(450_000_750_456L);
        assertThat(NodeType.named("cache.r5.24xlarge").publishedMaxMemory()).isEqualTo(682_485_973_811L);
        assertThat(NodeType.named("cache.m8g.large").maxMemoryBytes()).isEqualTo(5_470_634_100L);
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
            String group = ParameterGroups.defaultFor(version);
            assertThat(ParameterGroups.find(group)).isNotNull();
            assertThat(ParameterGroups.find(group + ".cluster.on")).isNotNull();
        }
        assertThat(EngineVersion.ALL).filteredOn(EngineVersion::isDefault).hasSize(2);
    }
}
