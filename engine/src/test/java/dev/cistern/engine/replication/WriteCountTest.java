package dev.cistern.engine.replication;

import dev.cistern.engine.commands.Families;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What is told of writes that a group went on without. */
final class WriteCountTest {

    private static String bytes(String... commands) {
        StringBuilder text = new StringBuilder();
        for (String command : commands) {
            String[] words = command.split(" ", -1);
            text.append('*').append(words.length).append("\r\n");
            for (String word : words) {
                text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
            }
        }
        return text.toString();
    }

    /** Counts what comes in pieces of that size. */
    private static String counted(String text, int piece) {
        byte[] all = text.getBytes(StandardCharsets.ISO_8859_1);
        long address = Memory.allocate(MemoryTag.SESSION, all.length);
        try (WriteCount count = new WriteCount(Families.index())) {
            Memory.copy(all, 0, address, all.length);
            for (int at = 0; at < all.length; at += piece) {
                count.add(address + at, Math.min(piece, all.length - at));
            }
            return count.isNone() ? "none" : count.toString();
        } finally {
            Memory.free(MemoryTag.SESSION, address, all.length);
        }
    }

    private static void counts(String expected, String... commands) {
        String text = bytes(commands);
        for (int piece : new int[]{1, 7, 100, text.length()}) {
            assertThat(counted(text, piece)).as("in pieces of %s bytes", piece).isEqualTo(expected);
        }
    }

    @Test
    void eachKeyCountsOnce() {
        counts("1 write to 1 key", "SELECT 0", "SET a 1");
        counts("4 writes to 3 keys", "SET a 1", "MSET a 2 b 3", "DEL b c", "PEXPIREAT c 4102444800000");
        counts("2 writes to 2 keys", "SET a 1", "SELECT 3", "SET a 1");
        counts("2 writes to 1 key", "SELECT 3", "SET a 1", "SELECT 0", "SELECT 3", "APPEND a 2");
    }

    @Test
    void onlyKeysThatChange() {
        counts("1 write to 1 key", "COPY from to");
        counts("1 write to 2 keys", "RENAME from to");
        counts("1 write to 1 key", "ZUNIONSTORE to 2 one other");
    }

    @Test
    void writesWithoutKeysCountToo() {
        counts("3 writes to 1 key", "FLUSHALL", "FUNCTION LOAD x", "MULTI", "SET a 1", "EXEC");
    }

    @Test
    void whatKeepsALinkAliveIsNone() {
        counts("none", "PING", "SELECT 0", "REPLCONF GETACK *", "PUBLISH channel message");
    }

    @Test
    void largeValuesAndManyKeys() {
        counts("2 writes to 2 keys", "SET a " + "x".repeat(200_000), "SET b " + "*".repeat(100_000));
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            many.append(bytes("SET key:" + i + " 1"));
        }
        assertThat(counted(many.toString(), 64 * 1024)).matches("200000 writes to at least 1[0-9]{5} keys");
    }

    /** It says what it knows. */
    @Test
    void whatIsNoCommandEndsTheCount() {
        assertThat(counted(bytes("SET a 1") + "*1\r\n!\r\n" + bytes("SET b 1"), 1000))
                .isEqualTo("1 write to at least 1 key");
    }
}
