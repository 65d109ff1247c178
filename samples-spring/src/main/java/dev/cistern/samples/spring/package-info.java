/**
 * A Spring Boot application whose slow method is cached by an annotation: what it takes, and what one gets. It knows
 * nothing of where the cache is; three lines of configuration do.
 */
@NullMarked
package dev.cistern.samples.spring;

import org.jspecify.annotations.NullMarked;
