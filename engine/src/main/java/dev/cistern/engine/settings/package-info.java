/**
 * A node's settings as CONFIG shows and changes them: a typed table that the engine reads as plain fields.
 *
 * <p>Only settings that act are here; a name that means nothing is unknown. A setting is changed by whichever loop runs
 * CONFIG SET and read by all: each value is one volatile word or reference.
 */
@NullMarked
package dev.cistern.engine.settings;

import org.jspecify.annotations.NullMarked;
