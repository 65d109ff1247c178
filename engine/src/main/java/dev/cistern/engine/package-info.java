/**
 * A cache node: event loops, protocols, sessions and commands over the store.
 *
 * <p>This package is its door: {@link dev.cistern.engine.CacheNode} and what it is started with. Behind it, from the
 * socket to the data: {@code network}, {@code protocol}, {@code dispatch}, {@code commands}; {@code settings} beside
 * them. Everything of a connection runs on its event loop, from the bytes to the reply.
 */
@NullMarked
package dev.cistern.engine;

import org.jspecify.annotations.NullMarked;
