package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One argument of a command, as a line of syntax spells it.
 *
 * <pre>
 *   value            an argument of this name; value:integer says its type, key is a key
 *   WORD             a word that stands for itself
 *   WORD value       an argument that this word announces
 *   [ ... ]          may be left out
 *   ( a | b )        one of these; [ a | b ] likewise, or none
 *   x ...            once or more often
 *   (WORD x) ...     the same, with the word each time; WORD x ... has it once
 * </pre>
 */
record SyntaxArgument(String name, String type, @Nullable String token, boolean isOptional, boolean isMultiple,
        boolean repeatsToken, List<SyntaxArgument> members) {

    static List<SyntaxArgument> parse(String syntax) {
        String spaced = syntax.replaceAll("([\\[\\]()|])", " $1 ").strip();
        Parser parser = new Parser(List.of(spaced.split("\\s+")));
        List<SyntaxArgument> arguments = parser.sequence();
        parser.requireEnd(syntax);
        return arguments;
    }

    private SyntaxArgument multiple(boolean withToken) {
        return new SyntaxArgument(name, type, token, isOptional, true, withToken && token != null, members);
    }

    private SyntaxArgument optional() {
        return new SyntaxArgument(name, type, token, true, isMultiple, repeatsToken, members);
    }

    private SyntaxArgument announcedBy(String word) {
        return new SyntaxArgument(name, type, word, isOptional, isMultiple, repeatsToken, members);
    }

    private static SyntaxArgument word(String word) {
        return new SyntaxArgument(word.toLowerCase(Locale.ROOT), "pure-token", word, false, false, false, List.of());
    }

    private static SyntaxArgument value(String text) {
        int colon = text.lastIndexOf(':');
        // An address is called ip:port and has no type of its own.
        boolean typed = colon > 0 && !text.equals("ip:port");
        String name = typed ? text.substring(0, colon) : text;
        String type = typed ? text.substring(colon + 1) : name.equals("key") ? "key" : "string";
        return new SyntaxArgument(name, type, null, false, false, false, List.of());
    }

    /** Several arguments that belong together; one alone needs no group. */
    private static SyntaxArgument block(List<SyntaxArgument> members, String type) {
        return members.size() == 1 && type.equals("block")
                ? members.getFirst()
                : new SyntaxArgument(groupName(members), type, null, false, false, false, members);
    }

    private static String groupName(List<SyntaxArgument> members) {
        return String.join("-", members.stream().limit(2).map(SyntaxArgument::name).toList());
    }

    /** Recursive descent over the words of one line. */
    private static final class Parser {
        private final List<String> words;
        private int at;

        Parser(List<String> words) {
            this.words = words;
        }

        private boolean is(String word) {
            return at < words.size() && words.get(at).equals(word);
        }

        private boolean atEnd() {
            return at == words.size() || is("]") || is(")") || is("|");
        }

        List<SyntaxArgument> sequence() {
            List<SyntaxArgument> arguments = new ArrayList<>();
            while (!atEnd()) {
                boolean isGroup = is("(");
                SyntaxArgument argument = one();
                if (is("...")) {
                    at++;
                    argument = argument.multiple(isGroup);
                }
                arguments.add(argument);
            }
            return arguments;
        }

        private SyntaxArgument one() {
            String word = words.get(at++);
            if (word.equals("[")) {
                return choice("]").optional();
            }
            if (word.equals("(")) {
                return choice(")");
            }
            return isToken(word) ? announced(word) : value(word);
        }

        private static boolean isToken(String word) {
            return word.equals(word.toUpperCase(Locale.ROOT));
        }

        /** The word alone, or with the values up to the next bracket. */
        private SyntaxArgument announced(String token) {
            List<SyntaxArgument> values = new ArrayList<>();
            while (!atEnd() && !is("[") && !is("...") && !isToken(words.get(at))) {
                values.add(value(words.get(at++)));
            }
            if (values.isEmpty() && is("(")) {
                at++;
                return choice(")").announcedBy(token);
            }
            if (values.isEmpty()) {
                return word(token);
            }
            return block(values, "block").announcedBy(token);
        }

        private SyntaxArgument choice(String close) {
            List<SyntaxArgument> choices = new ArrayList<>();
            choices.add(block(sequence(), "block"));
            while (is("|")) {
                at++;
                choices.add(block(sequence(), "block"));
            }
            if (!is(close)) {
                throw new IllegalArgumentException("no " + close + " in " + words);
            }
            at++;
            return choices.size() == 1 ? choices.getFirst() : block(choices, "oneof");
        }

        void requireEnd(String syntax) {
            if (at != words.size()) {
                throw new IllegalArgumentException("stray " + words.get(at) + " in " + syntax);
            }
        }
    }
}
