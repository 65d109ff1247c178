package dev.cistern.lua;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Scripts that would run, grow or nest without end: each ends within its limits, by an error or by a kill. */
final class LimitTest {
    private static final long MEMORY_BYTES = 16 << 20;
    private static final long INSTRUCTIONS = 3_000_000;

    private static LuaState limited() {
        LuaState state = LuaState.withLibraries();
        state.setMemoryLimit(MEMORY_BYTES);
        state.setHook(INSTRUCTIONS, s -> {
            throw new LuaKilled("too long");
        });
        return state;
    }

    private static @Nullable Object[] run(LuaState state, String script) {
        return state.run(state.load(script.getBytes(ISO_8859_1), "=t"));
    }

    @DisplayName("Script denial of service: endless loops")
    @ParameterizedTest
    @ValueSource(strings = {"while true do end", "while true do pcall(function() while true do end end) end",
            "repeat until false", "for i = 1, math.huge do end", "while true do pcall(error) end",
            "local function f() return f() end f()", "while true do coroutine.wrap(function() end)() end",
            "while true do xpcall(error, function() while true do end end) end",
            "local co = coroutine.wrap(function() while true do pcall(coroutine.yield) end end) while true do co() end",
            "setmetatable(_G, {__index = function() while true do end end}) return x",
            "table.sort({1, 2, 3}, function() while true do end end)",
            "string.gsub('abc', '.', function() while true do end end)",
            "local t = setmetatable({}, {__tostring = function() while true do end end}) tostring(t)",
            "load(function() while true do end end)", "for _ in function() return 1 end do end",
            "table.insert({}, -2147483647, 1)", "string.find(('a'):rep(100), ('a-'):rep(100) .. 'b')",
            "string.find(('a'):rep(50000), '.-.-.-b')", "string.rep('a', 3000000):find(('.-'):rep(20) .. 'x')",
            "local t = {} for i = 1, 100 do t[i] = i end while true do table.concat(t) end",
            "while true do string.rep('x', 1000000) end", "table.foreach({1}, function() while true do end end)",
            "local t = {} for i = 1, 200 do t[i] = i end while true do table.sort(t) end",
            "while true do cjson.encode({1, 2, 3}) end", "while true do cmsgpack.unpack(cmsgpack.pack(1)) end",
            "while true do table.concat({}, 'x', 1, 0) end", "while true do loadstring('x = 1') end"})
    void endlessScriptIsKilled(String script) {
        assertThatThrownBy(() -> run(limited(), script)).isInstanceOf(LuaKilled.class).hasMessage("too long");
    }

    @ParameterizedTest
    @ValueSource(strings = {"local t = {} while true do t[#t + 1] = {} end",
            "local s = 'x' while true do s = s .. s end",
            "string.rep('x', 2^30)", "string.rep(('x'):rep(1000), 2^20)",
            "local t = {} for i = 1, 1e9 do t[i] = i end", "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
            "local t = {} while true do t[#t + 1] = function() return t end end",
            "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
            "local t = {} while true do t[#t + 1] = ('x'):rep(100000) end",
            "local s = ('x'):rep(1000000) s:gsub('x', s)", "local s = ('x'):rep(1000000) s:gsub('', s)",
            "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1000) end local u = {} while true do u[#u + 1] = table.concat(t) end",
            "local function f(n) return n, f(n) end local t = {} while true do t = {t, t, ('x'):rep(50000)} end",
            "local s = ('x'):rep(1000000) local t = {} for i = 1, 100 do t[i] = s end cjson.encode(t)",
            "local s = ('x'):rep(1000000) local t = {} for i = 1, 100 do t[i] = s end cmsgpack.pack(t)",
            "local s = ('x'):rep(1000000) string.format(('%s'):rep(100), unpack((function() local t = {} for i = 1, 100 do t[i] = s end return t end)()))",
            "local t = {} while true do t[#t + 1] = coroutine.wrap(function(a) local b = {a, a} coroutine.yield(b) end) t[#t]({}) end",
            "local s = ('x'):rep(4000000) local t = {} while true do t[#t + 1] = s:upper() end",
            "local s = ('x'):rep(4000000) local t = {} while true do t[#t + 1] = s:sub(2) end",
            "local x = '' while true do local y = x x = {function() return y end, ('q'):rep(10000)} end",
            "local function f(...) return f(1, ...) + 1 end f()",
            "local t = {} for i = 1, 7000 do t[i] = i end local function f(...) return 1 + f(...) end f(unpack(t))",
            "local t = {} local function deep(n) local a, b, c, d, e, f, g, h, i, j, k, l, m, o, p if n == 0 then"
                    + " coroutine.yield() end return 1 + deep(n - 1) end while true do t[#t + 1] ="
                    + " coroutine.wrap(deep) t[#t](9000) end"})
    void greedyScriptRunsOutOfMemory(String script) {
        LuaState state = limited();
        state.setHook(100_000_000, s -> {
            throw new LuaKilled("too long");
        });
        assertThatThrownBy(() -> run(state, script)).hasMessageEndingWith("not enough memory");
        assertThat(state.usedBytes()).isLessThan(3 * MEMORY_BYTES);
    }

    @Test
    void garbageDoesNotCount() {
        LuaState state = limited();
        state.setHook(1_000_000_000, s -> {
            throw new LuaKilled("too long");
        });
        @Nullable
        Object[] results = run(state, "local s for i = 1, 2000 do s = ('x'):rep(100000) .. i end return #s");
        assertThat(results).containsExactly(100_004.0);
    }

    @Test
    void firstMemoryErrorMayBeCaughtTheSecondNot() {
        LuaState state = limited();
        assertThat(run(state, "local ok, e = pcall(string.rep, 'x', 2^30) return ok, e"))
                .containsExactly(false, LuaString.of("not enough memory"));
        assertThatThrownBy(() -> run(state, "pcall(string.rep, 'x', 2^30) pcall(string.rep, 'x', 2^30) return 1"))
                .isInstanceOf(LuaKilled.class);
    }

    @Test
    void memoryIsTakenBackAfterARun() {
        LuaState state = LuaState.withLibraries();
        state.setMemoryLimit(MEMORY_BYTES);
        for (int i = 0; i < 20; i++) {
            run(state, "local t = {} for i = 1, 100000 do t[i] = i end return #t");
        }
        assertThat(run(state, "collectgarbage() return collectgarbage('count') * 1024 < 200000")).containsExactly(true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"local function f() return 1 + f() end f()", "local function f() f() end f()",
            "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k + 1] end return t[1]",
            "local function f() return pcall(f) end error(select(2, f()) or 'x')",
            "local t = {} for i = 1, 100 do t = setmetatable({}, {__index = t}) end local u = setmetatable({}, {}) getmetatable(u).__index = u return u.x",
            "local function co() return coroutine.wrap(co)() end co()",
            "local f f = function() return table.sort({1, 2, 3}, f) end f()",
            "local f f = function(s) return (s:gsub('.', f)) end error(f('x') and 'deep')",
            "string.find('x', ('('):rep(5000))", "string.find(('a'):rep(5000), ('a?'):rep(5000))",
            "local t = {} for i = 1, 1e5 do t = {t} end cjson.encode(t)",
            "cjson.encode_max_depth(2147483647) local t = {} for i = 1, 1e5 do t = {t} end cjson.encode(t)",
            "cjson.decode_max_depth(2147483647) cjson.decode(('['):rep(1e6))", "cjson.decode(('['):rep(1e6))",
            "cmsgpack.unpack(('\\145'):rep(1e6))", "cmsgpack.unpack('\\221\\255\\255\\255\\255')",
            "cmsgpack.unpack('\\219\\255\\255\\255\\255')", "struct.unpack('c2147483647', 'x')",
            "struct.pack('i2147483648', 1)",
            "struct.pack('!2147483647 i', 1)", "struct.unpack('i', 'abcd', 2^53)", "unpack({}, 1, 2^31 - 1)",
            "string.rep('x', 2^31 - 1)", "string.rep(('x'):rep(1000), 2^25)",
            "unpack({}, -2^31, 2^31 - 1)", "string.byte(('x'):rep(100000), 1, -1)", "string.format('%99999d', 1)",
            "loadstring(('('):rep(1e6))()", "loadstring('return ' .. ('{'):rep(1e6))()",
            "loadstring(('do '):rep(1e6))()", "loadstring('x = ' .. ('-'):rep(1) .. ('not '):rep(1e6) .. '1')()",
            "loadstring('local ' .. ('a, '):rep(1e5) .. 'a')()", "bit.tohex(1, {})", "error('plain')"})
    void deepOrHugeRequestIsAnError(String script) {
        LuaState state = limited();
        state.setHook(200_000_000, s -> {
            throw new LuaKilled("too long");
        });
        state.setMemoryLimit(256 << 20);
        assertThatThrownBy(() -> run(state, script)).isInstanceOf(LuaError.class);
    }

    @Test
    void stackOverflowIsAnErrorOnASmallThread() throws InterruptedException {
        Throwable[] failure = new Throwable[1];
        Thread small = new Thread(null, () -> {
            try {
                run(limited(), "local function f(n) return pcall(f, n + 1) end local function g() return 1 + g() end"
                        + " f(1) pcall(g) local t = {} for i = 1, 190 do t = {t} end cjson.encode(t)");
            } catch (Throwable thrown) {
                failure[0] = thrown;
            }
        }, "small", 512 << 10);
        small.start();
        small.join();
        assertThat(failure[0]).isNull();
    }

    @Test
    void instructionsAreCounted() {
        LuaState state = LuaState.withLibraries();
        long before = state.instructions();
        run(state, "for i = 1, 1000 do end");
        assertThat(state.instructions() - before).isBetween(1000L, 1010L);
        long[] calls = {0};
        state.setHook(100, s -> calls[0]++);
        run(state, "for i = 1, 10000 do end");
        assertThat(calls[0]).isBetween(98L, 101L);
    }

    @Test
    void killedStateServesTheNextScript() {
        LuaState state = limited();
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(
                    () -> run(state, "coroutine.wrap(function() pcall(function() while true do end end) end)()"))
                    .isInstanceOf(LuaKilled.class);
            assertThat(run(state, "return coroutine.running(), coroutine.wrap(function() return 5 end)()"))
                    .containsExactly(null, 5.0);
        }
    }
}
