package dev.cistern.engine.scripting;

import dev.cistern.engine.protocol.CommandException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/** A library of functions: its name, its text, and what it registered, in that order. Immutable; any thread. */
final class FunctionLibrary {
    private final String name;
    private final byte[] code;
    private final Map<String, Function> functions;

    /** Takes the text over. */
    FunctionLibrary(String name, byte[] code, Map<String, Function> functions) {
        this.name = name;
        this.code = code;
        this.functions = functions;
    }

    String name() {
        return name;
    }

    byte[] code() {
        return code;
    }

    Map<String, Function> functions() {
        return functions;
    }

    /** What the first line of a library's text says. */
    record Header(String engine, String name) {}

    /** Throws what is wrong with the first line. */
    static Header headerOf(byte[] code) {
        if (code.length < 2 || code[0] != '#' || code[1] != '!') {
            throw CommandException.of("ERR Missing library metadata");
        }
        int end = new String(code, ISO_8859_1).indexOf('\n');
        if (end < 0) {
            throw CommandException.of("ERR Invalid library metadata");
        }
        List<String> words = Words.split(new String(code, 0, end, ISO_8859_1));
        if (words == null || words.isEmpty()) {
            throw CommandException.of("ERR Invalid library metadata");
        }
        String name = nameIn(words.subList(1, words.size()));
        if (name == null) {
            throw CommandException.of("ERR Library name was not given");
        }
        return new Header(words.getFirst().substring(2), name);
    }

    private static @Nullable String nameIn(List<String> words) {
        String name = null;
        for (String word : words) {
            if (!word.regionMatches(true, 0, "name=", 0, 5)) {
                throw CommandException.of("ERR Invalid metadata value given: " + word);
            }
            if (name != null) {
                throw CommandException.of("ERR Invalid metadata value, name argument was given multiple times");
            }
            name = word.substring(5);
        }
        return name;
    }

    /** Whether a library or a function may be called so. */
    static boolean isName(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> c == '_' || (c >= '0' && c <= '9')
                || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    }
}
