/**
 * What a node keeps on disk: snapshots of all its data in the original's format, written while clients go on, and read
 * when the node starts.
 *
 * <p>A snapshot is a file that is whole or not there: it is written under another name, forced to the disk, and renamed.
 * Files are readable by their owner alone. Not the format itself, which is {@code dev.cistern.engine.rdb}.
 *
 * <p>Saving in the background has a thread of its own; whoever changes what it has not come to yet writes that down
 * itself, to pages of its own thread ({@code SnapshotPages}). The lock of what they are gathered in is taken last of all.
 */
@NullMarked
package dev.cistern.engine.persistence;

import org.jspecify.annotations.NullMarked;
