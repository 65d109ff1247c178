/**
 * Encryption at rest: whatever holds users' data on a disk is sealed with a key of a keystore, and found to be damaged if
 * one bit of it changes.
 *
 * <pre>
 *   KeyStoreFile ─▶ KeyRing ─▶ AtRest (a node's: which key seals, which keys open)
 *                                 ├─ SealedStream    a file that is written once: snapshots, what replicas get, tails
 *                                 ├─ SealedRecords   a file that grows and may be torn: the append-only file's increments
 *                                 └─ PlainBytes      any file as it was before, sealed or not
 * </pre>
 *
 * <p>The cryptography is Tink's: a stream is its streaming AEAD (AES-256-GCM, keys by HKDF), which binds each segment to its
 * place and marks the last; a record is its AEAD under a key of the file's own. Ours are {@link
 * dev.cistern.engine.atrest.FileHead}, which says with which key, and the records' order.
 *
 * <p>A file that was not sealed is read as it is, so that a key can be given to a node that has data.
 */
@NullMarked
package dev.cistern.engine.atrest;

import org.jspecify.annotations.NullMarked;
