package dev.cistern.engine.scripting;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.lua.LuaError;
import dev.cistern.lua.LuaState;
import dev.cistern.lua.Prototype;
import java.util.Arrays;
import java.util.List;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/** One script of the cache: its text, its digest, its flags and its compiled form. Immutable but for its last use; any thread. */
final class Script {
    static final String CHUNK_NAME = "@user_script";

    private final Sha1 digest;
    private final String hex;
    private final byte[] body;
    private final int flags;
    private final Prototype prototype;
    /** When it was used last, in the cache's own count; a hint, written without care by all loops. */
    long lastUse;

    private Script(Sha1 digest, byte[] body, int flags, Prototype prototype) {
        this.digest = digest;
        this.hex = digest.hex();
        this.body = body;
        this.flags = flags;
        this.prototype = prototype;
    }

    /** Throws the compiler's complaint, or what is wrong with the first line. */
    static Script compile(byte[] body) {
        int flags = ScriptFlag.LEGACY.bit();
        byte[] code = body;
        if (body.length >= 2 && body[0] == '#' && body[1] == '!') {
            int end = indexOf(body, '\n');
            if (end < 0) {
                throw CommandException.of("ERR Invalid script shebang");
            }
            flags = flagsOf(new String(body, 0, end, ISO_8859_1));
            // The line's end stays, so that lines keep their numbers.
            code = Arrays.copyOfRange(body, end, body.length);
        }
        try {
            return new Script(Sha1.of(body), body, flags, LuaState.compile(code, CHUNK_NAME));
        } catch (LuaError error) {
            throw CommandException.of("ERR Error compiling script (new function): " + error.getMessage());
        }
    }

    private static int indexOf(byte[] bytes, char wanted) {
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private static int flagsOf(String firstLine) {
        List<String> words = Words.split(firstLine);
        if (words == null || words.isEmpty()) {
            throw CommandException.of("ERR Invalid engine in script shebang");
        }
        if (!words.getFirst().equals("#!lua")) {
            throw CommandException.of("ERR Unexpected engine in script shebang: " + words.getFirst());
        }
        int flags = 0;
        for (String option : words.subList(1, words.size())) {
            if (!option.startsWith("flags=")) {
                throw CommandException.of("ERR Unknown lua shebang option: " + option);
            }
            flags |= listed(option.substring("flags=".length()));
        }
        return flags;
    }

    private static int listed(String names) {
        int flags = 0;
        for (String name : names.isEmpty() ? new String[0] : names.split(",", -1)) {
            ScriptFlag flag = ScriptFlag.named(name);
            if (flag == null) {
                throw CommandException.of("ERR Unexpected flag in script shebang: " + name);
            }
            flags |= flag.bit();
        }
        return flags;
    }

    Sha1 digest() {
        return digest;
    }

    /** The digest in small letters. */
    String hex() {
        return hex;
    }

    byte[] body() {
        return body;
    }

    /** Bits of {@link ScriptFlag}. */
    int flags() {
        return flags;
    }

    Prototype prototype() {
        return prototype;
    }
}
