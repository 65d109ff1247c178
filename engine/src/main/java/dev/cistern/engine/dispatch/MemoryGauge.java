package dev.cistern.engine.dispatch;

import dev.cistern.store.EvictionPolicy;
import dev.cistern.store.Evictor;
import dev.cistern.store.Store;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Whether a node uses more memory than it may, and what may be evicted then; asked by every writing command and answered
 * without adding up all stripes each time.
 *
 * <p>The sum is taken anew after a while, and sooner the less room is left: at the latest when this loop has received a
 * {@value #SHARE_OF_ROOM}th of what there was room for. So the limit is passed by little, however fast the writing. One
 * per node and loop; the loop's thread only.
 */
public final class MemoryGauge implements AutoCloseable {

    /** What a node may use, and how it makes room. May change at any time. */
    public interface Rules {
        /** Most bytes of data; 0 for no limit. */
        long limitBytes();

        EvictionPolicy policy();

        /** Keys to look at for each that is evicted. */
        int samples();

        /** Whether Memcached items that were read twice may be unused for longer than others. */
        default boolean sparesActiveItems() {
            return false;
        }
    }

    private static final long FRESH_NANOS = 10_000_000;
    /** A limit below what a node needs without any key leaves no room at all. */
    private static final long EMPTY_NODE_BYTES = 4096;
    private static final long SHARE_OF_ROOM = 16;
    /** With less room a command may fill it that says little: SETBIT of a bit far away. */
    private static final long CLOSE_BYTES = 256L << 10;
    /** Keys looked at for one command, at most: a few hundred evictions, less than a millisecond. */
    private static final int EVICTION_BUDGET = 2_000;

    private final Store store;
    private final Rules rules;
    private long limitBytes;
    private long usedBytes;
    private long takenNanos;
    private long receivedWhenTaken;
    private @Nullable Evictor evictor;

    public MemoryGauge(Store store, Rules rules) {
        this.store = store;
        this.rules = rules;
        this.limitBytes = -1;
    }

    /** Whether the limit is passed, given how many bytes this loop has received so far and what time it is. */
    public boolean isOver(long receivedBytes, long nowNanos) {
        long limit = rules.limitBytes();
        long room = limitBytes - usedBytes;
        boolean stale = limit != limitBytes || room <= CLOSE_BYTES || nowNanos - takenNanos > FRESH_NANOS
                || (receivedBytes - receivedWhenTaken) * SHARE_OF_ROOM > room;
        if (stale) {
            limitBytes = limit;
            usedBytes = store.usedBytes();
            takenNanos = nowNanos;
            receivedWhenTaken = receivedBytes;
        }
        return limit > 0 && (usedBytes > limit || limit < EMPTY_NODE_BYTES);
    }

    /**
     * Evicts what is too much, as far as one command's budget goes; the next command goes on. Says whether the policy
     * lets any key go at all. The caller holds no stripe.
     */
    public boolean makeRoom(long nowMillis) {
        EvictionPolicy policy = rules.policy();
        if (policy == EvictionPolicy.NO_EVICTION) {
            return false;
        }
        if (evictor == null) {
            evictor = new Evictor(store, new SplittableRandom()::nextLong);
        }
        evictor.spareActiveItems(rules.sparesActiveItems());
        return evictor.step(policy, rules.samples(), usedBytes - limitBytes,
                EVICTION_BUDGET, nowMillis);
    }

    @Override
    public void close() {
        if (evictor != null) {
            evictor.close();
        }
    }
}
