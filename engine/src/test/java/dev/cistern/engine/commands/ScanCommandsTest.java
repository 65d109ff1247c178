package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.nil;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** KEYS, SCAN and RANDOMKEY. */
final class ScanCommandsTest {
    private static final WireReply SYNTAX_ERROR = error("ERR syntax error");
    private static final WireReply INVALID_CURSOR = error("ERR invalid cursor");

    private static void fill(TestClient client, int keys) {
        for (int i = 0; i < keys; i++) {
            client.write("SET", "key:" + i, "v");
        }
        for (int i = 0; i < keys; i++) {
            client.read();
        }
    }

    private static List<String> scan(TestClient client, String... options) {
        List<String> found = new java.util.ArrayList<>();
        String cursor = "0";
        do {
            String[] command = new String[2 + options.length];
            command[0] = "SCAN";
            command[1] = cursor;
            System.arraycopy(options, 0, command, 2, options.length);
            List<WireReply> reply = client.send(command).members();
            cursor = reply.getFirst().text();
            found.addAll(reply.getLast().texts());
        } while (!cursor.equals("0"));
        return found;
    }

    @WireTest
    void keysMatchesAllOrSome(TestClient client) {
        client.send("KEYS", "*").expect(array());
        client.send("MSET", "one", "1", "two", "2", "", "empty", "t[w", "odd");
        assertEquals(new TreeSet<>(Arrays.asList("", "one", "t[w", "two")),
                new TreeSet<>(client.send("KEYS", "*").texts()));
        client.send("KEYS", "o*").expect(array("one"));
        client.send("KEYS", "t?[^w]").expect(array("two"));
        client.send("KEYS", "t\\[w").expect(array("t[w"));
        client.send("KEYS", "none*").expect(array());
        client.send("KEYS").expect(error("ERR wrong number of arguments for 'keys' command"));
    }

    @WireTest
    void scanShowsEveryKey(TestClient client) {
        fill(client, 1_000);
        assertEquals(1_000, new HashSet<>(scan(client)).size());
        assertEquals(1_000, new HashSet<>(scan(client, "COUNT", "1")).size());
        assertEquals(1_000, scan(client, "COUNT", "9223372036854775807").size());
        assertEquals(Set.of("key:7"), new HashSet<>(scan(client, "MATCH", "key:7")));
        assertEquals(100, new HashSet<>(scan(client, "count", "50", "match", "key:9??", "type", "string")).size());
        assertEquals(0, scan(client, "TYPE", "list").size());
    }

    @WireTest
    void keysThatStayAreShownWhileOthersGo(TestClient client) {
        fill(client, 1_000);
        Set<String> found = new HashSet<>();
        String cursor = "0";
        int step = 0;
        do {
            List<WireReply> reply = client.send("SCAN", cursor, "COUNT", "7").members();
            cursor = reply.getFirst().text();
            found.addAll(reply.getLast().texts());
            // Two of three keys leave, as the walk goes on; the index shrinks under it.
            for (int i = step * 10; i < step * 10 + 10 && i < 1_000; i++) {
                if (i % 3 != 0) {
                    client.send("DEL", "key:" + i);
                }
            }
            step++;
        } while (!cursor.equals("0"));
        for (int i = 0; i < 1_000; i += 3) {
            assertTrue(found.contains("key:" + i), "key:" + i + " was there all the time");
        }
    }

    @WireTest
    void expiredKeysAreHidden(TestClient client) throws InterruptedException {
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        client.send("SET", "gone", "v", "PX", "1");
        client.send("SET", "here", "v");
        Thread.sleep(5);
        assertEquals(List.of("here"), scan(client));
        client.send("KEYS", "*").expect(array("here"));
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    }

    @WireTest
    void scanRefuses(TestClient client) {
        for (String cursor : new String[]{"x", "1x", "18446744073709551616", "1.0"}) {
            client.send("SCAN", cursor).expect(INVALID_CURSOR);
        }
        client.send("SCAN", "0", "COUNT").expect(SYNTAX_ERROR);
        client.send("SCAN", "0", "COUNT", "0").expect(SYNTAX_ERROR);
        client.send("SCAN", "0", "COUNT", "-1").expect(SYNTAX_ERROR);
        client.send("SCAN", "0", "COUNT", "x").expect(error("ERR value is not an integer or out of range"));
        client.send("SCAN", "0", "FOO", "x").expect(SYNTAX_ERROR);
        client.send("SCAN", "x", "COUNT", "0").expect(INVALID_CURSOR);
        client.send("SCAN").expect(error("ERR wrong number of arguments for 'scan' command"));
    }

    @WireTest
    void anyCursorIsHarmless(TestClient client) {
        fill(client, 100);
        for (String cursor : new String[]{"18446744073709551615", "9223372036854775808", "007", "+1", "123456789"}) {
            assertEquals(2, client.send("SCAN", cursor).members().size());
        }
    }

    @WireTest(notOnOriginal = "Valkey refuses what Redis 7.0 lets pass")
    void scanRefusesAsValkey(TestClient client) {
        client.send("SCAN", "-1").expect(INVALID_CURSOR);
        client.send("SCAN", "").expect(INVALID_CURSOR);
        client.send("SCAN", "0", "TYPE", "tree").expect(error("ERR unknown type name 'tree'"));
    }

    @WireTest
    void randomKey(TestClient client) {
        client.send("RANDOMKEY").expect(nil());
        client.send("SET", "k", "v");
        client.send("RANDOMKEY").expect(bulk("k"));
        fill(client, 10);
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 500; i++) {
            seen.add(client.send("RANDOMKEY").text());
        }
        assertEquals(11, seen.size(), () -> "each of 11 keys should come in 500 draws, but only " + seen);
    }
}
