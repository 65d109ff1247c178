package dev.cistern.engine.scripting;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same random scripts on a Cistern node and on the original: every reply must be equal, errors included. The seed
 * stands in the failure.
 */
final class RandomScriptsTest {
    private static final int SCRIPTS = 4_000 * Integer.getInteger("cistern.effort", 1);
    private static final int BATCH = 50;
    private static final String[] KEYS = {"'a'", "'b'", "'s'", "KEYS[1]", "KEYS[2]", "ARGV[1]", "'n' .. 1"};
    private static final String[] COMMANDS = {"'get', %k", "'set', %k, %v", "'incr', %k", "'incrby', %k, %v",
            "'append', %k, %v", "'strlen', %k", "'mget', %k, %k", "'mset', %k, %v, %k, %v", "'del', %k", "'exists', %k",
            "'type', %k", "'getrange', %k, 0, %v", "'setrange', %k, 3, %v", "'expire', %k, 1000", "'persist', %k",
            "'getset', %k, %v", "'setnx', %k, %v", "'incrbyfloat', %k, %v", "'ping'", "'ping', %v", "'echo', %v",
            "'select', 1", "'select', 99", "'get'", "'nosuch', %k", "'eval', 'return 1', 0",
            "'setbit', %k, 7, 1", "'bitcount', %k", "'getdel', %k", "'set', %k, %v, 'get'", "'keys', '*z'",
            "'dbsize'", "'randomkey', 1", "'flushdb', 'x'", "'lcs', %k, %k", "'rename', %k, %k", "'copy', %k, %k"};
    private static final String[] VALUES = {"1", "-5", "0.5", "1.5", "'x'", "''", "'10'", "'3.0'", "2^53", "2^40",
            "ARGV[1]", "ARGV[2]", "'\\0\\255'", "true", "nil", "{}", "#KEYS", "'OK'"};
    private static final String[] SHAPES = {"%x", "{%x, %x}", "{%x, nil, %x}", "{ok = %v}", "{err = %v}",
            "{double = %v}",
            "{map = {x = %v}}", "{set = {x = true}}", "{big_number = '12'}", "{{%x}, {{%v}}}", "{%v, {ok = 'fine'}}",
            "type(%v)", "type(%x)", "(%x) == false", "redis.error_reply(%v)",
            "redis.status_reply(%v)", "{verbatim_string = {format = 'txt', string = 'v'}}", "redis.sha1hex(%v)"};

    private final SplittableRandom random;

    RandomScriptsTest() {
        this.random = new SplittableRandom(System.nanoTime());
    }

    private static String pick(SplittableRandom random, String[] from) {
        return from[random.nextInt(from.length)];
    }

    private static String fill(SplittableRandom random, String template) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < template.length()) {
            char c = template.charAt(at++);
            if (c != '%') {
                out.append(c);
                continue;
            }
            out.append(switch (template.charAt(at++)) {
                case 'k' -> pick(random, KEYS);
                case 'v' -> pick(random, VALUES);
                default -> random.nextInt(3) == 0 ? pick(random, VALUES) : call(random);
            });
        }
        return out.toString();
    }

    private static String call(SplittableRandom random) {
        return "redis." + (random.nextInt(3) == 0 ? "pcall" : "call") + "(" + fill(random, pick(random, COMMANDS))
                + ")";
    }

    private static String script(SplittableRandom random) {
        StringBuilder script = new StringBuilder();
        if (random.nextInt(12) == 0) {
            script.append(random.nextBoolean() ? "#!lua\n" : "#!lua flags=no-writes\n");
        }
        if (random.nextInt(5) == 0) {
            script.append("redis.setresp(").append(random.nextBoolean() ? 3 : 2).append(") ");
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            script.append(switch (random.nextInt(6)) {
                case 0 -> "local r = " + call(random) + "\n";
                case 1 -> "local ok, e = pcall(redis.call, " + fill(random, pick(random, COMMANDS))
                        + ") if not ok then return {tostring(ok), e} end\n";
                case 2 -> "for i = 1, 3 do " + call(random) + " end ";
                case 3 -> "if " + fill(random, "%x") + " then " + call(random) + " else " + call(random) + " end\n";
                case 4 -> "pcall(function() " + call(random) + " end) ";
                default -> call(random) + " ";
            });
        }
        return script.append("return ").append(fill(random, pick(random, SHAPES))).toString();
    }

    private static String[] request(SplittableRandom random) {
        String command = random.nextInt(10) == 0 ? "EVAL_RO" : "EVAL";
        return new String[]{command, script(random), "2", "k1", "k2", "arg", Integer.toString(random.nextInt(100))};
    }

    @Test
    void randomScriptsAreAnsweredAlike() {
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        try (TestServer ours = TestServer.cistern();
                TestServer theirs = TestServer.original(program);
                TestClient us = ours.connect();
                TestClient them = theirs.connect()) {
            for (int done = 0; done < SCRIPTS; done += BATCH) {
                String protocol = random.nextBoolean() ? "2" : "3";
                us.send("HELLO", protocol);
                them.send("HELLO", protocol);
                batch(random.nextLong(), us, them);
            }
        }
    }

    private static void batch(long seed, TestClient us, TestClient them) {
        SplittableRandom random = new SplittableRandom(seed);
        us.send("FLUSHALL");
        them.send("FLUSHALL");
        for (int i = 0; i < BATCH; i++) {
            String[] request = request(random);
            WireReply ours = us.send(request);
            WireReply theirs = them.send(request);
            assertThat(shown(ours)).as("seed %d, script %s", seed, request[1]).isEqualTo(shown(theirs));
        }
    }

    /** Doubles, which 7.0 prints with more digits, stay as they are: scripts here use none that differ. */
    private static String shown(WireReply reply) {
        return Texts.valkeys(reply.toString());
    }
}
