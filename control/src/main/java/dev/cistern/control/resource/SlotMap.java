package dev.cistern.control.resource;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which node has which slots, as one node of a cluster knows it: the text that it answers to CISTERN TOPOLOGY.
 *
 * @param epoch  rises with every change
 * @param self   the node's own id; empty when it told nothing
 * @param rest   the lines of shards and nodes
 */
public record SlotMap(long epoch, String self, List<String> rest) {

    /** How many slots there are. */
    public static final int SLOTS = 16_384;

    public static final SlotMap NOTHING = new SlotMap(0, "", List.of());

    /** All of them, as ranges. */
    public static final String ALL = "0-" + (SLOTS - 1);

    private static final String NONE = "-";

    public SlotMap {
        rest = List.copyOf(rest);
    }

    public static SlotMap parse(String text) {
        List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
        return new SlotMap(Long.parseLong(word(lines.get(0))), word(lines.get(1)), lines.subList(2, lines.size()));
    }

    private static String word(String line) {
        return line.substring(line.indexOf(' ') + 1).strip();
    }

    /** Whether it was told of itself under that id. */
    public boolean knows(String id) {
        return self.equals(id);
    }

    /** Whether it says what these lines say. */
    public boolean isOf(String text) {
        return rest.equals(text.lines().toList());
    }

    /** The slots of the shard in which the node is, if its id is that one. */
    public BitSet own(String id) {
        BitSet own = new BitSet(SLOTS);
        String shard = "";
        for (String line : knows(id) ? rest : List.<String>of()) {
            if (line.startsWith("shard ")) {
                shard = line;
            } else if (line.startsWith("node " + id + " ")) {
                own.or(slots(shard.substring(shard.lastIndexOf(' ') + 1)));
            }
        }
        return own;
    }

    // --- ranges such as 0-99,200 ---

    public static BitSet slots(@Nullable String ranges) {
        BitSet slots = new BitSet(SLOTS);
        if (ranges == null || ranges.isEmpty() || ranges.equals(NONE)) {
            return slots;
        }
        for (String range : ranges.split(",", -1)) {
            String[] ends = range.strip().split("-", -1);
            slots.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
        }
        return slots;
    }

    public static String format(BitSet slots) {
        List<String> ranges = new ArrayList<>();
        for (int first = slots.nextSetBit(0); first >= 0; first = slots.nextSetBit(slots.nextClearBit(first))) {
            int last = slots.nextClearBit(first) - 1;
            ranges.add(first == last ? Integer.toString(first) : first + "-" + last);
        }
        return ranges.isEmpty() ? NONE : String.join(",", ranges);
    }
}
