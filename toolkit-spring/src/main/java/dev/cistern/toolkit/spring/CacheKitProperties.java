package dev.cistern.toolkit.spring;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties {@code cistern.cache.*}.
 *
 * @param servers where the cache is, in a form that CacheKit knows; without it nothing is configured
 * @param readers reader endpoints
 * @param prefix what every key begins with
 * @param timeLimit how long a call to a server may take
 * @param ttl how long a value counts as fresh, for caches that say nothing else
 * @param jitter spreads the time to live both ways by a share of it
 * @param caches what single caches say, by name
 */
@ConfigurationProperties("cistern.cache")
public record CacheKitProperties(@Nullable String servers, @DefaultValue List<String> readers,
        @DefaultValue("") String prefix, @DefaultValue("250ms") Duration timeLimit, @DefaultValue("1h") Duration ttl,
        @DefaultValue("0") double jitter, @DefaultValue Map<String, One> caches) {

    /** What one cache says for itself. */
    public record One(@Nullable Duration ttl, @Nullable Double jitter, @Nullable Duration staleWhileRevalidate,
            @Nullable Duration staleIfError) {}

    Policy policyOf(String cache) {
        One own = caches.get(cache);
        return own == null
                ? new Policy(ttl, jitter, Duration.ZERO, Duration.ZERO)
                : new Policy(own.ttl() == null ? ttl : own.ttl(), own.jitter() == null ? jitter : own.jitter(),
                        own.staleWhileRevalidate() == null ? Duration.ZERO : own.staleWhileRevalidate(),
                        own.staleIfError() == null ? Duration.ZERO : own.staleIfError());
    }
}
