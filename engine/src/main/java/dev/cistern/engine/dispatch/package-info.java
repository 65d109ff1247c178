/**
 * From a request to its command and back: rows, the gate, locks, sessions and the counters of what ran.
 *
 * <p>A command's facts are data here ({@link dev.cistern.engine.dispatch.Command}); its body lives in a family of
 * {@code dev.cistern.engine.commands}. Knows nothing of sockets. A session and everything it touches while a command
 * runs belong to its event loop's thread; what loops share says so in its own file.
 */
@NullMarked
package dev.cistern.engine.dispatch;

import org.jspecify.annotations.NullMarked;
