/**
 * Caching patterns for applications: a builder in Caffeine's shape whose caches live on Redis, Valkey, Memcached or
 * ElastiCache. It loads lazily, writes through, spreads expiry, serves stale values while it refreshes, loads each
 * missing key once, and treats an absent cache as a miss.
 *
 * <p>It is not a driver (Lettuce is there for every other command) and not a database: what it holds may vanish at any
 * moment. Loaders of the blocking methods run on the caller's thread; those of the asynchronous methods and of
 * background refreshes run on the kit's executor.
 */
@NullMarked
package dev.cistern.toolkit;

import org.jspecify.annotations.NullMarked;
