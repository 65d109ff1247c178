package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Pins the tables in the comments of {@link EntryLayout} and {@link Bucket}, and the written-down codes. */
final class LayoutTest {

    @Test
    void entryHeader() {
        assertThat(new int[]{EntryLayout.TYPE_SHIFT, EntryLayout.ENCODING_SHIFT, EntryLayout.DEADLINE_SHIFT,
                EntryLayout.LONG_SHIFT, EntryLayout.KEY_LENGTH_SHIFT, EntryLayout.VALUE_LENGTH_SHIFT,
                EntryLayout.ACCESS_SHIFT}).containsExactly(0, 4, 8, 9, 10, 20, 40);
        assertThat(EntryLayout.ACCESS_SHIFT + EntryLayout.ACCESS_BITS).isEqualTo(Long.SIZE);
        assertThat(EntryLayout.SHORT_KEY_MAX).isEqualTo(1_023);
        assertThat(EntryLayout.SHORT_VALUE_MAX).isEqualTo(1_048_575);
    }

    @Test
    void entryBytes() {
        assertThat(EntryLayout.bytes(16, 16, false)).isEqualTo(40);
        assertThat(EntryLayout.bytes(16, 64, false)).isEqualTo(88);
        assertThat(EntryLayout.bytes(16, 16, true)).isEqualTo(48);
        assertThat(EntryLayout.bytes(1_024, 1, true)).isEqualTo(8 + 8 + 8 + 1_024 + 1);
        assertThat(EntryLayout.bytes(1, 1 << 20, false)).isEqualTo(8 + 8 + 1 + (1 << 20));
    }

    @Test
    void entryFieldsInEveryForm() {
        long entry = Memory.allocate(MemoryTag.TEST, 64);
        int form = EntryLayout.form(ValueType.STREAM, Encoding.EMBSTR);
        for (int keyLength : new int[]{0, 1, 1_023, 1_024, 1 << 29}) {
            for (int valueLength : new int[]{0, 1, 1_048_575, 1_048_576, Keyspace.MAX_STRING_BYTES}) {
                for (long deadline : new long[]{Keyspace.NO_DEADLINE, 0, 1_800_000_000_000L}) {
                    EntryLayout.writeHeader(entry, form, 0xABCDEF, keyLength, valueLength, deadline);
                    long header = EntryLayout.header(entry);
                    assertThat(EntryLayout.keyLength(entry, header)).isEqualTo(keyLength);
                    assertThat(EntryLayout.valueLength(entry, header)).isEqualTo(valueLength);
                    assertThat(EntryLayout.deadlineMillis(entry, header)).isEqualTo(deadline);
                    assertThat(EntryLayout.access(header)).isEqualTo(0xABCDEF);
                    assertThat(EntryLayout.typeCode(entry)).isEqualTo(5);
                    assertThat(EntryLayout.encodingCode(entry)).isEqualTo(2);
                    assertThat(EntryLayout.bytes(entry))
                            .isEqualTo(EntryLayout.bytes(keyLength, valueLength, deadline >= 0));
                    EntryLayout.setAccess(entry, header, 1);
                    assertThat(EntryLayout.header(entry) << 24).isEqualTo(header << 24);
                    assertThat(EntryLayout.access(EntryLayout.header(entry))).isEqualTo(1);
                }
            }
        }
        Memory.free(MemoryTag.TEST, entry, 64);
    }

    @Test
    void bytesOfAnEntry() {
        try (Store store = new Store(StoreOptions.seeded(1)); Keyspace keyspace = store.openKeyspace(0)) {
            Bytes key = Bytes.copyOf("key");
            Bytes value = Bytes.copyOf("value!");
            store.lockAll();
            keyspace.setNowMillis(0x123456L * 1000);
            long entry = keyspace.set(key, value, 0x1122334455667788L);
            byte[] bytes = new Bytes(entry, 8 + 8 + 3 + 6).toByteArray();
            store.unlockAll();
            // Header: access 0x123456, value length 6, key length 3, deadline, embstr, string.
            long header = 0x123456L << 40 | 6L << 20 | 3L << 10 | 1L << 8 | 2L << 4;
            byte[] expected = new byte[8];
            for (int i = 0; i < 8; i++) {
                expected[i] = (byte) (header >>> (8 * i));
            }
            assertThat(Arrays.copyOf(bytes, 8)).isEqualTo(expected);
            assertThat(Arrays.copyOfRange(bytes, 8, 16)).containsExactly(0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
                    0x11);
            assertThat(new String(bytes, 16, 9, StandardCharsets.UTF_8)).isEqualTo("keyvalue!");
            key.free();
            value.free();
        }
    }

    @Test
    void bucket() {
        assertThat(new int[]{Bucket.TAGS_OFFSET, Bucket.META_OFFSET, Bucket.LANES_OFFSET, Bucket.BYTES})
                .containsExactly(0, 8, 16, 64);
        assertThat(Bucket.LANES_OFFSET + Bucket.LANES * Bucket.LANE_BYTES).isEqualTo(Bucket.BYTES);
    }

    @Test
    void bucketFieldsDoNotTouchEachOther() {
        long memory = Memory.allocate(MemoryTag.TEST, 192);
        Memory.fill(memory, 192, (byte) 0x5A);
        long bucket = memory + 64;
        Bucket.clear(bucket);
        for (int lane = 0; lane < Bucket.LANES; lane++) {
            assertThat(Bucket.count(bucket)).isEqualTo(lane);
            Bucket.set(bucket, lane, 0xF0 + lane, 0xFEDC_BA98_7650L + lane);
        }
        Bucket.setLink(bucket, 0x7FFF_FFFF_FFC0L);
        Bucket.setVersion(bucket, 0xFE, true);
        Bucket.setWritten(bucket, 0, true);
        Bucket.setWritten(bucket, 7, true);
        Bucket.setVolatile(bucket, true);
        assertThat(Bucket.link(bucket)).isEqualTo(0x7FFF_FFFF_FFC0L);
        assertThat(Bucket.version(bucket)).isEqualTo(0xFE);
        assertThat(Bucket.isPartlyWritten(bucket)).isTrue();
        assertThat(Bucket.isWritten(bucket, 0)).isTrue();
        assertThat(Bucket.isWritten(bucket, 1)).isFalse();
        assertThat(Bucket.isWritten(bucket, 7)).isTrue();
        Bucket.setVersion(bucket, 0xFE, false);
        assertThat(Bucket.isPartlyWritten(bucket)).isFalse();
        Bucket.clearWritten(bucket);
        assertThat(Bucket.isWritten(bucket, 0)).isFalse();
        assertThat(Bucket.isWritten(bucket, 7)).isFalse();
        assertThat(Bucket.version(bucket)).isEqualTo(0xFE);
        assertThat(Bucket.hasVolatile(bucket)).isTrue();
        Bucket.setVolatile(bucket, false);
        assertThat(Bucket.hasVolatile(bucket)).isFalse();
        for (int lane = 0; lane < Bucket.LANES; lane++) {
            assertThat(Bucket.tag(bucket, lane)).isEqualTo(0xF0 + lane);
            assertThat(Bucket.entry(bucket, lane)).isEqualTo(0xFEDC_BA98_7650L + lane);
        }
        assertThat(Memory.getLong(bucket - 8)).isEqualTo(0x5A5A_5A5A_5A5A_5A5AL);
        assertThat(Memory.getLong(bucket + 64)).isEqualTo(0x5A5A_5A5A_5A5A_5A5AL);
        Memory.free(MemoryTag.TEST, memory, 192);
    }

    @Test
    void matchesAreExact() {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 100_000; i++) {
            // Few different tags, among them neighbours: what an inexact match would confuse.
            long tags = 0;
            for (int lane = 0; lane < 8; lane++) {
                tags |= (long) (random.nextInt(4) * 0x40 + random.nextInt(3)) << (8 * lane);
            }
            int tag = random.nextInt(4) * 0x40 + random.nextInt(3);
            long expected = 0;
            for (int lane = 0; lane < 8; lane++) {
                expected |= (tags >>> (8 * lane) & 0xFF) == tag ? 0x80L << (8 * lane) : 0;
            }
            assertThat(Bucket.matches(tags, Bucket.pattern(tag))).isEqualTo(expected);
        }
    }

    @Test
    void rootOfAnElementTable() {
        assertThat(new int[]{LargeValue.BYTES, LargeValue.COUNT, Index.TABLE, Index.BUCKETS, Index.AREAS,
                Index.ROOT_BYTES, ElementTable.ROOT_BYTES}).containsExactly(0, 8, 24, 32, 36, 40, 72);
        assertThat(ElementTable.ROOT_BYTES).isLessThanOrEqualTo(LargeValue.MAX_ROOT_BYTES);
    }

    @Test
    void writtenDownCodes() {
        assertThat(Arrays.stream(ValueType.values()).map(type -> type.code() + " " + type + " " + type.typeName()))
                .containsExactly("0 STRING string", "1 LIST list", "2 SET set", "3 SORTED_SET zset", "4 HASH hash",
                        "5 STREAM stream");
        assertThat(Arrays.stream(Encoding.values()).map(e -> e.code() + " " + e + " " + e.encodingName()))
                .containsExactly("0 RAW raw", "1 INT int", "2 EMBSTR embstr", "3 LISTPACK listpack", "4 INTSET intset",
                        "5 HASHTABLE hashtable", "6 QUICKLIST quicklist", "7 SKIPLIST skiplist", "8 STREAM stream");
        assertThat(Arrays.stream(Encoding.values()).filter(e -> Encoding.isLarge(e.code())))
                .containsExactly(Encoding.HASHTABLE, Encoding.QUICKLIST, Encoding.SKIPLIST, Encoding.STREAM);
        for (ValueType type : ValueType.values()) {
            assertThat(ValueType.of(type.code())).isSameAs(type);
        }
        for (Encoding encoding : Encoding.values()) {
            assertThat(Encoding.of(encoding.code())).isSameAs(encoding);
        }
    }
}
