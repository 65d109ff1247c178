package dev.cistern.engine.cluster;

import dev.cistern.store.KeySlot;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Sets of slots as text, {@code 0-5460,5462}, and as ranges. Stateless; any thread. */
final class SlotRanges {

    /** Slots from the first to the last, both included. */
    record Range(int first, int last) {
        @Override
        public String toString() {
            return first == last ? Integer.toString(first) : first + "-" + last;
        }
    }

    private SlotRanges() {}

    static BitSet all() {
        BitSet slots = new BitSet(KeySlot.COUNT);
        slots.set(0, KeySlot.COUNT);
        return slots;
    }

    static List<Range> of(BitSet slots) {
        List<Range> ranges = new ArrayList<>();
        for (int first = slots.nextSetBit(0); first >= 0;) {
            int end = slots.nextClearBit(first);
            ranges.add(new Range(first, end - 1));
            first = slots.nextSetBit(end);
        }
        return ranges;
    }

    /** {@code -} for none. */
    static String format(BitSet slots) {
        return slots.isEmpty() ? "-" : String.join(",", of(slots).stream().map(Range::toString).toList());
    }

    /** Throws IllegalArgumentException, with a word for people. */
    static BitSet parse(String text) {
        BitSet slots = new BitSet(KeySlot.COUNT);
        if (text.equals("-")) {
            return slots;
        }
        for (String part : text.split(",", -1)) {
            int dash = part.indexOf('-');
            int first = slot(dash < 0 ? part : part.substring(0, dash));
            int last = dash < 0 ? first : slot(part.substring(dash + 1));
            if (last < first) {
                throw new IllegalArgumentException("the range of slots " + part + " runs backwards");
            }
            slots.set(first, last + 1);
        }
        return slots;
    }

    private static int slot(String digits) {
        try {
            int slot = Integer.parseInt(digits);
            if (slot >= 0 && slot < KeySlot.COUNT) {
                return slot;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new IllegalArgumentException("no slot: '" + digits + "'");
    }
}
