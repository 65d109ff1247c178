package dev.cistern.gateway.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingKnownType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.utils.builder.Buildable;

/**
 * The walk that fills a typed request from any protocol's tree, checking its rules on the way.
 *
 * <p>It goes down the SDK's fields, not down the client's tree: a parameter that no field asks for is ignored, as AWS
 * does, and the depth of the walk is that of the shape, whatever a client sends.
 */
final class ShapeReader {

    private ShapeReader() {}

    /** Fills {@code builder}, one of the SDK's generated builders. */
    static void fill(SdkPojo builder, WireNode node, MemberRules rules) {
        for (SdkField<?> field : builder.sdkFields()) {
            MemberRules rule = rules.member(field.memberName());
            WireNode member = node.member(field);
            if (member != null) {
                field.set(builder, checked(value(field, member, rule), member.path(), rule));
            } else if (rule.isRequired()) {
                throw WireFault.missingMember(
                        node.path().isEmpty() ? field.locationName() : node.path() + "." + field.locationName());
            }
        }
    }

    private static Object checked(Object value, String path, MemberRules rule) {
        if (rule.isRequired() && "".equals(value)) {
            throw WireFault.blankMember(path);
        }
        return value;
    }

    private static Object value(SdkField<?> field, WireNode node, MemberRules rule) {
        MarshallingKnownType type = field.marshallingType().getKnownType();
        return switch (type) {
            case SDK_POJO -> structure(field, node, rule);
            case LIST -> list(field.getTrait(ListTrait.class), node, rule);
            case MAP -> map(field.getTrait(MapTrait.class), node, rule);
            default -> rule.check(node.scalar(type), node.path());
        };
    }

    private static Object structure(SdkField<?> field, WireNode node, MemberRules rule) {
        SdkPojo builder = field.constructor().get();
        fill(builder, node, rule);
        return ((Buildable) builder).build();
    }

    private static List<Object> list(ListTrait trait, WireNode node, MemberRules rule) {
        List<Object> values = new ArrayList<>();
        for (WireNode item : node.items(trait)) {
            values.add(value(trait.memberFieldInfo(), item, rule));
        }
        return values;
    }

    private static Map<String, Object> map(MapTrait trait, WireNode node, MemberRules rule) {
        Map<String, Object> values = new LinkedHashMap<>();
        node.entries(trait).forEach((key, item) -> values.put(key, value(trait.valueFieldInfo(), item, rule)));
        return values;
    }
}
