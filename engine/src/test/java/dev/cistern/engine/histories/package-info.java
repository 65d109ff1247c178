/**
 * Histories of what clients did at the same time, and whether some order of it, one after the other, explains every reply.
 *
 * <p>Not races between threads of ours: clients know nothing but what the wire tells them.
 */
@NullMarked
package dev.cistern.engine.histories;

import org.jspecify.annotations.NullMarked;
