/**
 * EVAL and its family, and functions: Lua scripts that call commands of the node.
 *
 * <p>The language is {@code dev.cistern.lua}; here is what the cache adds to it. A {@link
 * dev.cistern.engine.scripting.ScriptEngine} is one machine with the library {@code redis} (also called {@code server});
 * each loop has one for EVAL, with its globals made once, and the node has one for functions, whose libraries may keep
 * state between calls. A {@link dev.cistern.engine.scripting.ScriptRun} is one script under way.
 *
 * <h2>Atomicity</h2>
 *
 * <p>A script is an open unit ({@link dev.cistern.store.Store#beginOpenUnit}): it takes the stripes of the keys that it
 * declared, in ascending order, and when it touches a key whose stripe it does not hold, it takes all the others out of
 * order and goes on. That needs no second start of the script, and is right whatever the script has read or written by
 * then, because there is one open unit at a time, and everybody else who holds several stripes has either not begun to
 * work, and gives them back, or will end without asking for more. So undeclared keys cost what a whole-keyspace command
 * costs, and declared ones leave the other stripes to the other loops. Rejected: to note the scripts that touch undeclared
 * keys and to run them under all stripes from the start. What a script touches depends on its arguments, so one that kept
 * to its keys a thousand times may not the next time, after a write that cannot be taken back.
 *
 * <h2>Scripts that take long</h2>
 *
 * <p>The loop's own thread runs the script. The machine counts instructions and now and then looks at the clock; from
 * {@code busy-reply-threshold} on the node is busy: every loop refuses what is not allowed meanwhile, those that wait for
 * a stripe give up waiting, and the script's own loop serves its sockets from within the script, so that SCRIPT KILL gets
 * through on any connection, also on a new one and with a single loop. For that a script must not run while the loop walks
 * over its ready sockets: a turn that meets one is put off to the loop's task phase, which comes right after. A script that
 * wrote cannot be killed, but by the end of its node.
 */
@NullMarked
package dev.cistern.engine.scripting;

import org.jspecify.annotations.NullMarked;
