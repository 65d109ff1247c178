/**
 * Nodes as processes of their own: our engine in other JVMs, and the original servers of this machine.
 *
 * <p>Goal: a node outlives the control plane that started it, and is found again by the next one; whatever is killed at
 * whatever moment, no process is lost sight of and none is taken for another. Not here: what a node is told once it
 * answers. Calls come from the control plane's threads, one after the other for each node.
 */
@NullMarked
package dev.cistern.app.process;

import org.jspecify.annotations.NullMarked;
