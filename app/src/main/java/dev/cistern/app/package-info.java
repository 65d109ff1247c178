/**
 * The cistern command line: parses what the user typed, wires the modules below into one process and ends it cleanly.
 * No behaviour of a cache or of the control plane lives here; what a command does beyond wiring belongs one module
 * down. Commands run on the main thread, which waits until a signal ends the process.
 */
@NullMarked
package dev.cistern.app;

import org.jspecify.annotations.NullMarked;
