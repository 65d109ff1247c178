package dev.cistern.toolkit.codec;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/** The envelope's layout, and its reader under damage. */
final class EnvelopeTest {

    private static final Envelope SAMPLE = new Envelope(7, false, 1_700_000_000_000L, 60_000, 0x1122334455667788L,
            new byte[]{1, 2, 3});

    @Test
    void layoutIsPinned() {
        assertThat(new int[]{Envelope.MAGIC, Envelope.FORMAT, Envelope.SCHEMA, Envelope.FLAGS,
                Envelope.WRITTEN_AT_MILLIS, Envelope.FRESH_MILLIS, Envelope.STAMP, Envelope.PAYLOAD}).containsExactly(
                        0, 1, 2, 3, 4, 12, 20, 28);
        ByteBuffer bytes = ByteBuffer.wrap(SAMPLE.toBytes(Envelope.NO_COMPRESSION));
        assertThat(bytes.capacity()).isEqualTo(31);
        assertThat(bytes.getInt(0)).isEqualTo(0xC5_01_07_00);
        assertThat(bytes.getLong(4)).isEqualTo(1_700_000_000_000L);
        assertThat(bytes.getLong(12)).isEqualTo(60_000);
        assertThat(bytes.getLong(20)).isEqualTo(0x1122334455667788L);
    }

    @Test
    void comesBackAsItWent() {
        SplittableRandom random = new SplittableRandom(1);
        for (int size : new int[]{0, 1, 100, 5_000, 100_000}) {
            byte[] payload = new byte[size];
            random.nextBytes(payload);
            byte[] dull = new byte[size];
            for (byte[] each : new byte[][]{payload, dull}) {
                Envelope envelope = new Envelope(255, size == 0, 5, 6, 7, each);
                Envelope read = Envelope.parse(envelope.toBytes(1_000)).orElseThrow();
                assertThat(read).usingRecursiveComparison().isEqualTo(envelope);
            }
        }
    }

    @Test
    void compressesOnlyWhatShrinks() {
        Envelope dull = new Envelope(0, false, 0, 0, 0, new byte[10_000]);
        assertThat(dull.toBytes(1_000)).hasSizeLessThan(200);
        assertThat(dull.toBytes(20_000)).hasSize(10_028);
        byte[] noise = new byte[10_000];
        new SplittableRandom(2).nextBytes(noise);
        assertThat(new Envelope(0, false, 0, 0, 0, noise).toBytes(1_000)).hasSize(10_028);
    }

    @Test
    void aStrangersBytesAreNoEnvelope() {
        assertThat(Envelope.parse("hello, I am somebody else's string value".getBytes(UTF_8))).isEmpty();
        assertThat(Envelope.parse(new byte[0])).isEmpty();
        byte[] newer = SAMPLE.toBytes(Envelope.NO_COMPRESSION);
        newer[Envelope.FORMAT] = 2;
        assertThat(Envelope.parse(newer)).isEmpty();
    }

    @Test
    void aLengthThatCannotBeIsRefusedBeforeMemoryIsTaken() {
        byte[] bomb = new Envelope(0, false, 0, 0, 0, new byte[100_000]).toBytes(1);
        ByteBuffer.wrap(bomb).putInt(Envelope.PAYLOAD, 200 << 20);
        assertThat(Envelope.parse(bomb)).isEmpty();
    }

    @Test
    void damageNeverThrows() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = new Envelope(1, false, 2, 3, 4, new byte[3_000]).toBytes(100);
        for (int n = 0; n < 20_000; n++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(whole.length + 1));
            for (int hits = random.nextInt(4); hits > 0 && damaged.length > 0; hits--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            assertThatCode(() -> {
                Optional<Envelope> read = Envelope.parse(damaged);
                read.ifPresent(envelope -> assertThat(envelope.payload().length).isGreaterThanOrEqualTo(0));
            }).as("seed %d, round %d", seed, n).doesNotThrowAnyException();
        }
    }
}
