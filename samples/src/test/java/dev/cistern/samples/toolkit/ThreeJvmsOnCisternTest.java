package dev.cistern.samples.toolkit;

import dev.cistern.toolkit.ThreeJvmsTest;

/** A thousand misses in three JVMs, on Cistern: the toolkit's own test once more, with {@link CisternServers}. */
final class ThreeJvmsOnCisternTest extends ThreeJvmsTest {}
