/**
 * Cistern and its peers, side by side on one machine: real processes, loopback sockets, redis-benchmark as the client
 * for all, rounds that alternate between the servers. Answers how much CPU an operation costs, how many operations go
 * through, how long they take and how much memory a key takes, as ratios that hold on a noisy machine.
 *
 * <p>Not a micro-benchmark (those are JMH classes of the package above) and no proof for networks or many cores.
 * Everything runs on the main thread; children are other processes and are ended whatever happens.
 */
@NullMarked
package dev.cistern.benchmarks.sidebyside;

import org.jspecify.annotations.NullMarked;
