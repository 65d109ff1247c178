/**
 * What clients see of a failover, of links that are cut and of slots that move: how long nobody writes, and what of that
 * which was acknowledged is gone.
 *
 * <p>A control plane runs in this program, and its nodes as it is wished; writers of unique keys keep a note of each
 * acknowledgement, and every key of it is looked for afterwards.
 */
@NullMarked
package dev.cistern.benchmarks.failover;

import org.jspecify.annotations.NullMarked;
