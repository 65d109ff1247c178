/**
 * The append-only file: the write log on the disk, so that what was written outlives the process.
 *
 * <pre>
 *   WriteLog ─blocks─▶ LogWriter (a thread) ─batch, checksum─▶ LogFile ─▶ disk
 *                         └─ kept offset ─▶ ReplyHold of each loop: replies that waited for it leave
 *   a folder:  manifest ─▶ base (a snapshot) · increments (the log from the snapshot's cut on), in their order
 * </pre>
 *
 * <p>The folder is one that the original reads and writes: a base, increments, and a manifest that names them. What we add
 * stands in lines that begin with {@code #}, which the original passes over: {@link LogFormat} draws them.
 *
 * <p>{@link AppendOnly} is the room of a node; {@link LogFolder} is the folder, {@link LogReplay} the way back into a
 * store. One thread writes, and no event loop ever waits for the disk.
 */
@NullMarked
package dev.cistern.engine.appendonly;

import org.jspecify.annotations.NullMarked;
