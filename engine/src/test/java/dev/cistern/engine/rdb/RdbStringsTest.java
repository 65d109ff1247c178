package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Lengths, strings, compression and the checksum: what is written is read again, and nothing else is. */
final class RdbStringsTest {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);

    private long heldBefore;

    @BeforeEach
    void note() {
        heldBefore = Memory.heldBytes(MemoryTag.SNAPSHOT) + Memory.heldBytes(MemoryTag.TEST);
    }

    @AfterEach
    void nothingIsHeld() {
        assertThat(Memory.heldBytes(MemoryTag.SNAPSHOT) + Memory.heldBytes(MemoryTag.TEST)).isEqualTo(heldBefore);
    }

    @Test
    void theChecksumIsTheKnownOne() {
        Bytes digits = Bytes.copyOf("123456789");
        assertThat(Crc64.update(0, digits.address(), 9)).isEqualTo(0xe9c6d914c4b8d9caL);
        long first = Crc64.update(0, digits.address(), 4);
        assertThat(Crc64.update(first, digits.address() + 4, 5)).isEqualTo(0xe9c6d914c4b8d9caL);
        digits.free();
    }

    @Test
    void lengthsOfAllSpellings() {
        long[] lengths = {0, 1, 63, 64, 16_383, 16_384, 0xFFFF_FFFFL, 0x1_0000_0000L, Long.MAX_VALUE};
        try (RdbOutput output = new RdbOutput()) {
            for (long length : lengths) {
                output.putLength(length);
            }
            assertThat(output.length()).isEqualTo(1 + 1 + 1 + 2 + 2 + 5 + 5 + 9 + 9);
            RdbInput input = new RdbInput(output.address(), output.length());
            for (long length : lengths) {
                assertThat(input.readLength()).isEqualTo(length);
            }
            assertThat(input.remaining()).isZero();
        }
    }

    @Test
    void numbersTakeFewBytes() {
        try (RdbOutput output = new RdbOutput()) {
            String[] texts = {"0", "-128", "127", "128", "-32768", "32767", "32768", "-2147483648", "2147483647"};
            int[] bytes = {2, 2, 2, 3, 3, 3, 5, 5, 5};
            for (int i = 0; i < texts.length; i++) {
                long before = output.length();
                put(output, texts[i]);
                assertThat(output.length() - before).as(texts[i]).isEqualTo(bytes[i]);
            }
            for (String text : new String[]{"2147483648", "007", "-0", "+1", "1.0", ""}) {
                long before = output.length();
                put(output, text);
                assertThat(output.length() - before).as(text).isEqualTo(1 + text.length());
            }
        }
    }

    private static void put(RdbOutput output, String text) {
        Bytes bytes = Bytes.copyOf(text);
        output.putString(bytes);
        bytes.free();
    }

    @Test
    void randomStringsComeBack() {
        for (int round = 0; round < 400 * EFFORT; round++) {
            long seed = Long.getLong("cistern.seed", 1) + round;
            SplittableRandom random = new SplittableRandom(seed);
            byte[] text = text(random);
            Bytes bytes = Bytes.copyOf(text);
            try (RdbOutput output = new RdbOutput(); RdbString read = new RdbString()) {
                output.compresses(random.nextInt(4) > 0);
                output.putString(bytes);
                new RdbInput(output.address(), output.length()).readString(read);
                assertThat(read.view().toByteArray()).as("seed %d", seed).isEqualTo(text);
            } finally {
                bytes.free();
            }
        }
    }

    /** From noise to one letter repeated, short and long. */
    private static byte[] text(SplittableRandom random) {
        int length = random.nextInt(4) == 0 ? random.nextInt(200_000) : random.nextInt(300);
        int letters = 1 << random.nextInt(8);
        byte[] text = new byte[length];
        int phrase = 1 + random.nextInt(2000);
        for (int i = 0; i < length; i++) {
            boolean repeats = i >= phrase && random.nextInt(20) > 0;
            text[i] = repeats ? text[i - phrase] : (byte) random.nextInt(letters);
        }
        return text;
    }

    @Test
    void repetitionIsCompressed() {
        try (RdbOutput output = new RdbOutput()) {
            put(output, "x".repeat(100_000));
            assertThat(output.length()).isLessThan(100_000 / 60);
        }
    }

    @Test
    void aLengthThatCannotBeIsRefused() {
        try (RdbOutput output = new RdbOutput()) {
            output.putLength(1 << 20);
            output.putAscii("short");
            try (RdbString read = new RdbString()) {
                RdbInput input = new RdbInput(output.address(), output.length());
                assertThatThrownBy(() -> input.readString(read)).isInstanceOf(RdbException.class);
            }
        }
    }

    /** Whatever bytes come, reading ends, with a value or the one exception, and stays within them. */
    @DisplayName("RDB / RESTORE payloads: strings")
    @Test
    void anyBytesEndWell() {
        Bytes seedText = Bytes.copyOf("hello hello hello hello hello hello hello");
        try (ValueReader reader = new ValueReader(); RdbOutput sample = new RdbOutput()) {
            for (int round = 0; round < 20_000 * EFFORT; round++) {
                long seed = Long.getLong("cistern.seed", 1) + round;
                SplittableRandom random = new SplittableRandom(seed);
                sample.clear();
                for (int i = 0; i < 4; i++) {
                    sample.putString(seedText);
                    sample.putBlob(seedText.address(), random.nextInt(seedText.length()));
                    sample.putLength(random.nextInt(300));
                }
                byte[] noise = new byte[(int) sample.length()];
                Memory.copy(sample.address(), noise, 0, noise.length);
                for (int i = random.nextInt(12); i >= 0; i--) {
                    noise[random.nextInt(noise.length)] = (byte) random.nextInt(256);
                }
                readAll(reader, Bytes.copyOf(noise), random.nextInt(24), seed);
            }
        }
        seedText.free();
    }

    private static void readAll(ValueReader reader, Bytes bytes, int type, long seed) {
        RdbInput input = new RdbInput(bytes.address(), bytes.length());
        try {
            reader.read(type, input, ValueSink.NONE);
            assertThat(input.offset()).as("seed %d", seed).isLessThanOrEqualTo(bytes.length());
        } catch (RdbException expected) {
            assertThat(expected.getMessage()).as("seed %d", seed).isNotBlank();
        } finally {
            bytes.free();
        }
    }

    @Test
    void oldEncodingsAreRead() {
        // A ziplist of "a", 5 and 1,000: as Redis 2.8 wrote it.
        byte[] ziplist = bytes(0x15, 0, 0, 0, 0x0f, 0, 0, 0, 3, 0, 0, 1, 'a', 3, 0xF6, 2, 0xC0, 0xE8, 3, 0xFF);
        ziplist[0] = (byte) ziplist.length;
        assertThat(elements(Rdb.LIST_ZIPLIST, ziplist)).isEqualTo("a 5 1000 ");
        assertThat(elements(Rdb.HASH_ZIPMAP, bytes(1, 2, 'f', '1', 1, 2, 'v', 'x', 'x', 0xFF))).isEqualTo("f1=v ");
        assertThat(elements(Rdb.SET_INTSET, bytes(2, 0, 0, 0, 2, 0, 0, 0, 0xFF, 0xFF, 7, 0))).isEqualTo("-1 7 ");
    }

    private static byte[] bytes(int... values) {
        byte[] result = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (byte) values[i];
        }
        return result;
    }

    private static String elements(int type, byte[] blob) {
        StringBuilder seen = new StringBuilder();
        Bytes bytes = Bytes.copyOf(blob);
        try (ValueReader reader = new ValueReader(); RdbOutput output = new RdbOutput()) {
            output.putBlob(bytes.address(), bytes.length());
            reader.read(type, new RdbInput(output.address(), output.length()), new ValueSink() {
                @Override
                public void element(Bytes element) {
                    seen.append(text(element)).append(' ');
                }

                @Override
                public void field(Bytes field, Bytes value, long deadlineMillis) {
                    seen.append(text(field)).append('=').append(text(value)).append(' ');
                }
            });
        } finally {
            bytes.free();
        }
        return seen.toString();
    }

    private static String text(Bytes bytes) {
        return new String(bytes.toByteArray(), StandardCharsets.ISO_8859_1);
    }
}
