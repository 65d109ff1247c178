package dev.cistern.store;

/**
 * Up to what a collection is packed; beyond, it gets its large encoding and keeps it.
 *
 * @param hashEntries
 *            fields of a packed hash
 * @param hashValueBytes
 *            bytes of its longest field or value
 * @param setIntegers
 *            members of a set of integers
 * @param setEntries
 *            members of another packed set
 * @param setValueBytes
 *            bytes of its longest member
 * @param listSize
 *            elements of a packed list, or with -1 to -5 its 4, 8, 16, 32 or 64 KB
 * @param sortedSetEntries
 *            members of a packed sorted set
 * @param sortedSetValueBytes
 *            bytes of its longest member
 */
public record PackedLimits(int hashEntries, int hashValueBytes, int setIntegers, int setEntries, int setValueBytes,
        int listSize, int sortedSetEntries, int sortedSetValueBytes) {

    /** The original's. */
    public static final PackedLimits USUAL = new PackedLimits(512, 64, 512, 128, 64, -2, 128, 64);
}
