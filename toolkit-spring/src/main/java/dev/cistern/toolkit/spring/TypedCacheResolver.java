package dev.cistern.toolkit.spring;

import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.cache.Cache;
import org.springframework.cache.interceptor.BasicOperation;
import org.springframework.cache.interceptor.CacheOperationInvocationContext;
import org.springframework.cache.interceptor.CacheResolver;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * Finds the cache for an annotated method, by the names in its annotation, the type that it returns, and {@link Expire}.
 * What the method returns is known here and nowhere later, and so the JSON needs no class names.
 */
final class TypedCacheResolver implements CacheResolver {

    private final KitCacheManager manager;

    TypedCacheResolver(KitCacheManager manager) {
        this.manager = manager;
    }

    @Override
    public Collection<? extends Cache> resolveCaches(CacheOperationInvocationContext<?> context) {
        Method method = context.getMethod();
        BasicOperation operation = context.getOperation();
        List<Cache> caches = new ArrayList<>();
        for (String name : operation.getCacheNames()) {
            caches.add(manager.cache(name, valueType(method, context.getTarget().getClass()), expireOf(method, context
                    .getTarget().getClass())));
        }
        return caches;
    }

    /** What is cached: the content of an Optional or a future, otherwise what is returned. */
    private static Type valueType(Method method, Class<?> target) {
        ResolvableType returned = ResolvableType.forMethodReturnType(method, target);
        Class<?> raw = returned.toClass();
        boolean isWrapper = raw.equals(Optional.class) || CompletionStage.class.isAssignableFrom(raw);
        ResolvableType value = isWrapper ? returned.getGeneric(0) : returned;
        return value.toClass().equals(void.class) ? Object.class : value.getType();
    }

    private static @Nullable Expire expireOf(Method method, Class<?> target) {
        Expire onMethod = AnnotatedElementUtils.findMergedAnnotation(method, Expire.class);
        return onMethod != null ? onMethod : AnnotatedElementUtils.findMergedAnnotation(target, Expire.class);
    }
}
