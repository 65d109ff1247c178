package dev.cistern.store;

import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A tree of ids, against a sorted map after every step. */
final class IdTreeTest {

    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);

    /** In the order of the tree. */
    private record Id(long millis, long sequence) implements Comparable<Id> {
        @Override
        public int compareTo(Id other) {
            return IdTree.compare(millis, sequence, other.millis, other.sequence);
        }
    }

    private Region region;
    private Arena arena;
    private long root;
    private long cell;
    private ValueSlots slots;

    @BeforeEach
    void open() {
        region = new Region(1L << 32);
        arena = new Arena(region);
        root = Memory.allocate(MemoryTag.TEST, LargeValue.HEAD_BYTES + Long.BYTES);
        Memory.fill(root, LargeValue.HEAD_BYTES + Long.BYTES, (byte) 0);
        cell = root + LargeValue.HEAD_BYTES;
        slots = new ValueSlots(arena, root);
    }

    @AfterEach
    void close() {
        assertEquals(LargeValue.bytes(root), arena.usedBytes(), "bytes are counted in the root");
        Memory.free(MemoryTag.TEST, root, LargeValue.HEAD_BYTES + Long.BYTES);
        arena.close();
        region.close();
    }

    @Test
    void theLayoutIsAsDrawn() {
        IdTree tree = new IdTree(slots, Long.BYTES).open(cell);
        long record = tree.insert(7, 9);
        long block = Memory.getLong(cell);
        assertEquals(block + 8, record);
        assertEquals(0, Memory.getInt(block));
        assertEquals(1, Memory.getShort(block + 4));
        assertEquals(1, Memory.getShort(block + 6));
        assertEquals(7, Memory.getLong(record));
        assertEquals(9, Memory.getLong(record + 8));
        tree.remove(7, 9);
        assertEquals(0, LargeValue.count(root));
    }

    @Test
    void idsInOrderFillTheirBlocks() {
        IdTree tree = new IdTree(slots, Long.BYTES).open(cell);
        for (int i = 0; i < 31 * 31; i++) {
            tree.insert(i, 0);
        }
        assertTrue(tree.blocks() <= 35, () -> tree.blocks() + " blocks");
        while (!tree.isEmpty()) {
            tree.dropLastLeaf();
        }
        assertEquals(0, LargeValue.count(root));
    }

    @Test
    void everyStepIsAsInASortedMap() {
        long seed = Long.getLong("cistern.seed", 1);
        for (int round = 0; round < 20 * EFFORT; round++) {
            SplittableRandom random = new SplittableRandom(seed + round);
            IdTree tree = new IdTree(slots, round % 3 == 0 ? 0 : round % 3 == 1 ? Long.BYTES : 24).open(cell);
            NavigableMap<Id, Long> model = new TreeMap<>();
            int range = 1 << random.nextInt(2, 14);
            for (int step = 0; step < 4_000; step++) {
                int bias = step / 1_000 % 2 == 0 ? 3 : 1;
                change(tree, model, random, range, bias, round % 3 != 0);
                compareAround(tree, model, id(random, range), "seed " + (seed + round) + " step " + step);
            }
            compareAll(tree, model, "seed " + (seed + round));
            for (Id id : model.keySet()) {
                tree.remove(id.millis, id.sequence);
            }
            assertEquals(0, LargeValue.count(root), "seed " + (seed + round));
        }
    }

    private static Id id(SplittableRandom random, int range) {
        long millis = random.nextInt(range) - (long) (range >>> 1);
        return new Id(millis, random.nextInt(3) - 1);
    }

    private static void change(IdTree tree, NavigableMap<Id, Long> model, SplittableRandom random, int range, int bias,
            boolean hasPayload) {
        Id id = id(random, range);
        if (random.nextInt(4) < bias) {
            if (!model.containsKey(id)) {
                long payload = random.nextLong();
                long record = tree.insert(id.millis, id.sequence);
                if (hasPayload) {
                    Memory.putLong(record + IdTree.PAYLOAD, payload);
                }
                model.put(id, hasPayload ? payload : 0);
            }
        } else {
            Id victim = model.ceilingKey(id);
            if (victim != null) {
                model.remove(victim);
                tree.remove(victim.millis, victim.sequence);
            }
        }
    }

    private static void compareAround(IdTree tree, NavigableMap<Id, Long> model, Id id, String where) {
        assertTrue(tree.isSound(), where);
        assertRecord(model.ceilingEntry(id), tree.ceiling(id.millis, id.sequence), where);
        assertRecord(model.floorEntry(id), tree.floor(id.millis, id.sequence), where);
        assertRecord(model.firstEntry(), tree.first(), where);
        assertRecord(model.lastEntry(), tree.last(), where);
        assertEquals(model.containsKey(id), tree.find(id.millis, id.sequence) != IdTree.NONE, where);
    }

    private static void assertRecord(Map.Entry<Id, Long> expected, long record, String where) {
        if (expected == null) {
            assertEquals(IdTree.NONE, record, where);
        } else {
            assertEquals(expected.getKey(), new Id(IdTree.millis(record), IdTree.sequence(record)), where);
        }
    }

    private static void compareAll(IdTree tree, NavigableMap<Id, Long> model, String where) {
        for (Map.Entry<Id, Long> expected : model.entrySet()) {
            long record = tree.find(expected.getKey().millis, expected.getKey().sequence);
            assertRecord(expected, record, where);
            if (expected.getValue() != 0) {
                assertEquals(expected.getValue(), Memory.getLong(record + IdTree.PAYLOAD), where);
            }
        }
    }
}
