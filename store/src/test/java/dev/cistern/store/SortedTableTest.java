package dev.cistern.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A large sorted set is in order after every random step, as a tree set is; counted to the byte, copied, freed. */
final class SortedTableTest {

    private static final int STEPS = 3_000 * Integer.getInteger("cistern.effort", 1);

    private record Member(String name, double score) {}

    private static final Comparator<Member> ORDER = Comparator.comparingDouble((Member member) -> member.score + 0.0)
            .thenComparing(Member::name);

    private final HashFunction hashFunction = new HashFunction(7);
    private final long root = Memory.allocate(MemoryTag.TEST, SortedTable.ROOT_BYTES);
    private final Bytes view = new Bytes();
    private final Map<String, Double> scores = new HashMap<>();
    private final TreeSet<Member> order = new TreeSet<>(ORDER);

    /** Scores of few values make equal ones, of many a deep tree, and falling or rising ones lopsided splits. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void randomChanges(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long held = Memory.heldBytes();
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            SortedTable set = new SortedTable(hashFunction);
            set.create(arena);
            for (int step = 0; step < STEPS; step++) {
                String what = "seed " + seed + " step " + step;
                change(set, random, step);
                set.save(root);
                assertThat(LargeValue.bytes(root)).as(what).isEqualTo(arena.usedBytes());
                assertThat(LargeValue.count(root)).as(what).isEqualTo(order.size());
                set.open(arena, root);
                if (step % 8 == 0) {
                    look(set, random, what);
                }
                if (step % 300 == 0) {
                    compareAll(set, what);
                    copied(arena, what);
                    set.open(arena, root);
                }
            }
            compareAll(set, "seed " + seed);
            while (SortedTable.release(hashFunction, arena, root, 5) >= 5) {
                assertThat(arena.usedBytes()).isEqualTo(LargeValue.bytes(root));
            }
            assertThat(arena.usedBytes()).isZero();
        }
        assertThat(Memory.heldBytes()).isEqualTo(held);
        Memory.free(MemoryTag.TEST, root, SortedTable.ROOT_BYTES);
    }

    private void change(SortedTable set, SplittableRandom random, int step) {
        boolean grows = step / (STEPS / 6) % 2 == 0;
        if (order.isEmpty() || random.nextInt(10) < (grows ? 9 : 4)) {
            put(set, name(random), score(random, step));
        } else if (random.nextInt(30) == 0) {
            int from = random.nextInt(order.size());
            int wanted = Math.min(order.size() - from, random.nextInt(grows ? 10 : 300));
            List<Member> gone = new ArrayList<>(order).subList(from, from + wanted);
            set.removeRange(from, wanted);
            gone.forEach(member -> scores.remove(member.name));
            gone.forEach(order::remove);
        } else {
            String name = name(random);
            Bytes bytes = Bytes.copyOf(name);
            long element = set.find(bytes);
            assertThat(element != Index.ABSENT).isEqualTo(scores.containsKey(name));
            if (element != Index.ABSENT) {
                set.remove(element);
                order.remove(new Member(name, scoreOf(name)));
                scores.remove(name);
            }
            bytes.free();
        }
    }

    private void put(SortedTable set, String name, double score) {
        Bytes bytes = Bytes.copyOf(name);
        long element = set.find(bytes);
        if (element == Index.ABSENT) {
            set.insert(bytes, score);
        } else {
            assertThat(SortedTable.score(element)).isEqualTo(scoreOf(name));
            set.setScore(element, score);
            order.remove(new Member(name, scoreOf(name)));
        }
        bytes.free();
        scores.put(name, score);
        order.add(new Member(name, score));
    }

    private double scoreOf(String name) {
        return Objects.requireNonNull(scores.get(name));
    }

    private static String name(SplittableRandom random) {
        return "member:" + random.nextInt(1_500);
    }

    private static double score(SplittableRandom random, int step) {
        return switch (step / 700 % 5) {
            case 0 -> random.nextInt(5);
            case 1 -> step;
            case 2 -> -step;
            case 3 -> random.nextInt(4) == 0 ? -0.0 : random.nextInt(40) - 20;
            default -> random.nextInt(50) == 0 ? Double.NEGATIVE_INFINITY : random.nextDouble() * 1000;
        };
    }

    private void look(SortedTable set, SplittableRandom random, String what) {
        List<Member> members = new ArrayList<>(order);
        if (!members.isEmpty()) {
            int index = random.nextInt(members.size());
            Bytes name = Bytes.copyOf(members.get(index).name);
            assertThat(set.rank(set.find(name))).as(what).isEqualTo(index);
            name.free();
            assertThat(set.seek(index)).isTrue();
            assertThat(SortedTable.readMember(set.element(), view)).hasToString(members.get(index).name);
            assertThat(set.next()).isEqualTo(index + 1 < members.size());
            set.seek(index);
            assertThat(set.previous()).isEqualTo(index > 0);
        }
        double score = members.isEmpty() || random.nextBoolean()
                ? random.nextInt(40) - 20
                : members.get(random.nextInt(members.size())).score;
        assertThat(set.rankOfScore(score, false)).as(what)
                .isEqualTo(members.stream().filter(member -> member.score < score).count());
        assertThat(set.rankOfScore(score, true)).as(what)
                .isEqualTo(members.stream().filter(member -> member.score <= score).count());
        assertThat(set.seek(members.size())).isFalse();
    }

    private void compareAll(SortedTable set, String what) {
        List<String> names = new ArrayList<>();
        for (boolean more = set.seek(0); more; more = set.next()) {
            names.add(SortedTable.readMember(set.element(), view) + " " + SortedTable.score(set.element()));
        }
        assertThat(names).as(what).isEqualTo(order.stream().map(member -> member.name + " " + member.score).toList());
        List<String> backwards = new ArrayList<>();
        for (boolean more = set.seek(order.size() - 1); more; more = set.previous()) {
            backwards.add(SortedTable.readMember(set.element(), view) + " " + SortedTable.score(set.element()));
        }
        assertThat(backwards.reversed()).as(what).isEqualTo(names);
    }

    private void copied(Arena arena, String what) {
        long used = arena.usedBytes();
        long target = Memory.allocate(MemoryTag.TEST, SortedTable.ROOT_BYTES);
        SortedTable.copy(hashFunction, arena, root, arena, target);
        assertThat(arena.usedBytes() - used).as(what).isEqualTo(LargeValue.bytes(target));
        SortedTable copy = new SortedTable(hashFunction);
        copy.open(arena, target);
        compareAll(copy, what);
        assertThat(SortedTable.release(hashFunction, arena, target, Integer.MAX_VALUE)).isNotNegative();
        assertThat(arena.usedBytes()).as(what).isEqualTo(used);
        Memory.free(MemoryTag.TEST, target, SortedTable.ROOT_BYTES);
    }

    /** Members of one score are in the order of their bytes, shorter ones first, and are found by it. */
    @Test
    void namesInOrder() {
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            SortedTable set = new SortedTable(hashFunction);
            set.create(arena);
            SplittableRandom random = new SplittableRandom(5);
            for (int i = 0; i < 5_000; i++) {
                put(set, Long.toString(random.nextLong(20_000), 36), 0);
            }
            List<String> names = order.stream().map(Member::name).toList();
            for (int i = 0; i < 2_000; i++) {
                String wanted = Long.toString(random.nextLong(20_000), 36);
                Bytes bytes = Bytes.copyOf(wanted);
                assertThat(set.rankOfName(bytes, false)).as(wanted)
                        .isEqualTo(names.stream().filter(name -> name.compareTo(wanted) < 0).count());
                assertThat(set.rankOfName(bytes, true)).as(wanted)
                        .isEqualTo(names.stream().filter(name -> name.compareTo(wanted) <= 0).count());
                bytes.free();
            }
        }
        Memory.free(MemoryTag.TEST, root, SortedTable.ROOT_BYTES);
    }

    /** Leaves that are joined across inner nodes take members along: every one must be found by its place afterwards. */
    @Test
    void removalsFromATreeOfSeveralLevels() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            SortedTable set = new SortedTable(hashFunction);
            set.create(arena);
            for (int i = 0; i < 20_000; i++) {
                put(set, "member:" + i, random.nextInt(1_000));
            }
            for (int i = 0; i < 20_000; i++) {
                if (random.nextInt(5) == 0) {
                    continue;
                }
                String name = "member:" + i;
                Bytes bytes = Bytes.copyOf(name);
                long element = set.find(bytes);
                assertThat(set.seek(set.rank(element))).isTrue();
                assertThat(set.element()).as("seed %d, %s", seed, name).isEqualTo(element);
                assertThat(set.find(bytes)).isEqualTo(element);
                set.remove(element);
                bytes.free();
                order.remove(new Member(name, scoreOf(name)));
                scores.remove(name);
            }
            compareAll(set, "seed " + seed);
        }
        Memory.free(MemoryTag.TEST, root, SortedTable.ROOT_BYTES);
    }

    /** What a member of 16 bytes costs all told, in a set that grew in random order: the promise is 60. */
    @Test
    void bytesPerMember() {
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            SortedTable set = new SortedTable(hashFunction);
            set.create(arena);
            SplittableRandom random = new SplittableRandom(5);
            int members = 200_000;
            for (int i = 0; i < members; i++) {
                Bytes bytes = Bytes.copyOf("member:%09d".formatted(i));
                set.insert(bytes, random.nextDouble());
                bytes.free();
            }
            set.save(root);
            assertThat((double) LargeValue.bytes(root) / members).isLessThan(60);
            assertThat(arena.usedBytes()).isEqualTo(LargeValue.bytes(root));
        }
        Memory.free(MemoryTag.TEST, root, SortedTable.ROOT_BYTES);
    }
}
