package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.ValueType;

/**
 * Takes a value piece by piece as {@link ValueReader} comes upon it, whatever encoding it was written in.
 *
 * <p>Views are valid during the call only. First {@link #begin}, then as many of the others as the type has, and {@link #end}.
 */
public interface ValueSink {

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

    /** The value is whole. */
    default void end() {}
}
