package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Keys that resemble each other fall evenly into stripes, buckets and tags; other seeds give other hashes. */
final class HashFunctionTest {

    private static final int KEYS = 1 << 16;

    private static long hash(HashFunction function, String text) {
        Bytes bytes = Bytes.copyOf(text.getBytes(StandardCharsets.ISO_8859_1));
        long hash = function.hash(bytes.address(), bytes.length());
        bytes.free();
        return hash;
    }

    /** Chi-squared over 256 cells; the limit is some six standard deviations above the mean of 255. */
    private static void assertEven(IntFunction<String> key, int shift) {
        HashFunction function = new HashFunction(3);
        int[] cells = new int[256];
        for (int i = 0; i < KEYS; i++) {
            cells[(int) (hash(function, key.apply(i)) >>> shift) & 0xFF]++;
        }
        double expected = KEYS / 256.0;
        double sum = 0;
        for (int cell : cells) {
            sum += (cell - expected) * (cell - expected) / expected;
        }
        assertThat(sum).as("chi-squared at bit %s", shift).isLessThan(255 + 6 * Math.sqrt(2 * 255));
    }

    @Test
    void isEvenInEveryByteItUses() {
        for (int shift : new int[]{0, 8, 16, 24, 32, 40, 48, 56}) {
            assertEven(i -> "key:" + String.format(Locale.ROOT, "%012d", i), shift);
            assertEven(Integer::toString, shift);
            assertEven(i -> "user:{" + i + "}:profile:settings:notifications:v1", shift);
            assertEven(i -> "x".repeat(i & 0xFF) + (char) (i >>> 8), shift);
        }
    }

    @Test
    void seesEveryByteAndTheLength() {
        HashFunction function = new HashFunction(4);
        SplittableRandom random = new SplittableRandom(6);
        for (int length = 0; length < 70; length++) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            Set<Long> hashes = new HashSet<>();
            hashes.add(hash(function, text));
            hashes.add(hash(function, text + "\0"));
            for (int at = 0; at < length; at++) {
                for (int bit = 0; bit < 8; bit++) {
                    char[] changed = text.toCharArray();
                    changed[at] ^= (char) (1 << bit);
                    hashes.add(hash(function, new String(changed)));
                }
            }
            assertThat(hashes).hasSize(2 + 8 * length);
        }
    }

    @DisplayName("Hash flooding: seed")
    @Test
    void dependsOnTheSeed() {
        Set<Long> hashes = new HashSet<>();
        for (int seed = 0; seed < 1_000; seed++) {
            hashes.add(hash(new HashFunction(seed), "same key"));
        }
        assertThat(hashes).hasSize(1_000);
    }

    /** "Aa" and "BB" have the same String.hashCode, and so have all texts of as many of them. */
    @DisplayName("Hash flooding: keys that collide elsewhere")
    @Test
    void keysThatCollideElsewhereAreEvenHere() {
        assertThat(IntStream.range(0, KEYS).map(i -> colliding(i).hashCode()).distinct().count()).isEqualTo(1);
        for (int shift : new int[]{0, 24, 56}) {
            assertEven(HashFunctionTest::colliding, shift);
        }
    }

    private static String colliding(int number) {
        StringBuilder text = new StringBuilder();
        for (int bit = 0; bit < 16; bit++) {
            text.append((number >> bit & 1) == 0 ? "Aa" : "BB");
        }
        return text.toString();
    }

    @Test
    void stripesAreEven() {
        HashFunction function = new HashFunction(8);
        int[] stripes = new int[64];
        for (int i = 0; i < KEYS; i++) {
            stripes[StripeFunction.BY_HASH.stripeOf(new Bytes(), hash(function, "k" + i), 64)]++;
        }
        for (int count : stripes) {
            assertThat(count).isBetween(KEYS / 64 - 200, KEYS / 64 + 200);
        }
    }
}
