package dev.cistern.engine.commands;

import com.sun.management.ThreadMXBean;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * The commands that applications send all day leave nothing on the heap, options included, once they are warm.
 *
 * <p>Not about the loop that carries them: {@code AllocationTest} measures that with GET and SET.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CommandAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int COMMANDS = 4_000;
    private static final int WARM_UP_ROUNDS = 4;
    private static final int MEASURED_ROUNDS = 5;
    /** A turn of the loop may allocate a little; a command that allocated its smallest object would take 16. */
    private static final double MAX_BYTES_PER_COMMAND = 1.0;

    private TestServer server;
    private TestClient client;

    @BeforeAll
    void start() {
        server = TestServer.cistern();
        client = server.connect();
    }

    @AfterAll
    void stop() {
        client.close();
        server.close();
    }

    static Stream<String> hotCommands() {
        return Stream.of("SET k v", "SET k 12", "SET k v EX 100 NX", "SET k v PXAT 4102444800000 GET",
                "SET k v KEEPTTL",
                "SET k v IFEQ w", "GET k", "GET n", "GET none", "SETNX k v", "SETEX k 100 v", "GETSET k v", "GETDEL k",
                "GETEX k EX 100", "GETEX k PERSIST", "MSET a 1 b 2 c 3", "MSETNX a 1 b 2", "MSETEX 2 a 1 b 2 EX 100",
                "MGET a b c none", "INCR n", "DECR n", "INCRBY n 5", "DECRBY n 5", "APPEND s x", "STRLEN k",
                "GETRANGE k 0 -1", "SETRANGE k 2 xyz", "DEL none", "DEL a b none", "UNLINK a b", "EXISTS k",
                "EXISTS k n none", "TOUCH k n", "TYPE k", "EXPIRE k 100", "EXPIRE k 100 GT",
                "PEXPIREAT k 4102444800000",
                "TTL k", "PTTL k", "EXPIRETIME k", "PERSIST k", "RENAMENX k n", "COPY k other REPLACE",
                "SETBIT bits 100 1", "GETBIT bits 100", "BITCOUNT bits", "BITPOS bits 1", "DELIFEQ k x",
                "HSET h f v", "HSET h f v g 12", "HSET large f v", "HGET h f", "HGET large f", "HMGET h f g none",
                "HGETALL h", "HDEL h none", "HLEN h", "HEXISTS h f", "HINCRBY h n 1", "HSETNX h f v", "HSTRLEN h f",
                "HKEYS large", "HVALS h", "HTTL h FIELDS 1 f", "HGETDEL h FIELDS 1 none", "SADD set a",
                "SADD set a b c d", "SADD ints 5", "SADD words a", "SREM set none", "SISMEMBER set a",
                "SISMEMBER ints 5",
                "SMISMEMBER set a b none", "SCARD set", "SMEMBERS set", "SMEMBERS ints", "SMEMBERS words",
                "SRANDMEMBER set", "SRANDMEMBER words", "SMOVE set set a", "SPOP none",
                "LPUSH l v", "RPUSH l 1 2", "LPOP l", "RPOP l 1", "LLEN l", "LINDEX l 1", "LRANGE l 0 5", "LSET l 0 w",
                "LMOVE l m LEFT RIGHT", "RPOPLPUSH m m", "LREM l 1 none", "LTRIM l 0 3", "LPUSH biglist v",
                "LINDEX biglist 900",
                "LINSERT l BEFORE none x", "XADD x * f v", "XADD x MAXLEN ~ 100 * f 12 g v", "XLEN x",
                "XRANGE x - + COUNT 2", "XREVRANGE x + - COUNT 2", "XREAD COUNT 2 STREAMS x 0", "XDEL x 1-1",
                "XREADGROUP GROUP g c COUNT 1 STREAMS x >", "XREADGROUP GROUP g c COUNT 1 STREAMS x 0", "XACK x g 1-1",
                "ZADD z 1 a", "ZADD z 2.5 b 7 c", "ZADD bigz 3 m", "ZINCRBY bigz 0.5 m", "ZSCORE z b", "ZRANK bigz m",
                "ZCARD z", "ZRANGE z 0 -1 WITHSCORES", "ZRANGEBYSCORE bigz 1 (5 LIMIT 0 10", "ZCOUNT z 0 5",
                "ZREM z none",
                "ZREVRANGE bigz 0 1", "ZPOPMIN none");
    }

    @ParameterizedTest
    @MethodSource("hotCommands")
    void leavesNothing(String command) {
        client.send("MSET", "k", "value", "n", "1", "a", "1", "b", "2", "s", "");
        client.send("SADD", "set", "a", "b", "c");
        client.send("SADD", "ints", "1", "5", "-7");
        client.send("SADD", "words", "a", "x".repeat(100));
        client.send("HSET", "h", "f", "v", "g", "7", "n", "1");
        client.send("HSET", "large", "f", "x".repeat(100), "g", "7");
        client.send("DEL", "l", "m", "z", "bigz");
        client.send("ZADD", "z", "1", "a", "2.5", "b");
        client.send("ZADD", "bigz", "1", "x".repeat(100), "2", "m");
        client.send("RPUSH", "l", "a", "1", "b");
        client.send("RPUSH", "biglist", "x".repeat(9_000), "y");
        client.send("DEL", "x");
        client.send("XADD", "x", "1-1", "f", "v");
        client.send("XGROUP", "CREATE", "x", "g", "0");
        byte[] request = TestClient.encode(command.split(" ", -1));
        ByteArrayOutputStream pipeline = new ByteArrayOutputStream();
        for (int i = 0; i < COMMANDS; i++) {
            pipeline.writeBytes(request);
        }
        byte[] bytes = pipeline.toByteArray();
        for (int i = 0; i < WARM_UP_ROUNDS; i++) {
            round(bytes);
        }
        // The compiler may still be at work in one round; it is not in all.
        double least = Double.MAX_VALUE;
        for (int i = 0; i < MEASURED_ROUNDS; i++) {
            long before = allocatedBytes();
            round(bytes);
            least = Math.min(least, (double) (allocatedBytes() - before) / COMMANDS);
        }
        double bytesPerCommand = least;
        assertTrue(bytesPerCommand < MAX_BYTES_PER_COMMAND, () -> command + ": " + bytesPerCommand + " bytes");
    }

    /** The check of a user's rules: by a plain name, a prefix, a pattern, and a second selector. */
    @ParameterizedTest
    @ValueSource(strings = {"GET k", "MGET a b c none", "SET k v GET", "INCR n"})
    void checkingRulesLeavesNothing(String command) {
        client.send("ACL", "SETUSER", "checked", "reset", "on", "nopass", "+@all", "-flushall", "~k", "~n*", "~[ab]",
                "(+mget ~*)");
        client.send("AUTH", "checked", "");
        try {
            leavesNothing(command);
        } finally {
            client.send("AUTH", "default", "");
        }
    }

    private void round(byte[] pipeline) {
        Thread sender = Thread.ofPlatform().start(() -> client.raw(pipeline));
        for (int i = 0; i < COMMANDS; i++) {
            client.read();
        }
        try {
            sender.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long allocatedBytes() {
        long[] loops = Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
                .filter(thread -> thread != null && thread.getThreadName().startsWith("cistern-loop"))
                .mapToLong(thread -> thread.getThreadId()).toArray();
        return Arrays.stream(THREADS.getThreadAllocatedBytes(loops)).sum();
    }
}
