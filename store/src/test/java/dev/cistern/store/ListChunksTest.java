package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A large list holds what a list of texts holds after every random step, counted to the byte, and is copied and freed. */
final class ListChunksTest {

    private static final int STEPS = 6_000 * Integer.getInteger("cistern.effort", 1);

    private final long root = Memory.allocate(MemoryTag.TEST, ListChunks.ROOT_BYTES);
    private final long scratch = Memory.allocate(MemoryTag.TEST, Decimal.MAX_BYTES);
    private final Bytes view = new Bytes();
    private final List<String> model = new ArrayList<>();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void randomChanges(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            ListChunks list = new ListChunks();
            list.create(arena);
            for (int step = 0; step < STEPS; step++) {
                boolean grows = step / (STEPS / 6) % 2 == 0;
                String what = "seed " + seed + " step " + step;
                change(list, random, grows ? 8 : 2);
                list.save(root);
                assertThat(LargeValue.bytes(root)).as(what).isEqualTo(arena.usedBytes());
                assertThat(LargeValue.count(root)).as(what).isEqualTo(model.size());
                list.open(arena, root);
                look(list, random, what);
                if (step % 200 == 0) {
                    compareAll(list, what);
                    copied(arena, what);
                    list.open(arena, root);
                }
            }
            compareAll(list, "seed " + seed);
            while (ListChunks.release(arena, root, 3) == 3) {
                assertThat(arena.usedBytes()).isPositive();
            }
            assertThat(arena.usedBytes()).isZero();
        }
        Memory.free(MemoryTag.TEST, root, ListChunks.ROOT_BYTES);
        Memory.free(MemoryTag.TEST, scratch, Decimal.MAX_BYTES);
    }

    private void change(ListChunks list, SplittableRandom random, int growing) {
        if (model.isEmpty() || random.nextInt(10) < growing) {
            grow(list, random);
        } else {
            shrink(list, random);
        }
    }

    private void grow(ListChunks list, SplittableRandom random) {
        Bytes value = Bytes.copyOf(randomText(random).getBytes(StandardCharsets.ISO_8859_1));
        String text = value.toString();
        int index = model.isEmpty() ? -1 : random.nextInt(model.size());
        switch (index < 0 ? 0 : random.nextInt(6)) {
            case 0, 1 -> {
                list.push(false, value);
                model.add(text);
            }
            case 2 -> {
                list.push(true, value);
                model.addFirst(text);
            }
            case 3 -> {
                list.seek(index);
                list.replace(value);
                model.set(index, text);
            }
            default -> {
                boolean behind = random.nextBoolean();
                list.seek(index);
                list.insert(value, behind);
                assertThat(Listpack.read(list.element(), view, scratch)).hasToString(model.get(index));
                model.add(behind ? index + 1 : index, text);
            }
        }
        value.free();
    }

    private void shrink(ListChunks list, SplittableRandom random) {
        int index = random.nextInt(model.size());
        switch (random.nextInt(8)) {
            case 0, 1 -> {
                list.seek(0);
                assertThat(list.remove(true)).isEqualTo(model.size() > 1);
                model.removeFirst();
            }
            case 2 -> {
                list.seek(model.size() - 1);
                assertThat(list.remove(false)).isEqualTo(model.size() > 1);
                model.removeLast();
            }
            case 3 -> {
                int wanted = Math.min(model.size() - index, random.nextInt(random.nextInt(20) == 0 ? 2_000 : 40));
                list.removeRange(index, wanted);
                model.subList(index, index + wanted).clear();
            }
            default -> {
                boolean forward = random.nextBoolean();
                list.seek(index);
                boolean more = list.remove(forward);
                model.remove(index);
                int next = forward ? index : index - 1;
                assertThat(more).isEqualTo(next >= 0 && next < model.size());
                assertThat(!more || Listpack.read(list.element(), view, scratch).toString().equals(model.get(next)))
                        .isTrue();
            }
        }
    }

    private void look(ListChunks list, SplittableRandom random, String what) {
        int index = random.nextInt(-1, model.size() + 1);
        boolean there = index >= 0 && index < model.size();
        assertThat(list.seek(index)).as(what).isEqualTo(there);
        if (there) {
            assertThat(Listpack.read(list.element(), view, scratch)).as(what).hasToString(model.get(index));
            assertThat(list.next()).as(what).isEqualTo(index + 1 < model.size());
            list.seek(index);
            assertThat(list.previous()).as(what).isEqualTo(index > 0);
        }
    }

    private void compareAll(ListChunks list, String what) {
        List<String> texts = new ArrayList<>();
        for (boolean more = list.seek(0); more; more = list.next()) {
            texts.add(Listpack.read(list.element(), view, scratch).toString());
        }
        assertThat(texts).as(what).isEqualTo(model);
        int packed = list.packedBytes(1 << 24);
        long listpack = Memory.allocate(MemoryTag.TEST, packed);
        list.copyTo(listpack);
        assertThat(Listpack.isValid(listpack, packed)).isTrue();
        assertThat(Listpack.count(listpack)).isEqualTo(model.size());
        Memory.free(MemoryTag.TEST, listpack, packed);
    }

    private void copied(Arena arena, String what) {
        long used = arena.usedBytes();
        long target = Memory.allocate(MemoryTag.TEST, ListChunks.ROOT_BYTES);
        ListChunks.copy(arena, root, arena, target);
        assertThat(arena.usedBytes() - used).isEqualTo(LargeValue.bytes(target));
        ListChunks copy = new ListChunks();
        copy.open(arena, target);
        assertThat(copy.size()).isEqualTo(model.size());
        for (int i = 0; i < model.size(); i += 7) {
            copy.seek(i);
            assertThat(Listpack.read(copy.element(), view, scratch)).as(what).hasToString(model.get(i));
        }
        ListChunks.release(arena, target, Integer.MAX_VALUE);
        assertThat(arena.usedBytes()).isEqualTo(used);
        Memory.free(MemoryTag.TEST, target, ListChunks.ROOT_BYTES);
    }

    private static String randomText(SplittableRandom random) {
        return switch (random.nextInt(12)) {
            case 0 -> Long.toString(random.nextLong() >> random.nextInt(64));
            case 1 -> "x".repeat(random.nextInt(random.nextInt(10) == 0 ? 9_000 : 300));
            case 2 -> "y".repeat(ListChunks.CHUNK_BYTES - 60 + random.nextInt(40));
            default -> "element:" + random.nextInt(1_000_000);
        };
    }
}
