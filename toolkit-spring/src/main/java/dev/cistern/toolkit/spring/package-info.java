/**
 * The toolkit behind Spring's cache annotations. Spring decides when a cache is asked; this package decides which cache
 * that is, for how long it keeps a value and as what type. It adds no caching of its own, and runs on the thread that
 * calls the annotated method.
 */
@NullMarked
package dev.cistern.toolkit.spring;

import org.jspecify.annotations.NullMarked;
