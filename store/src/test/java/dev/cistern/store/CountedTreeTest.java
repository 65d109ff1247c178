package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The tree numbers elements as a list of leaves with counts does, after every random step, and leaves nothing behind. */
final class CountedTreeTest {

    private static final int STEPS = 20_000 * Integer.getInteger("cistern.effort", 1);

    /** Where leaves are put in and taken out: at the ends, as queues do, or anywhere. */
    private enum Habit {
        ANYWHERE, AT_THE_END, AT_THE_BEGINNING
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void randomChanges(long seed) {
        long held = Memory.heldBytes();
        SplittableRandom random = new SplittableRandom(seed);
        long root = Memory.allocate(MemoryTag.TEST, CountedTree.ROOT_BYTES);
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            CountedTree tree = new CountedTree();
            tree.create(arena);
            List<Long> leaves = new ArrayList<>();
            long bytes = 0;
            for (int step = 0; step < STEPS; step++) {
                // It grows to three levels, shrinks, and grows again.
                boolean grows = step / (STEPS / 5) % 2 == 0;
                Habit habit = Habit.values()[step / 500 % 3];
                if (leaves.isEmpty() || random.nextInt(10) < (grows ? 8 : 2)) {
                    insert(tree, leaves, random, habit);
                } else if (random.nextInt(3) == 0) {
                    tree.add(leaves.get(random.nextInt(leaves.size())), random.nextInt(10));
                } else {
                    remove(tree, leaves, random, habit);
                }
                bytes += tree.takeAddedBytes();
                assertThat(bytes).isEqualTo(arena.usedBytes());
                if (step % 64 == 0) {
                    tree.save(root);
                    tree.open(arena, root);
                    check(tree, leaves, random, "seed " + seed + " step " + step);
                }
            }
            release(tree);
            assertThat(bytes + tree.takeAddedBytes()).isZero();
            assertThat(arena.usedBytes()).isZero();
        } finally {
            Memory.free(MemoryTag.TEST, root, CountedTree.ROOT_BYTES);
        }
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    private static int index(SplittableRandom random, int bound, Habit habit) {
        return switch (habit) {
            case ANYWHERE -> random.nextInt(bound);
            case AT_THE_END -> bound - 1;
            case AT_THE_BEGINNING -> 0;
        };
    }

    private static void insert(CountedTree tree, List<Long> leaves, SplittableRandom random, Habit habit) {
        int index = index(random, leaves.size() + 1, habit);
        long leaf = tree.allocate(CountedTree.LEAF_HEAD_BYTES);
        tree.insertAfter(index == 0 ? CountedTree.NONE : leaves.get(index - 1), leaf, 1 + random.nextInt(20), 0);
        leaves.add(index, leaf);
    }

    private static void remove(CountedTree tree, List<Long> leaves, SplittableRandom random, Habit habit) {
        long leaf = leaves.remove(index(random, leaves.size(), habit));
        tree.remove(leaf);
        tree.free(leaf);
    }

    private static void check(CountedTree tree, List<Long> leaves, SplittableRandom random, String what) {
        List<Long> linked = new ArrayList<>();
        long before = CountedTree.NONE;
        for (long leaf = tree.firstLeaf(); leaf != CountedTree.NONE; leaf = CountedTree.next(leaf)) {
            assertThat(CountedTree.previous(leaf)).as(what).isEqualTo(before);
            linked.add(leaf);
            before = leaf;
        }
        assertThat(tree.lastLeaf()).as(what).isEqualTo(before);
        assertThat(linked).as(what).isEqualTo(leaves);
        long rank = 0;
        for (long leaf : leaves) {
            if (random.nextInt(4) == 0) {
                assertThat(tree.rankOf(leaf)).as(what).isEqualTo(rank);
                int rest = random.nextInt(CountedTree.count(leaf));
                assertThat(tree.leafAt(rank + rest)).as(what).isEqualTo(leaf);
                assertThat(tree.restRank()).as(what).isEqualTo(rest);
            }
            rank += CountedTree.count(leaf);
        }
    }

    private static void release(CountedTree tree) {
        boolean more = true;
        while (more) {
            more = tree.releaseFirst();
        }
    }
}
