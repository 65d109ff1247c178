/** Tests of the append-only file: by the wire, by kill, by damage, and by the original that reads what we wrote. */
@NullMarked
package dev.cistern.engine.appendonly;

import org.jspecify.annotations.NullMarked;
