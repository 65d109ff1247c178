package dev.cistern.gateway.wire;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.traits.DefaultValueTrait;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.utils.builder.Buildable;

/** Fills the SDK's builders with random values that keep their rules. */
final class RandomShapes {

    private static final int MAX_DEPTH = 6;
    private static final List<String> WORDS = List.of(
            "a", "cache-1", "Zisterne für Köln", "水槽", "🚰 tank", "<b>&amp;\"quoted\"'</b>", " leading and trailing ",
            "a=b&c=d+e%20f", "line\nbreak\ttab\rreturn", "]]>", "0001", "true", "\u00a0\u2028");

    private final RandomGenerator random;

    RandomShapes(RandomGenerator random) {
        this.random = random;
    }

    Object build(SdkPojo builder, MemberRules rules) {
        return build(builder, rules, 0);
    }

    private Object build(SdkPojo builder, MemberRules rules, int depth) {
        boolean isEmpty = true;
        for (SdkField<?> field : builder.sdkFields()) {
            // The SDK itself fills a token that was left out.
            boolean isToken = field.containsTrait(DefaultValueTrait.class);
            if (isToken || rules.member(field.memberName()).isRequired() || random.nextInt(10) < 6) {
                set(builder, field, rules, depth);
                isEmpty = false;
            }
        }
        if (depth > 0 && isEmpty && !builder.sdkFields().isEmpty()) {
            // The query protocol has no spelling for a structure without members.
            set(builder, builder.sdkFields().get(random.nextInt(builder.sdkFields().size())), rules, depth);
        }
        return ((Buildable) builder).build();
    }

    private void set(SdkPojo builder, SdkField<?> field, MemberRules rules, int depth) {
        field.set(builder, value(field, rules.member(field.memberName()), depth));
    }

    private Object value(SdkField<?> field, MemberRules rule, int depth) {
        return switch (field.marshallingType().getKnownType()) {
            case STRING -> string(rule);
            case BOOLEAN -> random.nextBoolean();
            case INTEGER -> random.nextInt();
            case LONG -> random.nextLong();
            case DOUBLE -> random.nextDouble(-1e9, 1e9);
            case FLOAT -> random.nextFloat();
            case BIG_DECIMAL -> BigDecimal.valueOf(random.nextLong(), 3);
            case INSTANT -> Instant.ofEpochMilli(random.nextLong(0, 4_000_000_000_000L));
            case SDK_BYTES -> bytes();
            case SDK_POJO -> build(field.constructor().get(), rule, depth + 1);
            case LIST -> list(field.getTrait(ListTrait.class), rule, depth);
            case MAP -> map(field.getTrait(MapTrait.class), rule, depth);
            default -> throw new IllegalStateException(field.memberName() + " is " + field.marshallingType());
        };
    }

    private String string(MemberRules rule) {
        List<String> values = rule.values();
        return values.isEmpty() ? WORDS.get(random.nextInt(WORDS.size())) : values.get(random.nextInt(values.size()));
    }

    private SdkBytes bytes() {
        byte[] bytes = new byte[random.nextInt(20)];
        random.nextBytes(bytes);
        return SdkBytes.fromByteArray(bytes);
    }

    private List<Object> list(ListTrait trait, MemberRules rule, int depth) {
        List<Object> list = new ArrayList<>();
        for (int left = count(depth); left > 0; left--) {
            list.add(value(trait.memberFieldInfo(), rule, depth + 1));
        }
        return list;
    }

    private Map<String, Object> map(MapTrait trait, MemberRules rule, int depth) {
        Map<String, Object> map = new LinkedHashMap<>();
        // Never empty: the SDK does not send an empty map at all.
        for (int left = 1 + count(depth); left > 0; left--) {
            map.put("key" + left, value(trait.valueFieldInfo(), rule, depth + 1));
        }
        return map;
    }

    /** Twelve, so that item 10 must come after item 9 and not after item 1. */
    private int count(int depth) {
        return depth >= MAX_DEPTH ? 0 : depth == 0 && random.nextInt(8) == 0 ? 12 : random.nextInt(4);
    }
}
