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
 * called under stripes, so it takes none. Two ways out of the order are safe: {@link dev.cistern.store.Store#tryLock},
 * which never waits, and the open unit ({@link dev.cistern.store.Store#beginOpenUnit}, taken before any stripe), for
 * which all others that wait with stripes in hand let go of them.
 *
 * <h2>Tour, from the bottom</h2> {@link dev.cistern.store.Memory} reads and writes bytes. A {@code Region} reserves
 * addresses and deals out spans; an {@code Arena} cuts spans into slots. {@code EntryLayout} draws an entry,
 * {@code Bucket} a cache line of the {@code Index} that finds it. {@code StripeKeys} joins index and arena;
 * {@link dev.cistern.store.Store} holds all of them and the locks; {@link dev.cistern.store.Keyspace} is what commands
 * call.
 *
 * <h2>Collections</h2> A small collection is packed bytes (a {@code Listpack}, an {@code Intset}) that are its entry's
 * value and are resized as they grow. A large one is a root of fixed length in the entry and elements in the second
 * arena of its {@code StripeKeys} ({@code LargeValue} draws it). Each type has a class beside the keyspace, which holds
 * it and owns no memory per key. What they all use:
 * <ul>
 * <li>{@code CollectionEntry}: finds or creates the entry (throwing WRONG_TYPE), resizes its value, gives it another
 * encoding, deletes it when it is empty, and tells what happened. A resizing keeps bytes, so the pattern for an insertion
 * is: resize, then move the tail within the value.
 * <li>{@code LargeValue}: a new large encoding adds its case to {@code release} and {@code copy} there, keeps the head of
 * its root (bytes, count) right after each change, and never stores an address of an entry among its elements. Memory
 * usage, eviction, COPY, RENAME, MOVE, overwriting and slow freeing then work.
 * <li>{@code ElementTable}: the large encoding of hashes and sets, also of whatever wants to find elements by name.
 * <li>{@code ValueSlots} and {@code IdTree}: for encodings of several kinds of blocks, and for what is ordered by 128-bit
 * ids. {@link dev.cistern.store.Streams} stands on them.
 * </ul>
 * A deleted or overwritten large value goes to the {@code ReleaseQueue} of its stripe and is freed in slices:
 * {@link dev.cistern.store.Store#releaseSome(int, int)}. Its bytes count as used until then. RENAME and MOVE keep the
 * elements in place within one stripe of one database; across stripes they copy them, since an arena is the business of
 * one lock, unless the value has grown large enough for an arena of its own ({@code Homes}), which goes along. COPY copies
 * such an arena span by span and then corrects the addresses in it, so a new large encoding that does not do that in
 * {@code LargeValue.copyToHome} is copied element by element.
 */
@NullMarked
package dev.cistern.store;

import org.jspecify.annotations.NullMarked;
