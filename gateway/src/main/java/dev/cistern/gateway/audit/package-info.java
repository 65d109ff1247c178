/**
 * The record of who asked what of the API: one line a call, secrets masked, bounded in size.
 *
 * <p>Not a log of what the program does, and not a history of resources: that are the events.
 */
@NullMarked
package dev.cistern.gateway.audit;

import org.jspecify.annotations.NullMarked;
