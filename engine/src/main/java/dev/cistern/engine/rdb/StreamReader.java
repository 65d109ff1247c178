package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Listpack;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a stream: its nodes, what it says of itself, its groups with their consumers and pending entries.
 *
 * <pre>
 *   nodes     count, then each: 16 bytes of id (highest first), listpack
 *   state     length, last id; from the second form on: first id, greatest deleted id, entries ever added
 *   groups    count, then each: name, last id, from the second form on entries read,
 *             pending: count, each 16 bytes of id, 8 of delivery time, deliveries
 *             consumers: count, each name, 8 bytes seen, from the third form on 8 active, pending: count, ids
 * </pre>
 *
 * Nodes are read entry by entry, and what an original marked as deleted is left out. Belongs to a {@link ValueReader}.
 */
final class StreamReader implements AutoCloseable {
    private static final int ID_BYTES = 2 * Long.BYTES;
    private static final int LEAST_NODE_BYTES = 1 + ID_BYTES + 1;
    private static final int LEAST_GROUP_BYTES = 5;
    private static final int LEAST_PENDING_BYTES = ID_BYTES + Long.BYTES + 1;
    private static final int DELETED = 1;
    private static final int SAME_FIELDS = 2;
    private static final int MAX_FIELDS = 1 << 20;
    private static final int NUMBER_BYTES = 32;

    /** An id, as a key of the group's pending entries. */
    private record Id(long millis, long sequence) {}

    /** When it was delivered last, and how often. */
    private record Delivery(long millis, long count) {}

    private final RdbString nodeId = new RdbString();
    private final RdbString name = new RdbString();
    private final RdbString blob = new RdbString();
    private final List<RdbString> texts = new ArrayList<>();
    private final List<Bytes> views = new ArrayList<>();
    private long at;
    private long lastMillis;
    private long lastSequence;
    private boolean hasLast;

    void read(int type, RdbInput input, ValueSink sink) {
        long nodes = input.readCount(LEAST_NODE_BYTES);
        hasLast = false;
        for (long i = 0; i < nodes; i++) {
            readNode(input, sink);
        }
        readState(type, input, sink);
        long groups = input.readCount(LEAST_GROUP_BYTES);
        for (long i = 0; i < groups; i++) {
            readGroup(type, input, sink);
        }
    }

    // --- nodes ---

    private void readNode(RdbInput input, ValueSink sink) {
        input.readString(nodeId);
        if (nodeId.view().length() != ID_BYTES) {
            throw input.bad("a node of a stream without an id");
        }
        RdbInput id = new RdbInput(nodeId.view().address(), ID_BYTES);
        long millis = Long.reverseBytes(id.readLong());
        long sequence = Long.reverseBytes(id.readLong());
        input.readString(blob);
        Bytes bytes = blob.view();
        if (!Listpack.isValid(bytes.address(), bytes.length()) || Listpack.count(bytes.address()) == 0) {
            throw input.bad("a listpack of a stream that is damaged");
        }
        at = Listpack.first(bytes.address());
        readEntries(millis, sequence, sink);
    }

    private void readEntries(long millis, long sequence, ValueSink sink) {
        long entries = number() + number();
        int masterFields = fieldCount();
        // The master's names stand at an index of their own; an entry's names and values alternate behind them.
        for (int i = 0; i < masterFields; i++) {
            text(masterFields * 2 + i);
        }
        number();
        for (long i = 0; i < entries; i++) {
            readEntry(millis, sequence, masterFields, sink);
        }
        if (at != Listpack.NONE) {
            throw new RdbException("a node of a stream with more than its entries");
        }
    }

    private void readEntry(long millis, long sequence, int masterFields, ValueSink sink) {
        long flags = number();
        long entryMillis = millis + number();
        long entrySequence = sequence + number();
        boolean same = (flags & SAME_FIELDS) != 0;
        int fields = same ? masterFields : fieldCount();
        int base = masterFields * 3;
        for (int i = 0; i < fields; i++) {
            if (!same) {
                text(base + 2 * i);
            }
            text(base + 2 * i + 1);
        }
        number();
        if ((flags & DELETED) != 0) {
            return;
        }
        requireBehindLast(entryMillis, entrySequence);
        sink.streamEntry(entryMillis, entrySequence,
                index -> views.get(same && (index & 1) == 0 ? masterFields * 2 + index / 2 : base + index), fields);
    }

    private void requireBehindLast(long millis, long sequence) {
        int order = Long.compareUnsigned(millis, lastMillis);
        if (hasLast && (order < 0 || (order == 0 && Long.compareUnsigned(sequence, lastSequence) <= 0))) {
            throw new RdbException("entries of a stream that are not in order");
        }
        hasLast = true;
        lastMillis = millis;
        lastSequence = sequence;
    }

    private long number() {
        if (at == Listpack.NONE || !Listpack.isInteger(at)) {
            throw new RdbException("a node of a stream without a number where one belongs");
        }
        long value = Listpack.integer(at);
        at = Listpack.next(at);
        return value;
    }

    private int fieldCount() {
        long count = number();
        if (count < 0 || count > MAX_FIELDS) {
            throw new RdbException("an entry of a stream with " + count + " fields");
        }
        return (int) count;
    }

    /** Reads the next element as the text of this index. */
    private void text(int index) {
        if (at == Listpack.NONE) {
            throw new RdbException("an entry of a stream that ends early");
        }
        while (index >= views.size()) {
            texts.add(new RdbString());
            views.add(new Bytes());
        }
        Listpack.read(at, views.get(index), texts.get(index).room(NUMBER_BYTES));
        at = Listpack.next(at);
    }

    // --- state and groups ---

    private void readState(int type, RdbInput input, ValueSink sink) {
        long length = input.readLength();
        long millis = input.readLength();
        long sequence = input.readLength();
        long added = length;
        long deletedMillis = 0;
        long deletedSequence = 0;
        if (type != Rdb.STREAM_LISTPACKS) {
            input.readLength();
            input.readLength();
            deletedMillis = input.readLength();
            deletedSequence = input.readLength();
            added = input.readLength();
        }
        if (hasLast) {
            int order = Long.compareUnsigned(lastMillis, millis);
            if (order > 0 || (order == 0 && Long.compareUnsigned(lastSequence, sequence) > 0)) {
                throw input.bad("a stream whose last id is before its last entry");
            }
        }
        sink.streamState(millis, sequence, added, deletedMillis, deletedSequence);
    }

    private void readGroup(int type, RdbInput input, ValueSink sink) {
        input.readString(name);
        long millis = input.readLength();
        long sequence = input.readLength();
        long read = type == Rdb.STREAM_LISTPACKS ? ValueSink.NOT_TOLD : input.readLength();
        sink.group(name.view(), millis, sequence, read);
        Map<Id, Delivery> pending = new HashMap<>();
        long count = input.readCount(LEAST_PENDING_BYTES);
        for (long i = 0; i < count; i++) {
            pending.put(readId(input), new Delivery(input.readLong(), input.readLength()));
        }
        long consumers = input.readCount(1 + Long.BYTES + 1);
        for (long i = 0; i < consumers; i++) {
            readConsumer(type, input, pending, sink);
        }
        if (!pending.isEmpty()) {
            throw input.bad("pending entries that belong to no consumer");
        }
    }

    private void readConsumer(int type, RdbInput input, Map<Id, Delivery> pending, ValueSink sink) {
        input.readString(name);
        long seen = input.readLong();
        long active = type == Rdb.STREAM_LISTPACKS_3 ? input.readLong() : seen;
        sink.consumer(name.view(), seen);
        long count = input.readCount(ID_BYTES);
        for (long i = 0; i < count; i++) {
            Id id = readId(input);
            Delivery delivery = pending.remove(id);
            if (delivery == null) {
                throw input.bad("a consumer's pending entry that the group does not know");
            }
            sink.pending(id.millis, id.sequence, delivery.millis, delivery.count);
        }
        sink.active(active);
    }

    private static Id readId(RdbInput input) {
        return new Id(Long.reverseBytes(input.readLong()), Long.reverseBytes(input.readLong()));
    }

    @Override
    public void close() {
        nodeId.close();
        name.close();
        blob.close();
        texts.forEach(RdbString::close);
    }
}
