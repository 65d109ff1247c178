/**
 * The original's format for values on disk and on the way to another server: what DUMP answers, RESTORE takes, and
 * snapshots consist of.
 *
 * <p>Bytes in memory only, written or read in one go; not the place of files, which belong to
 * {@code dev.cistern.engine.persistence}. What is read here may come from anywhere: every length is checked against the
 * bytes that are there before anything is made of it. The thread is the caller's.
 *
 * <p>What is written loads in every Redis from 7.0 and every Valkey; what is read is what any of them since Redis 2.8
 * has written, modules' values and the types of Redis 7.4 and later excepted.
 */
@NullMarked
package dev.cistern.engine.rdb;

import org.jspecify.annotations.NullMarked;
