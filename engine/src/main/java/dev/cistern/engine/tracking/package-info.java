/**
 * Client-side caching: sessions that keep what they read are told when it changes.
 *
 * <p>{@link dev.cistern.engine.tracking.TrackedKeys} hears of effects only while somebody tracks. What a session asked for
 * is an immutable {@link dev.cistern.engine.tracking.Tracking}, swapped whole, so that the thread that changes a key may
 * read it without waiting. Messages go as mail to the loop of whoever gets them: between replies, and behind the reply of
 * the command that caused them.
 */
@NullMarked
package dev.cistern.engine.tracking;

import org.jspecify.annotations.NullMarked;
