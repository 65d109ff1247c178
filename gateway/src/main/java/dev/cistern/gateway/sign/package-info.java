/**
 * AWS Signature Version 4, the verifying side: who calls, and did they sign exactly this request?
 *
 * <p>Written by hand over the JDK, because the SDK's signer always adds a header that other clients do not send. Knows
 * no HTTP server: a request is a {@link SignedRequest}. Immutable; runs on the request's own virtual thread.
 */
@NullMarked
package dev.cistern.gateway.sign;

import org.jspecify.annotations.NullMarked;
