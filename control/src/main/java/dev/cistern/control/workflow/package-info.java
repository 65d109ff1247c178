/**
 * What makes a recorded wish true: workflows of named steps whose results are stored before the next step begins, and the
 * keeper that has every wanted node running.
 *
 * <p>Goal: killed at any point, a workflow goes on from its last stored step at the next start, and ends in the same state.
 * Not here: whether a wish is allowed. Each workflow runs on a virtual thread of its own; the keeper has one.
 */
@NullMarked
package dev.cistern.control.workflow;

import org.jspecify.annotations.NullMarked;
