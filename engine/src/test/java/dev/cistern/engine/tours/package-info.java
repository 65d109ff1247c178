/**
 * The clients that applications use, each through every data type, over both protocols, as they are installed.
 *
 * <p>Not tests of commands: those stand beside the commands. A client that is not there is skipped by its name.
 */
@NullMarked
package dev.cistern.engine.tours;

import org.jspecify.annotations.NullMarked;
