package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A table of elements against a map: after every random step, over growth, shrinking, copying and slow release. */
final class ElementTableTest {

    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final HashFunction HASH = new HashFunction(7);

    private record Element(String value, long deadline) {}

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void randomSteps(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long held = Memory.heldBytes();
        long root = Memory.allocate(MemoryTag.TEST, ElementTable.ROOT_BYTES);
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            ElementTable table = new ElementTable(HASH);
            Map<String, Element> model = new HashMap<>();
            table.create(arena);
            table.save(root);
            for (int step = 0; step < 20_000 * EFFORT; step++) {
                boolean growing = step / 4_000 % 2 == 0;
                // Another object, or this one again: all of the state is in the root.
                if (random.nextInt(50) == 0) {
                    table = new ElementTable(HASH);
                }
                table.open(arena, root);
                if (random.nextInt(10) < (growing ? 7 : 3)) {
                    put(table, model, random);
                } else {
                    remove(table, model, random);
                }
                table.save(root);
                assertThat(LargeValue.count(root)).as("seed %s step %s", seed, step).isEqualTo(model.size());
                assertThat(LargeValue.bytes(root)).as("seed %s step %s", seed, step).isEqualTo(arena.usedBytes());
                if (step % 500 == 0) {
                    check(table, model);
                    checkScan(table, model);
                }
            }
            checkCopy(region, arena, root, model);
            while (LargeValue.release(Encoding.HASHTABLE, HASH, arena, root, 10) >= 10) {
                assertThat(LargeValue.bytes(root)).isEqualTo(arena.usedBytes());
            }
            assertThat(arena.usedBytes()).isZero();
            assertThat(arena.touchedBytes()).isZero();
            assertThat(region.usedBytes()).isZero();
        }
        Memory.free(MemoryTag.TEST, root, ElementTable.ROOT_BYTES);
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    private static void put(ElementTable table, Map<String, Element> model, SplittableRandom random) {
        String name = "n" + random.nextInt(4_000);
        Element element = new Element("v".repeat(random.nextInt(60)), random.nextInt(4) == 0
                ? 1_000_000L + random.nextInt(1_000)
                : Keyspace.NO_DEADLINE);
        Bytes key = Bytes.copyOf(name);
        long found = table.find(key);
        assertThat(found != Index.ABSENT).isEqualTo(model.containsKey(name));
        int length = element.value.length();
        long at = found == Index.ABSENT
                ? table.insert(key, length, element.deadline)
                : table.reshape(found, length, 0, element.deadline);
        Memory.copy(element.value.getBytes(StandardCharsets.US_ASCII), 0, value(at), length);
        model.put(name, element);
        key.free();
    }

    private static void remove(ElementTable table, Map<String, Element> model, SplittableRandom random) {
        if (model.isEmpty()) {
            return;
        }
        String name = name(table.random(random::nextLong));
        assertThat(model.remove(name)).isNotNull();
        Bytes key = Bytes.copyOf(name);
        table.remove(table.find(key));
        assertThat(table.find(key)).isEqualTo(Index.ABSENT);
        key.free();
    }

    private static void check(ElementTable table, Map<String, Element> model) {
        Map<String, Element> seen = new HashMap<>();
        table.beginWalk();
        for (long at = table.next(); at != Index.ABSENT; at = table.next()) {
            assertThat(seen.put(name(at), element(at))).isNull();
        }
        assertThat(table.next()).isEqualTo(Index.ABSENT);
        assertThat(seen).isEqualTo(model);
        List<Long> deadlines = model.values().stream().map(Element::deadline).filter(d -> d >= 0).toList();
        assertThat(table.volatileElements()).isEqualTo(deadlines.size());
        assertThat(deadlines).allMatch(d -> d >= table.earliestDeadline());
    }

    private static void checkScan(ElementTable table, Map<String, Element> model) {
        Set<String> seen = new HashSet<>();
        long cursor = 0;
        do {
            table.beginBucket(cursor);
            for (long at = table.nextInBucket(); at != Index.ABSENT; at = table.nextInBucket()) {
                assertThat(seen.add(name(at))).isTrue();
            }
            cursor = table.cursorAfter(cursor);
        } while (cursor != 0);
        assertThat(seen).isEqualTo(model.keySet());
    }

    private static void checkCopy(Region region, Arena arena, long root, Map<String, Element> model) {
        long target = Memory.allocate(MemoryTag.TEST, ElementTable.ROOT_BYTES);
        try (Arena other = new Arena(region)) {
            LargeValue.copy(Encoding.HASHTABLE, HASH, arena, root, other, target);
            ElementTable copy = new ElementTable(HASH);
            copy.open(other, target);
            check(copy, model);
            assertThat(LargeValue.bytes(target)).isEqualTo(other.usedBytes());
            LargeValue.release(Encoding.HASHTABLE, HASH, other, target, Integer.MAX_VALUE);
            assertThat(other.usedBytes()).isZero();
        }
        Memory.free(MemoryTag.TEST, target, ElementTable.ROOT_BYTES);
    }

    /** Large areas are paid for page by page; splitting and merging through all sizes leaves nothing behind. */
    @Test
    void manyElementsAndNoneAgain() {
        int count = 60_000;
        long root = Memory.allocate(MemoryTag.TEST, ElementTable.ROOT_BYTES);
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            ElementTable table = new ElementTable(HASH);
            table.create(arena);
            List<Bytes> names = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Bytes name = Bytes.copyOf("member:" + i);
                names.add(name);
                table.insert(name, 0, Keyspace.NO_DEADLINE);
            }
            assertThat(arena.usedBytes()).isEqualTo(table.save(root)).isLessThan(count * 40L);
            for (Bytes name : names) {
                table.remove(table.find(name));
            }
            assertThat(arena.usedBytes()).isEqualTo(table.save(root)).isLessThan(1_000);
            LargeValue.release(Encoding.HASHTABLE, HASH, arena, root, Integer.MAX_VALUE);
            assertThat(arena.usedBytes()).isZero();
            assertThat(region.usedBytes()).isZero();
            names.forEach(Bytes::free);
        }
        Memory.free(MemoryTag.TEST, root, ElementTable.ROOT_BYTES);
    }

    private static String name(long at) {
        long header = EntryLayout.header(at);
        return new Bytes(EntryLayout.keyAddress(at), EntryLayout.keyLength(at, header)).toString();
    }

    private static Element element(long at) {
        long header = EntryLayout.header(at);
        return new Element(new Bytes(value(at), EntryLayout.valueLength(at, header)).toString(),
                EntryLayout.deadlineMillis(at, header));
    }

    private static long value(long at) {
        return EntryLayout.valueAddress(at, EntryLayout.header(at));
    }
}
