package dev.cistern.toolkit.codec;

import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * The codecs that come with the toolkit: JSON for records and beans, text, and bytes as they are.
 *
 * <p>The JSON carries no class names: the reader says which type it wants, and a field it does not know is skipped, so
 * that the next release's records can be read by this one. Raise the cache's schema version when that is not enough.
 */
public final class Codecs {

    private static final JsonMapper MAPPER = JsonMapper.builder().findAndAddModules()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    /** UTF-8 text, without quotes. */
    public static final Codec<String> TEXT = new Codec<>() {
        @Override
        public byte[] encode(String value) {
            return value.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String decode(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    };

    /** Bytes as they are. */
    public static final Codec<byte[]> BYTES = new Codec<>() {
        @Override
        public byte[] encode(byte[] value) {
            return value;
        }

        @Override
        public byte[] decode(byte[] bytes) {
            return bytes;
        }
    };

    private Codecs() {}

    /** JSON of a class: a record, a bean, a number. */
    public static <V> Codec<V> json(Class<V> type) {
        return json(MAPPER, MAPPER.constructType(type));
    }

    /** JSON of a generic type: {@code json(new TypeReference<List<User>>() {})}. */
    public static <V> Codec<V> json(TypeReference<V> type) {
        return json(MAPPER, MAPPER.constructType(type));
    }

    /** JSON of a type known at run time only, by a mapper of your own. */
    public static <V> Codec<V> json(JsonMapper mapper, Type type) {
        return json(mapper, mapper.constructType(type));
    }

    /** The codec that {@code type} suggests: text for a String, bytes for a byte[], JSON for all else. */
    @SuppressWarnings("unchecked") // each branch returns a codec of exactly the class it tested
    public static <V> Codec<V> of(Class<V> type) {
        if (type.equals(String.class)) {
            return (Codec<V>) TEXT;
        }
        if (type.equals(byte[].class)) {
            return (Codec<V>) BYTES;
        }
        return json(type);
    }

    private static <V> Codec<V> json(JsonMapper mapper, JavaType type) {
        return new Codec<>() {
            @Override
            public byte[] encode(V value) {
                return mapper.writerFor(type).writeValueAsBytes(value);
            }

            @Override
            public V decode(byte[] bytes) {
                V value = mapper.readerFor(type).readValue(bytes);
                if (value == null) {
                    throw new IllegalArgumentException("JSON null where a value was stored");
                }
                return value;
            }
        };
    }
}
