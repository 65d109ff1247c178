/** Scripts and functions, through the wire, beside the original. */
@NullMarked
package dev.cistern.engine.scripting;

import org.jspecify.annotations.NullMarked;
