/** A cache node: event loops, protocols, sessions and commands over the store. */
@NullMarked
package dev.cistern.engine;

import org.jspecify.annotations.NullMarked;
