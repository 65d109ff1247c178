package dev.cistern.toolkit.spring;

import dev.cistern.toolkit.CacheBuilder;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;

/** For how long a cache keeps a value, after properties and annotation were put together. Zero: not at all. */
record Policy(Duration ttl, double jitter, Duration staleWhileRevalidate, Duration staleIfError) {

    /** This policy as far as {@code annotation} says nothing else. */
    Policy with(@Nullable Expire annotation) {
        if (annotation == null) {
            return this;
        }
        return new Policy(or(annotation.ttl(), ttl), annotation.jitter() < 0 ? jitter : annotation.jitter(), or(
                annotation.staleWhileRevalidate(), staleWhileRevalidate), or(annotation.staleIfError(), staleIfError));
    }

    private static Duration or(String said, Duration otherwise) {
        return said.isEmpty() ? otherwise : DurationStyle.detectAndParse(said);
    }

    <K, V> CacheBuilder<K, V> applyTo(CacheBuilder<K, V> builder) {
        builder.ttl(ttl).jitter(jitter);
        if (!staleWhileRevalidate.isZero()) {
            builder.staleWhileRevalidate(staleWhileRevalidate);
        }
        if (!staleIfError.isZero()) {
            builder.staleIfError(staleIfError);
        }
        return builder;
    }
}
