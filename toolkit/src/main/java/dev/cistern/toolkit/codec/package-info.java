/**
 * From values to bytes and back: codecs for the value, an envelope around it that carries its age.
 *
 * <p>Not Java serialization, and never class names inside the bytes: what is read back is decided by the reader. All
 * classes are immutable and run on whatever thread calls them.
 */
@NullMarked
package dev.cistern.toolkit.codec;

import org.jspecify.annotations.NullMarked;
