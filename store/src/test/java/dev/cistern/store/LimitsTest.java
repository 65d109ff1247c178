package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A store whose memory is at its end refuses and keeps what it has; one that is emptied gives everything back. */
final class LimitsTest {

    private final Bytes view = new Bytes();
    private long held;

    @BeforeEach
    void note() {
        held = Memory.heldBytes();
    }

    @AfterEach
    void nothingIsHeld() {
        assertThat(Memory.heldBytes()).as("bytes held").isEqualTo(held);
    }

    private void check(Keyspace keyspace, Bytes key, Bytes value, long deadlineMillis) {
        long entry = keyspace.find(key);
        assertThat(keyspace.readKey(entry, view).contentEquals(key)).isTrue();
        assertThat(keyspace.readString(entry, view).contentEquals(value)).isTrue();
        assertThat(keyspace.deadlineMillis(entry)).isEqualTo(deadlineMillis);
        assertThat(keyspace.memoryUsage(key, entry)).isGreaterThan((long) key.length() + value.length());
    }

    private static Bytes filled(char letter, int length) {
        return Bytes.copyOf(Character.toString(letter).repeat(length));
    }

    @Test
    void outOfMemoryChangesNothing() {
        StoreOptions options = StoreOptions.seeded(3).withStripes(1).withDatabases(2)
                .withAddressSpaceBytes(6L * Region.SPAN_BYTES);
        try (Store store = new Store(options);
                Keyspace keyspace = store.openKeyspace(0);
                Keyspace other = store.openKeyspace(1)) {
            Bytes value = filled('v', 1_000);
            List<Bytes> keys = new ArrayList<>();
            store.lockAll();
            assertThatThrownBy(() -> {
                while (true) {
                    keys.add(Bytes.copyOf("key" + keys.size()));
                    keyspace.set(keys.getLast(), value, Keyspace.NO_DEADLINE);
                }
            }).isInstanceOf(OutOfNativeMemoryException.class);
            Bytes refused = keys.removeLast();
            assertThat(keys).hasSizeGreaterThan(500);
            long used = store.usedBytes();
            assertThat(keyspace.exists(refused)).isFalse();
            Bytes first = keys.getFirst();
            List<Runnable> refusals = List.of(() -> keyspace.set(refused, value, 5_000),
                    () -> keyspace.append(first, value), () -> keyspace.setRange(first, 5_000, value),
                    () -> keyspace.growString(first, 5_000), () -> keyspace.copy(first, keyspace, refused, false),
                    () -> keyspace.move(first, other), () -> keyspace.rename(first, refused));
            for (Runnable each : refusals) {
                assertThatThrownBy(each::run).isInstanceOf(OutOfNativeMemoryException.class);
            }
            assertThat(keyspace.size()).isEqualTo(keys.size());
            assertThat(other.size()).isZero();
            assertThat(keyspace.exists(refused)).isFalse();
            for (Bytes key : keys) {
                check(keyspace, key, value, Keyspace.NO_DEADLINE);
            }
            assertThat(store.usedBytes() - used).as("more than the other database's empty index").isBetween(0L, 4_096L);
            assertThat(keyspace.delete(first)).isTrue();
            keyspace.set(refused, value, Keyspace.NO_DEADLINE);
            check(keyspace, refused, value, Keyspace.NO_DEADLINE);
            store.unlockAll();
            keys.forEach(Bytes::free);
            refused.free();
            value.free();
        }
    }

    @Test
    void aCycleOfGrowthAndDeletionLeavesNothing() {
        try (Store store = new Store(StoreOptions.seeded(4).withStripes(8).withDatabases(1));
                Keyspace keyspace = store.openKeyspace(0)) {
            Bytes value = filled('v', 200);
            Bytes key = Bytes.copyOf("0000000000");
            long[] most = new long[3];
            for (int round = 0; round < 3; round++) {
                store.lockAll();
                for (int i = 0; i < 20_000; i++) {
                    keyspace.set(numbered(key, i), value, Keyspace.NO_DEADLINE);
                }
                most[round] = store.usedBytes();
                for (int i = 0; i < 20_000; i++) {
                    assertThat(keyspace.delete(numbered(key, i))).isTrue();
                }
                store.unlockAll();
                store.purge();
                assertThat(store.usedBytes()).isZero();
                assertThat(store.residentBytes()).isZero();
                assertThat(store.fragmentationRatio()).isEqualTo(1.0);
            }
            assertThat(most[1]).isEqualTo(most[0]);
            assertThat(most[2]).isEqualTo(most[0]);
            value.free();
            key.free();
        }
    }

    private static Bytes numbered(Bytes key, int number) {
        byte[] text = Integer.toString(1_000_000_000 + number).getBytes(StandardCharsets.US_ASCII);
        Memory.copy(text, 0, key.address(), text.length);
        return key.set(key.address(), text.length);
    }
}
