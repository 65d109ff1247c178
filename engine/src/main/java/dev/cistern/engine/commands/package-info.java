/**
 * The bodies of the commands, one file a family, each with its table of rows on top.
 *
 * <p>When a body runs, the dispatcher has checked the arity and everything the gate knows, and holds the stripes of the
 * keys; after it, what the keyspace recorded is passed on. So no body repeats, or can forget, either. Runs on the
 * session's loop; views of arguments and values are valid until the body returns.
 */
@NullMarked
package dev.cistern.engine.commands;

import org.jspecify.annotations.NullMarked;
