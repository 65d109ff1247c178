package dev.cistern.engine.scripting;

import dev.cistern.lua.LuaError;
import dev.cistern.lua.LuaKilled;
import dev.cistern.lua.LuaState;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Any bytes as a script: nothing but an error of its own may come out. For Jazzer, a fuzzer that looks for inputs that
 * reach new code ({@code --target_class} is this one); the seeds alone are a test.
 */
final class ScriptInputTest {
    private static final int INSTRUCTIONS = 200_000;
    private static final long MEMORY_BYTES = 16 << 20;

    /** Jazzer calls it with one input after the other. */
    public static void fuzzerTestOneInput(byte[] input) {
        LuaState state = LuaState.withLibraries();
        state.setMemoryLimit(MEMORY_BYTES);
        state.setHook(INSTRUCTIONS, _ -> {
            throw new LuaKilled("too long");
        });
        try {
            var _ = state.run(state.load(input, "=input"));
        } catch (LuaError | LuaKilled expected) {
            // As scripts end that are wrong, too long or too large.
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"return 1 + '2'", "local t = {} for i = 1, 9 do t[#t + 1] = i * 2 end return unpack(t)",
            "return string.format('%5.2f %q %x', 1.5, 'a', 255)", "return ('abc'):gsub('(b)', '%1%1')",
            "return cjson.encode(cjson.decode('{\"a\":[1,2,{\"b\":null}]}'))",
            "return cmsgpack.unpack(cmsgpack.pack({1, 'a', {b = 2}}))",
            "return struct.unpack('>I2s', struct.pack('>I2s', 7, 'x'))", "return bit.bxor(5, 3), bit.tohex(-1)",
            "local c = coroutine.wrap(function(a) local b = coroutine.yield(a) return b end) c(1) return c(2)",
            "local m = setmetatable({}, {__index = function(t, k) return k end}) return m.x, pcall(error, {})",
            "while true do end", "local s = 'x' while true do s = s .. s end", "return select('#', nil, nil)",
            "goto x", "for k, v in pairs({a = 1}) do return k, v end", "return table.concat({1, 2, 3}, ',', 2)"})
    void seedsPass(String seed) {
        fuzzerTestOneInput(seed.getBytes(StandardCharsets.ISO_8859_1));
    }
}
