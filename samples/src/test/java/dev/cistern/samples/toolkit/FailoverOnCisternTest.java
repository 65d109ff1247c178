package dev.cistern.samples.toolkit;

import dev.cistern.toolkit.FailoverTest;

/** Failover and node replacement under load, on Cistern: the toolkit's own test once more, with {@link CisternServers}. */
final class FailoverOnCisternTest extends FailoverTest {}
