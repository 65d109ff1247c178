package dev.cistern.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The arenas of values that have one of their own, of one database in one stripe, by number from 1.
 *
 * <pre>
 *   elements    │a│b│a│c│ │b│ ...     small and new values, slots of all side by side
 *   home 1      │d│d│d│d│ ...         a value that has grown, alone
 *   home 2      │e│e│ │e│ ...
 * </pre>
 *
 * An arena belongs to one lock, so a value whose elements lie among others' has to be copied to get to another stripe.
 * One that has its home takes that along, however large it is. It moves into it once, when it has grown to
 * {@link StoreOptions#homeBytes}.
 *
 * <p>
 * Used under the stripe's lock, but for the sums, which may be read without.
 */
final class Homes {

    /** A value that has become so many times larger at once stays where it is: to copy it would take long. */
    private static final int MOST_TIMES = 4;

    private static final int NONE = 0;

    private final Arena elements;
    private final long homeBytes;
    private volatile @Nullable Arena[] arenas = new Arena[0];
    /** Of the key's, to find the value. */
    private long[] hashes = new long[0];
    /** Free bytes that the last walk over the value could not win. */
    private long[] stuckBytes = new long[0];

    Homes(Arena elements, long homeBytes) {
        this.elements = elements;
        this.homeBytes = homeBytes;
    }

    /** Whether the value with this root is large enough for a home. */
    boolean deserves(long root) {
        return LargeValue.bytes(root) >= homeBytes;
    }

    /** Whether it is to get one now. */
    boolean isDue(long root) {
        return LargeValue.home(root) == NONE && deserves(root) && LargeValue.bytes(root) <= MOST_TIMES * homeBytes;
    }

    /** Where the elements of the value with this root lie. */
    Arena of(long root) {
        int home = LargeValue.home(root);
        return home == NONE ? elements : at(home);
    }

    Arena at(int home) {
        Arena arena = arenas[home - 1];
        if (arena == null) {
            throw new IllegalStateException("home " + home + " is nobody's");
        }
        return arena;
    }

    boolean isTaken(int home) {
        return home <= arenas.length && arenas[home - 1] != null;
    }

    /** Takes an arena in for the value of this key, and returns its number. */
    int add(Arena arena, long hash) {
        @Nullable
        Arena[] present = arenas;
        int free = 0;
        while (free < present.length && present[free] != null) {
            free++;
        }
        int length = free < present.length ? present.length : Math.max(4, 2 * present.length);
        @Nullable
        Arena[] changed = Arrays.copyOf(present, length);
        hashes = Arrays.copyOf(hashes, length);
        stuckBytes = Arrays.copyOf(stuckBytes, length);
        changed[free] = arena;
        hashes[free] = hash;
        stuckBytes[free] = 0;
        arenas = changed;
        return free + 1;
    }

    /** The value has another key now. */
    void rename(int home, long hash) {
        hashes[home - 1] = hash;
    }

    /** Gives an arena away, which goes to another stripe. */
    Arena remove(int home) {
        Arena arena = at(home);
        @Nullable
        Arena[] changed = arenas.clone();
        changed[home - 1] = null;
        arenas = changed;
        arena.endSweep();
        return arena;
    }

    /** The value with this root has no elements any more. */
    void leave(long root) {
        int home = LargeValue.home(root);
        if (home != NONE) {
            remove(home).close();
        }
    }

    /** The next home after this one in which a walk would win something; 0 for none. */
    int nextSparse(int after, long leastBytes) {
        @Nullable
        Arena[] present = arenas;
        for (int i = after; i < present.length; i++) {
            Arena arena = present[i];
            if (arena != null && arena.touchedBytes() - arena.usedBytes() - stuckBytes[i] >= leastBytes) {
                return i + 1;
            }
        }
        return NONE;
    }

    long hash(int home) {
        return hashes[home - 1];
    }

    /** A walk has begun here: says whether there is something to win. */
    boolean beginSweep(int home) {
        return at(home).beginSweep();
    }

    /** A walk over the value of this home has ended, if there still is one. */
    void endSweep(int home) {
        if (isTaken(home)) {
            Arena arena = at(home);
            arena.endSweep();
            stuckBytes[home - 1] = arena.touchedBytes() - arena.usedBytes();
        }
    }

    /** Bytes of all slots in use. */
    long usedBytes() {
        long sum = 0;
        for (@Nullable
        Arena arena : arenas) {
            sum += arena == null ? 0 : arena.usedBytes();
        }
        return sum;
    }

    /** Bytes of all slots that were ever used and whose span is still held. */
    long touchedBytes() {
        long sum = 0;
        for (@Nullable
        Arena arena : arenas) {
            sum += arena == null ? 0 : arena.touchedBytes();
        }
        return sum;
    }

    /** Gives back all memory. */
    void close() {
        for (@Nullable
        Arena arena : arenas) {
            if (arena != null) {
                arena.close();
            }
        }
        arenas = new Arena[0];
    }
}
