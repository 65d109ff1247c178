package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.StreamGroups;
import dev.cistern.store.Streams;

/** Writes a stream in the form of Redis 7.0, which {@link StreamReader} draws. Belongs to a {@link ValueWriter}. */
final class StreamWriter {
    private static final int ID_BYTES = 2 * Long.BYTES;

    private final Bytes text = new Bytes();

    void write(Streams streams, long entry, RdbOutput output) {
        streams.openEntry(entry);
        output.putLength(streams.nodes());
        streams.beginNodes();
        while (streams.nextNode(text)) {
            output.putLength(ID_BYTES);
            putId(streams.nodeMillis(), streams.nodeSequence(), output);
            output.putBlob(text.address(), text.length());
        }
        writeState(streams, output);
        StreamGroups groups = streams.groups();
        output.putLength(groups.groups());
        for (int i = 0; i < groups.groups(); i++) {
            groups.chooseGroup(i);
            writeGroup(groups, output);
        }
    }

    private static void writeState(Streams streams, RdbOutput output) {
        boolean hasEntries = streams.length() > 0;
        output.putLength(streams.length());
        output.putLength(streams.lastMillis());
        output.putLength(streams.lastSequence());
        output.putLength(hasEntries ? streams.firstMillis() : 0);
        output.putLength(hasEntries ? streams.firstSequence() : 0);
        output.putLength(streams.maxDeletedMillis());
        output.putLength(streams.maxDeletedSequence());
        output.putLength(streams.entriesAdded());
    }

    private static void putId(long millis, long sequence, RdbOutput output) {
        output.putBigEndian(millis);
        output.putBigEndian(sequence);
    }

    private void writeGroup(StreamGroups groups, RdbOutput output) {
        output.putString(groups.groupName(text));
        output.putLength(groups.lastMillis());
        output.putLength(groups.lastSequence());
        output.putLength(groups.entriesRead());
        output.putLength(groups.pendingCount());
        for (boolean more = groups.findPendingFrom(0, 0); more; more = nextPending(groups, false)) {
            putId(groups.pendingMillis(), groups.pendingSequence(), output);
            output.putLong(groups.deliveredMillis());
            output.putLength(groups.deliveries());
        }
        output.putLength(groups.consumers());
        for (int i = 0; i < groups.consumers(); i++) {
            groups.chooseConsumer(i);
            writeConsumer(groups, output);
        }
    }

    private void writeConsumer(StreamGroups groups, RdbOutput output) {
        output.putString(groups.consumerName(text));
        output.putLong(groups.seenMillis());
        output.putLength(groups.ownPendingCount());
        for (boolean more = groups.findOwnPendingFrom(0, 0); more; more = nextPending(groups, true)) {
            putId(groups.pendingMillis(), groups.pendingSequence(), output);
        }
    }

    private static boolean nextPending(StreamGroups groups, boolean own) {
        long sequence = groups.pendingSequence() + 1;
        long millis = sequence == 0 ? groups.pendingMillis() + 1 : groups.pendingMillis();
        if (sequence == 0 && millis == 0) {
            return false;
        }
        return own ? groups.findOwnPendingFrom(millis, sequence) : groups.findPendingFrom(millis, sequence);
    }
}
