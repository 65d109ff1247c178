package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedSets;
import dev.cistern.store.ValueType;

/**
 * Builds what a {@link ValueReader} reads under a key that is not there, in the encoding that its size asks for now.
 *
 * <p>The key's stripe is held, and the keyspace is restoring ({@link Keyspace#beginRestoring}): the caller tells that
 * there is a new value once it is whole. One per thread.
 */
public final class ValueBuilder implements ValueSink {
    private final Bytes key = new Bytes();
    private final Keyspace keyspace;
    private ValueType present = ValueType.STRING;

    public ValueBuilder(Keyspace keyspace) {
        this.keyspace = keyspace;
    }

    /** What comes next is the value of this key. */
    public void key(Bytes name) {
        key.set(name);
    }

    @Override
    public void begin(ValueType type, long count) {
        present = type;
        switch (type) {
            case STRING -> {
            }
            case HASH -> {
                keyspace.hashes().openToChange(key);
                keyspace.hashes().expect(count, 0);
            }
            case LIST -> keyspace.lists().openToChange(key);
            case SET -> keyspace.sets().at(0).openToChange(key);
            case SORTED_SET -> keyspace.sortedSets().openToChange(key);
            default -> throw new RdbException("a value of the type " + type);
        }
    }

    @Override
    public void string(Bytes text) {
        keyspace.set(key, text, Keyspace.NO_DEADLINE);
    }

    @Override
    public void field(Bytes field, Bytes value, long deadlineMillis) {
        keyspace.hashes().put(field, value, deadlineMillis);
    }

    @Override
    public void element(Bytes element) {
        if (present == ValueType.SET) {
            keyspace.sets().at(0).add(element);
        } else {
            keyspace.lists().expect(1, element.length());
            keyspace.lists().push(false, element);
        }
    }

    @Override
    public void member(Bytes member, double score) {
        SortedSets sets = keyspace.sortedSets();
        if (sets.find(member)) {
            sets.setScore(member, score);
        } else {
            sets.add(member, score);
        }
    }

    @Override
    public void end() {
        switch (present) {
            case HASH -> keyspace.hashes().endChange();
            case LIST -> keyspace.lists().endChange();
            case SET -> keyspace.sets().at(0).endChange();
            case SORTED_SET -> keyspace.sortedSets().endChange();
            default -> {
            }
        }
    }
}
