/**
 * Memory and keyspace of a cache node: off-heap entries in stripes, string values, expiry, iteration, accounting. Knows
 * no sockets, no replies and no commands.
 *
 * <p>
 * Every thread may come in; the dispatcher of a node locks the stripes of a command's keys before it calls a
 * {@link dev.cistern.store.Keyspace}, whose methods rely on that.
 *
 * <h2>Lock order</h2>
 * <ol>
 * <li>Stripes, in ascending order of their numbers ({@link dev.cistern.store.Store#lock}). Whole-store work takes all of
 * them, in the same order ({@link dev.cistern.store.Store#lockAll}).
 * <li>The monitor of the {@code Region}: inside a stripe, when an arena needs or returns a span.
 * </ol>
 * Nobody waits for a stripe while holding a higher one or a region, and a {@link dev.cistern.store.StoreListener} is
 * called under stripes, so it takes none.
 *
 * <h2>Tour, from the bottom</h2> {@link dev.cistern.store.Memory} reads and writes bytes. A {@code Region} reserves
 * addresses and deals out spans; an {@code Arena} cuts spans into slots. {@code EntryLayout} draws an entry,
 * {@code Bucket} a cache line of the {@code Index} that finds it. {@code StripeKeys} joins index and arena;
 * {@link dev.cistern.store.Store} holds all of them and the locks; {@link dev.cistern.store.Keyspace} is what commands
 * call.
 */
@NullMarked
package dev.cistern.store;

import org.jspecify.annotations.NullMarked;
