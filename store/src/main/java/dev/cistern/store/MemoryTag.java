package dev.cistern.store;

import java.util.concurrent.atomic.AtomicLong;

/** What a piece of off-heap memory is for. Every allocation names one, so a leak and a figure of INFO have an owner. */
public enum MemoryTag {
    /** Spans of a {@link Region}: entries and indexes. Counts addresses in use; what they cost is less. */
    SPAN,
    /** Descriptors of the spans of a {@link Region}. */
    DESCRIPTOR,
    /** Tables that say where the areas of a database's index are. */
    INDEX,
    /** Small buffers of a {@link Keyspace}: formatted numbers. */
    SCRATCH,
    /** Buffers of sessions and event loops. */
    SESSION,
    /** Buffers of dumps and snapshots. */
    SNAPSHOT,
    /** The log of what is written, for replicas. */
    REPLICATION,
    /** Copies owned by tests and tools. */
    TEST;

    @SuppressWarnings("ImmutableEnumChecker") // a counter belongs to what it counts
    final AtomicLong held = new AtomicLong();
}
