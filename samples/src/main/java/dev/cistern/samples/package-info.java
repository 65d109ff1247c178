/** The program behind {@code ./cistern demo}: reads the wish and starts a sample. */
@NullMarked
package dev.cistern.samples;

import org.jspecify.annotations.NullMarked;
