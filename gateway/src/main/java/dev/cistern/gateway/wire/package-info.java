/**
 * The AWS wire protocols: bytes to the SDK's typed requests, its typed responses and faults back to bytes.
 *
 * <p>One generic walk over {@code SdkPojo.sdkFields()} serves every operation of every service; a protocol adds how it
 * spells a tree ({@link WireNode}) and how it writes one ({@link QueryXml}). Nothing here knows a resource, a socket or
 * a signature. Stateless or immutable: runs on the request's own virtual thread.
 */
@NullMarked
package dev.cistern.gateway.wire;

import org.jspecify.annotations.NullMarked;
