package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;

/**
 * Sets of one database: as many open ones as a command needs at once, and what follows from several of them.
 *
 * <p>
 * Belongs to a {@link Keyspace} and its thread. Intersection, difference and union need no memory of their own: a walk over
 * one set asks the others for each member.
 */
public final class Sets {

    /** Keeps what was found. */
    @FunctionalInterface
    public interface Sink {
        /** Takes a member, whose view is valid during the call; says whether more is wanted. */
        boolean take(Bytes member);
    }

    private final Keyspace keyspace;
    private final List<OpenSet> opened = new ArrayList<>();
    private final Bytes member = new Bytes();
    private int count;
    /** Members on their way to a key that may itself be among the sets: their lengths and bytes. */
    private long kept;
    private long keptBytes;
    private long keptCapacity;

    Sets(Keyspace keyspace) {
        this.keyspace = keyspace;
    }

    void close() {
        opened.forEach(OpenSet::close);
        forgetKept();
    }

    /** The open set with this number, from 0 on; made when first asked for. */
    public OpenSet at(int number) {
        while (number >= opened.size()) {
            opened.add(new OpenSet(keyspace));
        }
        return opened.get(number);
    }

    /** Begins to name the sets that {@link #intersect}, {@link #subtract} and {@link #unite} work on. */
    public void begin() {
        count = 0;
    }

    /** Opens the next of them for reading. Throws WRONG_TYPE. */
    public void open(Bytes key) {
        at(count).open(key);
        count++;
    }

    /** Opens the next of them for a command that will write elsewhere. Throws WRONG_TYPE. */
    public void openToChange(Bytes key) {
        at(count).openToChange(key);
        count++;
    }

    /** Shows the members that are in all sets: a walk over the smallest. */
    public void intersect(Sink sink) {
        int smallest = 0;
        for (int i = 1; i < count; i++) {
            if (at(i).size() < at(smallest).size()) {
                smallest = i;
            }
        }
        OpenSet walked = at(smallest);
        walked.beginWalk();
        boolean more = true;
        while (more && walked.next(member)) {
            if (isInAllBut(smallest)) {
                more = sink.take(member);
            }
        }
    }

    private boolean isInAllBut(int walked) {
        for (int i = 0; i < count; i++) {
            if (i != walked && !at(i).has(member)) {
                return false;
            }
        }
        return true;
    }

    /** Shows the members of the first set that are in no other. */
    public void subtract(Sink sink) {
        OpenSet walked = at(0);
        walked.beginWalk();
        boolean more = true;
        while (more && walked.next(member)) {
            if (!isInAny(1, count)) {
                more = sink.take(member);
            }
        }
    }

    private boolean isInAny(int from, int end) {
        for (int i = from; i < end; i++) {
            if (at(i).has(member)) {
                return true;
            }
        }
        return false;
    }

    /** Shows the members that are in any set, each once: those of a set that are in none before it. */
    public void unite(Sink sink) {
        boolean more = true;
        for (int i = 0; i < count && more; i++) {
            OpenSet walked = at(i);
            walked.beginWalk();
            while (more && walked.next(member)) {
                if (!isInAny(0, i)) {
                    more = sink.take(member);
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------- keeping

    /** Notes a member for {@link #store}. */
    public boolean keep(Bytes found) {
        long needed = keptBytes + Integer.BYTES + found.length();
        if (needed > keptCapacity) {
            growKept(needed);
        }
        Memory.putInt(kept + keptBytes, found.length());
        found.copyTo(kept + keptBytes + Integer.BYTES);
        keptBytes = needed;
        return true;
    }

    private void growKept(long needed) {
        long capacity = Math.max(2 * needed, FIRST_KEPT_BYTES);
        long grown = Memory.allocate(MemoryTag.SCRATCH, capacity);
        if (keptCapacity > 0) {
            Memory.copy(kept, grown, keptBytes);
            Memory.free(MemoryTag.SCRATCH, kept, keptCapacity);
        }
        kept = grown;
        keptCapacity = capacity;
    }

    private static final long FIRST_KEPT_BYTES = 1024;

    /** Forgets what was kept. */
    private void forgetKept() {
        if (keptCapacity > 0) {
            Memory.free(MemoryTag.SCRATCH, kept, keptCapacity);
        }
        keptCapacity = 0;
        keptBytes = 0;
    }

    /**
     * Makes the key a set of what was kept, whatever it was; without anything kept, deletes it. Returns how many members
     * there are.
     */
    public long store(Bytes key, KeyEvent event) {
        try {
            if (keptBytes == 0) {
                keyspace.delete(key);
                return 0;
            }
            OpenSet target = at(0);
            target.openToReplace(key);
            for (long at = kept; at < kept + keptBytes; at += Integer.BYTES + member.length()) {
                target.add(member.set(at + Integer.BYTES, Memory.getInt(at)));
            }
            target.changed(event, 1);
            return target.size();
        } finally {
            forgetKept();
        }
    }
}
