package dev.cistern.store;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A snapshot has every entry as it was at the cut, once, whatever happens while it is written. */
final class SnapshotTest {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int DATABASES = 2;

    private long heldBefore;

    @BeforeEach
    void note() {
        heldBefore = Memory.heldBytes();
    }

    @AfterEach
    void nothingIsHeld() {
        assertThat(Memory.heldBytes()).isEqualTo(heldBefore);
    }

    private static Store store(long seed) {
        return new Store(StoreOptions.seeded(seed).withDatabases(DATABASES).withStripes(4).withHomeBytes(1000));
    }

    /** Writes down strings and hashes as text; more than one entry of a key is a failure. */
    private static final class Page implements Snapshot.Writer, AutoCloseable {
        private final Map<String, String> written = new TreeMap<>();
        private final Keyspace[] keyspaces = new Keyspace[DATABASES];
        private final Bytes key = new Bytes();
        private final Bytes name = new Bytes();
        private final Bytes value = new Bytes();

        Page(Store store, long nowMillis) {
            for (int i = 0; i < DATABASES; i++) {
                keyspaces[i] = store.openKeyspace(i);
                keyspaces[i].setNowMillis(nowMillis);
            }
        }

        @Override
        public synchronized void write(int database, long entry) {
            Keyspace keyspace = keyspaces[database];
            String id = database + " " + keyspace.readKey(entry, key);
            String previous = written.put(id, text(keyspace, entry));
            assertThat(previous).as(id).isNull();
        }

        private String text(Keyspace keyspace, long entry) {
            String deadline = " until " + keyspace.deadlineMillis(entry);
            if (keyspace.type(entry) == ValueType.STRING) {
                return keyspace.readString(entry, value) + deadline;
            }
            Map<String, String> fields = new TreeMap<>();
            keyspace.hashes().openEntry(entry);
            keyspace.hashes().beginWalk();
            while (keyspace.hashes().next(name, value)) {
                fields.put(name.toString(), value.toString());
            }
            return fields + deadline;
        }

        /** All there is now. The caller holds no stripe. */
        static Map<String, String> of(Store store, long nowMillis) {
            try (Page page = new Page(store, nowMillis)) {
                Snapshot all = store.beginSnapshot(page, () -> {});
                while (all.step(100)) {
                    assertThat(all.isAborted()).isFalse();
                }
                all.end();
                return page.written;
            }
        }

        @Override
        public void close() {
            for (Keyspace keyspace : keyspaces) {
                keyspace.close();
            }
        }
    }

    /** Changes keys at random, of a few hundred, in both databases. */
    private static final class Changes implements AutoCloseable {
        private final Store store;
        private final SplittableRandom random;
        private final Keyspace[] keyspaces = new Keyspace[DATABASES];
        private final ExpiryCycle expiry;
        private final int keys;
        private final long nowMillis;

        Changes(Store store, SplittableRandom random, int keys, long nowMillis) {
            this.store = store;
            this.random = random;
            this.keys = keys;
            this.nowMillis = nowMillis;
            this.expiry = new ExpiryCycle(store);
            for (int i = 0; i < DATABASES; i++) {
                keyspaces[i] = store.openKeyspace(i);
                keyspaces[i].setNowMillis(nowMillis);
            }
        }

        void one() {
            Bytes key = Bytes.copyOf("key" + random.nextInt(keys));
            Bytes other = Bytes.copyOf("key" + random.nextInt(keys));
            Bytes value = Bytes.copyOf("v" + "x".repeat(random.nextInt(60)) + random.nextInt());
            Keyspace keyspace = keyspaces[random.nextInt(DATABASES)];
            store.lockAll();
            try {
                change(keyspace, key, other, value);
            } catch (StoreException wrongType) {
                assertThat(wrongType).isSameAs(StoreException.WRONG_TYPE);
            } finally {
                store.unlockAll();
                key.free();
                other.free();
                value.free();
            }
            if (random.nextInt(50) == 0) {
                expiry.step(20, nowMillis);
                store.defragment(random.nextInt(store.stripes()), 50);
            }
        }

        private void change(Keyspace keyspace, Bytes key, Bytes other, Bytes value) {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> keyspace.set(key, value, Keyspace.NO_DEADLINE);
                case 3 -> keyspace.delete(key);
                case 4 -> keyspace.append(key, value);
                case 5 -> keyspace.setDeadline(key, nowMillis + random.nextInt(-5, 1000));
                case 6 -> keyspace.rename(key, other);
                case 7 -> keyspace.copy(key, keyspaces[0], other, true);
                case 8 -> keyspace.find(key);
                default -> putFields(keyspace, key, value);
            }
        }

        private void putFields(Keyspace keyspace, Bytes key, Bytes value) {
            keyspace.hashes().openToChange(key);
            int fields = random.nextInt(10) == 0 ? 200 : 3;
            for (int i = 0; i < fields; i++) {
                Bytes field = Bytes.copyOf("f" + random.nextInt(400));
                keyspace.hashes().put(field, value, Keyspace.NO_DEADLINE);
                field.free();
            }
            keyspace.hashes().endChange();
        }

        @Override
        public void close() {
            expiry.close();
            for (Keyspace keyspace : keyspaces) {
                keyspace.close();
            }
        }
    }

    @Test
    void everyEntryAsItWasAtTheCut() {
        for (int round = 0; round < 60 * EFFORT; round++) {
            long seed = Long.getLong("cistern.seed", 1) + round;
            SplittableRandom random = new SplittableRandom(seed);
            long now = 1_700_000_000_000L;
            try (Store store = store(seed);
                    Changes changes = new Changes(store, random, 1 + random.nextInt(1500), now);
                    Page page = new Page(store, now)) {
                for (int i = random.nextInt(3000); i > 0; i--) {
                    changes.one();
                }
                Map<String, String> atTheCut = Page.of(store, now);
                Snapshot snapshot = store.beginSnapshot(page, () -> {});
                int pace = 1 + random.nextInt(100);
                while (snapshot.step(1 + random.nextInt(4))) {
                    for (int i = random.nextInt(pace); i > 0; i--) {
                        changes.one();
                    }
                }
                snapshot.end();
                assertThat(page.written).as("seed %d", seed).isEqualTo(atTheCut);
            }
        }
    }

    @Test
    void othersChangeMeanwhile() throws InterruptedException {
        long now = 1_700_000_000_000L;
        try (Store store = store(7); Page page = new Page(store, now)) {
            AtomicBoolean ended = new AtomicBoolean();
            CountDownLatch running = new CountDownLatch(2);
            Thread[] threads = new Thread[2];
            for (int i = 0; i < threads.length; i++) {
                SplittableRandom random = new SplittableRandom(i);
                threads[i] = Thread.ofPlatform().start(() -> {
                    try (Changes changes = new Changes(store, random, 2000, now)) {
                        for (int n = 0; n < 3000; n++) {
                            changes.one();
                        }
                        running.countDown();
                        while (!ended.get()) {
                            changes.one();
                        }
                    }
                });
            }
            running.await();
            Map<String, String> atTheCut = new HashMap<>();
            store.lockAll();
            Snapshot snapshot;
            try (Page now1 = new Page(store, now)) {
                Snapshot first = store.beginSnapshot(now1, () -> {});
                for (int database = 0; database < DATABASES; database++) {
                    for (int stripe = 0; stripe < store.stripes(); stripe++) {
                        writeAll(store, database, stripe, now1);
                    }
                }
                first.end();
                atTheCut.putAll(now1.written);
                snapshot = store.beginSnapshot(page, () -> {});
            } finally {
                store.unlockAll();
            }
            while (snapshot.step(2)) {
                Thread.onSpinWait();
            }
            snapshot.end();
            ended.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(page.written).isEqualTo(new TreeMap<>(atTheCut));
        }
    }

    /** After one that came to every bucket as many that came to none as it takes until its number is used again. */
    @Test
    void aNumberThatIsUsedAgainMarksNothingAsWritten() {
        try (Store store = store(5);
                Page page = new Page(store, 0);
                Changes changes = new Changes(store, new SplittableRandom(5), 500, 0)) {
            for (int i = 0; i < 1000; i++) {
                changes.one();
            }
            assertThat(Page.of(store, 0)).isNotEmpty();
            for (int i = 1; i < Bucket.MAX_VERSION; i++) {
                store.beginSnapshot(page, () -> {}).end();
            }
            assertThat(Page.of(store, 0)).isEqualTo(all(store, page));
        }
    }

    private static Map<String, String> all(Store store, Page page) {
        store.lockAll();
        try {
            for (int database = 0; database < DATABASES; database++) {
                for (int stripe = 0; stripe < store.stripes(); stripe++) {
                    writeAll(store, database, stripe, page);
                }
            }
        } finally {
            store.unlockAll();
        }
        return page.written;
    }

    private static void writeAll(Store store, int database, int stripe, Page page) {
        StripeKeys keys = store.keysOf(database)[stripe];
        for (int bucket = 0; keys != null && bucket < keys.index.buckets(); bucket++) {
            for (long line = keys.index.bucketNumbered(bucket); line != 0; line = Bucket.link(line)) {
                for (int lane = 0; lane < Bucket.count(line); lane++) {
                    page.write(database, Bucket.entry(line, lane));
                }
            }
        }
    }

    @Test
    void emptyingADatabaseEndsItEarly() {
        try (Store store = store(3);
                Page page = new Page(store, 0);
                Changes changes = new Changes(store, new SplittableRandom(3), 100, 0)) {
            for (int i = 0; i < 200; i++) {
                changes.one();
            }
            Snapshot snapshot = store.beginSnapshot(page, () -> {});
            assertThatThrownBy(() -> store.beginSnapshot(page, () -> {})).isInstanceOf(IllegalStateException.class);
            store.flush(1);
            assertThat(snapshot.isAborted()).isTrue();
            assertThat(snapshot.step(1)).isFalse();
            snapshot.end();
            assertThat(Page.of(store, 0)).isNotNull();
        }
    }
}
