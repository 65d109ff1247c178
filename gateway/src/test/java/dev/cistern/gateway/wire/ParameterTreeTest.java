package dev.cistern.gateway.wire;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.AddTagsToResourceRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeEventsRequest;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Parameters as clients spell them, and as nobody should. */
final class ParameterTreeTest {

    private static final ServiceRules RULES = ServiceRules.load("elasticache");

    @ParameterizedTest
    @ValueSource(strings = {
            "Tags.Tag.1.Key=a&Tags.Tag.2.Key=b", "Tags.member.1.Key=a&Tags.member.2.Key=b",
            "Tags.entry.1.Key=a&Tags.entry.2.Key=b", "Tags.1.Key=a&Tags.2.Key=b", "Tags.Tag.10.Key=b&Tags.Tag.9.Key=a"})
    void listsInEverySpelling(String body) {
        assertThat(tags(body)).extracting(Tag::key).containsExactly("a", "b");
    }

    @Test
    void anEmptyListIsSetToNothing() {
        assertThat(((AddTagsToResourceRequest) read("AddTagsToResource", "ResourceName=a&Tags=")).hasTags()).isTrue();
        assertThat(tags("Tags=")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
            "2026-11-21T10:00:00Z, 2026-11-21T10:00:00Z", "2026-11-21T10:00:00.5Z, 2026-11-21T10:00:00.500Z",
            "2026-11-21T12:00:00%2B02:00, 2026-11-21T10:00:00Z", "2026-11-21T10:00:00, 2026-11-21T10:00:00Z",
            "2026-11-21, 2026-11-21T00:00:00Z", "1795255200, 2026-11-21T10:00:00Z"})
    void timestampsInEverySpelling(String sent, Instant meant) {
        assertThat(((DescribeEventsRequest) read("DescribeEvents", "StartTime=" + sent)).startTime()).isEqualTo(meant);
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "Tags=a", "Tags.Tag.x.Key=a&Tags.Tag.1.Key=b", "Tags.Tag.1=a", "Tags.Tag.1.Key.Deep=a", "ResourceName.1=a",
            "Tags.Tag.9999999999.Key=a", "A.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z=1"})
    void whatFitsNoShapeIsMalformed(String body) {
        String named = body.startsWith("ResourceName") ? body : "ResourceName=r&" + body;
        assertThatThrownBy(() -> read("AddTagsToResource", named + "&Tags.Tag.1.Value=v"))
                .isInstanceOfSatisfying(WireFault.class, fault -> assertThat(fault.code()).isEqualTo("MalformedInput"));
    }

    @Test
    void aMissingMemberIsNamedByItsWay() {
        assertThatThrownBy(() -> read("IncreaseReplicaCount",
                "ReplicationGroupId=g&ApplyImmediately=true&ReplicaConfiguration.ConfigureShard.1.NodeGroupId=0001"))
                .hasMessageContaining("ReplicaConfiguration.ConfigureShard.1.NewReplicaCount must be provided");
    }

    /** Random walks over real names: an answer or one of the client's errors, never anything else. */
    @Test
    void noGarbageIsADefect() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);

        List<String> operations = new ArrayList<>();
        RULES.operationNames().forEach(operations::add);
        List<String> steps = steps();
        for (int i = 0; i < 5_000 * Integer.getInteger("cistern.effort", 1); i++) {
            String operation = operations.get(random.nextInt(operations.size()));
            String body = garbage(steps, random);
            try {
                read(operation, body);
            } catch (WireFault fault) {
                assertThat(fault.status()).as("seed %d: %s %s", seed, operation, body).isBetween(400, 499);
            } catch (RuntimeException defect) {
                throw new AssertionError("seed " + seed + ": " + operation + " " + body, defect);
            }
        }
    }

    private static String garbage(List<String> steps, SplittableRandom random) {
        List<String> values = List.of("", "a", "1", "-1", "true", "%", "%C3", "%C3%BC", "2026-01-01", "9".repeat(40),
                "1e9",
                "+", "%00", "1e999999999", "-999999999-01-01", "Infinity", "T", "x".repeat(500));
        StringBuilder body = new StringBuilder();
        for (int parameters = random.nextInt(8); parameters >= 0; parameters--) {
            for (int depth = random.nextInt(5); depth >= 0; depth--) {
                body.append(steps.get(random.nextInt(steps.size()))).append(depth == 0 ? "" : ".");
            }
            body.append(random.nextInt(10) == 0 ? "" : "=").append(values.get(random.nextInt(values.size())))
                    .append('&');
        }
        return body.toString();
    }

    /** Every member's name of one large request, with what lists are made of. */
    private static List<String> steps() {
        List<String> steps = new ArrayList<>(
                List.of("", "1", "2", "00", "999999999", "member", "Tag", "Key", "Value", "entry",
                        "NodeGroupConfiguration", "Slots", "StartTime", "Duration", "MaxRecords", "Filters", "%2e",
                        "CacheUsageLimits",
                        "DataStorage", "Maximum", "ReplicaConfiguration", "ConfigureShard", "NewReplicaCount",
                        "NodeGroupCount"));
        CreateReplicationGroupRequest.builder().build().sdkFields().forEach(field -> steps.add(field.locationName()));
        return steps;
    }

    private static List<Tag> tags(String body) {
        return ((AddTagsToResourceRequest) read("AddTagsToResource", "ResourceName=a&" + body)).tags();
    }

    private static SdkPojo read(String name, String body) {
        MemberRules rules = Objects.requireNonNull(RULES.operations().get(name));
        Operation operation = Operation.find(ElastiCacheClient.class, name, rules);
        try {
            return (SdkPojo) operation.request(ParameterTree.of(FormParameters.parse(body)));
        } catch (RuntimeException fault) {
            throw fault;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
