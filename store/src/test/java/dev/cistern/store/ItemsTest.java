package dev.cistern.store;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Pins the bytes of {@link Items}, and compares it with a map after every random step. */
final class ItemsTest {

    private static final int ROUNDS = 20_000 * Integer.getInteger("cistern.effort", 1);

    private final Store store = new Store(StoreOptions.seeded(7).withDatabases(1).withStripes(4));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final Items items = new Items(keyspace, new Items.UniqueNumbers(store));

    @AfterEach
    void close() {
        store.close();
        assertThat(Memory.heldBytes(MemoryTag.SPAN)).isZero();
        assertThat(Memory.heldBytes(MemoryTag.TEST)).isZero();
    }

    @Test
    void bytesOfAnItem() {
        Bytes key = Bytes.copyOf("key");
        store.lockAll();
        long item = items.put(key, 0x11223344, 2, Keyspace.NO_DEADLINE);
        Memory.putShort(Items.dataAddress(item), (short) ('h' | 'i' << 8));
        Items.set(item, Items.STALE | Items.BINARY_KEY);
        long header = EntryLayout.header(item);
        assertThat(EntryLayout.valueLength(item, header)).isEqualTo(8 + 4 + 2);
        long value = EntryLayout.valueAddress(item, header);
        long unique = 1L << 2 | store.stripeOf(key);
        assertThat(Memory.getLong(value)).isEqualTo(1L << 63 | 1L << 62 | 1L << 60 | unique);
        assertThat(Memory.getInt(value + 8)).isEqualTo(0x11223344);
        assertThat(Items.readData(item, new Bytes())).hasToString("hi");
        assertThat(new long[]{Items.FETCHED, Items.ACTIVE, Items.STALE, Items.WON, Items.BINARY_KEY})
                .containsExactly(1L << 58, 1L << 59, 1L << 60, 1L << 61, 1L << 62);
        store.unlockAll();
        key.free();
    }

    @Test
    void bytesOfUsualItems() {
        assertThat(slotBytes(16)).isEqualTo(48);
        assertThat(slotBytes(64)).isEqualTo(96);
        assertThat(slotBytes(300)).isEqualTo(352);
    }

    private long slotBytes(int dataLength) {
        Bytes key = Bytes.copyOf("0123456789abcdef");
        store.lockAll();
        items.put(key, 0, dataLength, Keyspace.NO_DEADLINE);
        long bytes = keyspace.memoryUsage(key, items.find(key)) - Index.BYTES_PER_ENTRY;
        store.unlockAll();
        key.free();
        return bytes;
    }

    /** What the model knows of an item. */
    private record Known(String data, int flags, long deadline, boolean fetched, boolean active) {}

    @Test
    void randomChanges() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Known> model = new HashMap<>();
        Set<Long> numbers = new HashSet<>();
        long now = 1_000_000;
        for (int round = 0; round < ROUNDS; round++) {
            now += random.nextInt(20);
            keyspace.setNowMillis(now);
            long then = now;
            model.values().removeIf(known -> known.deadline != Keyspace.NO_DEADLINE && then > known.deadline);
            String name = "k" + random.nextInt(50);
            Bytes key = Bytes.copyOf(name);
            store.lock(store.stripeOf(key));
            try {
                step(random, model, numbers, now, name, key);
                check(model.get(name), key, seed);
            } finally {
                store.unlock(store.stripeOf(key));
                key.free();
            }
        }
    }

    private void step(SplittableRandom random, Map<String, Known> model, Set<Long> numbers, long now, String name,
            Bytes key) {
        long item = items.find(key);
        Known known = model.get(name);
        long deadline = random.nextInt(3) == 0 ? now + random.nextInt(2_000) : Keyspace.NO_DEADLINE;
        if (item == Items.ABSENT || random.nextInt(4) == 0) {
            String data = text(random, random.nextInt(400));
            int flags = random.nextBoolean() ? 0 : random.nextInt();
            long put = items.put(key, flags, data.length(), deadline);
            write(put, data);
            assertThat(numbers.add(Items.unique(put))).isTrue();
            model.put(name, new Known(data, flags, deadline, false, false));
        } else if (known != null) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    items.delete(key);
                    model.remove(name);
                }
                case 1 -> {
                    items.noteFetch(item);
                    model.put(name, new Known(known.data, known.flags, known.deadline, true, known.fetched));
                }
                case 2 -> {
                    items.setDeadline(key, item, deadline);
                    model.put(name, new Known(known.data, known.flags, deadline, known.fetched, known.active));
                }
                default -> {
                    String suffix = text(random, random.nextInt(100));
                    long longer = items.resize(key, item, known.data.length() + suffix.length());
                    assertThat(numbers.add(Items.unique(longer))).isTrue();
                    for (int i = 0; i < suffix.length(); i++) {
                        Memory.putByte(Items.dataAddress(longer) + known.data.length() + i, (byte) suffix.charAt(i));
                    }
                    model.put(name, new Known(known.data + suffix, known.flags, known.deadline, known.fetched,
                            known.active));
                }
            }
        }
    }

    private void check(@Nullable Known known, Bytes key, long seed) {
        long item = items.find(key);
        assertThat(item != Items.ABSENT).as("seed %d", seed).isEqualTo(known != null);
        if (known != null) {
            assertThat(new Known(Items.readData(item, new Bytes()).toString(), Items.flags(item),
                    keyspace.deadlineMillis(item), Items.is(item, Items.FETCHED), Items.is(item, Items.ACTIVE)))
                    .as("seed %d", seed).isEqualTo(known);
        }
    }

    private static String text(SplittableRandom random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    private static void write(long item, String data) {
        for (int i = 0; i < data.length(); i++) {
            Memory.putByte(Items.dataAddress(item) + i, (byte) data.charAt(i));
        }
    }
}
