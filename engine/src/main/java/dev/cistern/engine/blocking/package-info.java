/**
 * Sessions that wait for a key: BLPOP and its kin, and WAIT, which waits for no key.
 *
 * <p>A blocking command's row names a {@link dev.cistern.engine.blocking.Blocking}: a body that says whether it found
 * anything. If not, the session is put into the queue of each of its keys, first come first served, while the keys'
 * stripes are still held, so no wake-up can be lost. Whoever changes such a key runs the waiters' requests at the end of
 * its own unit of work, before it lets go of the stripes: nobody can come between a push and its hand-over, and a push
 * and pop in one transaction wake nobody. The reply travels to the waiter's loop as mail.
 *
 * <p>A waiter's request may need further stripes (the destination of BLMOVE). They are taken by trying, which never
 * waits; if that fails, the hand-over happens right after the unit, under all stripes. A waiter is claimed by one word
 * ({@link dev.cistern.engine.blocking.Waiter}), so a hand-over and a timeout cannot both have it.
 */
@NullMarked
package dev.cistern.engine.blocking;

import org.jspecify.annotations.NullMarked;
