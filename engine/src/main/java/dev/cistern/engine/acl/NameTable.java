package dev.cistern.engine.acl;

import java.util.Arrays;
import java.util.Map;

/**
 * What belongs to names that a stranger may try: finding takes a time that does not tell whether there is anything.
 *
 * <p>A name's digest chooses a row, and every place of the row is compared with it, of which there are as many in each.
 * Nothing branches on what was found. Immutable.
 */
final class NameTable<T> {
    /** Rows for each name: enough for few names to share one. */
    private static final int SPREAD = 2;

    private final int rowMask;
    private final int places;
    /** Two for each place, row by row; 0 where no name is. */
    private final long[] digests;
    /** That of nobody, and then one for each place. */
    private final Object[] values;

    /** Of these names, where {@code nobody} is what every other has. */
    NameTable(Map<NameDigest, T> byName, T nobody) {
        int rows = Integer.highestOneBit(Math.max(1, byName.size() * SPREAD));
        this.rowMask = rows - 1;
        int[] used = new int[rows];
        byName.keySet().forEach(digest -> used[rowOf(digest)]++);
        this.places = Math.max(1, Arrays.stream(used).max().orElse(0));
        this.digests = new long[2 * rows * places];
        this.values = new Object[1 + rows * places];
        Arrays.fill(values, nobody);
        byName.forEach((digest, value) -> {
            int row = rowOf(digest);
            int place = row * places + --used[row];
            digests[2 * place] = digest.high();
            digests[2 * place + 1] = digest.low();
            values[place + 1] = value;
        });
    }

    private int rowOf(NameDigest digest) {
        return (int) digest.low() & rowMask;
    }

    @SuppressWarnings("unchecked")
    T find(NameDigest digest) {
        int first = rowOf(digest) * places;
        int found = 0;
        for (int place = first; place < first + places; place++) {
            long difference = (digests[2 * place] ^ digest.high()) | (digests[2 * place + 1] ^ digest.low());
            int isOther = (int) ((difference | -difference) >> 63);
            found |= ~isOther & (place + 1);
        }
        return (T) values[found];
    }
}
