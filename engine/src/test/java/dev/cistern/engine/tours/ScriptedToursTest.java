package dev.cistern.engine.tours;

import dev.cistern.engine.testing.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Clients that are programs of other languages. Node's are looked for where {@code NODE_PATH} says. */
@Timeout(120)
final class ScriptedToursTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void redisPy(int protocol) throws IOException, InterruptedException {
        String python = Stream.of("python3", "/usr/bin/python3").filter(each -> answers(each, "-c", "import redis"))
                .findFirst().orElse(null);
        Assumptions.assumeTrue(python != null, "redis-py is not installed");
        String output = tour(List.of(Objects.requireNonNull(python)), "tour-redis-py.py", protocol);
        Assumptions.assumeFalse(output.startsWith("too old"), "this redis-py knows no RESP3");
        assertThat(output).isEqualTo("all done\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void ioredis(int protocol) throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("node", "-e", "require('ioredis')"), "ioredis is not installed");
        assertThat(tour(List.of("node"), "tour-ioredis.js", protocol)).isEqualTo("all done\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void nodeRedis(int protocol) throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("node", "-e", "require('redis')"), "node-redis is not installed");
        assertThat(tour(List.of("node"), "tour-node-redis.js", protocol)).isEqualTo("all done\n");
    }

    private String tour(List<String> interpreter, String name, int protocol) throws IOException, InterruptedException {
        Path script = folder.resolve(name);
        try (InputStream in = ScriptedToursTest.class.getResourceAsStream(name)) {
            Files.write(script, Objects.requireNonNull(in).readAllBytes());
        }
        try (TestServer server = TestServer.cistern()) {
            return output(Stream.concat(interpreter.stream(), Stream.of(script.toString(),
                    Integer.toString(server.port()), Integer.toString(protocol))).toList(), "");
        }
    }

    /** What redis-cli prints, types and all, beside what it prints of the original. */
    private static final String LINES = """
            set s v
            append s w
            get s
            mget s none
            incrbyfloat f 0.5
            setbit bits 7 1
            bitfield bits set u8 8 200 get u8 8
            rpush l a b c
            lrange l 0 -1
            lpop none
            blpop l 1
            sadd set x
            smembers set
            sismember set x
            zadd z 1 one 2.5 two
            zrange z 0 -1 withscores
            zscore z two
            zpopmin z
            hset h f 1
            hgetall h
            xadd x 5-1 k v
            xrange x - +
            xread count 1 streams x 0
            xgroup create x g 0
            xreadgroup group g me streams x >
            xpending x g
            pfadd p a b c
            pfcount p
            geoadd geo 13.361389 38.115556 Palermo
            geopos geo Palermo
            geohash geo Palermo
            multi
            incr n
            get n
            exec
            eval "return {1, 'two', {3}, false}" 0
            object encoding n
            type z
            config get maxmemory
            client getname
            publish nobody x
            incr s
            nosuch
            """;

    @ParameterizedTest
    @ValueSource(strings = {"-2", "-3"})
    void redisCli(String protocol) throws IOException, InterruptedException {
        Assumptions.assumeTrue(answers("redis-cli", "--version"), "redis-cli is not installed");
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        try (TestServer ours = TestServer.cistern();
                TestServer theirs = TestServer.original(Objects.requireNonNull(program))) {
            assertThat(printed(ours, protocol)).isEqualTo(printed(theirs, protocol)).contains("\"vw\"", "WRONGTYPE");
        }
    }

    private static String printed(TestServer server, String protocol) throws IOException, InterruptedException {
        return output(List.of("redis-cli", "-p", Integer.toString(server.port()), protocol, "--no-raw"),
                LINES + "lpush s x\n");
    }

    private static boolean answers(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String output(List<String> command, String input) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
