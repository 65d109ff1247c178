package dev.cistern.gateway.wire;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

import static org.assertj.core.api.Assertions.assertThat;

/** The table of rules and the SDK's classes describe the same service. */
final class ServiceRulesTest {

    /** In AWS's model, and not yet in the SDK's version that we build with. Empty this when the SDK moves. */
    private static final Set<String> NEWER_THAN_THE_SDK = Set.of(
            "CreateReplicationGroup.Durability", "CreateServerlessCache.NetworkType",
            "ModifyReplicationGroup.Durability");

    @Test
    void theSameOperations() {
        Set<String> ofSdk = new TreeSet<>();
        Arrays.stream(ElastiCacheClient.class.getMethods()).filter(Operation::isCall)
                .forEach(method -> ofSdk
                        .add(method.getParameterTypes()[0].getSimpleName().replaceFirst("Request$", "")));
        assertThat(ServiceRules.load("elasticache").operationNames()).containsExactlyInAnyOrderElementsOf(ofSdk);
    }

    @Test
    void everyRuleNamesAMember() throws Exception {
        Set<String> nowhere = new TreeSet<>();
        for (var entry : ServiceRules.load("elasticache").operations().entrySet()) {
            Class<?> request = Class
                    .forName(ElastiCacheClient.class.getPackageName() + ".model." + entry.getKey() + "Request");
            SdkPojo shape = (SdkPojo) request.getMethod("builder").invoke(null);
            collectUnknown(entry.getKey(), shape, entry.getValue(), nowhere);
        }
        assertThat(nowhere).isEqualTo(new TreeSet<>(NEWER_THAN_THE_SDK));
    }

    @Test
    void aRuleIsReadAsItIsWritten() {
        MemberRules rules = new MemberRules();
        rules.add("  Things[].Size required");
        rules.add("  Things[].Size one of small large");
        assertThat(rules.member("Things").isRequired()).isFalse();
        assertThat(rules.member("Things").member("Size").isRequired()).isTrue();
        assertThat(rules.member("Things").member("Size").values()).containsExactly("small", "large");
        assertThat(rules.member("Nothing").member("Size").isRequired()).isFalse();
    }

    private static void collectUnknown(String way, SdkPojo shape, MemberRules rules, Set<String> unknown) {
        rules.members().forEach((name, rule) -> {
            var field = shape.sdkFields().stream().filter(f -> f.memberName().equals(name)).findAny();
            if (field.isEmpty()) {
                unknown.add(way + "." + name);
            } else if (!rule.members().isEmpty()) {
                collectUnknown(way + "." + name, structureOf(field.get()), rule, unknown);
            }
        });
    }

    private static SdkPojo structureOf(SdkField<?> field) {
        SdkField<?> inner = field;
        while (inner.marshallingType().equals(MarshallingType.LIST)) {
            inner = inner.getTrait(ListTrait.class).memberFieldInfo();
        }
        return inner.constructor().get();
    }
}
