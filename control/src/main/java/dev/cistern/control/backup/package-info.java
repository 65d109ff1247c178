/**
 * Where the files of snapshots lie: in folders of this machine, or in an object store that speaks S3.
 *
 * <p>Goal: a file is there whole or not at all, and its checksum is known. Not here: when snapshots are taken and what their
 * rows say. Whoever calls waits for disk or network, on a thread of their own.
 */
@NullMarked
package dev.cistern.control.backup;

import org.jspecify.annotations.NullMarked;
