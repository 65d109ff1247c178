/** How many keys change their node when a Memcached cluster grows, by the two ways in which clients choose a node. */
@NullMarked
package dev.cistern.benchmarks.ring;

import org.jspecify.annotations.NullMarked;
