package dev.cistern.engine.cluster;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The text of a topology, which comes from outside and from a file: what it says, and what is no topology. */
final class TopologyTest {
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int ROUNDS = 2_000 * Integer.getInteger("cistern.effort", 1);
    private static final String A = "a".repeat(40);
    private static final String B = "b".repeat(40);
    private static final String C = "c".repeat(40);
    private static final String D = "d".repeat(40);
    private static final String TEXT = """
            epoch 7
            self %s
            shard %s 0-5460,5462
            node %s 10.0.0.1 6379 6380 primary
            node %s example.org 6379 0 replica
            """.formatted(A, C, A, B);

    @Test
    void isReadAndWrittenAlike() {
        Topology topology = Topology.parse(TEXT);
        assertThat(topology.format()).isEqualTo(TEXT);
        assertThat(topology.epoch()).isEqualTo(7);
        assertThat(topology.me()).isEqualTo(new Topology.Member(A, "10.0.0.1", 6379, 6380, true));
        assertThat(topology.shardOf(5462)).isZero();
        assertThat(topology.shardOf(5461)).isEqualTo(Topology.NOBODY);
        assertThat(topology.assigned()).isEqualTo(5462);
        Topology alone = Topology.alone(A, B, 7000);
        assertThat(Topology.parse(alone.format()).format()).isEqualTo(alone.format());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "epoch 1", "self x", "epoch -1", "epoch 99999999999999999999", "what", "node a b c d e",
            "shard x 0"})
    void nonsenseIsNoTopology(String text) {
        assertThatThrownBy(() -> Topology.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void contradictionsAreNoTopology() {
        assertThatThrownBy(() -> Topology.parse(TEXT + "shard " + D + " 5462\n")).hasMessageContaining("two shards");
        assertThatThrownBy(() -> Topology.parse(TEXT.replace("replica", "primary"))).hasMessageContaining("primaries");
        assertThatThrownBy(() -> Topology.parse(TEXT.replace(B, A))).hasMessageContaining("twice");
        assertThatThrownBy(() -> Topology.parse(TEXT.replace("self " + A, "self " + D)))
                .hasMessageContaining("in no shard");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"-;-", "0;0", "0-16383;0-16383", "1,2,3;1-3", "9,1-2,2-5;1-5,9"})
    void slotsAsText(String text, String normal) {
        assertThat(SlotRanges.format(SlotRanges.parse(text))).isEqualTo(normal);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "1-", "-1", "2-1", "16384", "x", "1,,2", "0-16384", "1-2-3"})
    void noSlots(String text) {
        assertThatThrownBy(() -> SlotRanges.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anySetOfSlotsComesBack() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        for (int round = 0; round < 200; round++) {
            BitSet slots = new BitSet();
            for (int i = random.nextInt(50); i > 0; i--) {
                int first = random.nextInt(16_384);
                slots.set(first, Math.min(16_384, first + random.nextInt(300) + 1));
            }
            assertThat(SlotRanges.parse(SlotRanges.format(slots))).isEqualTo(slots);
        }
    }

    /** Whatever is done to the text, it is read or refused, and what is read is written so that it reads the same. */
    @Test
    void damagedTextsAreReadOrRefused() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        int read = 0;
        for (int round = 0; round < ROUNDS; round++) {
            StringBuilder text = new StringBuilder(TEXT);
            for (int i = random.nextInt(3); i >= 0; i--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, (char) (' ' + random.nextInt(95)));
                    case 1 -> text.deleteCharAt(at);
                    default -> text.insert(at, random.nextBoolean() ? "\n" : "9");
                }
            }
            try {
                Topology topology = Topology.parse(text.toString());
                assertThat(Topology.parse(topology.format()).format()).isEqualTo(topology.format());
                read++;
            } catch (IllegalArgumentException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            }
        }
        assertThat(read).isPositive();
    }
}
