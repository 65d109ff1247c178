package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.FieldSource;
import dev.cistern.store.ValueType;

/**
 * Takes a value piece by piece as {@link ValueReader} comes upon it, whatever encoding it was written in.
 *
 * <p>Views are valid during the call only. First {@link #begin}, then as many of the others as the type has, and {@link #end}.
 */
public interface ValueSink {

    /** In place of how many entries a group has read: an old form did not tell. */
    long NOT_TOLD = -2;

    /** Only looks whether the bytes are well-formed. */
    ValueSink NONE = new ValueSink() {};

    /** A value of this type begins; {@code count} of its elements, fields or members, if that is known, else 0. */
    default void begin(ValueType type, long count) {}

    /** The whole of a string. */
    default void string(Bytes text) {}

    /** The next element of a list, or a member of a set. */
    default void element(Bytes element) {}

    /** A field of a hash; with a deadline in Unix time, or {@link dev.cistern.store.Keyspace#NO_DEADLINE}. */
    default void field(Bytes field, Bytes value, long deadlineMillis) {}

    /** A member of a sorted set. */
    default void member(Bytes member, double score) {}

    /** An entry of a stream: {@code fields} fields, each with a value, from index 0 on. Entries come in order. */
    default void streamEntry(long millis, long sequence, FieldSource source, int fields) {}

    /** What a stream says of itself, after its entries. */
    default void streamState(long lastMillis, long lastSequence, long entriesAdded, long deletedMillis,
            long deletedSequence) {}

    /** A group of a stream. */
    default void group(Bytes name, long millis, long sequence, long entriesRead) {}

    /** A consumer of the group before. */
    default void consumer(Bytes name, long seenMillis) {}

    /** When the consumer before got something last, -1 for never; comes after what is pending for it. */
    default void active(long millis) {}

    /** An entry that is pending for the consumer before. */
    default void pending(long millis, long sequence, long deliveredMillis, long deliveries) {}

    /** The value is whole. */
    default void end() {}
}
