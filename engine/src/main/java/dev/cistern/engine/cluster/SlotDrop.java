package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Deletes all keys of some slots, in slices between which the loop serves its clients. The loop's thread only. */
final class SlotDrop {
    /** A slice is some 200 microseconds. */
    private static final int KEYS_A_SLICE = 256;

    private final NodeLoop loop;
    private final Store store;
    private final BitSet slots;
    private final Runnable done;
    private final BitSet stripes = new BitSet();
    private long position;

    private SlotDrop(NodeLoop loop, BitSet slots, Runnable done) {
        this.loop = loop;
        this.store = loop.node().store();
        this.slots = slots;
        this.done = done;
        slots.stream().filter(slot -> store.keysInSlot(0, slot) > 0)
                .forEach(slot -> stripes.set(store.stripeOfSlot(slot)));
    }

    /** Begins to, on that loop; {@code done} runs there at the end, or when the node ends before. Any thread. */
    static void begin(NodeLoop loop, BitSet slots, Runnable done) {
        SlotDrop drop = new SlotDrop(loop, (BitSet) slots.clone(), done);
        loop.execute(drop::slice);
    }

    private void slice() {
        int stripe = stripes.nextSetBit(0);
        if (stripe < 0 || loop.node().isStopping()) {
            done.run();
            return;
        }
        if (!loop.isServingOthers()) {
            dropSome(stripe);
            loop.handOver().settle();
        }
        loop.execute(this::slice);
    }

    private void dropSome(int stripe) {
        Keyspace keyspace = KeyTransfer.keyspaceForTask(loop, 0);
        List<byte[]> found = new ArrayList<>();
        Bytes view = new Bytes();
        store.lock(stripe);
        try {
            position = keyspace.scanStripe(stripe, position, KEYS_A_SLICE, (holder, entry) -> {
                if (slots.get(holder.slotOf(entry))) {
                    found.add(holder.readKey(entry, view).toByteArray());
                }
            });
            found.forEach(key -> KeyTransfer.withView(key, each -> KeyTransfer.drop(loop, keyspace, each)));
        } finally {
            store.unlock(stripe);
        }
        if (position == 0) {
            stripes.clear(stripe);
        }
    }
}
