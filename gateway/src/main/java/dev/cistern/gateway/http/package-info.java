/**
 * A small HTTP/1.1 server over Netty's codec, with every limit that outside bytes need. Knows neither AWS nor caches.
 *
 * <p>One event loop thread parses and writes; each request runs on a virtual thread of its own, one at a time per
 * connection. It is no web framework: no routes, no sessions, no TLS.
 *
 * <p>Why not Javalin, which was the first plan: on the machine that measured it (2 cores, JDK 25, 256 MB heap, one trivial
 * POST, medians of five interleaved runs) the first answer came after 0.80 s against 0.71 s, resident memory after
 * 5,000 requests was 231 MB against 114 MB, and it brings 35 jars (Jetty, Kotlin, Jakarta) where the cache nodes of the
 * same process already run on Netty. The limits below had to be written either way. What would change our mind: needing
 * HTTP/2 or servlet libraries.
 */
@NullMarked
package dev.cistern.gateway.http;

import org.jspecify.annotations.NullMarked;
