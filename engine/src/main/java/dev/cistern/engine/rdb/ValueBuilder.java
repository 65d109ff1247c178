package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.FieldSource;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedSets;
import dev.cistern.store.StreamGroups;
import dev.cistern.store.ValueType;

/**
 * Builds what a {@link ValueReader} reads under a key that is not there, in the encoding that its size asks for now.
 *
 * <p>The key's stripe is held, and the keyspace is restoring ({@link Keyspace#beginRestoring}): the caller tells that
 * there is a new value once it is whole. One per thread.
 */
public final class ValueBuilder implements ValueSink {
    /** How large nodes of a stream become, as the original does by default. */
    private static final int STREAM_NODE_BYTES = 4096;
    private static final int STREAM_NODE_ENTRIES = 100;

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
            case STREAM -> {
                keyspace.streams().findForWrite(key);
                keyspace.streams().create();
            }
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
    public void streamEntry(long millis, long sequence, FieldSource source, int fields) {
        keyspace.streams().append(millis, sequence, source, 0, fields, STREAM_NODE_BYTES, STREAM_NODE_ENTRIES);
    }

    @Override
    public void streamState(long lastMillis, long lastSequence, long entriesAdded, long deletedMillis,
            long deletedSequence) {
        keyspace.streams().setId(lastMillis, lastSequence, entriesAdded, deletedMillis, deletedSequence);
    }

    @Override
    public void group(Bytes name, long millis, long sequence, long entriesRead) {
        // What old forms do not tell follows from the entries, if none was deleted.
        long read = entriesRead == NOT_TOLD ? keyspace.streams().entriesUpTo(millis, sequence) : entriesRead;
        keyspace.streams().createGroup(name, millis, sequence, read);
    }

    @Override
    public void consumer(Bytes name, long seenMillis) {
        StreamGroups groups = keyspace.streams().groups();
        if (!groups.findConsumer(name)) {
            keyspace.streams().createConsumer(name);
        }
        groups.setSeen(seenMillis);
    }

    @Override
    public void active(long millis) {
        keyspace.streams().groups().setActive(millis);
    }

    @Override
    public void pending(long millis, long sequence, long deliveredMillis, long deliveries) {
        keyspace.streams().deliver(millis, sequence);
        keyspace.streams().claim(deliveredMillis, deliveries);
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
