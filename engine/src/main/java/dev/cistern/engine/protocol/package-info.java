/**
 * RESP2 and RESP3 between bytes and arguments: the resumable request parser and the reply writer.
 *
 * <p>Works in place on off-heap memory: nothing is copied or allocated for a request that arrives whole. Knows no
 * command, no key and no socket. Every object here belongs to one event loop and is used on its thread alone.
 */
@NullMarked
package dev.cistern.engine.protocol;

import org.jspecify.annotations.NullMarked;
