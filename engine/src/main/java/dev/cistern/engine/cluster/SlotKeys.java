package dev.cistern.engine.cluster;

import dev.cistern.store.Bytes;
import dev.cistern.store.EntryVisitor;
import dev.cistern.store.KeySlot;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Finds the keys of a slot among those of its stripe.
 *
 * <p>There is no index by slot: that would cost 16 bytes a key for what is asked when slots move. A walk over the stripe
 * passes over the keys of its other slots, but who asks again and again, moving away what was told, goes on where the
 * last walk ended, so that all questions together are one walk. Any thread that may take the slot's stripe.
 */
final class SlotKeys {
    /** About 100 microseconds under the stripe. */
    private static final int KEYS_A_STEP = 512;

    /** Where the last walk for a slot ended. */
    private final AtomicLongArray positions = new AtomicLongArray(KeySlot.COUNT);

    /** Up to {@code most} keys of the slot that have not expired; all, if there are no more. */
    List<byte[]> some(Keyspace keyspace, int slot, int most) {
        Store store = keyspace.store();
        List<byte[]> found = new ArrayList<>();
        int wanted = Math.min(most, store.keysInSlot(0, slot));
        if (wanted == 0) {
            return found;
        }
        long from = positions.get(slot);
        long at = walk(keyspace, slot, from, 0, wanted, found);
        if (found.size() < wanted && from != 0) {
            // The rest is before the place where this walk began; what the index moved meanwhile may come twice.
            List<byte[]> more = new ArrayList<>();
            at = walk(keyspace, slot, 0, from, Integer.MAX_VALUE, more);
            more.stream().filter(key -> found.stream().noneMatch(known -> java.util.Arrays.equals(known, key)))
                    .limit((long) wanted - found.size()).toList().forEach(found::add);
        }
        positions.set(slot, at);
        return found;
    }

    /** Walks until enough is found or the end is reached; answers where to go on, which is before what was left out. */
    private static long walk(Keyspace keyspace, int slot, long from, long end, int wanted, List<byte[]> found) {
        int stripe = keyspace.store().stripeOfSlot(slot);
        Bytes view = new Bytes();
        EntryVisitor visitor = (holder, entry) -> {
            if (holder.slotOf(entry) == slot && found.size() < wanted) {
                found.add(holder.readKey(entry, view).toByteArray());
            }
        };
        long at = from;
        do {
            long next = keyspace.scanStripe(stripe, at, KEYS_A_STEP, visitor);
            if (found.size() >= wanted) {
                return at;
            }
            at = next;
        } while (at != end && at != 0);
        return at;
    }
}
