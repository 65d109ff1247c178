/**
 * What caches tell a meter registry. Micrometer is an optional dependency, needed only by those who use this package.
 * Runs on the thread that used the cache, and only adds to counters there.
 */
@NullMarked
package dev.cistern.toolkit.metrics;

import org.jspecify.annotations.NullMarked;
