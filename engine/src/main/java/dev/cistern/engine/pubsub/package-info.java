/**
 * Publish and subscribe: who listens to which channels, and how a message reaches them.
 *
 * <p>Who listens is a loop's own business ({@link dev.cistern.engine.pubsub.LoopSubscriptions}, its thread only); the
 * node knows how many listeners each loop has for a channel ({@link dev.cistern.engine.pubsub.Channels}, any thread). A
 * publisher encodes a message once and posts it to the loops that have listeners; each hands it to its own. Messages of
 * one channel come to all loops in one order. Nothing here takes a stripe, so a change may be published while its key's
 * stripe is held, and the notifications of a key come in the order of its changes.
 */
@NullMarked
package dev.cistern.engine.pubsub;

import org.jspecify.annotations.NullMarked;
