package dev.cistern.samples.toolkit;

import dev.cistern.toolkit.ServersTest;

/** Every backend and pattern, on Cistern: the toolkit's own test once more, with {@link CisternServers}. */
final class ServersOnCisternTest extends ServersTest {}
