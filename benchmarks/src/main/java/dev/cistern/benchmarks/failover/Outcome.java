package dev.cistern.benchmarks.failover;

/**
 * What clients saw of one failover.
 *
 * @param gapMillis     the longest time without an acknowledgement
 * @param acked         keys whose write was acknowledged
 * @param lost          those of them that are gone
 * @param ackedByFormer writes that the former primary acknowledged after another one led
 * @param writesPerSecond before anything happened
 */
record Outcome(double gapMillis, long acked, long lost, long ackedByFormer, double writesPerSecond) {}
