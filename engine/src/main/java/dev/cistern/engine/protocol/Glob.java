package dev.cistern.engine.protocol;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;

/**
 * Matches bytes against a pattern of the kind that KEYS, SCAN and others take: {@code *}, {@code ?}, classes, escapes.
 *
 * <p>Not a regular expression and not POSIX glob: it answers as the original does, oddities included (a range may be
 * written backwards and compares signed bytes, a class that nobody closed ends with the pattern, {@code *} does not
 * match the empty string). Allocates nothing; any thread.
 *
 * <p>Only the last star met can still change the outcome, because what an earlier one could match a later one can
 * match too. So there is one place to return to instead of a recursion, and the worst case is length times length.
 */
public final class Glob {
    /** From this many stars on the original gives up, to save its stack; users see that as "no match". */
    private static final int MAX_STARS = 1000;

    private Glob() {}

    /** Whether every string matches. The original knows this pattern by its look, so it matches the empty key too. */
    public static boolean matchesAll(Bytes pattern) {
        return pattern.length() == 1 && pattern.byteAt(0) == '*';
    }

    public static boolean matches(Bytes pattern, Bytes text) {
        return matches(pattern.address(), pattern.length(), text.address(), text.length());
    }

    public static boolean matches(long pattern, int patternLength, long text, int textLength) {
        if (textLength == 0) {
            return patternLength == 0;
        }
        int at = 0;
        int textAt = 0;
        int afterStar = -1;
        int starTextAt = 0;
        int stars = 0;
        while (true) {
            if (at < patternLength && Memory.getByte(pattern + at) == '*') {
                at = skipStars(pattern, at, patternLength);
                if (at == patternLength) {
                    return true;
                }
                if (++stars > MAX_STARS) {
                    return false;
                }
                afterStar = at;
                starTextAt = textAt;
                continue;
            }
            int next = at < patternLength ? step(pattern, at, patternLength, Memory.getByte(text + textAt)) : -1;
            if (next >= 0) {
                at = next;
                textAt++;
                if (textAt < textLength) {
                    continue;
                }
                if (skipStars(pattern, at, patternLength) == patternLength) {
                    return true;
                }
            }
            // A dead end: let the last star take one byte more.
            if (afterStar < 0 || ++starTextAt == textLength) {
                return false;
            }
            at = afterStar;
            textAt = starTextAt;
        }
    }

    private static int skipStars(long pattern, int from, int length) {
        int at = from;
        while (at < length && Memory.getByte(pattern + at) == '*') {
            at++;
        }
        return at;
    }

    /** Where the pattern goes on after its element at {@code at} took this letter; -1 if it does not. */
    private static int step(long pattern, int at, int length, byte letter) {
        byte element = Memory.getByte(pattern + at);
        if (element == '?') {
            return at + 1;
        }
        if (element == '[') {
            return stepClass(pattern, at + 1, length, letter);
        }
        // A backslash at the very end stands for itself.
        int literal = element == '\\' && at + 1 < length ? at + 1 : at;
        return Memory.getByte(pattern + literal) == letter ? literal + 1 : -1;
    }

    private static int stepClass(long pattern, int from, int length, byte letter) {
        boolean negated = from < length && Memory.getByte(pattern + from) == '^';
        int at = negated ? from + 1 : from;
        boolean found = false;
        while (at < length) {
            byte member = Memory.getByte(pattern + at);
            if (member == '\\' && at + 1 < length) {
                found |= Memory.getByte(pattern + at + 1) == letter;
                at += 2;
            } else if (member == ']') {
                at++;
                break;
            } else if (at + 2 < length && Memory.getByte(pattern + at + 1) == '-') {
                byte other = Memory.getByte(pattern + at + 2);
                found |= letter >= Math.min(member, other) && letter <= Math.max(member, other);
                at += 3;
            } else {
                found |= member == letter;
                at++;
            }
        }
        return found != negated ? at : -1;
    }
}
