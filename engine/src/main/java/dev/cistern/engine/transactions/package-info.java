/**
 * MULTI, EXEC and WATCH: what a session queued, and whether the keys that it watches were touched.
 *
 * <p>EXEC takes the stripes of all queued requests' keys and of all watched keys at once, in ascending order, looks
 * whether a watched key was touched, and runs the queue through the dispatcher as one
 * {@link dev.cistern.engine.dispatch.Unit}. So two transactions that watch each other's keys cannot both succeed.
 */
@NullMarked
package dev.cistern.engine.transactions;

import org.jspecify.annotations.NullMarked;
