package dev.cistern.engine.protocol;

import dev.cistern.store.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Patterns against a table of known answers, and against a plain recursive matcher on random input. */
final class GlobTest {

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', delimiter = ' ', value = {
            "* abc true", "a*c abc true", "a*c abd false", "a?c abc true", "a?c ac false", "[abc] b true",
            "[^abc] b false", "[^abc] d true", "[a-c] b true", "[c-a] b true", "[a-c] d false", "[a- - true",
            "[abc b true", "[abc d false", "[ a false", "[^ a true", "\\* * true", "\\* a false", "a\\ a\\ true",
            "[\\]] ] true", "[\\-] - true", "[] a false", "[^] a true", "** abc true", "a**b axxb true",
            "*a*b*c* xxaxxbxxcxx true", "*a*b*c xxaxxbxxcxx false", "abc* abc true", "abc abcd false", "abcd abc false",
            "h[a-e-z]llo h-llo true", "h[a-e-z]llo hzllo true"})
    void knownAnswers(String pattern, String text, boolean matches) {
        assertEquals(matches, matches(bytes(pattern), bytes(text)));
    }

    @Test
    void onlyTheEmptyPatternMatchesTheEmptyText() {
        assertEquals(true, matches(bytes(""), bytes("")));
        assertEquals(false, matches(bytes("*"), bytes("")));
        assertEquals(false, matches(bytes(""), bytes("a")));
    }

    @Test
    void rangesCompareSignedBytes() {
        byte[] pattern = {'[', 'a', '-', (byte) 0xff, ']'};
        assertEquals(true, matches(pattern, bytes("B")), "-1 to 97 holds 66");
        assertEquals(false, matches(pattern, bytes("b")), "98 lies outside");
        assertEquals(false, matches(pattern, new byte[]{(byte) 0xfe}), "-2 lies outside");
    }

    /** Exponential for a naive matcher: the test ends only if the work is bounded. */
    @DisplayName("Pattern-matching recursion")
    @Test
    void hostilePatternsEnd() {
        assertEquals(false, matches(bytes("a*".repeat(900) + "b"), bytes("a".repeat(20_000))));
        assertEquals(false, matches(bytes("*?".repeat(1_500)), bytes("a".repeat(5_000))), "too many stars");
        assertEquals(true, matches(bytes("*?".repeat(1_000)), bytes("a".repeat(5_000))));
    }

    @Test
    void agreesWithARecursiveMatcher() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        for (int step = 0; step < 200_000; step++) {
            byte[] pattern = random(random, "aab*?[]^-\\", random.nextInt(9));
            byte[] text = random(random, "aab]-^", random.nextInt(7));
            boolean expected = text.length == 0 ? pattern.length == 0 : recursive(pattern, 0, text, 0);
            assertEquals(expected, matches(pattern, text), () -> "seed " + seed + ", pattern "
                    + new String(pattern, StandardCharsets.US_ASCII) + ", text "
                    + new String(text, StandardCharsets.US_ASCII));
        }
    }

    private static byte[] random(SplittableRandom random, String alphabet, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
        }
        return bytes;
    }

    /** The meaning of a pattern, told in the simplest way: try everything. */
    private static boolean recursive(byte[] pattern, int at, byte[] text, int textAt) {
        if (at == pattern.length) {
            return textAt == text.length;
        }
        if (pattern[at] == '*') {
            for (int rest = textAt; rest <= text.length; rest++) {
                if (recursive(pattern, at + 1, text, rest)) {
                    return true;
                }
            }
            return false;
        }
        if (textAt == text.length) {
            return false;
        }
        int next = element(pattern, at, text[textAt]);
        return next >= 0 && recursive(pattern, next, text, textAt + 1);
    }

    private static int element(byte[] pattern, int at, byte letter) {
        return switch (pattern[at]) {
            case '?' -> at + 1;
            case '[' -> classElement(pattern, at + 1, letter);
            case '\\' -> literal(pattern, at + 1 < pattern.length ? at + 1 : at, letter);
            default -> literal(pattern, at, letter);
        };
    }

    private static int literal(byte[] pattern, int at, byte letter) {
        return pattern[at] == letter ? at + 1 : -1;
    }

    private static int classElement(byte[] pattern, int from, byte letter) {
        java.util.Set<Byte> members = new java.util.HashSet<>();
        int at = from;
        boolean negated = at < pattern.length && pattern[at] == '^';
        if (negated) {
            at++;
        }
        while (at < pattern.length && pattern[at] != ']') {
            int left = pattern.length - at;
            if (pattern[at] == '\\' && left >= 2) {
                members.add(pattern[at + 1]);
                at += 2;
            } else if (left >= 3 && pattern[at + 1] == '-') {
                for (int b = Math.min(pattern[at], pattern[at + 2]); b <= Math.max(pattern[at], pattern[at + 2]); b++) {
                    members.add((byte) b);
                }
                at += 3;
            } else {
                members.add(pattern[at++]);
            }
        }
        int after = at < pattern.length ? at + 1 : at;
        return members.contains(letter) != negated ? after : -1;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static boolean matches(byte[] pattern, byte[] text) {
        Bytes patternBytes = Bytes.copyOf(pattern);
        Bytes textBytes = Bytes.copyOf(text);
        try {
            return Glob.matches(patternBytes, textBytes);
        } finally {
            patternBytes.free();
            textBytes.free();
        }
    }
}
