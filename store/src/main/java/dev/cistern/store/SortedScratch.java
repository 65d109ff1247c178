package dev.cistern.store;

/**
 * A sorted set that belongs to no key: where a command gathers a result before it is answered or stored.
 *
 * <p>
 * Lies in an arena of its own, so that it needs no stripe, counts as nobody's data, and is gone at once when it is closed.
 * One thread's.
 */
public final class SortedScratch implements AutoCloseable {

    private final Arena arena;
    private final SortedTable table;
    private long element;
    private int longestBytes;

    SortedScratch(HashFunction hashFunction, Region region) {
        arena = new Arena(region);
        table = new SortedTable(hashFunction);
        table.create(arena);
    }

    public long size() {
        return table.size();
    }

    /** Bytes of the longest member that was added. */
    int longestBytes() {
        return longestBytes;
    }

    /** Finds a member; says whether it is there. Then {@link #score} is its score. */
    public boolean find(Bytes member) {
        element = table.find(member);
        return element != Index.ABSENT;
    }

    public double score() {
        return SortedTable.score(element);
    }

    /** Adds a member that is not there. */
    public void add(Bytes member, double score) {
        table.insert(member, score);
        longestBytes = Math.max(longestBytes, member.length());
    }

    /** Adds a member from the heap that is not there; {@code view} is used on the way. */
    public void add(byte[] member, Bytes view, double score) {
        long copy = Memory.allocate(MemoryTag.SCRATCH, Math.max(1, member.length));
        try {
            Memory.copy(member, 0, copy, member.length);
            add(view.set(copy, member.length), score);
        } finally {
            Memory.free(MemoryTag.SCRATCH, copy, Math.max(1, member.length));
        }
    }

    /** Gives the member found last another score. */
    public void setScore(double score) {
        table.setScore(element, score);
    }

    /** Takes the member found last out. */
    public void remove() {
        table.remove(element);
    }

    /** Goes to the member with this number in the order; says whether there is one. */
    public boolean seek(long rank) {
        boolean there = table.seek(rank);
        element = there ? table.element() : Index.ABSENT;
        return there;
    }

    public boolean next() {
        boolean there = table.next();
        element = there ? table.element() : Index.ABSENT;
        return there;
    }

    /** Points {@code view} at the member found last or gone to. */
    public Bytes read(Bytes view) {
        return SortedTable.readMember(element, view);
    }

    @Override
    public void close() {
        arena.close();
    }
}
