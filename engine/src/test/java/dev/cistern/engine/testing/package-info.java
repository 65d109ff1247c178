/**
 * Tests through the wire: a raw client, and an extension that runs each test on a Cistern node and on a real server.
 *
 * <p>Not a client library: it says what bytes came, and complains. Used by one test thread at a time.
 */
@NullMarked
package dev.cistern.engine.testing;

import org.jspecify.annotations.NullMarked;
