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
 */
public record PackedLimits(int hashEntries, int hashValueBytes, int setIntegers, int setEntries, int setValueBytes) {

    /** The original's. */
    public static final PackedLimits USUAL = new PackedLimits(512, 64, 512, 128, 64);
}
