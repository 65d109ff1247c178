package dev.cistern.samples.toolkit;

import dev.cistern.toolkit.DiscoveryTest;

/** Auto discovery, on Cistern: the toolkit's own test once more, with {@link CisternServers}. */
final class DiscoveryOnCisternTest extends DiscoveryTest {}
