/**
 * What happens to keys, passed on to those who wait to hear of it: watched keys, blocked sessions, notifications.
 *
 * <p>The store tells {@link dev.cistern.engine.effects.Effects} of every change while the key's stripe is held; a
 * listener is in its list only as long as it has something to hear, so that a node where nobody watches, blocks or
 * subscribes pays one plain read for a write. A listener keeps its state per stripe, guarded by the stripe, takes no
 * other stripe, and leaves whatever takes time or another loop to the end of the unit of work.
 */
@NullMarked
package dev.cistern.engine.effects;

import org.jspecify.annotations.NullMarked;
