/** Blocking commands under load: fairness, and no element lost or had twice. */
@NullMarked
package dev.cistern.engine.blocking;

import org.jspecify.annotations.NullMarked;
