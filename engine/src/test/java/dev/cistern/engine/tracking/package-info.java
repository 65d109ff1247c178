/** Client-side caching: tests. */
@NullMarked
package dev.cistern.engine.tracking;

import org.jspecify.annotations.NullMarked;
