/** JMH benchmarks and side-by-side runs. Never shipped. */
@NullMarked
package dev.cistern.benchmarks;

import org.jspecify.annotations.NullMarked;
