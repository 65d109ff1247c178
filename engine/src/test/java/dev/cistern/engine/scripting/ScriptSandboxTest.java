package dev.cistern.engine.scripting;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import org.junit.jupiter.api.DisplayName;

import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** What scripts tried on caches of this kind, once with success: each ends with an error or with nothing. */
final class ScriptSandboxTest {

    /** The ways out: none of these names is there. CVE-2022-0543 was the first of them. */
    @DisplayName("Lua sandbox escape: through the wire")
    @WireTest
    void nothingLeadsOutside(TestClient client) {
        for (String name : new String[]{"package", "require", "module", "io", "debug", "dofile", "loadfile", "print",
                "getfenv", "setfenv", "newproxy", "luajava", "java", "jit", "ffi", "arg"}) {
            assertThat(client.send("EVAL", "return " + name, "0").text()).contains(
                    "nonexistent global variable '" + name + "'");
            client.send("EVAL", "return rawget(_G, '" + name + "')", "0").expect(nil());
        }
        // Compiled code is not taken: CVE-2024-46981 and its kin began with it.
        client.send("EVAL", "return loadstring('\\27Lua') == nil and load(string.gmatch('\\27Lua', '.+')) == nil",
                "0");
        client.send("PING").expect(status("PONG"));
    }

    /** CVE-2025-46818: what one user's script leaves in shared tables, another user's script runs. */
    @WireTest
    void sharedTablesCannotBeChanged(TestClient client) {
        for (String script : new String[]{"getmetatable('').__index = nil", "getmetatable('').__add = function() end",
                "string.len = nil", "rawset(_G, 'x', 1)", "rawset(string, 'x', 1)", "setmetatable(_G, nil)",
                "setmetatable(_G, {})", "redis.call = nil", "cjson.encode = nil", "_G.pcall = nil", "x = 1",
                "function f() end", "math.random = 1", "coroutine.wrap = 1", "table.insert(_G, 1)",
                "for k in pairs(string) do string[k] = nil end", "rawset(redis, 'call', 1)",
                "cmsgpack.pack = nil", "struct.pack = nil", "bit.band = nil", "setmetatable(string, {})"}) {
            WireReply reply = client.send("EVAL", script, "0");
            assertThat(reply).as(script).isInstanceOf(WireReply.ErrorLine.class);
            assertThat(reply.text()).as(script).containsPattern("readonly|read-only|protected");
        }
        client.send("EVAL", "return ('x'):len() + #cjson.encode({}) + redis.call('dbsize')", "0").expect(integer(3));
    }

    /** CVE-2025-46817: unpack over more than there can be. */
    @WireTest
    void rangesWithoutEnd(TestClient client) {
        for (String script : new String[]{"return {unpack({1, 2, 3}, -2, 2147483647)}",
                "return {unpack({1, 2, 3}, 0, 2147483647)}", "return {unpack({1, 2, 3}, -2147483648, -2)}"}) {
            assertThat(client.send("EVAL", script, "0").text()).as(script).contains("too many results to unpack");
        }
    }

    /** CVE-2024-31449 (bit), CVE-2018-11218 and 11219 (cmsgpack, struct), CVE-2022-24735 and others. */
    @WireTest
    void librariesWithWrongArguments(TestClient client) {
        for (String script : new String[]{"return bit.tohex(65535, -2147483648)", "return bit.tohex(1, 2147483647)",
                "return cmsgpack.unpack_one(cmsgpack.pack(1), -1)", "return cmsgpack.unpack_limit('\\221', 1, 100)",
                "return cmsgpack.unpack('\\221\\255')", "return struct.unpack('HH', 'a', 999999)",
                "return struct.pack('>I2147483648', 1)", "return struct.unpack('>c2147483647', 'a')",
                "return struct.unpack('I4', 'a', -1)", "return cjson.decode('[' .. string.rep('[', 100000))",
                "return string.format('%99999d', 1)", "return ('x'):rep(-1) .. table.concat({}, 'x', 1, 0)"}) {
            assertThat(client.send("EVAL", script, "0")).as(script).isNotNull();
            client.send("PING").expect(status("PONG"));
        }
    }

    /** CVE-2025-67733 and the like: no text of a script makes two replies of one. */
    @DisplayName("Reply injection: by scripts")
    @WireTest
    void linesOfAReplyStayOne(TestClient client) {
        String evil = "x\\r\\n+OK\\r\\n$3\\r\\nabc\\r\\n\\0y";
        for (String script : new String[]{"return redis.error_reply('" + evil + "')",
                "return redis.status_reply('" + evil + "')", "return {err = '" + evil + "'}",
                "return {ok = '" + evil + "'}", "error('" + evil + "')", "error({err = '" + evil + "'})",
                "return redis.call('" + evil + "')", "return {big_number = '" + evil + "'}", "return {{err = '" + evil
                        + "'}}",
                "redis.call('nosuch" + evil + "')", "local t = {} t['" + evil + "']()",
                "#!" + evil.replace("\\r\\n", "\r"),
                "#!lua flags=" + evil + "\n"}) {
            client.write("EVAL", script, "0");
            client.write("ECHO", "next");
            var _ = client.read();
            client.read().expect(WireReply.bulk("next"));
        }
    }

    /** Scripts that take memory or time without bound and may say so. */
    @DisplayName("Script denial of service: memory")
    @WireTest(notOnOriginal = "it has no bound, and takes what there is")
    void memoryIsBounded(TestClient client) {
        for (String script : new String[]{"local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end",
                "local s = 'x' while true do s = s .. s end", "return ('x'):rep(2^30)",
                "local t = {} while true do t = {t, t} end", "local t = {} for i = 1, 1e9 do t[i] = {} end",
                "local t = {} while true do t[#t + 1] = redis.call('echo', ('x'):rep(9999)) end"}) {
            WireReply reply = client.send("EVAL", script, "0");
            assertThat(reply.text()).as(script).containsPattern("not enough memory|too large|killed");
        }
        client.send("EVAL", "return 1", "0").expect(integer(1));
    }

    /** CVE-2020-14147 and stack exhaustion of all kinds. */
    @WireTest
    void deepRecursionIsAnError(TestClient client) {
        for (String script : new String[]{"local function f() return 1 + f() end return f()",
                "local function f() return pcall(f) end return select('#', f())",
                "return ('x'):find(('('):rep(5000))", "local function co() return coroutine.wrap(co)() end co()",
                "return #tostring(string.gsub('x', 'x', string.gsub))"}) {
            assertThat(client.send("EVAL", script, "0")).as(script).isNotNull();
            client.send("PING").expect(status("PONG"));
        }
    }
}
