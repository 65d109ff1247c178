package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

/** The bit table against the plain table of lengths, ranges included. */
final class LongestCommonSubsequenceTest {

    @Test
    void findsTheRangesOfTheOriginalsExample() {
        assertEquals("mytext [4,7,5,8][2,3,0,1] 6", describe("ohmytext", "mynewtext"));
    }

    @Test
    void agreesWithTheWholeTable() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        for (int step = 0; step < 2_000; step++) {
            String a = random(random);
            String b = random(random);
            assertEquals(plain(a, b), describe(a, b), () -> "seed " + seed + ": " + a + " and " + b);
        }
        assertEquals(0, Memory.heldBytes(MemoryTag.SCRATCH));
    }

    @Test
    void theTableIsLimitedAsTheOriginals() {
        Bytes ten = Bytes.copyOf("a".repeat(10));
        new LongestCommonSubsequence(ten, ten, 11 * 11 * 4).close();
        CommandException error = assertThrows(CommandException.class,
                () -> new LongestCommonSubsequence(ten, ten, 11 * 11 * 4 - 1).close());
        assertEquals("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len", error.text());
        ten.free();
    }

    private static String random(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(40);
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(4)));
        }
        return text.toString();
    }

    private static String describe(String first, String second) {
        Bytes a = Bytes.copyOf(first);
        Bytes b = Bytes.copyOf(second);
        try (LongestCommonSubsequence lcs = new LongestCommonSubsequence(a, b, 1 << 20)) {
            StringBuilder ranges = new StringBuilder();
            lcs.eachRange((firstInA, lastInA, firstInB, lastInB) -> ranges.append('[').append(firstInA).append(',')
                    .append(lastInA).append(',').append(firstInB).append(',').append(lastInB).append(']'));
            byte[] common = new byte[lcs.length()];
            lcs.copyTo(common);
            return new String(common, StandardCharsets.US_ASCII) + " " + ranges + " " + lcs.length();
        } finally {
            a.free();
            b.free();
        }
    }

    private static String plain(String a, String b) {
        int[][] lengths = new int[a.length() + 1][b.length() + 1];
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                lengths[i][j] = a.charAt(i - 1) == b.charAt(j - 1)
                        ? lengths[i - 1][j - 1] + 1
                        : Math.max(lengths[i - 1][j], lengths[i][j - 1]);
            }
        }
        List<int[]> pairs = new ArrayList<>();
        for (int i = a.length(), j = b.length(); i > 0 && j > 0;) {
            if (a.charAt(i - 1) == b.charAt(j - 1)) {
                pairs.add(new int[]{--i, --j});
            } else if (lengths[i - 1][j] > lengths[i][j - 1]) {
                i--;
            } else {
                j--;
            }
        }
        StringBuilder text = new StringBuilder();
        StringBuilder ranges = new StringBuilder();
        for (int at = 0; at < pairs.size();) {
            int end = at;
            while (end + 1 < pairs.size() && pairs.get(end + 1)[0] == pairs.get(end)[0] - 1
                    && pairs.get(end + 1)[1] == pairs.get(end)[1] - 1) {
                end++;
            }
            ranges.append('[').append(pairs.get(end)[0]).append(',').append(pairs.get(at)[0]).append(',')
                    .append(pairs.get(end)[1]).append(',').append(pairs.get(at)[1]).append(']');
            for (int i = at; i <= end; i++) {
                text.append(a.charAt(pairs.get(i)[0]));
            }
            at = end + 1;
        }
        return text.reverse() + " " + ranges + " " + lengths[a.length()][b.length()];
    }
}
