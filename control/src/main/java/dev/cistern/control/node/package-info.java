/**
 * Where nodes run: the {@link dev.cistern.control.node.NodeRuntime} that starts and stops them, and the admin connection
 * by which the control plane speaks with each.
 *
 * <p>Goal: a node in this JVM, a child process and a real {@code valkey-server} look the same to the rest of the control
 * plane. Not here: what a node does with its data, and why one is started. Calls run on the virtual thread of the workflow
 * or of the keeper that makes them; none is made twice at once for one node.
 */
@NullMarked
package dev.cistern.control.node;

import org.jspecify.annotations.NullMarked;
