package dev.cistern.control.workflow;

import dev.cistern.control.resource.SlotMap;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which slots go from where to where so that each of some node groups has as many as the others and all other groups none:
 * as few as possible. Stateless.
 */
final class SlotMoves {

    /** Slots, as ranges, that one node group gives to another. Stored as JSON. */
    record Move(String from, String to, String slots) {

        int count() {
            return SlotMap.slots(slots).cardinality();
        }
    }

    private SlotMoves() {}

    /** {@code slots} is who has what; those in {@code staying}, in this order, share all of it evenly. */
    static List<Move> plan(Map<String, BitSet> slots, List<String> staying) {
        Map<String, BitSet> present = new TreeMap<>();
        slots.forEach((number, own) -> present.put(number, (BitSet) own.clone()));
        staying.forEach(number -> present.putIfAbsent(number, new BitSet()));
        int all = present.values().stream().mapToInt(BitSet::cardinality).sum();
        List<Move> moves = new ArrayList<>();
        for (int i = 0; i < staying.size(); i++) {
            String taker = staying.get(i);
            BitSet own = present.getOrDefault(taker, new BitSet());
            int missing = wanted(all, staying.size(), i) - own.cardinality();
            for (Map.Entry<String, BitSet> giver : present.entrySet()) {
                int place = staying.indexOf(giver.getKey());
                int spare = giver.getValue().cardinality() - (place < 0 ? 0 : wanted(all, staying.size(), place));
                if (missing > 0 && spare > 0) {
                    BitSet given = last(giver.getValue(), Math.min(missing, spare));
                    missing -= given.cardinality();
                    giver.getValue().andNot(given);
                    own.or(given);
                    moves.add(new Move(giver.getKey(), taker, SlotMap.format(given)));
                }
            }
        }
        return moves;
    }

    /** The first ones get those that are left over. */
    private static int wanted(int all, int groups, int place) {
        return all / groups + (place < all % groups ? 1 : 0);
    }

    private static BitSet last(BitSet slots, int count) {
        BitSet last = new BitSet();
        int slot = slots.length();
        for (int i = 0; i < count; i++) {
            slot = slots.previousSetBit(slot - 1);
            last.set(slot);
        }
        return last;
    }
}
