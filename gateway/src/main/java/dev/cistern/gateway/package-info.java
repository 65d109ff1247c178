/** The network face of the control plane: AWS wire protocols. */
@NullMarked
package dev.cistern.gateway;

import org.jspecify.annotations.NullMarked;
