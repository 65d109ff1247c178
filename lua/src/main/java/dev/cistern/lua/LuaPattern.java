package dev.cistern.lua;

/**
 * Matches one pattern against one subject, by the backtracking that the manual describes (5.4.1).
 *
 * <p>As in 5.1 a zero byte ends the pattern ({@code %z} matches one). Every step counts as work of the script, so a
 * pattern that backtracks without end is ended like a loop, and nesting of the recursion is bounded.
 */
final class LuaPattern {
    static final int MAX_CAPTURES = 32;
    private static final int MAX_DEPTH = 800;
    private static final int UNFINISHED = -1;
    private static final int POSITION = -2;
    private static final int STEPS_PER_COUNT = 256;

    private final LuaCall call;
    private final byte[] subject;
    private final byte[] pattern;
    private final int patternEnd;

    private int level;
    private final int[] captureStart = new int[MAX_CAPTURES];
    private final int[] captureLength = new int[MAX_CAPTURES];
    private int depth;
    private int steps;

    LuaPattern(LuaCall call, LuaString subject, LuaString pattern) {
        this.call = call;
        this.subject = subject.bytes;
        this.pattern = pattern.bytes;
        int end = 0;
        while (end < this.pattern.length && this.pattern[end] != 0) {
            end++;
        }
        patternEnd = end;
    }

    boolean isAnchored() {
        return patternEnd > 0 && pattern[0] == '^';
    }

    /** End of the match of the pattern from {@code patternStart} on at exactly {@code start}, or -1. */
    int matchAt(int start, int patternStart) {
        level = 0;
        depth = 0;
        return match(start, patternStart);
    }

    private int patternAt(int index) {
        return index < patternEnd ? pattern[index] & 0xff : 0;
    }

    private void step() {
        if (++steps == STEPS_PER_COUNT) {
            steps = 0;
            call.state().interpreter.spend(STEPS_PER_COUNT / 4);
        }
    }

    private int match(int start, int patternStart) {
        if (++depth > MAX_DEPTH) {
            throw call.error("pattern too complex");
        }
        try {
            return matchItems(start, patternStart);
        } finally {
            depth--;
        }
    }

    private int matchItems(int start, int patternStart) {
        int s = start;
        int p = patternStart;
        for (;;) {
            step();
            if (p >= patternEnd) {
                return s;
            }
            switch (pattern[p]) {
                case '(' -> {
                    return patternAt(p + 1) == ')' ? open(s, p + 2, POSITION) : open(s, p + 1, UNFINISHED);
                }
                case ')' -> {
                    return close(s, p + 1);
                }
                case '%' -> {
                    int next = patternAt(p + 1);
                    if (next == 'b') {
                        s = balanced(s, p + 2);
                        if (s < 0) {
                            return -1;
                        }
                        p += 4;
                        continue;
                    }
                    if (next == 'f') {
                        p += 2;
                        if (patternAt(p) != '[') {
                            throw call.error("missing '[' after '%f' in pattern");
                        }
                        int end = classEnd(p);
                        int before = s == 0 ? 0 : subject[s - 1] & 0xff;
                        int after = s < subject.length ? subject[s] & 0xff : 0;
                        if (inSet(before, p, end - 1) || !inSet(after, p, end - 1)) {
                            return -1;
                        }
                        p = end;
                        continue;
                    }
                    if (Numbers.isDigit(next)) {
                        s = repeated(s, next);
                        if (s < 0) {
                            return -1;
                        }
                        p += 2;
                        continue;
                    }
                }
                case '$' -> {
                    if (p + 1 == patternEnd) {
                        return s == subject.length ? s : -1;
                    }
                }
                default -> {
                    // A plain item.
                }
            }
            int end = classEnd(p);
            boolean matches = s < subject.length && matchesOne(subject[s] & 0xff, p, end);
            switch (patternAt(end)) {
                case '?' -> {
                    if (matches) {
                        int rest = match(s + 1, end + 1);
                        if (rest >= 0) {
                            return rest;
                        }
                    }
                    p = end + 1;
                }
                case '*' -> {
                    return expandMost(s, p, end, 0);
                }
                case '+' -> {
                    return matches ? expandMost(s, p, end, 1) : -1;
                }
                case '-' -> {
                    return expandLeast(s, p, end);
                }
                default -> {
                    if (!matches) {
                        return -1;
                    }
                    s++;
                    p = end;
                }
            }
        }
    }

    private int expandMost(int start, int p, int end, int least) {
        int count = 0;
        while (start + count < subject.length && matchesOne(subject[start + count] & 0xff, p, end)) {
            count++;
            step();
        }
        for (; count >= least; count--) {
            int rest = match(start + count, end + 1);
            if (rest >= 0) {
                return rest;
            }
        }
        return -1;
    }

    private int expandLeast(int start, int p, int end) {
        int s = start;
        for (;;) {
            int rest = match(s, end + 1);
            if (rest >= 0) {
                return rest;
            }
            if (s >= subject.length || !matchesOne(subject[s] & 0xff, p, end)) {
                return -1;
            }
            s++;
        }
    }

    // ---- captures

    private int open(int s, int p, int what) {
        if (level >= MAX_CAPTURES) {
            throw call.error("too many captures");
        }
        captureStart[level] = s;
        captureLength[level] = what;
        level++;
        int end = match(s, p);
        if (end < 0) {
            level--;
        }
        return end;
    }

    private int close(int s, int p) {
        int capture = level - 1;
        while (capture >= 0 && captureLength[capture] != UNFINISHED) {
            capture--;
        }
        if (capture < 0) {
            throw call.error("invalid pattern capture");
        }
        captureLength[capture] = s - captureStart[capture];
        int end = match(s, p);
        if (end < 0) {
            captureLength[capture] = UNFINISHED;
        }
        return end;
    }

    /** {@code %1} and so on: the text of an earlier capture once more. */
    private int repeated(int s, int digit) {
        int capture = digit - '1';
        if (capture < 0 || capture >= level || captureLength[capture] == UNFINISHED) {
            throw call.error("invalid capture index");
        }
        int length = captureLength[capture];
        // A position capture is never found again.
        if (length < 0 || subject.length - s < length) {
            return -1;
        }
        int from = captureStart[capture];
        return java.util.Arrays.equals(subject, from, from + length, subject, s, s + length) ? s + length : -1;
    }

    private int balanced(int start, int p) {
        if (p + 1 >= patternEnd) {
            throw call.error("unbalanced pattern");
        }
        int opening = patternAt(p);
        int closing = patternAt(p + 1);
        if (start >= subject.length || (subject[start] & 0xff) != opening) {
            return -1;
        }
        int nesting = 1;
        for (int s = start + 1; s < subject.length; s++) {
            step();
            int c = subject[s] & 0xff;
            if (c == closing) {
                if (--nesting == 0) {
                    return s + 1;
                }
            } else if (c == opening) {
                nesting++;
            }
        }
        return -1;
    }

    int captureCount() {
        return level;
    }

    /** Capture {@code index}, or the whole match when the pattern has none. */
    Object capture(int index, int start, int end) {
        if (index >= level) {
            if (index != 0) {
                throw call.error("invalid capture index");
            }
            return text(start, end - start);
        }
        int length = captureLength[index];
        if (length == UNFINISHED) {
            throw call.error("unfinished capture");
        }
        return length == POSITION ? (Object) (captureStart[index] + 1.0) : text(captureStart[index], length);
    }

    private LuaString text(int start, int length) {
        call.state().memory.reserve(LuaString.OVERHEAD_BYTES + (long) length);
        return LuaString.copyOf(subject, start, length);
    }

    /** Adds the captures to the results; the whole match when there is none and {@code orWhole}. */
    void pushCaptures(int start, int end, boolean orWhole) {
        int count = level == 0 && orWhole ? 1 : level;
        for (int i = 0; i < count; i++) {
            call.push(capture(i, start, end));
        }
    }

    // ---- classes

    /** The index after the item of one character that begins at {@code p}. */
    private int classEnd(int p) {
        if (pattern[p] == '[') {
            return setEnd(p + 1);
        }
        if (pattern[p] != '%') {
            return p + 1;
        }
        if (p + 1 >= patternEnd) {
            throw call.error("malformed pattern (ends with '%')");
        }
        return p + 2;
    }

    /** The index after a set whose first item is at {@code p}; a bracket that comes first is an item. */
    private int setEnd(int p) {
        int at = patternAt(p) == '^' ? p + 1 : p;
        do {
            if (at >= patternEnd) {
                throw call.error("malformed pattern (missing ']')");
            }
            if (pattern[at++] == '%' && at < patternEnd) {
                at++;
            }
        } while (patternAt(at) != ']');
        return at + 1;
    }

    private boolean matchesOne(int c, int p, int end) {
        return switch (pattern[p]) {
            case '.' -> true;
            case '%' -> inClass(c, pattern[p + 1] & 0xff);
            case '[' -> inSet(c, p, end - 1);
            default -> (pattern[p] & 0xff) == c;
        };
    }

    /** {@code open} and {@code close} are the brackets. */
    private boolean inSet(int c, int open, int close) {
        int p = open + 1;
        boolean whenFound = true;
        if (patternAt(p) == '^') {
            whenFound = false;
            p++;
        }
        for (; p < close; p++) {
            int item = pattern[p] & 0xff;
            if (item == '%') {
                p++;
                if (inClass(c, patternAt(p))) {
                    return whenFound;
                }
            } else if (patternAt(p + 1) == '-' && p + 2 < close) {
                if (item <= c && c <= (pattern[p + 2] & 0xff)) {
                    return whenFound;
                }
                p += 2;
            } else if (item == c) {
                return whenFound;
            }
        }
        return !whenFound;
    }

    private static boolean inClass(int c, int letter) {
        boolean member = switch (letter | 0x20) {
            case 'a' -> isAlpha(c);
            case 'c' -> c < ' ' || c == 127;
            case 'd' -> Numbers.isDigit(c);
            case 'l' -> c >= 'a' && c <= 'z';
            case 'p' -> c > ' ' && c < 127 && !isAlpha(c) && !Numbers.isDigit(c);
            case 's' -> Numbers.isSpace(c);
            case 'u' -> c >= 'A' && c <= 'Z';
            case 'w' -> isAlpha(c) || Numbers.isDigit(c);
            case 'x' -> Character.digit(c, 16) >= 0 && c < 128;
            case 'z' -> c == 0;
            default -> letter == c;
        };
        boolean isClass = isAlpha(letter) && "acdlpsuwxz".indexOf(letter | 0x20) >= 0;
        return isClass ? member == (letter >= 'a') : letter == c;
    }

    private static boolean isAlpha(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }
}
