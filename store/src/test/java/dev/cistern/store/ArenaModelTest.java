package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Random allocations never overlap, keep their contents, are counted to the byte, and leave nothing behind. */
final class ArenaModelTest {

    private static final int STEPS = 30_000;

    /** What a slot or a large thing does not write yet must not be backed by pages of whoever was there before. */
    @ParameterizedTest
    @ValueSource(longs = {40, 70_000})
    void aSpanTakenAgainIsBackedAsFarAsItIsWritten(long bytes) {
        try (Region region = new Region(1L << 30); Arena arena = new Arena(region)) {
            long former = arena.allocate(Region.SPAN_BYTES);
            for (int offset = 0; offset < Region.SPAN_BYTES; offset += Memory.PAGE_BYTES) {
                Memory.putLong(former + offset, -1);
            }
            arena.free(former);
            assertThat(region.dirtyBytes()).isEqualTo(Region.SPAN_BYTES);
            long address = arena.allocate(bytes);
            assertThat(address).isEqualTo(former);
            for (long page = bytes / Memory.PAGE_BYTES + 1; page < Region.SPAN_BYTES / Memory.PAGE_BYTES; page++) {
                assertThat(Memory.getLong(address + page * Memory.PAGE_BYTES)).as("page %s", page).isZero();
            }
        }
    }

    /** Each time the page were given back and asked for again, and both cost more than a command. */
    @Test
    void aPageThatComesAndGoesIsKept() {
        try (Region region = new Region(1L << 30); Arena arena = new Arena(region)) {
            long former = arena.allocate(512);
            Memory.putLong(former + 8, 77);
            arena.free(former);
            assertThat(arena.allocate(512)).isEqualTo(former);
            assertThat(Memory.getLong(former + 8)).isEqualTo(77);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void randomAllocations(long seed) {
        long held = Memory.heldBytes();
        SplittableRandom random = new SplittableRandom(seed);
        try (Region region = new Region(1L << 33); Arena arena = new Arena(region)) {
            NavigableMap<Long, Long> live = new TreeMap<>();
            List<Long> addresses = new ArrayList<>();
            long used = 0;
            for (int step = 0; step < STEPS; step++) {
                boolean growing = step / 3_000 % 2 == 0;
                if (addresses.isEmpty() || random.nextInt(10) < (growing ? 7 : 3)) {
                    long bytes = randomBytes(random);
                    long address = arena.allocate(bytes);
                    checkFree(live, address, arena.slotBytes(address));
                    assertThat(arena.slotBytes(address)).isBetween(bytes, Math.max(bytes + 7, bytes * 9 / 8 + 4_096));
                    live.put(address, arena.slotBytes(address));
                    addresses.add(address);
                    Memory.putLong(address, address);
                    Memory.putLong(address + bytes - 8, address);
                    used += arena.slotBytes(address);
                } else {
                    int index = random.nextInt(addresses.size());
                    long address = addresses.get(index);
                    addresses.set(index, addresses.getLast());
                    addresses.removeLast();
                    assertThat(Memory.getLong(address)).isEqualTo(address);
                    Long slotBytes = live.remove(address);
                    assertThat(slotBytes).isEqualTo(arena.slotBytes(address));
                    used -= arena.slotBytes(address);
                    arena.free(address);
                }
                assertThat(arena.usedBytes()).as("seed %s step %s", seed, step).isEqualTo(used);
                assertThat(arena.touchedBytes()).isBetween(used, region.usedBytes());
            }
            addresses.forEach(arena::free);
            assertThat(arena.usedBytes()).isZero();
            assertThat(arena.touchedBytes()).isZero();
            assertThat(region.usedBytes()).isZero();
            while (region.purge(64)) {
                assertThat(region.dirtyBytes()).isPositive();
            }
            assertThat(region.dirtyBytes()).isZero();
            // What comes next is clean: pages that were given back read as zero.
            long fresh = arena.allocate(1 << 20);
            assertThat(Memory.getLong(fresh)).isZero();
            assertThat(Memory.getLong(fresh + 4_096)).isZero();
        }
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    private static long randomBytes(SplittableRandom random) {
        return switch (random.nextInt(20)) {
            case 0 -> 16 + random.nextInt(400_000);
            case 1, 2 -> 16 + random.nextInt(70_000);
            case 3, 4, 5 -> 16 + random.nextInt(2_000);
            default -> 16 + random.nextInt(200);
        };
    }

    private static void checkFree(NavigableMap<Long, Long> live, long address, long bytes) {
        assertThat(address % 8).isZero();
        Map.Entry<Long, Long> below = live.floorEntry(address);
        Map.Entry<Long, Long> above = live.ceilingEntry(address);
        assertThat(below == null || below.getKey() + below.getValue() <= address).isTrue();
        assertThat(above == null || address + bytes <= above.getKey()).isTrue();
    }

    @Test
    void emptiesFirstWhereAMoveWinsMost() {
        try (Region region = new Region(1L << 30); Arena arena = new Arena(region)) {
            for (long bytes : new long[]{40, 32_768, 1_024}) {
                List<Long> slots = new ArrayList<>();
                for (long taken = 0; taken < Region.SPAN_BYTES - bytes; taken += bytes) {
                    slots.add(arena.allocate(bytes));
                }
                for (int i = 0; i < slots.size(); i += 2) {
                    arena.free(slots.get(i));
                }
            }
            for (long bytes : new long[]{32_768, 1_024, 40}) {
                assertThat(arena.beginEvacuation()).isTrue();
                assertThat(arena.slotBytes(arena.nextToEvacuate())).isEqualTo(bytes);
                for (long slot = arena.nextToEvacuate(); slot != 0; slot = arena.nextToEvacuate()) {
                    arena.free(slot);
                }
            }
            assertThat(arena.touchedBytes()).isZero();
        }
    }

    @Test
    void sizeClassesAreTight() {
        int last = 0;
        for (int sizeClass = 0; sizeClass < SizeClass.COUNT; sizeClass++) {
            int slotBytes = SizeClass.slotBytes(sizeClass);
            assertThat(SizeClass.of(last + 1)).isEqualTo(sizeClass);
            assertThat(SizeClass.of(slotBytes)).isEqualTo(sizeClass);
            assertThat(slotBytes - last).isLessThanOrEqualTo(Math.max(8, last / 8));
            last = slotBytes;
        }
        assertThat(last).isEqualTo(SizeClass.MAX_BYTES);
        assertThat(SizeClass.slotBytes(SizeClass.of(40))).isEqualTo(40);
        assertThat(SizeClass.slotBytes(SizeClass.of(88))).isEqualTo(88);
    }

    @Test
    void fullRegionRefusesAndGoesOn() {
        long held = Memory.heldBytes();
        try (Region region = new Region(8L * Region.SPAN_BYTES); Arena arena = new Arena(region)) {
            List<Long> large = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                large.add(arena.allocate(200_000));
            }
            long used = arena.usedBytes();
            assertThatThrownBy(() -> arena.allocate(40)).isInstanceOf(OutOfNativeMemoryException.class);
            assertThatThrownBy(() -> arena.allocate(500_000)).isInstanceOf(OutOfNativeMemoryException.class);
            assertThat(arena.usedBytes()).isEqualTo(used);
            arena.free(large.get(3));
            arena.free(large.get(4));
            long two = arena.allocate(500_000);
            assertThat(two).isEqualTo(large.get(3));
        }
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }
}
