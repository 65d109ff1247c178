/**
 * One log of what is written, and who follows it: replicas of ours, and this node itself when it is a replica.
 *
 * <pre>
 *   a loop:  body runs ─▶ LogFeed ──end of the unit, stripes held──▶ WriteLog ─▶ blocks ─▶ Follower ─▶ a replica
 *            PrimaryLink ─▶ bytes of our primary, as they came ─────────┘
 * </pre>
 *
 * <p>The log is in command form. A command that changed something is logged as itself, unless it would do something else
 * the next time: {@link dev.cistern.engine.replication.Rewrites} says what happened instead. It is appended while the
 * stripes are held, so changes of one key stand in the order in which they were made; the log's own monitor is a leaf in
 * the lock order. As long as nobody follows, nothing is logged.
 */
@NullMarked
package dev.cistern.engine.replication;

import org.jspecify.annotations.NullMarked;
