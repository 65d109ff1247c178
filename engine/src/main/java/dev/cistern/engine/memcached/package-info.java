/**
 * A Memcached node: the store's second front door.
 *
 * <p>{@link dev.cistern.engine.memcached.MemcachedNode} starts and stops it. A connection's bytes go from its
 * {@code ItemSession} to the {@code ItemLoop} of its event loop, which hands them to {@code TextProtocol} or
 * {@code BinaryProtocol}, whichever the first byte chose; both decide what a request means and ask {@code ItemActions},
 * which lock a key's stripe and work on {@link dev.cistern.store.Items}. Replies leave once a turn. What exists once a
 * node (settings, store, watchers, the list of nodes for auto discovery) is in {@code Rooms}.
 *
 * <p>Sockets, event loops, leftovers and send buffers are those of the Redis side; this package knows nothing of RESP.
 */
@NullMarked
package dev.cistern.engine.memcached;

import org.jspecify.annotations.NullMarked;
