package dev.cistern.control;

import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.model.CacheClusterNotFoundException;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheClustersResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeEventsResponse;
import software.amazon.awssdk.services.elasticache.model.Event;
import software.amazon.awssdk.services.elasticache.model.InvalidParameterValueException;
import software.amazon.awssdk.services.elasticache.model.NodeQuotaForCustomerExceededException;
import software.amazon.awssdk.services.elasticache.model.Tag;
import software.amazon.awssdk.services.elasticache.model.TagNotFoundException;
import software.amazon.awssdk.services.elasticache.model.TagQuotaPerResourceExceededException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Lists and their pages, events, tags, catalogues, quotas, ports, and what one caller sees of another's. */
final class ListingTest {

    @TempDir
    Path directory;

    @Test
    void pagesHoldEveryClusterOnceAlsoWhenSomeGoMeanwhile() {
        try (TestPlane test = new TestPlane(directory)) {
            for (int i = 0; i < 45; i++) {
                String id = "c%02d".formatted(i);
                test.aws.createCacheCluster(r -> r.cacheClusterId(id).engine("redis").cacheNodeType("cache.t3.micro"));
            }
            test.settle();
            List<String> seen = new ArrayList<>();
            DescribeCacheClustersResponse page = test.aws.describeCacheClusters(r -> r.maxRecords(20));
            page.cacheClusters().forEach(cluster -> seen.add(cluster.cacheClusterId()));
            assertThat(seen).hasSize(20);
            test.aws.deleteCacheCluster(r -> r.cacheClusterId("c03"));
            test.settle();
            while (page.marker() != null) {
                String marker = page.marker();
                page = test.aws.describeCacheClusters(r -> r.maxRecords(20).marker(marker));
                page.cacheClusters().forEach(cluster -> seen.add(cluster.cacheClusterId()));
            }
            assertThat(seen).isEqualTo(IntStream.range(0, 45).mapToObj("c%02d"::formatted).toList());
            assertThat(test.aws.describeCacheClustersPaginator(r -> r.maxRecords(20)).cacheClusters().stream().count())
                    .isEqualTo(44);
        }
    }

    @Test
    void eventsAreFoundBySourceAndTime() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createCluster("old");
            test.move(Duration.ofHours(2));
            test.createGroup("new");

            List<Event> lastHour = test.aws.describeEvents().events();
            assertThat(lastHour).extracting(Event::sourceIdentifier).containsOnly("new", "new-001");
            assertThat(lastHour).extracting(Event::date).isSortedAccordingTo((a, b) -> b.compareTo(a));
            assertThat(test.aws.describeEvents(r -> r.duration(180)).events()).hasSize(5);
            assertThat(test.aws.describeEvents(r -> r.duration(180).sourceType("replication-group")).events())
                    .hasSize(1);
            assertThat(test.aws.describeEvents(r -> r.startTime(TestPlane.START).duration(60)).events())
                    .extracting(Event::sourceIdentifier).containsOnly("old");
            assertThat(test.aws.describeEvents(
                    r -> r.startTime(TestPlane.START).endTime(TestPlane.START.plus(Duration.ofHours(1)))).events())
                    .hasSize(2);

            test.move(Duration.ofDays(14));
            assertThat(test.aws.describeEvents(r -> r.startTime(TestPlane.START)).events()).isEmpty();
        }
    }

    @Test
    void eventsComeInPages() {
        try (TestPlane test = new TestPlane(directory)) {
            for (int i = 0; i < 15; i++) {
                String id = "c" + i;
                test.aws.createCacheCluster(r -> r.cacheClusterId(id).engine("redis").cacheNodeType("cache.t3.micro"));
            }
            test.settle();
            DescribeEventsResponse first = test.aws.describeEvents(r -> r.maxRecords(20));
            DescribeEventsResponse second = test.aws.describeEvents(r -> r.maxRecords(20).marker(first.marker()));
            assertThat(first.events()).hasSize(20);
            assertThat(second.events()).hasSize(10).doesNotContainAnyElementsOf(first.events());
            assertThat(second.marker()).isNull();
        }
    }

    @Test
    void tagsOfAGroupAreItsMembersToo() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.createReplicationGroup(r -> r.replicationGroupId("g").replicationGroupDescription("d")
                    .cacheNodeType("cache.t3.micro").tags(tag("team", "web")));
            test.settle();
            String group = test.group("g").arn();
            String member = test.cluster("g-001").arn();
            assertThat(tags(test, member)).containsExactly(tag("team", "web"));

            assertThat(test.aws.addTagsToResource(r -> r.resourceName(group).tags(tag("team", "shop"), tag("env", "")))
                    .tagList()).containsExactly(tag("env", ""), tag("team", "shop"));
            assertThat(tags(test, member)).containsExactly(tag("env", ""), tag("team", "shop"));

            assertThat(test.aws.removeTagsFromResource(r -> r.resourceName(group).tagKeys("env")).tagList())
                    .containsExactly(tag("team", "shop"));
            assertThat(tags(test, member)).containsExactly(tag("team", "shop"));
            assertThatThrownBy(() -> test.aws.removeTagsFromResource(r -> r.resourceName(group).tagKeys("env")))
                    .isInstanceOf(TagNotFoundException.class);
        }
    }

    @Test
    void aResourceHasFiftyTagsAndNotOneMore() {
        try (TestPlane test = new TestPlane(directory)) {
            String arn = test.createCluster("c").arn();
            List<Tag> fifty = IntStream.range(0, 50).mapToObj(i -> tag("k" + i, "v")).toList();
            test.aws.addTagsToResource(r -> r.resourceName(arn).tags(fifty));
            assertThatThrownBy(() -> test.aws.addTagsToResource(r -> r.resourceName(arn).tags(tag("k50", "v"))))
                    .isInstanceOf(TagQuotaPerResourceExceededException.class);
            test.aws.addTagsToResource(r -> r.resourceName(arn).tags(tag("k49", "new")));
            assertThat(tags(test, arn)).hasSize(50).contains(tag("k49", "new"));
        }
    }

    @Test
    void aPortIsWhatWasAskedForOrTheLowestFree() {
        try (TestPlane test = new TestPlane(directory)) {
            int free = TestPlane.freePort();
            test.aws.createCacheCluster(
                    r -> r.cacheClusterId("asked").engine("redis").cacheNodeType("cache.t3.micro").port(free));
            test.settle();
            assertThat(port(test, "asked")).isEqualTo(free);
            assertThatThrownBy(() -> test.aws.createCacheCluster(
                    r -> r.cacheClusterId("late").engine("redis").cacheNodeType("cache.t3.micro").port(free)))
                    .isInstanceOf(InvalidParameterValueException.class)
                    .hasMessageContaining("Port " + free + " is held by another cache node on 127.0.0.1.");

            test.createCluster("first");
            test.createCluster("second");
            int first = port(test, "first");
            assertThat(port(test, "second")).isGreaterThan(first);
            test.aws.deleteCacheCluster(r -> r.cacheClusterId("first"));
            test.settle();
            test.createCluster("third");
            assertThat(port(test, "third")).isEqualTo(first);
        }
    }

    @Test
    void nodesHaveAQuota() {
        try (TestPlane test = new TestPlane(directory, StepObserver.NONE,
                new Quotas(2, 40, 90, 50, 300, 10, 10, 10, 10, 20, 20, 15, 100),
                TestPlane.START)) {
            test.createCluster("a");
            test.createGroup("b");
            assertThatThrownBy(() -> test.createCluster("c")).isInstanceOf(NodeQuotaForCustomerExceededException.class);
        }
    }

    @DisplayName("AuthZ: another account's resource")
    @Test
    void accountsAndRegionsSeeNothingOfEachOther() {
        try (TestPlane test = new TestPlane(directory)) {
            test.createCluster("mine");
            var other = test.plane.elastiCache(new Caller("111122223333", "eu-west-1"));
            assertThat(other.describeCacheClusters().cacheClusters()).isEmpty();
            assertThatThrownBy(() -> other.deleteCacheCluster(r -> r.cacheClusterId("mine")))
                    .isInstanceOf(CacheClusterNotFoundException.class);
            other.createCacheCluster(r -> r.cacheClusterId("mine").engine("redis").cacheNodeType("cache.t3.micro"));
            test.settle();
            assertThat(other.describeCacheClusters().cacheClusters().getFirst()).satisfies(cluster -> {
                assertThat(cluster.arn()).isEqualTo("arn:aws:elasticache:eu-west-1:111122223333:cluster:mine");
                assertThat(cluster.preferredAvailabilityZone()).startsWith("eu-west-1");
            });
            assertThat(other.describeEvents().events()).hasSize(2);
            assertThat(test.nodes.running()).hasSize(2);
        }
    }

    @Test
    void cataloguesTellWhatCanBeHad() {
        try (TestPlane test = new TestPlane(directory)) {
            assertThat(test.aws.describeCacheEngineVersions(r -> r.engine("redis")).cacheEngineVersions())
                    .extracting(v -> v.engineVersion()).containsExactly("4.0.10", "5.0.6", "6.0", "6.2", "7.0", "7.1");
            assertThat(test.aws.describeCacheEngineVersions(r -> r.engine("redis").defaultOnly(true))
                    .cacheEngineVersions()).hasSize(1).first().satisfies(version -> {
                        assertThat(version.engineVersion()).isEqualTo("7.1");
                        assertThat(version.cacheParameterGroupFamily()).isEqualTo("redis7");
                        assertThat(version.cacheEngineVersionDescription()).isEqualTo("redis version 7.1.0");
                    });
            assertThat(test.aws.describeCacheEngineVersions(
                    r -> r.cacheParameterGroupFamily("redis6.x").defaultOnly(true)).cacheEngineVersions())
                    .extracting(v -> v.engineVersion()).containsExactly("6.2");
            assertThat(test.aws.describeCacheParameterGroups().cacheParameterGroups())
                    .extracting(g -> g.cacheParameterGroupName())
                    .contains("default.redis7", "default.redis7.cluster.on", "default.valkey8").isSorted();
        }
    }

    @Test
    void everyVersionThatIsListedCanBeCreated() {
        try (TestPlane test = new TestPlane(directory)) {
            test.aws.describeCacheEngineVersions().cacheEngineVersions().forEach(version -> {
                String id = version.engine() + "-" + version.engineVersion().replace('.', '-');
                test.aws.createCacheCluster(r -> r.cacheClusterId(id).engine(version.engine())
                        .engineVersion(version.engineVersion()).cacheNodeType("cache.t3.micro"));
                test.settle();
                assertThat(test.cluster(id).engineVersion()).matches("\\d+\\.\\d+\\.\\d+");
                assertThat(test.cluster(id).cacheParameterGroup().cacheParameterGroupName())
                        .isEqualTo("default." + version.cacheParameterGroupFamily());
            });
        }
    }

    private static int port(TestPlane test, String cluster) {
        return test.cluster(cluster).cacheNodes().getFirst().endpoint().port();
    }

    private static List<Tag> tags(TestPlane test, String arn) {
        return test.aws.listTagsForResource(r -> r.resourceName(arn)).tagList();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }
}
