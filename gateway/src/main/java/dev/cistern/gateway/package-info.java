/**
 * The network face of the control plane: AWS wire protocols over HTTP.
 *
 * <p>{@link Gateway} is the way in. Bytes come through {@code http}, the caller is found by {@code sign}, the operation is
 * called through {@code wire}; what an operation does is the control plane's business alone. Requests run on virtual
 * threads, one each.
 */
@NullMarked
package dev.cistern.gateway;

import org.jspecify.annotations.NullMarked;
