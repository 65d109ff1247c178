/** The control plane: resources, operations and workflows. No HTTP in here. */
@NullMarked
package dev.cistern.control;

import org.jspecify.annotations.NullMarked;
