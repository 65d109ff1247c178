package dev.cistern.toolkit.spring;

import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.codec.Codec;
import dev.cistern.toolkit.codec.Codecs;

import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.cache.Cache;
import org.springframework.cache.CacheManager;
import org.springframework.cache.support.NullValue;
import tools.jackson.databind.json.JsonMapper;

/**
 * Spring's caches over one kit. A cache of one name may be used by methods of several types and policies: all of them
 * share its keys, and {@code clear} clears them together, by a tag and so without searching for keys.
 */
public final class KitCacheManager implements CacheManager {

    private static final byte[] NULL = "null".getBytes(StandardCharsets.UTF_8);

    private final CacheKit kit;
    private final CacheKitProperties properties;
    private final JsonMapper mapper;
    private final Map<Id, KitCache> caches = new ConcurrentHashMap<>();

    KitCacheManager(CacheKit kit, CacheKitProperties properties, JsonMapper mapper) {
        this.kit = kit;
        this.properties = properties;
        this.mapper = mapper;
    }

    private record Id(String name, Type type, Policy policy) {}

    /** The cache without a type: what it returns is what JSON knows, maps and lists and numbers and text. */
    @Override
    public Cache getCache(String name) {
        return cache(name, Object.class, null);
    }

    @Override
    public Collection<String> getCacheNames() {
        TreeSet<String> names = new TreeSet<>(properties.caches().keySet());
        caches.keySet().forEach(id -> names.add(id.name()));
        return names;
    }

    /** The cache {@code name} for values of {@code type}, for as long as the annotation says. */
    KitCache cache(String name, Type type, @Nullable Expire annotation) {
        Policy policy = properties.policyOf(name).with(annotation);
        return caches.computeIfAbsent(new Id(name, type, policy), this::create);
    }

    private KitCache create(Id id) {
        String tag = "spring cache " + id.name();
        return new KitCache(id.name(), id.policy().applyTo(kit.cache(id.name(), Object.class, codec(id.type())))
                .keyText(ParameterKeys::text).taggedBy(key -> List.of(tag)).build(), () -> kit.invalidateTags(tag));
    }

    /** JSON of the type; Spring's mark for a cached null is JSON's. */
    private Codec<Object> codec(Type type) {
        Codec<Object> values = Codecs.json(mapper, type);
        return new Codec<>() {
            @Override
            public byte[] encode(Object value) {
                return value instanceof NullValue ? NULL : values.encode(value);
            }

            @Override
            public Object decode(byte[] bytes) {
                return Arrays.equals(bytes, NULL) ? NullValue.INSTANCE : values.decode(bytes);
            }
        };
    }
}
