/**
 * The operations of the ElastiCache API, by resource: each checks the wish, records it and answers at once.
 *
 * <p>Goal: an operation reads from top to bottom, its faults first, in AWS's codes and words. Not here: making the wish true
 * (that is a workflow's) and anything of HTTP. Runs on the caller's thread, within one transaction that may run twice.
 */
@NullMarked
package dev.cistern.control.operation;

import org.jspecify.annotations.NullMarked;
