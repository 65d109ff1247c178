package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Streams and their groups, against a model of maps after every random step. */
final class StreamsModelTest {

    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int STEPS = 1_200;
    private static final String[] GROUPS = {"a", "b", ""};
    private static final String[] CONSUMERS = {"x", "y", "z", "zz"};

    private record Id(long millis, long sequence) implements Comparable<Id> {
        @Override
        public int compareTo(Id other) {
            return IdTree.compare(millis, sequence, other.millis, other.sequence);
        }
    }

    private record Pending(String consumer, long delivered, long deliveries) {}

    private static final class Group {
        Id last;
        final NavigableMap<String, Boolean> consumers = new TreeMap<>();
        final NavigableMap<Id, Pending> pending = new TreeMap<>();

        Group(Id last) {
            this.last = last;
        }
    }

    private static final class Model {
        final NavigableMap<Id, List<String>> entries = new TreeMap<>();
        final NavigableMap<String, Group> groups = new TreeMap<>();
        Id last = new Id(0, 0);
        Id maxDeleted = new Id(0, 0);
        long added;
    }

    private final List<Bytes> owned = new ArrayList<>();
    private final Store store = new Store(StoreOptions.seeded(1).withStripes(2).withDatabases(1).withHomeBytes(1000));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final Streams streams = keyspace.streams();
    private long now = 1_000;

    StreamsModelTest() {
        store.lockAll();
        keyspace.setNowMillis(now);
    }

    @AfterEach
    void nothingIsHeld() {
        store.releaseSome(Integer.MAX_VALUE);
        store.unlockAll();
        store.close();
        owned.forEach(Bytes::free);
        assertThat(Memory.heldBytes()).isZero();
    }

    private Bytes bytes(String text) {
        Bytes copy = Bytes.copyOf(text.getBytes(StandardCharsets.ISO_8859_1));
        owned.add(copy);
        return copy;
    }

    private static String text(Bytes bytes) {
        return new String(bytes.toByteArray(), StandardCharsets.ISO_8859_1);
    }

    private void freeTexts() {
        owned.forEach(Bytes::free);
        owned.clear();
    }

    private void append(Bytes key, Id id, List<String> fields, long maxBytes, long maxEntries) {
        if (!streams.findForWrite(key)) {
            streams.create();
        }
        List<Bytes> views = fields.stream().map(this::bytes).toList();
        streams.append(id.millis, id.sequence, views::get, 0, fields.size() / 2, maxBytes, maxEntries);
    }

    /** The bytes are those that a redis-server 7.0 dumps of the same history. */
    @Test
    void aNodeHasTheOriginalsBytes() {
        Bytes key = bytes("s");
        append(key, new Id(1000, 5), List.of("name", "alice", "age", "30"), 4096, 100);
        append(key, new Id(1001, 0), List.of("name", "bob", "age", "-7"), 4096, 100);
        append(key, new Id(1001, 7), List.of("city", "Paris"), 4096, 100);
        append(key, new Id(70000, 1), List.of("name", "carol", "age", "12345678901"), 4096, 100);
        assertThat(streams.delete(1001, 0)).isTrue();
        streams.walk().begin(0, 0, -1, -1, false);
        assertThat(streams.walk().next()).isTrue();
        long listpack = streams.walk().listpack();
        byte[] node = new byte[Listpack.bytes(listpack)];
        Memory.copy(listpack, node, 0, node.length);
        assertThat(HexFormat.of().formatHex(node)).isEqualTo(ORIGINAL_NODE);
    }

    private static final String ORIGINAL_NODE = "700000001f00030101010201846e616d65058361676504000102010001000185616c696365061e01"
            + "050103010101dffb0283626f6204dff9020501000101010201010184636974790585506172697306"
            + "06010201f2880d0104dffc02856361726f6c06f4351cdcdf02000000090501ff";

    @Test
    void everyStepIsAsInTheModel() {
        long seed = Long.getLong("cistern.seed", 1);
        for (int round = 0; round < 4 * EFFORT; round++) {
            SplittableRandom random = new SplittableRandom(seed + round);
            Bytes key = Bytes.copyOf("stream");
            Model model = new Model();
            long maxBytes = random.nextBoolean() ? 0 : random.nextInt(1, 2_000);
            long maxEntries = random.nextInt(4) == 0 ? 0 : random.nextInt(1, 200);
            try {
                for (int step = 0; step < STEPS; step++) {
                    step(key, model, random, maxBytes, maxEntries);
                    compare(key, model, random, "seed " + (seed + round) + " step " + step);
                    freeTexts();
                }
                keyspace.delete(key);
                store.releaseSome(Integer.MAX_VALUE);
                assertThat(store.hasToRelease()).isFalse();
                assertThat(keyspace.keysToFill(key).elements.usedBytes()).isZero();
            } finally {
                key.free();
            }
        }
    }

    private void step(Bytes key, Model model, SplittableRandom random, long maxBytes, long maxEntries) {
        now += random.nextInt(5);
        keyspace.setNowMillis(now);
        boolean there = streams.findForWrite(key);
        int kind = random.nextInt(100);
        if (!there || kind < 50) {
            Id id = nextId(model.last, random);
            List<String> fields = fields(random);
            append(key, id, fields, maxBytes, maxEntries);
            model.entries.put(id, fields);
            model.last = id;
            model.added++;
        } else if (kind < 60) {
            deleteOne(model, random);
        } else if (kind < 65) {
            trim(model, random);
        } else if (kind < 66) {
            copyAndDelete(key, random);
        } else {
            changeGroups(model, random);
        }
    }

    private static Id nextId(Id last, SplittableRandom random) {
        return switch (random.nextInt(3)) {
            case 0 -> new Id(last.millis, last.sequence + 1);
            case 1 -> new Id(last.millis + random.nextInt(1, 200), random.nextInt(10));
            default -> new Id(last.millis + random.nextLong(1, 1L << 40), random.nextLong(1L << 62));
        };
    }

    private static List<String> fields(SplittableRandom random) {
        List<String> fields = new ArrayList<>();
        int count = random.nextInt(4) == 0 ? random.nextInt(1, 6) : 2;
        for (int i = 0; i < count; i++) {
            fields.add(random.nextInt(8) == 0 ? Long.toString(random.nextLong()) : "f" + i);
            fields.add(switch (random.nextInt(3)) {
                case 0 -> Integer.toString(random.nextInt(-200, 200));
                case 1 -> "v".repeat(random.nextInt(100));
                default -> Long.toHexString(random.nextLong());
            });
        }
        return fields;
    }

    private static Id any(NavigableMap<Id, ?> map, SplittableRandom random) {
        List<Id> ids = List.copyOf(map.keySet());
        return ids.get(random.nextInt(ids.size()));
    }

    private void deleteOne(Model model, SplittableRandom random) {
        boolean hits = !model.entries.isEmpty() && random.nextInt(10) != 0;
        Id id = hits ? any(model.entries, random) : new Id(random.nextInt(50), random.nextInt(5));
        boolean expected = model.entries.remove(id) != null;
        assertThat(streams.delete(id.millis, id.sequence)).isEqualTo(expected);
        if (expected && id.compareTo(model.maxDeleted) > 0) {
            model.maxDeleted = id;
        }
    }

    private void trim(Model model, SplittableRandom random) {
        boolean approximate = random.nextBoolean();
        long limit = approximate ? random.nextInt(200) : 0;
        long before = model.entries.size();
        long trimmed;
        if (random.nextBoolean()) {
            long most = random.nextInt(10) == 0 ? 0 : random.nextLong(before + 10);
            trimmed = streams.trimToLength(most, approximate, limit);
            assertThat(trimmed).isLessThanOrEqualTo(Math.max(0, before - most));
            assertThat(approximate || trimmed == Math.max(0, before - most)).isTrue();
        } else {
            Id least = model.entries.isEmpty() ? model.last : any(model.entries, random);
            trimmed = streams.trimToId(least.millis, least.sequence, approximate, limit);
            long older = model.entries.headMap(least).size();
            assertThat(trimmed).isLessThanOrEqualTo(older);
            assertThat(approximate || trimmed == older).isTrue();
        }
        assertThat(limit == 0 || trimmed <= limit).isTrue();
        for (long i = 0; i < trimmed; i++) {
            model.entries.pollFirstEntry();
        }
    }

    /** The copy takes the place of what was copied. */
    private void copyAndDelete(Bytes key, SplittableRandom random) {
        Bytes other = bytes("other" + random.nextInt(4));
        assertThat(keyspace.copy(key, keyspace, other, true)).isTrue();
        assertThat(keyspace.delete(key)).isTrue();
        while (store.hasToRelease()) {
            store.releaseSome(random.nextInt(1, 50));
        }
        assertThat(keyspace.rename(other, key)).isTrue();
        store.releaseSome(Integer.MAX_VALUE);
    }

    // ---------------------------------------------------------------------------------------------- groups

    private void changeGroups(Model model, SplittableRandom random) {
        String name = GROUPS[random.nextInt(GROUPS.length)];
        Group group = model.groups.get(name);
        StreamGroups groups = streams.groups();
        if (group == null) {
            Id from = random.nextBoolean() ? model.last : new Id(0, 0);
            assertThat(streams.createGroup(bytes(name), from.millis, from.sequence, -1)).isTrue();
            model.groups.put(name, new Group(from));
            return;
        }
        assertThat(streams.createGroup(bytes(name), 0, 0, 0)).isFalse();
        assertThat(groups.findGroup(bytes(name))).isTrue();
        String consumer = CONSUMERS[random.nextInt(CONSUMERS.length)];
        if (!groups.findConsumer(bytes(consumer))) {
            streams.createConsumer(bytes(consumer));
            assertThat(group.consumers.put(consumer, true)).isNull();
        }
        switch (random.nextInt(24)) {
            case 0 -> {
                streams.destroyGroup();
                model.groups.remove(name);
            }
            case 1 -> {
                long expected = group.pending.values().stream().filter(p -> p.consumer.equals(consumer)).count();
                assertThat(streams.deleteConsumer()).isEqualTo(expected);
                group.pending.values().removeIf(p -> p.consumer.equals(consumer));
                group.consumers.remove(consumer);
            }
            case 2, 3, 4, 5 -> acknowledgeSome(group, random);
            case 6, 7 -> claimOne(group, consumer, random);
            case 8 -> deliverOld(model, group, consumer, random);
            default -> deliverNew(model, group, consumer, random.nextInt(1, 60));
        }
    }

    private void deliverNew(Model model, Group group, String consumer, int most) {
        List<Id> ids = model.entries.tailMap(group.last, false).keySet().stream().limit(most).toList();
        for (Id id : ids) {
            assertThat(streams.advanceGroup(id.millis, id.sequence)).isTrue();
            streams.deliver(id.millis, id.sequence);
            group.last = id;
            group.pending.put(id, new Pending(consumer, now, 1));
        }
    }

    private void deliverOld(Model model, Group group, String consumer, SplittableRandom random) {
        if (model.entries.isEmpty()) {
            return;
        }
        Id id = any(model.entries, random);
        streams.deliver(id.millis, id.sequence);
        group.pending.put(id, new Pending(consumer, now, 1));
    }

    private void acknowledgeSome(Group group, SplittableRandom random) {
        for (int left = random.nextInt(40); left > 0 && !group.pending.isEmpty(); left--) {
            Id id = random.nextBoolean() ? group.pending.firstKey() : any(group.pending, random);
            assertThat(streams.groups().findPending(id.millis, id.sequence)).isTrue();
            streams.acknowledge();
            assertThat(streams.groups().findPending(id.millis, id.sequence)).isFalse();
            group.pending.remove(id);
        }
    }

    private void claimOne(Group group, String consumer, SplittableRandom random) {
        if (!group.pending.isEmpty()) {
            Id id = any(group.pending, random);
            assertThat(streams.groups().findPending(id.millis, id.sequence)).isTrue();
            streams.claim(now - 7, 5);
            group.pending.put(id, new Pending(consumer, now - 7, 5));
        }
    }

    // ------------------------------------------------------------------------------------------- comparing

    private void compare(Bytes key, Model model, SplittableRandom random, String where) {
        assertThat(streams.find(key)).as(where).isTrue();
        assertThat(streams.length()).as(where).isEqualTo(model.entries.size());
        assertThat(streams.entriesAdded()).as(where).isEqualTo(model.added);
        assertThat(new Id(streams.lastMillis(), streams.lastSequence())).as(where).isEqualTo(model.last);
        assertThat(new Id(streams.maxDeletedMillis(), streams.maxDeletedSequence())).as(where)
                .isEqualTo(model.maxDeleted);
        Id none = new Id(0, 0);
        assertThat(new Id(streams.firstMillis(), streams.firstSequence())).as(where)
                .isEqualTo(model.entries.isEmpty() ? none : model.entries.firstKey());
        assertThat(new Id(streams.lastEntryMillis(), streams.lastEntrySequence())).as(where)
                .isEqualTo(model.entries.isEmpty() ? none : model.entries.lastKey());
        Id from = random.nextInt(3) == 0 || model.entries.isEmpty() ? none : any(model.entries, random);
        Id to = random.nextInt(3) == 0 || model.entries.isEmpty() ? model.last : any(model.entries, random);
        if (from.compareTo(to) <= 0) {
            compareRange(model, from, to, random.nextBoolean(), random.nextBoolean(), where);
        }
        compareGroups(model, where);
    }

    private void compareRange(Model model, Id from, Id to, boolean backwards, boolean readsFields, String where) {
        NavigableMap<Id, List<String>> range = model.entries.subMap(from, true, to, true);
        NavigableMap<Id, List<String>> expected = backwards ? range.descendingMap() : range;
        StreamWalk walk = streams.walk();
        walk.begin(from.millis, from.sequence, to.millis, to.sequence, backwards);
        Bytes field = new Bytes();
        Bytes value = new Bytes();
        for (Map.Entry<Id, List<String>> entry : expected.entrySet()) {
            assertThat(walk.next()).as(where).isTrue();
            assertThat(new Id(walk.millis(), walk.sequence())).as(where).isEqualTo(entry.getKey());
            assertThat(walk.fields()).as(where).isEqualTo(entry.getValue().size() / 2);
            for (int i = 0; readsFields && i < walk.fields(); i++) {
                walk.nextField(field, value);
                assertThat(text(field)).as(where).isEqualTo(entry.getValue().get(2 * i));
                assertThat(text(value)).as(where).isEqualTo(entry.getValue().get(2 * i + 1));
            }
        }
        assertThat(walk.next()).as(where).isFalse();
    }

    private void compareGroups(Model model, String where) {
        StreamGroups groups = streams.groups();
        assertThat(groups.groups()).as(where).isEqualTo(model.groups.size());
        Bytes view = new Bytes();
        int index = 0;
        for (Map.Entry<String, Group> expected : model.groups.entrySet()) {
            groups.chooseGroup(index++);
            Group group = expected.getValue();
            assertThat(text(groups.groupName(view))).as(where).isEqualTo(expected.getKey());
            assertThat(new Id(groups.lastMillis(), groups.lastSequence())).as(where).isEqualTo(group.last);
            assertThat(groups.pendingCount()).as(where).isEqualTo(group.pending.size());
            comparePending(group, where);
            assertThat(groups.consumers()).as(where).isEqualTo(group.consumers.size());
            int number = 0;
            for (String consumer : group.consumers.keySet()) {
                groups.chooseConsumer(number++);
                assertThat(text(groups.consumerName(view))).as(where).isEqualTo(consumer);
                compareOwn(group, consumer, where);
            }
        }
    }

    private void comparePending(Group group, String where) {
        StreamGroups groups = streams.groups();
        Bytes view = new Bytes();
        Id at = new Id(0, 0);
        for (Map.Entry<Id, Pending> expected : group.pending.entrySet()) {
            assertThat(groups.findPendingFrom(at.millis, at.sequence)).as(where).isTrue();
            at = new Id(groups.pendingMillis(), groups.pendingSequence());
            assertThat(at).as(where).isEqualTo(expected.getKey());
            assertThat(new Pending(text(groups.ownerName(view)), groups.deliveredMillis(), groups.deliveries()))
                    .as(where).isEqualTo(expected.getValue());
            at = new Id(at.millis, at.sequence + 1);
        }
        assertThat(groups.findPendingFrom(at.millis, at.sequence)).as(where).isFalse();
    }

    private void compareOwn(Group group, String consumer, String where) {
        StreamGroups groups = streams.groups();
        List<Id> own = group.pending.entrySet().stream().filter(e -> e.getValue().consumer.equals(consumer))
                .map(Map.Entry::getKey).toList();
        assertThat(groups.ownPendingCount()).as(where).isEqualTo(own.size());
        List<Id> found = new ArrayList<>();
        for (Id at = new Id(0, 0); groups.findOwnPendingFrom(at.millis, at.sequence);) {
            found.add(new Id(groups.pendingMillis(), groups.pendingSequence()));
            at = new Id(found.getLast().millis, found.getLast().sequence + 1);
        }
        assertThat(found).as(where).isEqualTo(own);
    }

    // --------------------------------------------------------------------------------------------- borders

    @Test
    void idsAreUnsigned() {
        Bytes key = bytes("s");
        List<Id> ids = List.of(new Id(0, 1), new Id(0, -1), new Id(1, 0), new Id(Long.MAX_VALUE, 5),
                new Id(Long.MIN_VALUE, 0), new Id(-1, 0), new Id(-1, -1));
        for (Id id : ids) {
            append(key, id, List.of("f", "v"), 4096, 3);
        }
        for (boolean backwards : new boolean[]{false, true}) {
            StreamWalk walk = streams.walk();
            walk.begin(0, 0, -1, -1, backwards);
            List<Id> seen = new ArrayList<>();
            while (walk.next()) {
                seen.add(new Id(walk.millis(), walk.sequence()));
            }
            List<Id> expected = new ArrayList<>(ids);
            if (backwards) {
                Collections.reverse(expected);
            }
            assertThat(seen).isEqualTo(expected);
        }
        keyspace.delete(key);
    }

    @Test
    void aLargeStreamIsReleasedInSlices() {
        Bytes key = bytes("s");
        for (int i = 1; i <= 20_000; i++) {
            append(key, new Id(i, 0), List.of("f", "value" + i), 4096, 10);
            if (i % 1000 == 0) {
                owned.removeIf(text -> {
                    boolean isKey = text.equals(key);
                    if (!isKey) {
                        text.free();
                    }
                    return !isKey;
                });
            }
        }
        assertThat(streams.createGroup(bytes("g"), 0, 0, -1)).isTrue();
        streams.createConsumer(bytes("c"));
        for (int i = 1; i <= 20_000; i++) {
            streams.deliver(i, 0);
        }
        Arena elements = keyspace.keysToFill(key).elements;
        long before = elements.usedBytes();
        assertThat(keyspace.memoryUsage(key, keyspace.find(key))).isGreaterThanOrEqualTo(before);
        assertThat(keyspace.delete(key)).isTrue();
        assertThat(store.hasToRelease()).isTrue();
        int steps = 0;
        while (store.hasToRelease()) {
            assertThat(store.releaseSome(100)).isLessThanOrEqualTo(140);
            steps++;
        }
        assertThat(steps).isGreaterThan(10);
        assertThat(elements.usedBytes()).isZero();
    }
}
