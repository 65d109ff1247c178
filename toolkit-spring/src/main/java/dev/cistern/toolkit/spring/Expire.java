package dev.cistern.toolkit.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * For how long {@code @Cacheable} and {@code @CachePut} on the same method keep a value. What is left out comes from the
 * cache's configuration. Times are spelled as in Spring's properties: {@code 90s}, {@code 10m}, {@code 1h}.
 */
@Documented
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Expire {

    /** How long a value counts as fresh. */
    String ttl() default "";

    /** Spreads the time to live both ways by this share of it; negative: as configured. */
    double jitter() default -1;

    /** How long after its time a value is still served while it is refreshed; for {@code sync = true}. */
    String staleWhileRevalidate() default "";

    /** How long after its time a value is kept for when the method fails; for {@code sync = true}. */
    String staleIfError() default "";
}
