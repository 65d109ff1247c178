package dev.cistern.lua;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Random bytes and damaged programs go through compiler and machine. Nothing but a {@link LuaError} or a
 * {@link LuaKilled} may come out, and it must come soon.
 */
final class CompilerFuzz {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);

    @Test
    void randomBytes() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20_000 * EFFORT; i++) {
            byte[] source = new byte[random.nextInt(60)];
            random.nextBytes(source);
            if (random.nextBoolean()) {
                for (int j = 0; j < source.length; j++) {
                    source[j] = (byte) (source[j] & 0x3f | 0x20);
                }
            }
            attempt(source, "seed " + seed + " case " + i);
        }
    }

    @Test
    void damagedPrograms() throws IOException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        String[] names = {"basics", "functions", "metatables", "errors", "coroutines", "strings", "tables"};
        for (String name : names) {
            byte[] original;
            try (InputStream in = Objects
                    .requireNonNull(CompilerFuzz.class.getResourceAsStream("/lua/" + name + ".lua"))) {
                original = in.readAllBytes();
            }
            for (int i = 0; i < 150 * EFFORT; i++) {
                attempt(damaged(original, random), "seed " + seed + " program " + name + " case " + i);
            }
        }
    }

    private static byte[] damaged(byte[] original, SplittableRandom random) {
        // A stretch of whole lines, so that most of it still means something.
        String[] lines = new String(original, java.nio.charset.StandardCharsets.ISO_8859_1).split("\n", -1);
        int first = random.nextInt(lines.length);
        int count = random.nextInt(1, 8);
        StringBuilder text = new StringBuilder();
        for (int i = first; i < Math.min(lines.length, first + count); i++) {
            text.append(lines[i]).append('\n');
        }
        String[] words = {"end ", "(", ")", "{", "}", " = ", "local ", "function ", "nil", "1", "'", "[[", "]]", ",",
                ".", ":", "..", "...", "return ", "while true do ", "for i = 1, 3 do ", "pcall", "setmetatable", " "};
        for (int i = random.nextInt(1, 6); i > 0 && text.length() > 4; i--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, words[random.nextInt(words.length)]);
                case 2 -> text.setCharAt(at, (char) random.nextInt(256));
                default -> {
                    int from = random.nextInt(text.length());
                    int to = Math.min(text.length(), from + random.nextInt(30));
                    text.insert(at, text.substring(from, to));
                }
            }
        }
        return text.toString().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    private static void attempt(byte[] source, String label) {
        LuaState state = LuaState.withLibraries();
        Library.add(state.globals(), "print", call -> call.returns((Object) null));
        state.setMemoryLimit(64 << 20);
        state.setHook(2_000_000, s -> {
            throw new LuaKilled("too long");
        });
        try {
            state.run(state.load(source, "=fuzz"));
        } catch (LuaError error) {
            assertThat(error.getMessage()).as(label).isNotNull();
        } catch (LuaKilled killed) {
            assertThat(killed.getMessage()).as(label).isIn("too long", "not enough memory");
        } catch (Throwable other) {
            throw new AssertionError(label + ": " + NativeLua.quoted(source), other);
        }
    }
}
