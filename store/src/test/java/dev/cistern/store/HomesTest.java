package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Large collections that change their keys: the elements stay where they are, and are freed with the last key. */
final class HomesTest {
    private static final int ELEMENTS = 3_000;

    private final Store store = new Store(StoreOptions.seeded(Long.getLong("cistern.seed", 1)).withStripes(8)
            .withDatabases(2).withHomeBytes(20_000));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final Keyspace other = store.openKeyspace(1);
    private final Bytes text = new Bytes(Memory.allocate(MemoryTag.TEST, 64), 0);
    private final Bytes view = new Bytes();
    private final List<Bytes> keys = new ArrayList<>();

    enum Kind {
        HASH, SET, SORTED_SET, LIST
    }

    HomesTest() {
        store.lockAll();
    }

    @AfterEach
    void nothingIsHeld() {
        store.unlockAll();
        store.close();
        keys.forEach(Bytes::free);
        Memory.free(MemoryTag.TEST, text.address(), 64);
        assertThat(Memory.heldBytes()).isZero();
    }

    private Bytes key(String name) {
        keys.add(Bytes.copyOf(name));
        return keys.getLast();
    }

    private Bytes text(int number) {
        byte[] bytes = ("some element with the number " + number).getBytes(StandardCharsets.US_ASCII);
        Memory.copy(bytes, 0, text.address(), bytes.length);
        return text.set(text.address(), bytes.length);
    }

    private void add(Kind kind, Bytes key, int number) {
        Bytes element = text(number);
        switch (kind) {
            case HASH -> {
                keyspace.hashes().openToChange(key);
                keyspace.hashes().put(element, element, Keyspace.NO_DEADLINE);
                keyspace.hashes().endChange();
            }
            case SET -> {
                keyspace.sets().at(0).openToChange(key);
                keyspace.sets().at(0).add(element);
                keyspace.sets().at(0).endChange();
            }
            case SORTED_SET -> {
                keyspace.sortedSets().openToChange(key);
                keyspace.sortedSets().add(element, number);
                keyspace.sortedSets().endChange();
            }
            case LIST -> {
                keyspace.lists().openToChange(key);
                keyspace.lists().expect(1, element.length());
                keyspace.lists().push(false, element);
                keyspace.lists().endChange();
            }
        }
    }

    private boolean has(Kind kind, Keyspace from, Bytes key, int number) {
        Bytes element = text(number);
        return switch (kind) {
            case HASH -> from.hashes().open(key) && from.hashes().size() == ELEMENTS
                    && from.hashes().get(element, view) && view.contentEquals(element);
            case SET -> from.sets().at(0).open(key) && from.sets().at(0).size() == ELEMENTS
                    && from.sets().at(0).has(element);
            case SORTED_SET -> from.sortedSets().open(key) && from.sortedSets().size() == ELEMENTS
                    && from.sortedSets().find(element) && from.sortedSets().rank() == number;
            case LIST -> from.lists().open(key) && from.lists().size() == ELEMENTS && from.lists().seek(number)
                    && from.lists().read(view).contentEquals(element);
        };
    }

    /** Where what is below the root lies: the root without its number of a home. */
    private static List<Long> below(Keyspace from, Bytes key) {
        long entry = from.find(key);
        long root = root(from, key);
        List<Long> words = new ArrayList<>();
        for (int at = LargeValue.HEAD_BYTES; at < EntryLayout.valueLength(entry, EntryLayout.header(entry)); at += 8) {
            words.add(Memory.getLong(root + at));
        }
        return words;
    }

    private static int home(Keyspace from, Bytes key) {
        return LargeValue.home(root(from, key));
    }

    @ParameterizedTest
    @EnumSource
    void elementsStayWhereTheyAre(Kind kind) {
        Bytes first = key("first");
        for (int i = 0; i < ELEMENTS; i++) {
            add(kind, first, i);
        }
        assertThat(home(keyspace, first)).isPositive();
        List<Long> before = below(keyspace, first);
        long usedBytes = store.usedBytes();
        for (int i = 0; i < 20; i++) {
            Bytes next = key("key" + i);
            assertThat(keyspace.rename(keys.get(i), next)).isTrue();
            assertThat(below(keyspace, next)).isEqualTo(before);
            assertThat(has(kind, keyspace, next, i)).isTrue();
        }
        Bytes last = keys.getLast();
        assertThat(keyspace.move(last, other)).isTrue();
        assertThat(below(other, last)).isEqualTo(before);
        assertThat(other.copy(last, keyspace, first, false)).isTrue();
        assertThat(below(keyspace, first)).isNotEqualTo(before);
        assertThat(has(kind, keyspace, first, 7)).isTrue();
        keyspace.delete(first);
        free();
        for (int i = 0; i < ELEMENTS; i++) {
            assertThat(has(kind, other, last, i)).isTrue();
        }
        // All but the indexes of databases that hold what is moved.
        assertThat(store.usedBytes() - store.indexBytes()).isCloseTo(usedBytes,
                Offset.offset(usedBytes / 20));
        other.delete(last);
        free();
        assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
    }

    @ParameterizedTest
    @EnumSource
    void aCopyNeedsNothingOfTheOriginal(Kind kind) {
        Bytes first = key("first");
        for (int i = 0; i < ELEMENTS; i++) {
            add(kind, first, i);
            if (kind != Kind.LIST) {
                add(kind, first, ELEMENTS + i);
            }
        }
        // Holes everywhere, and what is in them is no address.
        for (int i = ELEMENTS; i < 2 * ELEMENTS && kind != Kind.LIST; i++) {
            remove(kind, first, i);
        }
        Bytes copy = key("copy");
        assertThat(keyspace.copy(first, keyspace, copy, false)).isTrue();
        assertThat(home(keyspace, copy)).isPositive();
        assertThat(bytes(copy)).isEqualTo(bytes(first));
        keyspace.delete(first);
        free();
        Bytes others = key("others");
        for (int i = 0; i < 2 * ELEMENTS; i++) {
            add(kind, others, i);
        }
        for (int i = 0; i < ELEMENTS; i++) {
            assertThat(has(kind, keyspace, copy, i)).isTrue();
        }
        Bytes second = key("second");
        assertThat(keyspace.copy(copy, other, second, false)).isTrue();
        for (int i = ELEMENTS; i < 2 * ELEMENTS; i++) {
            add(kind, copy, i);
        }
        for (int i = 2 * ELEMENTS - 1; i >= 0; i--) {
            remove(kind, copy, i);
        }
        assertThat(keyspace.find(copy)).isEqualTo(Keyspace.ABSENT);
        free();
        for (int i = 0; i < ELEMENTS; i++) {
            assertThat(has(kind, other, second, i)).isTrue();
        }
        other.delete(second);
        keyspace.delete(others);
        free();
        assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
    }

    private void remove(Kind kind, Bytes key, int number) {
        Bytes element = text(number);
        switch (kind) {
            case HASH -> {
                keyspace.hashes().openToChange(key);
                assertThat(keyspace.hashes().remove(element)).isTrue();
                keyspace.hashes().endChange();
            }
            case SET -> {
                keyspace.sets().at(0).openToChange(key);
                assertThat(keyspace.sets().at(0).remove(element)).isTrue();
                keyspace.sets().at(0).endChange();
            }
            case SORTED_SET -> {
                keyspace.sortedSets().openToChange(key);
                assertThat(keyspace.sortedSets().find(element)).isTrue();
                keyspace.sortedSets().remove();
                keyspace.sortedSets().endChange();
            }
            case LIST -> {
                keyspace.lists().openToChange(key);
                assertThat(keyspace.lists().seek(number)).isTrue();
                keyspace.lists().remove(true);
                keyspace.lists().endChange();
            }
        }
    }

    private static long root(Keyspace from, Bytes key) {
        long entry = from.find(key);
        return EntryLayout.valueAddress(entry, EntryLayout.header(entry));
    }

    private long bytes(Bytes key) {
        return LargeValue.bytes(root(keyspace, key));
    }

    /** Elements that have spans for themselves, and fields with deadlines. */
    @Test
    void longElementsAndDeadlinesAreCopied() {
        Bytes first = key("first");
        Bytes longValue = key("v".repeat(100_000));
        for (int i = 0; i < 20; i++) {
            keyspace.hashes().openToChange(first);
            keyspace.hashes().put(text(i), longValue, i % 2 == 0 ? Keyspace.NO_DEADLINE : Long.MAX_VALUE / 2 + i);
            keyspace.hashes().endChange();
        }
        Bytes copy = key("copy");
        assertThat(keyspace.copy(first, other, copy, false)).isTrue();
        keyspace.delete(first);
        free();
        assertThat(other.hashes().open(copy)).isTrue();
        for (int i = 0; i < 20; i++) {
            assertThat(other.hashes().get(text(i), view) && view.contentEquals(longValue)).isTrue();
            assertThat(other.hashes().deadlineMillis(text(i)))
                    .isEqualTo(i % 2 == 0 ? Keyspace.NO_DEADLINE : Long.MAX_VALUE / 2 + i);
        }
        other.delete(copy);
        free();
        assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
    }

    private void free() {
        while (store.hasToRelease()) {
            store.releaseSome(500);
        }
    }

    @Test
    void anotherKeyMayTakeAHomeThatWasLeft() {
        for (int round = 0; round < 3; round++) {
            for (Kind kind : Kind.values()) {
                Bytes key = key(kind + "." + round);
                for (int i = 0; i < ELEMENTS; i++) {
                    add(kind, key, i);
                }
                Bytes target = key(kind + " there");
                keyspace.rename(key, target);
                assertThat(home(keyspace, target)).isPositive();
                free();
            }
        }
        for (Kind kind : Kind.values()) {
            assertThat(has(kind, keyspace, key(kind + " there"), ELEMENTS / 2)).isTrue();
        }
        store.flush(0);
        assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
    }
}
