/**
 * What makes a recorded wish true: workflows of named steps whose results are stored before the next step begins, and the
 * keeper that has every wanted node running.
 *
 * <p>Goal: killed at any point, a workflow goes on from its last stored step at the next start, and ends in the same state.
 *
 * <p>In a replication group the rows say who is primary ({@code NodeGroup.primaryClusterId}), {@code Nodes.assumeRole} tells
 * a node what it is by them, and {@code Topologies} tells the nodes of a group in cluster mode of one another. Whoever
 * changes a primary stores it first, then places the members ({@code GroupSteps.takePlaces}) and publishes the topology.
 *
 * <p>Not here: whether a wish is allowed. Each workflow runs on a virtual thread of its own; the keeper has one.
 */
@NullMarked
package dev.cistern.control.workflow;

import org.jspecify.annotations.NullMarked;
