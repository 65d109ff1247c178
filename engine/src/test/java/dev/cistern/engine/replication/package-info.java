/** Replication: what is logged, and nodes and originals that follow each other through broken links. */
@NullMarked
package dev.cistern.engine.replication;

import org.jspecify.annotations.NullMarked;
