package dev.cistern.toolkit.spring;

import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.CacheListener;
import dev.cistern.toolkit.metrics.MicrometerListener;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.CachingConfigurer;
import org.springframework.cache.interceptor.CacheResolver;
import org.springframework.cache.interceptor.KeyGenerator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A kit, and Spring's caches over it, as soon as {@code cistern.cache.servers} says where; {@code @EnableCaching} stays
 * the application's own word. Whoever defines a CacheKit, a CacheManager or a CachingConfigurer keeps theirs.
 */
@AutoConfiguration(beforeName = "org.springframework.boot.cache.autoconfigure.CacheAutoConfiguration")
@ConditionalOnProperty("cistern.cache.servers")
@EnableConfigurationProperties(CacheKitProperties.class)
public class CacheKitAutoConfiguration {

    /** Meters, where the application has a registry. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    static class Meters {

        @Bean
        @ConditionalOnBean(MeterRegistry.class)
        @ConditionalOnMissingBean(CacheListener.class)
        CacheListener cacheKitMeters(MeterRegistry registry) {
            return new MicrometerListener(registry);
        }
    }

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    CacheKit cacheKit(CacheKitProperties properties, ObjectProvider<CacheListener> listener) {
        if (properties.servers() == null) {
            throw new IllegalStateException("cistern.cache.servers is empty");
        }
        return CacheKit.builder().servers(properties.servers()).readers(properties.readers().toArray(String[]::new))
                .prefix(properties.prefix()).timeLimit(properties.timeLimit()).listener(listener.getIfAvailable(
                        () -> CacheListener.NONE))
                .build();
    }

    @Bean
    @ConditionalOnMissingBean(CacheManager.class)
    KitCacheManager cacheManager(CacheKit kit, CacheKitProperties properties, ObjectProvider<JsonMapper> mapper) {
        JsonMapper base = mapper.getIfAvailable(() -> JsonMapper.builder().findAndAddModules().build());
        return new KitCacheManager(kit, properties, base.rebuild().disable(
                DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build());
    }

    @Bean
    @ConditionalOnBean(KitCacheManager.class)
    @ConditionalOnMissingBean(CachingConfigurer.class)
    CachingConfigurer cacheKitCaching(KitCacheManager manager) {
        return new CachingConfigurer() {
            @Override
            public CacheManager cacheManager() {
                return manager;
            }

            @Override
            public CacheResolver cacheResolver() {
                return new TypedCacheResolver(manager);
            }

            @Override
            public KeyGenerator keyGenerator() {
                return new ParameterKeys();
            }
        };
    }
}
