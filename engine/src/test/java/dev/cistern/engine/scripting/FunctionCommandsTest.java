package dev.cistern.engine.scripting;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** FUNCTION and FCALL. */
final class FunctionCommandsTest {
    private static final String LIBRARY = """
            #!lua name=mylib
            redis.register_function('f', function(keys, args) return {keys, args} end)
            """;

    private static WireReply load(TestClient client, String code) {
        return client.send("FUNCTION", "LOAD", "REPLACE", code);
    }

    private static String failure(TestClient client, String code) {
        return Texts.of(load(client, "#!lua name=broken\n" + code));
    }

    private static void flush(TestClient client) {
        client.send("FUNCTION", "FLUSH").expect(ok());
    }

    // --- loading ---

    @WireTest
    void librariesAreLoadedAndCalled(TestClient client) {
        flush(client);
        client.send("FUNCTION", "LOAD", LIBRARY).expect(bulk("mylib"));
        client.send("FUNCTION", "LOAD", LIBRARY).expect(error("ERR Library 'mylib' already exists"));
        client.send("FUNCTION", "LOAD", "REPLACE", LIBRARY).expect(bulk("mylib"));
        client.send("FUNCTION", "LOAD", "FOO", LIBRARY).expect(error("ERR Unknown option given: FOO"));
        client.send("FCALL", "f", "1", "a", "b", "c").expect(array(array("a"), array("b", "c")));
        client.send("FCALL", "F", "0").expect(array(array(), array()));
        client.send("FCALL", "g", "0").expect(error("ERR Function not found"));
        client.send("FCALL", "f", "x").expect(error("ERR Bad number of keys provided"));
        client.send("FCALL", "f", "-1").expect(error("ERR Number of keys can't be negative"));
        client.send("FCALL", "f", "2").expect(error("ERR Number of keys can't be greater than number of args"));
        client.send("FUNCTION", "DELETE", "nolib").expect(error("ERR Library not found"));
        client.send("FUNCTION", "DELETE", "mylib").expect(ok());
        client.send("FCALL", "f", "0").expect(error("ERR Function not found"));
    }

    @WireTest
    void theFirstLineNamesTheLibrary(TestClient client) {
        load(client, "return 1").expect(error("ERR Missing library metadata"));
        load(client, "#!lua name=a").expect(error("ERR Invalid library metadata"));
        load(client, "#!lua\nreturn 1").expect(error("ERR Library name was not given"));
        load(client, "#!lua name=a b\nreturn 1").expect(error("ERR Invalid metadata value given: b"));
        load(client, "#!lua name=a name=b\nreturn 1").expect(
                error("ERR Invalid metadata value, name argument was given multiple times"));
        load(client, "#!foo name=a\nreturn 1").expect(error("ERR Engine 'foo' not found"));
        for (String name : new String[]{"", "a-b", "\"a b\"", "a.b"}) {
            load(client, "#!lua name=" + name + "\nreturn 1")
                    .expect(error("ERR Library names can only contain letters, "
                            + "numbers, or underscores(_) and must be at least one character long"));
        }
        load(client, "#!lua name=\"a\"\nreturn 1").expect(error("ERR No functions registered"));
    }

    @WireTest
    void whatGoesWrongWhenLoading(TestClient client) {
        flush(client);
        assertThat(failure(client, "retur")).isEqualTo(
                "ERR Error compiling function: user_function:2: '=' expected near '<eof>'");
        assertThat(failure(client, "foo = 1")).isEqualTo(
                "ERR Error registering functions: ERR user_function:2: Attempt to modify a readonly table");
        for (String unknown : new String[]{"foo", "string", "pairs", "_G", "KEYS"}) {
            assertThat(failure(client, "local x = " + unknown)).isEqualTo("ERR Error registering functions: ERR "
                    + "user_function:2: Script attempted to access nonexistent global variable '" + unknown + "'");
        }
        for (String unknown : new String[]{"call", "pcall", "sha1hex", "acl_check_cmd"}) {
            assertThat(failure(client, "local x = redis." + unknown)).isEqualTo("ERR Error registering functions: ERR "
                    + "user_function:2: Script attempted to access nonexistent global variable '" + unknown + "'");
        }
        assertThat(failure(client, "while true do end")).isEqualTo(
                "ERR Error registering functions: ERR FUNCTION LOAD timeout");
        client.send("FUNCTION", "LIST").expect(array());
        load(client, LIBRARY).expect(bulk("mylib"));
    }

    @WireTest
    void whatCannotBeRegistered(TestClient client) {
        String[][] cases = {{"'g'", "calling server.register_function with a single argument is only applicable to "
                + "Lua table (representing named arguments)."},
                {"", "wrong number of arguments to server.register_function"},
                {"1, 2, 3", "wrong number of arguments to server.register_function"},
                {"1, 2", "second argument to server.register_function must be a function"},
                {"{}, 2", "first argument to server.register_function must be a string"},
                {"'a-b', function() end", "Library names can only contain letters, numbers, or underscores(_) and must "
                        + "be at least one character long"},
                {"{function_name = 'g'}", "server.register_function must get a callback argument"},
                {"{callback = function() end}", "server.register_function must get a function name argument"},
                {"{function_name = {}, callback = function() end}",
                        "function_name argument given to server.register_function must be a string"},
                {"{callback = 1}", "callback argument given to server.register_function must be a function"},
                {"{flags = 1}",
                        "flags argument to server.register_function must be a table representing function flags"},
                {"{flags = {'x'}}", "unknown flag given"},
                {"{foo = 1}", "unknown argument given to server.register_function"},
                {"{[true] = 1}", "named argument key given to server.register_function is not a string"},
                {"{description = {}}", "description argument given to server.register_function must be a string"}};
        for (String[] each : cases) {
            assertThat(failure(client, "redis.register_function(" + each[0] + ")")).as(each[0])
                    .isEqualTo("ERR Error registering functions: ERR " + each[1]);
        }
        assertThat(failure(client, "redis.register_function('g', function() end) "
                + "redis.register_function('g', function() end)"))
                .isEqualTo("ERR Error registering functions: ERR Function already exists in the library");
    }

    @WireTest
    void functionsAreOfOneLibrary(TestClient client) {
        flush(client);
        load(client, LIBRARY).expect(bulk("mylib"));
        load(client, "#!lua name=other\nredis.register_function('f', function() end)")
                .expect(error("ERR Function f already exists"));
        load(client, "#!lua name=mylib\nredis.register_function('g', function() end)").expect(bulk("mylib"));
        load(client, "#!lua name=other\nredis.register_function('f', function() return 2 end)").expect(bulk("other"));
        client.send("FCALL", "f", "0").expect(integer(2));
    }

    // --- calling ---

    @WireTest
    void flagsSayWhatAFunctionMayDo(TestClient client) {
        flush(client);
        load(client, """
                #!lua name=flags
                redis.register_function('writes', function(keys) return redis.call('set', keys[1], 'v') end)
                redis.register_function{function_name = 'reads', flags = {'no-writes'},
                  callback = function(keys) return redis.call('get', keys[1]) end}
                redis.register_function{function_name = 'lies', flags = {'no-writes'},
                  callback = function(keys) return redis.call('set', keys[1], 'w') end}
                """).expect(bulk("flags"));
        client.send("FCALL", "writes", "1", "k").expect(ok());
        client.send("FCALL_RO", "writes", "1", "k").expect(error(
                "ERR Can not execute a script with write flag using *_ro command."));
        client.send("FCALL_RO", "reads", "1", "k").expect(bulk("v"));
        client.send("FCALL", "lies", "1", "k").expect(error("ERR Write commands are not allowed from read-only scripts."
                + " script: lies, on @user_function:6."));
        client.send("GET", "k").expect(bulk("v"));
    }

    @WireTest
    void librariesKeepTheirState(TestClient client, TestClient other) {
        flush(client);
        load(client, "#!lua name=counting\nlocal n = 0 redis.register_function('count', function() n = n + 1 return n "
                + "end)").expect(bulk("counting"));
        client.send("FCALL", "count", "0").expect(integer(1));
        other.send("FCALL", "count", "0").expect(integer(2));
        client.send("FCALL", "count", "0").expect(integer(3));
    }

    @WireTest
    void functionsFindNoKeysAndChangeNoGlobals(TestClient client) {
        flush(client);
        load(client,
                """
                        #!lua name=globals
                        redis.register_function('keys', function() return KEYS end)
                        redis.register_function('set', function() x = 1 end)
                        redis.register_function('register', function() return redis.register_function('a', print) end)
                        redis.register_function('types', function() return {type(string.rep), type(redis.call), type(cjson)} end)
                        """);
        assertThat(client.send("FCALL", "keys", "0").text()).contains("nonexistent global variable 'KEYS'");
        assertThat(client.send("FCALL", "set", "0").text()).contains("Attempt to modify a readonly table");
        assertThat(client.send("FCALL", "register", "0").text()).contains("script: register, on @user_function:4.");
        client.send("FCALL", "types", "0").expect(array("function", "function", "table"));
    }

    // --- telling ---

    @WireTest
    void listTellsWhatThereIs(TestClient client) {
        flush(client);
        load(client, LIBRARY);
        load(client, "#!lua name=other\nredis.register_function{function_name = 'g', callback = function() end, "
                + "flags = {'no-writes', 'allow-oom'}, description = 'desc'}");
        client.send("FUNCTION", "LIST", "LIBRARYNAME", "MY*", "WITHCODE").expect(array(array("library_name", "mylib",
                "engine", "LUA", "functions", array(array("name", "f", "description", nil(), "flags", array())),
                "library_code", LIBRARY)));
        client.send("FUNCTION", "LIST", "LIBRARYNAME", "oth*").expect(array(array("library_name", "other", "engine",
                "LUA", "functions", array(array("name", "g", "description", "desc", "flags",
                        array(status("no-writes"), status("allow-oom")))))));
        client.send("FUNCTION", "LIST", "FOO").expect(error("ERR Unknown argument FOO"));
        client.send("FUNCTION", "LIST", "LIBRARYNAME").expect(error("ERR library name argument was not given"));
        client.send("FUNCTION", "LIST", "WITHCODE", "WITHCODE").expect(error("ERR Unknown argument WITHCODE"));
        client.send("FUNCTION", "STATS").expect(array("running_script", nil(), "engines",
                array("LUA", array("libraries_count", 2, "functions_count", 2))));
        client.send("FUNCTION", "KILL").expect(error("NOTBUSY No scripts in execution right now."));
        client.send("FUNCTION", "FLUSH", "x").expect(error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"));
        client.send("HELLO", "3");
        client.send("FUNCTION", "LIST", "LIBRARYNAME", "oth*").expect(array(WireReply.map("library_name", "other",
                "engine", "LUA", "functions", array(WireReply.map("name", "g", "description", "desc", "flags",
                        WireReply.set(status("no-writes"), status("allow-oom")))))));
    }

    // --- dumps ---

    @WireTest
    void dumpsAreRestored(TestClient client) {
        flush(client);
        load(client, LIBRARY);
        String dump = client.send("FUNCTION", "DUMP").text();
        client.send("FUNCTION", "RESTORE", dump).expect(error("ERR Library mylib already exists"));
        client.send("FUNCTION", "RESTORE", dump, "REPLACE").expect(ok());
        client.send("FUNCTION", "RESTORE", dump, "FLUSH").expect(ok());
        flush(client);
        client.send("FUNCTION", "RESTORE", dump, "APPEND").expect(ok());
        client.send("FCALL", "f", "1", "a").expect(array(array("a"), array()));
        client.send("FUNCTION", "RESTORE", dump, "FOO").expect(
                error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."));
        client.send("FUNCTION", "RESTORE", "abc").expect(error("ERR DUMP payload version or checksum are wrong"));
        client.send("FUNCTION", "RESTORE", "x" + dump.substring(1)).expect(
                error("ERR DUMP payload version or checksum are wrong"));
        flush(client);
        load(client, "#!lua name=other\nredis.register_function('f', function() end)");
        client.send("FUNCTION", "RESTORE", dump).expect(error("ERR Function f already exists"));
        client.send("FUNCTION", "LIST", "LIBRARYNAME", "mylib").expect(array());
    }

    /** What one of us dumped, the other restores. */
    @Test
    void dumpsGoBetweenUsAndTheOriginal() {
        Optional<java.nio.file.Path> program = TestServer.original();
        Assumptions.assumeTrue(program.isPresent(), "no redis-server or valkey-server is installed to compare with");
        try (TestServer ours = TestServer.cistern();
                TestServer theirs = TestServer.original(program.orElseThrow());
                TestClient us = ours.connect();
                TestClient them = theirs.connect()) {
            String large = LIBRARY + "-- " + "a comment that compresses well. ".repeat(2_000);
            for (TestClient[] way : new TestClient[][]{{us, them}, {them, us}}) {
                load(way[0], large).expect(bulk("mylib"));
                load(way[0], "#!lua name=other\nredis.register_function('two', function() return 2 end)");
                way[1].send("FUNCTION", "RESTORE", way[0].send("FUNCTION", "DUMP").text(), "FLUSH").expect(ok());
                way[1].send("FCALL", "f", "1", "k").expect(array(array("k"), array()));
                way[1].send("FCALL", "two", "0").expect(integer(2));
                way[1].send("FUNCTION", "LIST", "LIBRARYNAME", "mylib", "WITHCODE").expect(
                        way[0].send("FUNCTION", "LIST", "LIBRARYNAME", "mylib", "WITHCODE"));
            }
        }
    }
}
