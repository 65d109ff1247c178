package dev.cistern.lua;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Cuts source bytes into tokens, with one token of lookahead. A token of one character is that character. */
final class Lexer {
    static final int EOF = 256;
    static final int NAME = 257;
    static final int STRING = 258;
    static final int NUMBER = 259;
    static final int CONCAT = 260;
    static final int DOTS = 261;
    static final int EQ = 262;
    static final int GE = 263;
    static final int LE = 264;
    static final int NE = 265;
    static final int AND = 266;
    static final int BREAK = 267;
    static final int DO = 268;
    static final int ELSE = 269;
    static final int ELSEIF = 270;
    static final int END = 271;
    static final int FALSE = 272;
    static final int FOR = 273;
    static final int FUNCTION = 274;
    static final int IF = 275;
    static final int IN = 276;
    static final int LOCAL = 277;
    static final int NIL = 278;
    static final int NOT = 279;
    static final int OR = 280;
    static final int REPEAT = 281;
    static final int RETURN = 282;
    static final int THEN = 283;
    static final int TRUE = 284;
    static final int UNTIL = 285;
    static final int WHILE = 286;

    private static final String[] SPELLINGS = {"<eof>", "<name>", "<string>", "<number>", "..", "...", "==", ">=", "<=",
            "~=", "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil",
            "not", "or", "repeat", "return", "then", "true", "until", "while"};
    private static final Map<LuaString, Integer> KEYWORDS = new HashMap<>();

    static {
        for (int token = AND; token <= WHILE; token++) {
            KEYWORDS.put(LuaString.of(SPELLINGS[token - EOF]), token);
        }
    }

    private final byte[] source;
    private final String chunkName;
    private int position;
    private int scanLine = 1;
    /** The raw bytes of the token being read, as error messages show it. */
    private byte[] buffer = new byte[64];
    private int buffered;
    /** One object per distinct text, so that equal names in a chunk compare by reference. */
    private final Map<LuaString, LuaString> texts = new HashMap<>();

    /** The current token, with its name or string, or its number, and its line. */
    int token;
    LuaString text = LuaString.EMPTY;
    double number;
    int line = 1;
    /** Line of the last token that was passed. */
    int lastLine = 1;

    private int aheadToken = -1;
    private LuaString aheadText = LuaString.EMPTY;
    private double aheadNumber;

    Lexer(byte[] source, String chunkName) {
        this.source = source;
        this.chunkName = chunkName;
    }

    void next() {
        lastLine = line;
        if (aheadToken >= 0) {
            token = aheadToken;
            text = aheadText;
            number = aheadNumber;
            aheadToken = -1;
        } else {
            token = scan();
        }
        line = scanLine;
    }

    /** The token after the current one. */
    int peek() {
        if (aheadToken < 0) {
            LuaString currentText = text;
            double currentNumber = number;
            aheadToken = scan();
            aheadText = text;
            aheadNumber = number;
            text = currentText;
            number = currentNumber;
        }
        return aheadToken;
    }

    // ---- errors

    LuaError errorNear(String message) {
        return error(message, token);
    }

    /** An error of the place reached, not of a token. */
    LuaError error(String message) {
        return error(message, -1);
    }

    /** A zero byte has no name, as in C. */
    private LuaError error(String message, int near) {
        String place = Lua.displayName(chunkName) + ":" + scanLine + ": " + message;
        return new LuaError((Object) LuaString.of(near <= 0 ? place : place + " near '" + shown(near) + "'"));
    }

    private String shown(int near) {
        if (near == NAME || near == STRING || near == NUMBER) {
            return new String(buffer, 0, buffered, java.nio.charset.StandardCharsets.UTF_8);
        }
        return spelling(near);
    }

    static String spelling(int token) {
        if (token >= EOF) {
            return SPELLINGS[token - EOF];
        }
        return token < ' ' || token == 127 ? "char(" + token + ")" : String.valueOf((char) token);
    }

    // ---- scanning

    private int current() {
        return position < source.length ? source[position] & 0xff : -1;
    }

    private int following(int distance) {
        return position + distance < source.length ? source[position + distance] & 0xff : -1;
    }

    private void keep(int c) {
        if (buffered == buffer.length) {
            buffer = Arrays.copyOf(buffer, buffered * 2);
        }
        buffer[buffered++] = (byte) c;
    }

    private void keepAndAdvance() {
        keep(source[position++]);
    }

    private int scan() {
        buffered = 0;
        for (;;) {
            int c = current();
            switch (c) {
                case -1 -> {
                    return EOF;
                }
                case '\n', '\r' -> newLine();
                case ' ', '\t', '\f', 0x0b -> position++;
                case '-' -> {
                    position++;
                    if (current() != '-') {
                        return '-';
                    }
                    position++;
                    skipComment();
                }
                case '[' -> {
                    int level = longBracket();
                    if (level >= 0) {
                        text = longText(level, STRING);
                        return STRING;
                    }
                    if (level == -1) {
                        position++;
                        return '[';
                    }
                    throw error("invalid long string delimiter", STRING);
                }
                case '=' -> {
                    return oneOrTwo('=', EQ);
                }
                case '<' -> {
                    return oneOrTwo('=', LE);
                }
                case '>' -> {
                    return oneOrTwo('=', GE);
                }
                case '~' -> {
                    return oneOrTwo('=', NE);
                }
                case '"', '\'' -> {
                    readString(c);
                    return STRING;
                }
                case '.' -> {
                    if (Numbers.isDigit(following(1))) {
                        readNumber();
                        return NUMBER;
                    }
                    return dots();
                }
                default -> {
                    if (Numbers.isDigit(c)) {
                        readNumber();
                        return NUMBER;
                    }
                    if (isNameStart(c)) {
                        return readName();
                    }
                    position++;
                    return c;
                }
            }
        }
    }

    private int oneOrTwo(int second, int both) {
        int first = source[position++] & 0xff;
        if (current() == second) {
            position++;
            return both;
        }
        return first;
    }

    private int dots() {
        position++;
        if (current() != '.') {
            return '.';
        }
        position++;
        if (current() != '.') {
            return CONCAT;
        }
        position++;
        return DOTS;
    }

    /** Counts a line end; CR LF and LF CR are one. */
    private void newLine() {
        int first = source[position++];
        int second = current();
        if ((second == '\n' || second == '\r') && second != first) {
            position++;
        }
        scanLine++;
    }

    private void skipComment() {
        if (current() == '[') {
            int level = longBracket();
            buffered = 0;
            if (level >= 0) {
                longText(level, -1);
                buffered = 0;
                return;
            }
        }
        while (current() != -1 && current() != '\n' && current() != '\r') {
            position++;
        }
    }

    static boolean isNameStart(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    private int readName() {
        int start = position;
        while (isNameStart(current()) || Numbers.isDigit(current())) {
            keepAndAdvance();
        }
        LuaString name = unique(LuaString.copyOf(source, start, position - start));
        Integer keyword = KEYWORDS.get(name);
        text = name;
        return keyword == null ? NAME : keyword;
    }

    private LuaString unique(LuaString candidate) {
        LuaString known = texts.putIfAbsent(candidate, candidate);
        return known == null ? candidate : known;
    }

    private void readNumber() {
        while (Numbers.isDigit(current()) || current() == '.') {
            keepAndAdvance();
        }
        if ((current() | 0x20) == 'e' && current() != -1) {
            keepAndAdvance();
            if (current() == '+' || current() == '-') {
                keepAndAdvance();
            }
        }
        while (isNameStart(current()) || Numbers.isDigit(current())) {
            keepAndAdvance();
        }
        Double value = Numbers.parse(Arrays.copyOf(buffer, buffered));
        if (value == null) {
            throw error("malformed number", NUMBER);
        }
        number = value;
    }

    private void readString(int quote) {
        keepAndAdvance();
        while (current() != quote) {
            switch (current()) {
                case -1 -> throw error("unfinished string", EOF);
                case '\n', '\r' -> throw error("unfinished string", STRING);
                case '\\' -> readEscape();
                default -> keepAndAdvance();
            }
        }
        keepAndAdvance();
        text = unique(LuaString.copyOf(buffer, 1, buffered - 2));
    }

    private void readEscape() {
        position++;
        int c = current();
        int meant = switch (c) {
            case 'a' -> 7;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'v' -> 0x0b;
            default -> c;
        };
        if (c == '\n' || c == '\r') {
            keep('\n');
            newLine();
        } else if (Numbers.isDigit(c)) {
            int value = 0;
            for (int i = 0; i < 3 && Numbers.isDigit(current()); i++) {
                value = value * 10 + current() - '0';
                position++;
            }
            if (value > 255) {
                throw error("escape sequence too large", STRING);
            }
            keep(value);
        } else if (c != -1) {
            keep(meant);
            position++;
        }
    }

    /** At a '[': the level of a long bracket, read into the buffer; -1 for a lone '['; -2 for a broken one. */
    private int longBracket() {
        int level = 0;
        while (following(1 + level) == '=') {
            level++;
        }
        if (following(1 + level) != '[') {
            if (level > 0) {
                for (int i = 0; i <= level; i++) {
                    keepAndAdvance();
                }
            }
            return level == 0 ? -1 : -2;
        }
        for (int i = 0; i < level + 2; i++) {
            keepAndAdvance();
        }
        return level;
    }

    /** The text up to the closing bracket; in a comment ({@code near} is -1) nothing is kept. */
    private LuaString longText(int level, int near) {
        if (current() == '\n' || current() == '\r') {
            newLine();
        }
        int start = buffered;
        for (;;) {
            switch (current()) {
                case -1 -> throw error(near < 0 ? "unfinished long comment" : "unfinished long string", EOF);
                case '[' -> {
                    if (level == 0 && following(1) == '[') {
                        throw error("nesting of [[...]] is deprecated", '[');
                    }
                    keepAndAdvance();
                }
                case ']' -> {
                    if (closes(level)) {
                        LuaString found = LuaString.copyOf(buffer, start, buffered - start);
                        for (int i = 0; i < level + 2; i++) {
                            keepAndAdvance();
                        }
                        return near < 0 ? found : unique(found);
                    }
                    keepAndAdvance();
                }
                case '\n', '\r' -> {
                    keep('\n');
                    newLine();
                    if (near < 0) {
                        buffered = start;
                    }
                }
                default -> keepAndAdvance();
            }
        }
    }

    private boolean closes(int level) {
        for (int i = 1; i <= level; i++) {
            if (following(i) != '=') {
                return false;
            }
        }
        return following(level + 1) == ']';
    }
}
