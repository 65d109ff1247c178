/**
 * A node as one of a cluster: 16,384 slots, who has which, and how a slot goes from one node to another with its keys.
 *
 * <p>The cluster bus of the original is not spoken. {@link dev.cistern.engine.cluster.Topology} comes from outside, over
 * an admin connection, and a node keeps it in a file; {@link dev.cistern.engine.cluster.Cluster} answers by it which
 * requests run here. Two ways lead a slot away. By hand, as the original does it: SETSLOT opens the slot on both sides,
 * MIGRATE carries key by key, clients follow ASK. Or by {@link dev.cistern.engine.cluster.SlotMove}: keys are copied
 * while clients go on, then what changed meanwhile, then commands on the slots wait for the moment of the hand-over.
 *
 * <p>Ownership is asked before a command runs and again by nobody: a command runs to its end on one loop. Whoever must
 * be sure that no command under the old answer is still running holds the slots back and waits until each loop has
 * come round once ({@link dev.cistern.engine.cluster.LoopBarrier}).
 */
@NullMarked
package dev.cistern.engine.cluster;

import org.jspecify.annotations.NullMarked;
