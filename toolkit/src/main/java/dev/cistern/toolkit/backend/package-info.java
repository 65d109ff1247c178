/**
 * Where cached bytes live: one small interface, its Redis and Memcached forms, and what is put around them (a ring
 * of nodes, a time limit with a circuit breaker, a local copy).
 *
 * <p>Nothing here knows a value's type or its freshness; that is the cache's work. All calls return at once; results
 * are completed by network threads, so nothing that continues them may block.
 */
@NullMarked
package dev.cistern.toolkit.backend;

import org.jspecify.annotations.NullMarked;
