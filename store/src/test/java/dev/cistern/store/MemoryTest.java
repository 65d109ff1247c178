package dev.cistern.store;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Bytes off the heap behave as bytes on it, at every length and alignment. */
final class MemoryTest {

    private static final int BYTES = 512;

    private final SplittableRandom random = new SplittableRandom(11);
    private final long memory = Memory.allocate(MemoryTag.TEST, BYTES);
    private final byte[] heap = new byte[BYTES];

    @AfterEach
    void nothingIsHeld() {
        Memory.free(MemoryTag.TEST, memory, BYTES);
        assertThat(Memory.heldBytes(MemoryTag.TEST)).isZero();
    }

    private void fill() {
        random.nextBytes(heap);
        Memory.copy(heap, 0, memory, BYTES);
    }

    private byte[] contents() {
        byte[] copy = new byte[BYTES];
        Memory.copy(memory, copy, 0, BYTES);
        return copy;
    }

    @Test
    void copiesAnyLengthOverlappingOrNot() {
        for (int length = 0; length < 150; length++) {
            for (int distance : new int[]{-140, -9, -3, -1, 0, 1, 2, 7, 8, 15, 33, 200}) {
                fill();
                Memory.copy(memory + 150, memory + 150 + distance, length);
                System.arraycopy(heap, 150, heap, 150 + distance, length);
                assertThat(contents()).as("length %s, distance %s", length, distance).isEqualTo(heap);
            }
        }
    }

    @Test
    void comparesAnyLengthAndSeesEveryByte() {
        for (int length = 0; length < 100; length++) {
            fill();
            Memory.copy(memory, memory + 203, length);
            assertThat(Memory.equal(memory, memory + 203, length)).isTrue();
            assertThat(Memory.compare(memory, length, memory + 203, length)).isZero();
            for (int at = 0; at < length; at++) {
                byte old = Memory.getByte(memory + 203 + at);
                Memory.putByte(memory + 203 + at, (byte) (old ^ 0x80));
                assertThat(Memory.equal(memory, memory + 203, length)).as("length %s, byte %s", length, at).isFalse();
                assertThat(Memory.compare(memory, length, memory + 203, length) < 0).isEqualTo(old >= 0);
                Memory.putByte(memory + 203 + at, old);
            }
        }
    }

    @Test
    void ordersAsUnsignedBytes() {
        for (int i = 0; i < 2_000; i++) {
            byte[] a = new byte[random.nextInt(4)];
            byte[] b = new byte[random.nextInt(4)];
            random.nextBytes(a);
            random.nextBytes(b);
            Bytes first = Bytes.copyOf(a);
            Bytes second = Bytes.copyOf(b);
            assertThat(Integer.signum(first.compareContent(second)))
                    .isEqualTo(Integer.signum(Arrays.compareUnsigned(a, b)));
            assertThat(first.contentEquals(second)).isEqualTo(Arrays.equals(a, b));
            assertThat(first.contentEquals(b)).isEqualTo(Arrays.equals(a, b));
            first.free();
            second.free();
        }
    }

    @Test
    void isLittleEndian() {
        Memory.putLong(memory, 0x0807_0605_0403_0201L);
        for (int i = 0; i < 8; i++) {
            assertThat(Memory.getByte(memory + i)).isEqualTo((byte) (i + 1));
        }
        assertThat(Memory.getInt(memory + 1)).isEqualTo(0x0504_0302);
        assertThat(Memory.getShort(memory + 3)).isEqualTo((short) 0x0504);
    }

    @Test
    void refusesWhatTheSystemCannotGive() {
        long held = Memory.heldBytes();
        assertThatThrownBy(() -> Memory.map(MemoryTag.TEST, 1L << 60)).isInstanceOf(OutOfNativeMemoryException.class);
        assertThatThrownBy(() -> Memory.allocate(MemoryTag.TEST, 1L << 60))
                .isInstanceOf(OutOfNativeMemoryException.class);
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    @Test
    void viewsKeepTheirHashUntilTheyMove() {
        HashFunction function = new HashFunction(1);
        HashFunction other = new HashFunction(2);
        fill();
        Bytes view = new Bytes(memory, 20);
        long hash = view.hash(function);
        assertThat(hash).isEqualTo(function.hash(memory, 20)).isNotEqualTo(view.hash(other));
        assertThat(view.hash(function)).isEqualTo(hash);
        assertThat(new Bytes().set(view).hash(function)).isEqualTo(hash);
        assertThat(view.set(memory + 1, 20).hash(function)).isNotEqualTo(hash);
    }
}
