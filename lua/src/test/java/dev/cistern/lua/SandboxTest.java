package dev.cistern.lua;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Ways out of the sandbox that were open somewhere once, or might be: none leads anywhere. */
final class SandboxTest {

    private static LuaState sandbox() {
        LuaState state = LuaState.withLibraries();
        state.protectGlobals();
        return state;
    }

    private static Object run(LuaState state, String script) {
        @Nullable
        Object[] results = state.run(state.load(script.getBytes(ISO_8859_1), "=s"));
        return results.length == 0 ? "nothing" : String.valueOf(results[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"io", "package", "debug", "require", "module", "dofile", "loadfile", "print", "luajava",
            "java",
            "os.execute", "os.getenv", "os.remove", "os.exit", "os.time", "string.dump", "jit", "ffi"})
    void isNotThere(String name) {
        LuaState state = LuaState.withLibraries();
        assertThat(run(state, "return " + name + " == nil")).isEqualTo("true");
    }

    @DisplayName("Lua sandbox escape: tables")
    @ParameterizedTest
    @ValueSource(strings = {"x = 1", "_G.x = 1", "rawset(_G, 'x', 1)", "_G._G = {}", "string.x = 1", "string.len = nil",
            "table.insert(table, 1)", "rawset(string, 'rep', 1)", "setmetatable(_G, {})", "setmetatable(_G, nil)",
            "setmetatable(string, {})", "getmetatable(_G).__index = nil", "getmetatable('').__index = {}",
            "getmetatable('').__add = function() end", "rawset(getmetatable(''), '__index', 1)", "math.huge = 1",
            "cjson.encode = nil", "bit.band = 1", "table.insert(_G, 1, 2)", "table.foreachi(_G, 1)",
            "_G['pcall'] = nil",
            "function pcall() end", "table.foreach(_G, function(k) _G[k] = nil end)", "coroutine.wrap = 1",
            "for k in pairs(string) do string[k] = nil end", "local s = string s.x = 1", "os.clock = 1",
            "getfenv(0).x = 1", "getfenv(1).x = 1", "struct.pack = 1", "setmetatable(getmetatable(''), {})"})
    void protectedTablesCannotBeChanged(String script) {
        LuaState state = sandbox();
        String before = inventory(state);
        assertThatThrownBy(() -> run(state, script)).isInstanceOf(LuaError.class);
        assertThat(inventory(state)).isEqualTo(before);
    }

    /** All that can be reached from the globals by name. */
    private static String inventory(LuaState state) {
        return (String) run(state, """
                local seen, lines = {}, {}
                local function walk(t, path)
                  if seen[t] then return end
                  seen[t] = true
                  for k, v in pairs(t) do
                    lines[#lines + 1] = path .. '.' .. tostring(k) .. '=' .. tostring(v)
                    if type(v) == 'table' then walk(v, path .. '.' .. tostring(k)) end
                  end
                end
                walk(_G, '') walk(getmetatable(''), 'string metatable')
                table.sort(lines)
                return table.concat(lines, '\\n')""");
    }

    @Test
    void saysWhatTheOriginalSays() {
        LuaState state = sandbox();
        assertThatThrownBy(() -> run(state, "return nothere"))
                .hasMessage("s:1: Script attempted to access nonexistent global variable 'nothere'");
        assertThatThrownBy(() -> run(state, "x = 1")).hasMessage("s:1: Attempt to modify a readonly table");
        assertThatThrownBy(() -> run(state, "getmetatable('').__index = 1"))
                .hasMessage("s:1: Attempt to modify a readonly table");
        assertThatThrownBy(() -> run(state, "rawset(_G, 1, 2)")).hasMessage("Attempt to modify a readonly table");
        assertThatThrownBy(() -> run(state, "setmetatable(_G, nil)")).hasMessage("Attempt to modify a readonly table");
    }

    /** Bytecode would be trusted: CVE-2024-46981 and its kin begin with a forged chunk. */
    @DisplayName("Lua sandbox escape: bytecode")
    @ParameterizedTest
    @ValueSource(strings = {"return loadstring('\\27Lua')", "return loadstring('\\27LuaQ\\0\\1\\4\\8\\4\\8\\0')",
            "local s = '\\27LuaQ' return load(function() local r = s s = nil return r end)",
            "return loadstring('\\27')",
            "return loadstring('\\27Lua', '=binary')"})
    void bytecodeIsRefused(String script) {
        assertThat(run(LuaState.withLibraries(), script)).isEqualTo("null");
    }

    @DisplayName("Lua sandbox escape: scripts")
    @ParameterizedTest
    @ValueSource(strings = {"setfenv(0, {}) return 1", "return getfenv(string.len) == _G", "return getfenv(0) == _G",
            "local e = {} setfenv(1, e) y = 1 return e.y",
            "local f = function() return getfenv(2) end return f() == _G",
            "return tostring(newproxy(true)):match('userdata') ~= nil", "return type(cjson.null) == 'userdata'",
            "return getmetatable(cjson.null) == nil", "return pcall(function() return cjson.null.x end) == false",
            "return select(2, pcall(setmetatable, cjson.null, {})) ~= nil",
            "return coroutine.wrap(function() return getfenv(1) == _G end)()",
            "return loadstring('return getfenv(1)')() == _G", "return #tostring(print or 'x') > 0",
            "local ok = pcall(string.rep, 'x', -1) return ok", "return xpcall(getfenv, error) ~= nil",
            "return pcall(pcall) == false", "return next({}, nil) == nil", "return pcall(next, {}, {}) == false",
            "local t = {} t[t] = t return t[t][t] == t", "return pcall(setfenv, pcall, {}) == false"})
    void curiousScriptsOnlySeeTheirOwnWorld(String script) {
        LuaState state = LuaState.withLibraries();
        assertThat(run(state, script)).isIn("true", "1.0", "null");
        assertThat(run(state, "return type(string.rep)")).isEqualTo("function");
    }

    /** No Java object comes into a script's hands: all that is reachable is of Lua's own eight types. */
    @DisplayName("Lua sandbox escape: reflection")
    @Test
    void onlyLuaValuesAreReachable() {
        LuaState state = LuaState.withLibraries();
        java.util.ArrayDeque<Object> pending = new java.util.ArrayDeque<>();
        java.util.Set<Object> seen = java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>());
        pending.push(state.globals());
        while (!pending.isEmpty()) {
            Object value = pending.pop();
            if (!seen.add(value)) {
                continue;
            }
            assertThat(value).isInstanceOfAny(LuaTable.class, LuaString.class, Double.class, Boolean.class,
                    HostFunction.class, LuaUserdata.class);
            if (value instanceof LuaTable table) {
                for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
                    pending.push(table.keyAt(at));
                    pending.push(java.util.Objects.requireNonNull(table.valueAt(at)));
                }
            }
        }
        assertThat(seen.size()).isGreaterThan(100);
    }
}
