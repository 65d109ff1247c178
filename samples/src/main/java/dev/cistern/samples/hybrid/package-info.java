/**
 * The hybrid demo: a slow, far database and a cache beside the application, with a page that shows both. The database is
 * real and so is the link to it, a relay that delays real bytes; nothing here fakes a time.
 */
@NullMarked
package dev.cistern.samples.hybrid;

import org.jspecify.annotations.NullMarked;
