/**
 * Sockets: event loops, and one connection's way to receive and send off-heap bytes.
 *
 * <p>Built on Netty, trimmed to what a data path may cost: one handler per channel, one receive buffer per event loop,
 * replies written from memory whose address is known. Knows no protocol and no session. A connection belongs to one
 * event loop and is touched on its thread alone.
 */
@NullMarked
package dev.cistern.engine.network;

import org.jspecify.annotations.NullMarked;
