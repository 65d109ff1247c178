/**
 * The certificates of nodes, and the authority that issues them.
 *
 * <p>Knows files and names, no resources; any thread may call.
 */
@NullMarked
package dev.cistern.control.certificate;

import org.jspecify.annotations.NullMarked;
