package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.rdb.DumpPayload;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.replication.LogFeed;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What carries a key to another server, and how a key that lies on the heap is worked on. Stateless. */
final class KeyTransfer {
    private static final byte[] REPLACE = ascii("REPLACE");
    private static final byte[] ABSOLUTE = ascii("ABSTTL");
    private static final byte[] DEL = ascii("DEL");

    private KeyTransfer() {}

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** RESTORE of an entry, whose stripe is held, by this name of the command; its value passes through the output. */
    static byte[][] restore(String command, Keyspace keyspace, long entry, byte[] key, boolean replaces,
            boolean absolute, RdbOutput output) {
        long deadline = keyspace.deadlineMillis(entry);
        long ttl = deadline == Keyspace.NO_DEADLINE
                ? 0
                : absolute ? deadline : Math.max(1, deadline - keyspace.nowMillis());
        List<byte[]> request = new ArrayList<>(List.of(ascii(command), key, ascii(Long.toString(ttl)),
                payload(keyspace, entry, output)));
        if (replaces) {
            request.add(REPLACE);
        }
        if (absolute) {
            request.add(ABSOLUTE);
        }
        return request.toArray(byte[][]::new);
    }

    private static byte[] payload(Keyspace keyspace, long entry, RdbOutput output) {
        output.clear();
        DumpPayload.write(keyspace, entry, output);
        return new Bytes(output.address(), Math.toIntExact(output.length())).toByteArray();
    }

    /** Deletes a key that has another place now, which followers are told as well. Its stripe is held, on the loop's thread. */
    static void drop(NodeLoop loop, Keyspace keyspace, Bytes key) {
        if (keyspace.delete(key) && loop.node().writeLog().isOn()) {
            LogFeed feed = loop.logFeed();
            feed.begin(keyspace.database(), 2).word("DEL").argument(key);
            feed.flush();
        }
    }

    static byte[][] delete(byte[] key) {
        return new byte[][]{DEL, key};
    }

    /** Takes the key's stripe and lets the work see the key. Any thread; the keyspace is the thread's own. */
    static void withKey(Keyspace keyspace, byte[] key, BiConsumer<Keyspace, Bytes> work) {
        withView(key, view -> {
            Store store = keyspace.store();
            int stripe = store.stripeOf(view);
            store.lock(stripe);
            try {
                work.accept(keyspace, view);
            } finally {
                store.unlock(stripe);
            }
        });
    }

    /** Lets the work see the key as what lies off-heap, for that long. */
    static void withView(byte[] key, Consumer<Bytes> work) {
        long length = Math.max(1, key.length);
        long copy = Memory.allocate(MemoryTag.SESSION, length);
        try {
            Memory.copy(key, 0, copy, key.length);
            work.accept(new Bytes(copy, key.length));
        } finally {
            Memory.free(MemoryTag.SESSION, copy, length);
        }
    }

    /** The loop's own handle, as of now, for a task that changes keys. On the loop's thread. */
    static Keyspace keyspaceForTask(NodeLoop loop, int database) {
        Keyspace keyspace = loop.keyspaceOf(database);
        keyspace.setNowMillis(loop.node().clock().wallMillis());
        return keyspace;
    }
}
