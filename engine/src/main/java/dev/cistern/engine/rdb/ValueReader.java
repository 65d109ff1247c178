package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Listpack;
import dev.cistern.store.Memory;
import dev.cistern.store.ValueType;

/**
 * Reads one value after another, of any type and encoding that Redis 2.8 to 7.2 and Valkey up to 9 write, and hands it
 * on piece by piece.
 *
 * <p>Knows the format and not the keyspace: the {@link ValueSink} does. Throws {@link RdbException} where the bytes are
 * wrong. One thread at a time; {@link #close} gives its buffers back.
 */
public final class ValueReader implements AutoCloseable {
    private static final int INTSET_HEADER_BYTES = 2 * Integer.BYTES;
    private static final int SCRATCH_BYTES = 32;
    /** A member of a binary sorted set takes its length and its score at least. */
    private static final int LEAST_MEMBER_BYTES = 1 + Long.BYTES;
    private static final int LEAST_PAIR_BYTES = 2;

    private final RdbString first = new RdbString();
    private final RdbString second = new RdbString();
    private final RdbString blob = new RdbString();
    private final StreamReader streams = new StreamReader();
    private final Bytes packedFirst = new Bytes();
    private final Bytes packedSecond = new Bytes();
    private final RdbString firstScratch = new RdbString();
    private final RdbString secondScratch = new RdbString();

    /** Whether the type is one that {@link #read} knows. */
    public static boolean isKnown(int type) {
        return switch (type) {
            case Rdb.STRING, Rdb.LIST, Rdb.SET, Rdb.ZSET, Rdb.HASH, Rdb.ZSET_2, Rdb.HASH_ZIPMAP, Rdb.LIST_ZIPLIST,
                    Rdb.SET_INTSET, Rdb.ZSET_ZIPLIST, Rdb.HASH_ZIPLIST, Rdb.LIST_QUICKLIST, Rdb.HASH_LISTPACK,
                    Rdb.ZSET_LISTPACK, Rdb.LIST_QUICKLIST_2, Rdb.SET_LISTPACK, Rdb.HASH_2,
                    Rdb.STREAM_LISTPACKS, Rdb.STREAM_LISTPACKS_2, Rdb.STREAM_LISTPACKS_3 ->
                true;
            default -> false;
        };
    }

    /** Reads a value of this type. */
    public void read(int type, RdbInput input, ValueSink sink) {
        readPieces(type, input, sink);
        sink.end();
    }

    private void readPieces(int type, RdbInput input, ValueSink sink) {
        switch (type) {
            case Rdb.STRING -> {
                input.readString(first);
                sink.begin(ValueType.STRING, 1);
                sink.string(first.view());
            }
            case Rdb.LIST -> readElements(ValueType.LIST, input, sink);
            case Rdb.SET -> readElements(ValueType.SET, input, sink);
            case Rdb.ZSET, Rdb.ZSET_2 -> readMembers(type, input, sink);
            case Rdb.HASH, Rdb.HASH_2 -> readFields(type, input, sink);
            case Rdb.LIST_QUICKLIST, Rdb.LIST_QUICKLIST_2 -> readNodes(type, input, sink);
            case Rdb.STREAM_LISTPACKS, Rdb.STREAM_LISTPACKS_2, Rdb.STREAM_LISTPACKS_3 -> {
                sink.begin(ValueType.STREAM, 0);
                streams.read(type, input, sink);
            }
            default -> readPacked(type, input, sink);
        }
    }

    private void readPacked(int type, RdbInput input, ValueSink sink) {
        if (!isKnown(type)) {
            throw input.bad("a value of the unknown type " + type);
        }
        input.readString(blob);
        if (blob.view().length() == 0) {
            throw input.bad("a packed value of no bytes");
        }
        switch (type) {
            case Rdb.SET_INTSET -> readIntset(sink);
            case Rdb.HASH_ZIPMAP -> readZipmap(sink);
            case Rdb.LIST_ZIPLIST -> readZiplistElements(sink);
            case Rdb.ZSET_ZIPLIST, Rdb.HASH_ZIPLIST -> readZiplistPairs(type == Rdb.ZSET_ZIPLIST, sink);
            case Rdb.HASH_LISTPACK, Rdb.ZSET_LISTPACK -> readListpackPairs(type == Rdb.ZSET_LISTPACK, sink);
            default -> {
                sink.begin(ValueType.SET, checkListpack(true));
                readListpackElements(sink);
            }
        }
    }

    // --- one by one ---

    private void readElements(ValueType type, RdbInput input, ValueSink sink) {
        long count = count(input, 1);
        sink.begin(type, count);
        for (long i = 0; i < count; i++) {
            input.readString(first);
            sink.element(first.view());
        }
    }

    private void readMembers(int type, RdbInput input, ValueSink sink) {
        long count = count(input, type == Rdb.ZSET_2 ? LEAST_MEMBER_BYTES : LEAST_PAIR_BYTES);
        sink.begin(ValueType.SORTED_SET, count);
        for (long i = 0; i < count; i++) {
            input.readString(first);
            double score = type == Rdb.ZSET_2 ? input.readDouble() : input.readTextDouble();
            addMember(first.view(), score, sink);
        }
    }

    private static void addMember(Bytes member, double score, ValueSink sink) {
        if (Double.isNaN(score)) {
            throw new RdbException("a score that is not a number");
        }
        sink.member(member, score);
    }

    private void readFields(int type, RdbInput input, ValueSink sink) {
        long count = count(input, LEAST_PAIR_BYTES);
        sink.begin(ValueType.HASH, count);
        for (long i = 0; i < count; i++) {
            input.readString(first);
            input.readString(second);
            long deadline = type == Rdb.HASH_2 ? input.readLong() : Keyspace.NO_DEADLINE;
            sink.field(first.view(), second.view(), deadline < 0 ? Keyspace.NO_DEADLINE : deadline);
        }
    }

    private static long count(RdbInput input, int leastBytes) {
        long count = input.readCount(leastBytes);
        if (count == 0) {
            throw input.bad("an empty collection");
        }
        return count;
    }

    private void readNodes(int type, RdbInput input, ValueSink sink) {
        long nodes = count(input, LEAST_PAIR_BYTES);
        sink.begin(ValueType.LIST, 0);
        for (long i = 0; i < nodes; i++) {
            long kind = type == Rdb.LIST_QUICKLIST_2 ? input.readLength() : 0;
            input.readString(blob);
            if (type == Rdb.LIST_QUICKLIST) {
                readZiplistOf(blob.view(), sink);
            } else if (kind == Rdb.NODE_PLAIN) {
                sink.element(blob.view());
            } else if (kind == Rdb.NODE_PACKED) {
                checkListpack(false);
                readListpackElements(sink);
            } else {
                throw input.bad("a node of a list of the unknown kind " + kind);
            }
        }
    }

    // --- packed ---

    private void readIntset(ValueSink sink) {
        Bytes bytes = blob.view();
        long address = bytes.address();
        if (bytes.length() < INTSET_HEADER_BYTES) {
            throw new RdbException("a set of integers that is damaged");
        }
        int width = Memory.getInt(address);
        long count = Memory.getInt(address + Integer.BYTES) & 0xFFFF_FFFFL;
        boolean fits = (width == 2 || width == 4 || width == 8)
                && bytes.length() == INTSET_HEADER_BYTES + count * width;
        if (!fits || count == 0) {
            throw new RdbException("a set of integers that is damaged");
        }
        sink.begin(ValueType.SET, count);
        for (long at = address + INTSET_HEADER_BYTES; at < address + bytes.length(); at += width) {
            first.setNumber(width == 2 ? Memory.getShort(at) : width == 4 ? Memory.getInt(at) : Memory.getLong(at));
            sink.element(first.view());
        }
    }

    private void readZipmap(ValueSink sink) {
        Zipmap map = new Zipmap(blob.view().address(), blob.view().length());
        sink.begin(ValueType.HASH, 0);
        while (map.next(first, second)) {
            sink.field(first.view(), second.view(), Keyspace.NO_DEADLINE);
        }
    }

    private void readZiplistElements(ValueSink sink) {
        sink.begin(ValueType.LIST, 0);
        readZiplistOf(blob.view(), sink);
    }

    private void readZiplistOf(Bytes bytes, ValueSink sink) {
        Ziplist list = new Ziplist(bytes.address(), bytes.length());
        while (list.next(first)) {
            sink.element(first.view());
        }
    }

    private void readZiplistPairs(boolean scored, ValueSink sink) {
        Ziplist list = new Ziplist(blob.view().address(), blob.view().length());
        sink.begin(scored ? ValueType.SORTED_SET : ValueType.HASH, 0);
        while (list.next(first)) {
            if (!list.next(second)) {
                throw new RdbException("a packed value with half a pair");
            }
            addPair(scored, first.view(), second.view(), sink);
        }
    }

    private static void addPair(boolean scored, Bytes name, Bytes value, ValueSink sink) {
        if (!scored) {
            sink.field(name, value, Keyspace.NO_DEADLINE);
            return;
        }
        try {
            addMember(name, score(value.toString()), sink);
        } catch (NumberFormatException e) {
            throw new RdbException("a score that is not a number");
        }
    }

    /** As C prints and reads it. */
    private static double score(String text) {
        return switch (text) {
            case "inf", "+inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    /** Checks the blob; returns how many elements it has, one at least if it {@code mustHave} some. */
    private long checkListpack(boolean mustHave) {
        Bytes bytes = blob.view();
        if (!Listpack.isValid(bytes.address(), bytes.length())) {
            throw new RdbException("a listpack that is damaged");
        }
        int count = Listpack.count(bytes.address());
        if (mustHave && count == 0) {
            throw new RdbException("an empty collection");
        }
        return count;
    }

    private void readListpackElements(ValueSink sink) {
        long listpack = blob.view().address();
        long scratch = firstScratch.room(SCRATCH_BYTES);
        for (long at = Listpack.first(listpack); at != Listpack.NONE; at = Listpack.next(at)) {
            sink.element(Listpack.read(at, packedFirst, scratch));
        }
    }

    private void readListpackPairs(boolean scored, ValueSink sink) {
        long count = checkListpack(true);
        if ((count & 1) != 0) {
            throw new RdbException("a packed value with half a pair");
        }
        sink.begin(scored ? ValueType.SORTED_SET : ValueType.HASH, count / 2);
        long at = Listpack.first(blob.view().address());
        long nameScratch = firstScratch.room(SCRATCH_BYTES);
        long valueScratch = secondScratch.room(SCRATCH_BYTES);
        for (long i = 0; i < count; i += 2) {
            Listpack.read(at, packedFirst, nameScratch);
            at = Listpack.next(at);
            Listpack.read(at, packedSecond, valueScratch);
            at = Listpack.next(at);
            addPair(scored, packedFirst, packedSecond, sink);
        }
    }

    @Override
    public void close() {
        streams.close();
        first.close();
        second.close();
        blob.close();
        firstScratch.close();
        secondScratch.close();
    }
}
