package dev.cistern.engine.scripting;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The words of a script's first line, which may be quoted as in an inline request.
 *
 * <p>Not the parser of requests: that one works on received bytes, in place.
 */
final class Words {
    private final String line;
    private int at;
    private final StringBuilder word = new StringBuilder();

    private Words(String line) {
        this.line = line;
    }

    /** The words, or null when a quote does not end, or ends in the middle of a word. */
    static @Nullable List<String> split(String line) {
        Words words = new Words(line);
        List<String> result = new ArrayList<>();
        while (words.skipSpace()) {
            if (!words.readWord()) {
                return null;
            }
            result.add(words.word.toString());
        }
        return result;
    }

    private boolean skipSpace() {
        while (at < line.length() && isSpace(line.charAt(at))) {
            at++;
        }
        return at < line.length();
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r') || c == 0;
    }

    private boolean readWord() {
        word.setLength(0);
        while (at < line.length() && !isSpace(line.charAt(at))) {
            char c = line.charAt(at++);
            if (c == '"' || c == '\'') {
                return readQuoted(c) && (at == line.length() || isSpace(line.charAt(at)));
            }
            word.append(c);
        }
        return true;
    }

    private boolean readQuoted(char quote) {
        while (at < line.length()) {
            char c = line.charAt(at++);
            if (c == quote) {
                return true;
            }
            if (c == '\\' && at < line.length()) {
                unescape(quote);
            } else {
                word.append(c);
            }
        }
        return false;
    }

    /** Within single quotes only the quote itself is escaped. */
    private void unescape(char quote) {
        char c = line.charAt(at);
        if (quote == '\'') {
            if (c == '\'') {
                at++;
                word.append(c);
            } else {
                word.append('\\');
            }
            return;
        }
        at++;
        if (c == 'x' && at + 1 < line.length() && Character.digit(line.charAt(at), 16) >= 0
                && Character.digit(line.charAt(at + 1), 16) >= 0) {
            word.append((char) Integer.parseInt(line.substring(at, at + 2), 16));
            at += 2;
            return;
        }
        word.append(switch (c) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'a' -> (char) 7;
            default -> c;
        });
    }
}
