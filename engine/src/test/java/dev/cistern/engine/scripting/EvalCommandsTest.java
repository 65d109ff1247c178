package dev.cistern.engine.scripting;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** EVAL and its family, the cache and SCRIPT. */
final class EvalCommandsTest {
    private static final String ONE = "return 1";
    private static final String SHA_OF_ONE = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";

    private static WireReply eval(TestClient client, String script, String... arguments) {
        String[] request = new String[arguments.length + 2];
        request[0] = "EVAL";
        request[1] = script;
        System.arraycopy(arguments, 0, request, 2, arguments.length);
        return client.send(request);
    }

    // --- arguments and replies ---

    @WireTest
    void keysAndArgumentsAreTables(TestClient client) {
        eval(client, "return {KEYS, ARGV}", "2", "a", "b", "c", "d")
                .expect(array(array("a", "b"), array("c", "d")));
        eval(client, "return {#KEYS, #ARGV}", "0").expect(array(0, 0));
        eval(client, "KEYS[1] = 'x' return KEYS", "1", "a").expect(array("x"));
        eval(client, "return ARGV[1]", "0", "\0\r\n\u00ff").expect(bulk("\0\r\n\u00ff"));
    }

    @WireTest
    void valuesBecomeReplies(TestClient client) {
        eval(client, "return {1, 2, {3, 'a', false, true, nil, 5}}", "0")
                .expect(array(1, 2, array(3, "a", nil(), 1)));
        eval(client, "return {1.9, -1.9, 2^53, 1e100}", "0")
                .expect(array(1, -1, 1L << 53, Long.MIN_VALUE));
        eval(client, "return {ok = 'fine\\r\\nb'}", "0").expect(status("fine  b"));
        eval(client, "return {err = 'CODE no\\r\\n+OK'}", "0").expect(error("CODE no  +OK"));
        eval(client, "return {err = 'a', ok = 'b'}", "0").expect(error("a"));
        eval(client, "return {err = 1}", "0").expect(array());
        eval(client, "return {double = 1.5}", "0").expect(bulk("1.5"));
        eval(client, "return {map = {a = 1}}", "0").expect(array("a", 1));
        eval(client, "return {set = {a = true}}", "0").expect(array("a"));
        eval(client, "return {big_number = '123'}", "0").expect(bulk("123"));
        eval(client, "return {verbatim_string = {format = 'txt', string = 'abc'}}", "0").expect(bulk("abc"));
        eval(client, "return function() end", "0").expect(nil());
        eval(client, "return", "0").expect(nil());
        eval(client, "", "0").expect(nil());
    }

    @WireTest
    void repliesInTheThirdProtocol(TestClient client) {
        client.send("HELLO", "3");
        eval(client, "return {true, false, {double = 1.5}, {map = {a = 1}}}", "0").expect(array(1,
                new WireReply.Null('_'), new WireReply.Real("1.5"), WireReply.map("a", 1)));
        eval(client, "redis.setresp(3) return {true, false}", "0").expect(array(new WireReply.Bool(true),
                new WireReply.Bool(false)));
        eval(client, "redis.setresp(3) return {set = {a = true}}", "0").expect(WireReply.set("a"));
        eval(client, "return redis.call('get', 'none') == false", "0").expect(integer(1));
        eval(client, "redis.setresp(3) return redis.call('get', 'none') == nil", "0")
                .expect(new WireReply.Bool(true));
        eval(client, "redis.setresp(3) return type(redis.call('config', 'get', 'maxmemory'))", "0");
    }

    @WireTest
    void repliesOfCommandsBecomeValues(TestClient client) {
        eval(client, "redis.call('set', KEYS[1], 'v') return redis.call('get', KEYS[1])", "1", "k")
                .expect(bulk("v"));
        eval(client, "return redis.call('set', KEYS[1], 'v')['ok']", "1", "k").expect(bulk("OK"));
        eval(client, "return redis.call('incr', KEYS[1]) + 1", "1", "n").expect(integer(2));
        eval(client, "return #redis.call('mget', KEYS[1], KEYS[2], 'none')", "2", "n", "k").expect(integer(3));
        eval(client, "return redis.call('mget', 'none', 'n')[1] == false", "0").expect(integer(1));
        eval(client, "return redis.call('ping')", "0").expect(status("PONG"));
        eval(client, "return {redis.pcall('incr', KEYS[1])['err']}", "1", "k")
                .expect(array("ERR value is not an integer or out of range"));
    }

    @WireTest
    void numbersBecomeArguments(TestClient client) {
        eval(client, "redis.call('set', 'n', 10) redis.call('append', 'n', 1.5) redis.call('append', 'n', 3e20)"
                + " redis.call('append', 'n', -7) return redis.call('get', 'n')", "0").expect(bulk("101.53e+20-7"));
    }

    // --- errors ---

    @WireTest
    void errorsNameScriptAndLine(TestClient client) {
        client.send("SET", "s", "a");
        Texts.expectAt(eval(client, "\nreturn redis.call('incr', 's')", "0"), 2,
                "ERR value is not an integer or out of range");
        Texts.expectAt(eval(client, "return redis.call('nosuch')", "0"), 1, "ERR Unknown command called from script");
        Texts.expectAt(eval(client, "return redis.call('get')", "0"), 1,
                "ERR Wrong number of args calling command from script");
        Texts.expectAt(eval(client, "return redis.call()", "0"), 1,
                "ERR Please specify at least one argument for this call");
        Texts.expectAt(eval(client, "return redis.call('get', {})", "0"), 1,
                "ERR Command arguments must be strings or integers");
        Texts.expectAt(eval(client, "error('boom')", "0"), 1, "ERR user_script:1: boom");
        Texts.expectAt(eval(client, "error({err = 'CODE boom'})", "0"), 1, "CODE boom");
        Texts.expectAt(eval(client, "\n\nfoo()", "0"), 3,
                "ERR user_script:3: Script attempted to access nonexistent global variable 'foo'");
        Texts.expectAt(eval(client, "local co = coroutine.wrap(function() redis.call('nosuch') end)\n co()", "0"), 2,
                "ERR Unknown command called from script");
        Texts.expectAt(eval(client, "assert(false)", "0"), 1, "ERR user_script:1: assertion failed!");
        Texts.expectAt(eval(client, "string.gsub('a', '.', function() redis.call('nosuch') end)", "0"), 1,
                "ERR Unknown command called from script");
        Texts.expectAt(eval(client, "return redis.sha1hex()", "0"), 1, "ERR wrong number of arguments");
    }

    @WireTest
    void errorsAreValuesToo(TestClient client) {
        eval(client, "local ok, e = pcall(redis.call, 'get') return type(e)", "0").expect(bulk("string"));
        eval(client, "local ok, e = pcall(error, {err = 'x'}) return e", "0").expect(bulk("x"));
        eval(client, "return redis.error_reply('My Err')", "0").expect(error("My Err"));
        eval(client, "return redis.error_reply('-MY Err')", "0").expect(error("MY Err"));
        eval(client, "return redis.error_reply('nospace')", "0").expect(error("ERR nospace"));
        eval(client, "return redis.error_reply('a b\\r\\n')", "0").expect(error("a b"));
        eval(client, "return redis.error_reply(1)", "0").expect(error("ERR wrong number or type of arguments"));
        eval(client, "return redis.status_reply('OKK')", "0").expect(status("OKK"));
        eval(client, "return redis.status_reply({})", "0").expect(error("ERR wrong number or type of arguments"));
        eval(client, "return redis.error_reply('line\\r\\n+OK\\r\\n:1 x')", "0")
                .expect(error("line  +OK  :1 x"));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void theRequestMayBeWrong(TestClient client) {
        eval(client, "return 1", "-1").expect(error("ERR Number of keys can't be negative"));
        eval(client, "return 1", "2", "a").expect(error("ERR Number of keys can't be greater than number of args"));
        eval(client, "return 1", "x").expect(error("ERR value is not an integer or out of range"));
        client.send("EVAL", "return 1").expect(error("ERR wrong number of arguments for 'eval' command"));
        eval(client, "retur n", "0").expect(error(
                "ERR Error compiling script (new function): user_script:1: '=' expected near 'n'"));
    }

    // --- what the library offers ---

    @WireTest
    void facts(TestClient client) {
        eval(client, "return redis.sha1hex('')", "0").expect(bulk("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
        eval(client, "return {redis.LOG_DEBUG, redis.LOG_WARNING, redis.REPL_ALL}", "0").expect(array(0, 3, 3));
        eval(client, "return redis.log(redis.LOG_DEBUG, 'a', 'b')", "0").expect(nil());
        eval(client, "return redis.set_repl(redis.REPL_ALL)", "0").expect(nil());
        eval(client, "return redis.replicate_commands()", "0").expect(integer(1));
        eval(client, "return redis.breakpoint()", "0").expect(nil());
        eval(client, "return redis.acl_check_cmd('set', 'x', 'y')", "0").expect(integer(1));
        Texts.expectAt(eval(client, "return redis.acl_check_cmd('xset')", "0"), 1,
                "ERR Invalid command passed to server.acl_check_cmd()");
        Texts.expectAt(eval(client, "redis.setresp(4)", "0"), 1, "ERR RESP version must be 2 or 3.");
        Texts.expectAt(eval(client, "redis.log(9, 'a')", "0"), 1, "ERR Invalid log level.");
    }

    @WireTest(notOnOriginal = "Redis has no table of this name")
    void theLibraryHasASecondName(TestClient client) {
        eval(client, "return server == redis", "0").expect(integer(1));
        eval(client, "return {redis.REDIS_VERSION, redis.SERVER_NAME}", "0").expect(array("7.2.4", "valkey"));
        eval(client, "return redis.VALKEY_VERSION_NUM >= 0x080000", "0").expect(integer(1));
    }

    @WireTest
    void commandsThatAreNotForScripts(TestClient client) {
        for (String command : new String[]{"'eval', 'return 1', 0", "'client', 'id'", "'debug', 'sleep', 0",
                "'multi'", "'script', 'flush'", "'config', 'get', 'x'", "'auth', 'x'"}) {
            Texts.expectAt(eval(client, "return redis.call(" + command + ")", "0"), 1,
                    "ERR This Redis command is not allowed from script");
        }
    }

    @WireTest
    void theSelectedDatabaseIsTheScriptsOwn(TestClient client) {
        eval(client, "redis.call('select', 2) redis.call('set', 'k', 1) return redis.call('get', 'k')", "0")
                .expect(bulk("1"));
        client.send("GET", "k").expect(nil());
        client.send("SELECT", "2").expect(ok());
        client.send("GET", "k").expect(bulk("1"));
        eval(client, "return redis.call('get', 'k')", "0").expect(bulk("1"));
        client.send("FLUSHALL");
    }

    // --- flags ---

    @WireTest
    void scriptsThatOnlyRead(TestClient client) {
        String writes = "return redis.call('set', 'a', 'b')";
        Texts.expectAt(client.send("EVAL_RO", writes, "0"), 1,
                "ERR Write commands are not allowed from read-only scripts.");
        Texts.expectAt(eval(client, "#!lua flags=no-writes\n" + writes, "0"), 2,
                "ERR Write commands are not allowed from read-only scripts.");
        client.send("EVAL_RO", "#!lua\n" + ONE, "0").expect(error(
                "ERR Can not execute a script with write flag using *_ro command."));
        client.send("EVAL_RO", "#!lua flags=no-writes\n" + ONE, "0").expect(integer(1));
        client.send("EVAL_RO", "return redis.call('get', 'a')", "0").expect(nil());
        client.send("EXISTS", "a").expect(integer(0));
    }

    @WireTest
    void theFirstLine(TestClient client) {
        eval(client, "#!lua flags=no-writes,allow-oom,allow-stale,no-cluster,allow-cross-slot-keys\n" + ONE, "0")
                .expect(integer(1));
        eval(client, "#!lua flags=\n" + ONE, "0").expect(integer(1));
        eval(client, "#!lua flags=foo\n" + ONE, "0").expect(error("ERR Unexpected flag in script shebang: foo"));
        eval(client, "#!lua name=x\n" + ONE, "0").expect(error("ERR Unknown lua shebang option: name=x"));
        eval(client, "#!python\n" + ONE, "0").expect(error("ERR Unexpected engine in script shebang: #!python"));
        eval(client, "#!lua", "0").expect(error("ERR Invalid script shebang"));
        // Line ends of the client's must not make a second reply.
        assertThat(eval(client, "#!lua x\r+OK\rname=y\n" + ONE, "0").text())
                .startsWith("ERR Unknown lua shebang option");
        client.send("PING").expect(status("PONG"));
    }

    @WireTest(settings = {"maxmemory", "2mb"})
    void memoryThatIsShort(TestClient client) {
        String value = "x".repeat(1_000);
        for (int i = 0; i < 4_000; i++) {
            client.send("SET", "k" + i, value);
        }
        client.send("SET", "more", "x".repeat(30_000));
        client.send("SET", "more", "x".repeat(30_000));
        Texts.expectAt(eval(client, "return redis.call('set', 'a', 'b')", "0"), 1,
                "OOM command not allowed when used memory > 'maxmemory'.");
        eval(client, "return redis.call('get', 'none')", "0").expect(nil());
        eval(client, "#!lua\nreturn 1", "0").expect(error(
                "OOM command not allowed when used memory > 'maxmemory'."));
        eval(client, "#!lua flags=allow-oom\nreturn redis.call('set', 'a', 'b')", "0").expect(ok());
        eval(client, "#!lua flags=no-writes\nreturn 1", "0").expect(integer(1));
        // What has begun to write goes on.
        eval(client, "redis.call('del', 'k1') return redis.call('set', 'a', 'c')", "0").expect(ok());
    }

    // --- the cache ---

    @WireTest
    void scriptsAreKeptByDigest(TestClient client) {
        client.send("SCRIPT", "FLUSH").expect(ok());
        assertThat(Texts.of(client.send("EVALSHA", SHA_OF_ONE, "0"))).isEqualTo("NOSCRIPT No matching script.");
        assertThat(Texts.of(client.send("EVALSHA", "abc", "0"))).isEqualTo("NOSCRIPT No matching script.");
        client.send("SCRIPT", "EXISTS", SHA_OF_ONE, "b").expect(array(0, 0));
        eval(client, ONE, "0").expect(integer(1));
        client.send("EVALSHA", SHA_OF_ONE, "0").expect(integer(1));
        client.send("EVALSHA", SHA_OF_ONE.toUpperCase(java.util.Locale.ROOT), "0").expect(integer(1));
        client.send("EVALSHA_RO", SHA_OF_ONE, "0").expect(integer(1));
        client.send("SCRIPT", "EXISTS", SHA_OF_ONE, "b").expect(array(1, 0));
        client.send("SCRIPT", "FLUSH", "SYNC").expect(ok());
        client.send("SCRIPT", "EXISTS", SHA_OF_ONE).expect(array(0));
        client.send("SCRIPT", "LOAD", ONE).expect(bulk(SHA_OF_ONE));
        client.send("EVALSHA", SHA_OF_ONE, "0").expect(integer(1));
        client.send("SCRIPT", "LOAD", "retur").expect(error(
                "ERR Error compiling script (new function): user_script:1: '=' expected near '<eof>'"));
        client.send("SCRIPT", "FLUSH", "x").expect(error("ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
        client.send("SCRIPT", "KILL").expect(error("NOTBUSY No scripts in execution right now."));
        client.send("SCRIPT", "DEBUG", "NO").expect(ok());
        client.send("SCRIPT", "DEBUG", "FOO").expect(error("ERR Use SCRIPT DEBUG YES/SYNC/NO"));
    }

    @WireTest(notOnOriginal = "Redis 7.0 keeps every script and does not show them")
    void scriptsOfEvalAreEvicted(TestClient client) {
        client.send("SCRIPT", "FLUSH");
        String loaded = client.send("SCRIPT", "LOAD", "return 'loaded'").text();
        String[] digests = new String[501];
        for (int i = 0; i <= 500; i++) {
            String script = "return " + i;
            digests[i] = Sha1.hexOf(script.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            eval(client, script, "0").expect(integer(i));
            if (i == 499) {
                // The first one is no longer the one that was not used for longest.
                eval(client, "return 0", "0").expect(integer(0));
            }
        }
        client.send("SCRIPT", "EXISTS", digests[0], digests[1], digests[2], digests[500], loaded)
                .expect(array(1, 0, 1, 1, 1));
        client.send("SCRIPT", "SHOW", digests[2]).expect(bulk("return 2"));
        client.send("SCRIPT", "SHOW", digests[1]).expect(error("NOSCRIPT No matching script."));
        eval(client, "return 1", "0").expect(integer(1));
    }

    // --- in company ---

    @WireTest
    void scriptsInTransactions(TestClient client) {
        client.send("MULTI").expect(ok());
        client.write("EVAL", "return redis.call('incr', KEYS[1])", "1", "n");
        client.write("INCR", "n");
        client.write("EVAL", "return redis.call('incr', 'undeclared')", "0");
        client.write("EVAL", "return redis.call('nosuch')", "0");
        client.write("EXEC");
        for (int i = 0; i < 4; i++) {
            client.read().expect(status("QUEUED"));
        }
        WireReply replies = client.read();
        assertThat(replies.members().subList(0, 3)).containsExactly(integer(1), integer(2), integer(1));
        Texts.expectAt(replies.members().get(3), 1, "ERR Unknown command called from script");
    }

    @WireTest
    void pipelinedScripts(TestClient client) {
        for (int i = 0; i < 600; i++) {
            client.write("EVAL", "return redis.call('incrby', KEYS[1], ARGV[1])", "1", "n", "2");
            client.write("GET", "n");
        }
        for (int i = 1; i <= 600; i++) {
            client.read().expect(integer(2L * i));
            client.read().expect(bulk(Integer.toString(2 * i)));
        }
    }

    @WireTest
    void largeArgumentsAndReplies(TestClient client) {
        String large = "x".repeat(1 << 20);
        eval(client, "redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])", "1", "k", large)
                .expect(bulk(large));
        eval(client, "local t = {} for i = 1, 100000 do t[i] = i end return #t", "0").expect(integer(100_000));
        assertThat(eval(client, "local t = {} for i = 1, 10000 do t[i] = i end return t", "0").members())
                .hasSize(10_000);
    }

    @WireTest(notOnOriginal = "it answers so deep a reply that the test's client cannot read it")
    void repliesWithoutEnd(TestClient client) {
        // Read as bytes: so deep a reply is no easier for the test than for anybody else.
        client.write("EVAL", "local a = {} local b = {a} a[1] = b return a", "0");
        client.write("PING");
        assertThat(client.readUntil("+PONG\r\n")).startsWith("*1\r\n*1\r\n")
                .endsWith("*1\r\n-ERR reached lua stack limit\r\n+PONG\r\n");
        eval(client, "local t = {('x'):rep(1000)} for i = 1, 40 do t = {t, t} end return t", "0")
                .expect(error("ERR the script's reply is too large"));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void timeStandsStill(TestClient client) {
        eval(client, "local a = redis.call('time') for i = 1, 300000 do end local b = redis.call('time')"
                + " return a[1] == b[1] and a[2] == b[2]", "0");
        eval(client, "redis.call('set', 'k', 'v', 'px', 1) for i = 1, 2000000 do end return redis.call('get', 'k')",
                "0").expect(bulk("v"));
    }

    @WireTest
    void aRefusedCallIsOneErrorHoweverTheScriptEnds(TestClient client) {
        for (String script : new String[]{"return redis.call('set', KEYS[1], 'v')",
                "return redis.pcall('set', KEYS[1], 'v')", "redis.pcall('set', KEYS[1], 'v') return 1"}) {
            client.send("CONFIG", "RESETSTAT");
            client.send("EVAL_RO", script, "1", "k");
            String info = client.send("INFO", "all").text();
            assertThat(info).contains("errorstat_ERR:count=1\r\n", "total_error_replies:1\r\n")
                    .containsPattern("cmdstat_set:calls=0,.*rejected_calls=1,failed_calls=0");
        }
    }
}
