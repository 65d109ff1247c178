/**
 * The control plane's memory: one database, opened by one process at a time, whose commits survive a power cut.
 *
 * <p>Goal: a record type is a table, and SQL stays visible where it decides something. Not here: what the rows mean. Any
 * thread may use it; each transaction runs on the thread that asks for it.
 */
@NullMarked
package dev.cistern.control.state;

import org.jspecify.annotations.NullMarked;
