/** The cistern command line: wires the modules into one process. */
@NullMarked
package dev.cistern.app;

import org.jspecify.annotations.NullMarked;
