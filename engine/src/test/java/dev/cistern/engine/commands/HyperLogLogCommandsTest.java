package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** Sketches that count distinct elements. That the same digests hold on the original proves that the bytes are its own. */
final class HyperLogLogCommandsTest {
    private static final WireReply NOT_A_SKETCH = error(
            "WRONGTYPE Key is not a valid HyperLogLog string value.");

    @WireTest
    void elementsAreCountedOnce(TestClient client) {
        client.send("PFADD", "k", "a", "b", "c").expect(integer(1));
        client.send("PFADD", "k", "a").expect(integer(0));
        client.send("PFCOUNT", "k").expect(integer(3));
        client.send("PFCOUNT", "k").expect(integer(3));
        client.send("PFADD", "k", "d", "b").expect(integer(1));
        client.send("PFCOUNT", "k").expect(integer(4));
        client.send("PFCOUNT", "none").expect(integer(0));
        client.send("PFADD", "empty").expect(integer(1));
        client.send("PFADD", "empty").expect(integer(0));
        client.send("PFCOUNT", "empty", "none").expect(integer(0));
        client.send("PFDEBUG", "DECODE", "empty").expect(bulk("Z:16384"));
    }

    @WireTest
    void theSelfTestPasses(TestClient client) {
        client.send("PFSELFTEST").expect(ok());
    }

    @WireTest
    void sketchesAreMerged(TestClient client) {
        client.send("PFADD", "x", "a", "b", "c");
        client.send("PFADD", "y", "c", "d", "e");
        client.send("PFCOUNT", "x", "y", "none").expect(integer(5));
        client.send("PFMERGE", "to", "x", "y").expect(ok());
        client.send("PFCOUNT", "to").expect(integer(5));
        client.send("PFDEBUG", "TODENSE", "y").expect(integer(1));
        client.send("PFDEBUG", "TODENSE", "y").expect(integer(0));
        client.send("PFDEBUG", "DECODE", "y").expect(error("ERR HLL encoding is not sparse"));
        client.send("PFMERGE", "to", "y", "none").expect(ok());
        client.send("PFDEBUG", "ENCODING", "to").expect(status("dense"));
        client.send("PFCOUNT", "to").expect(integer(5));
        client.send("PFMERGE", "fresh").expect(ok());
        client.send("PFCOUNT", "fresh").expect(integer(0));
    }

    @WireTest
    void otherValuesAreRefused(TestClient client) {
        client.send("SET", "text", "hello");
        client.send("PFADD", "text", "a").expect(NOT_A_SKETCH);
        client.send("PFCOUNT", "text").expect(NOT_A_SKETCH);
        client.send("PFMERGE", "to", "text").expect(NOT_A_SKETCH);
        client.send("PFCOUNT", "none", "text").expect(NOT_A_SKETCH);
        client.send("SET", "number", "123456789");
        client.send("PFADD", "number", "a").expect(NOT_A_SKETCH);
        client.send("PFADD", "k", "a");
        client.send("SETRANGE", "k", "4", "\2");
        client.send("PFCOUNT", "k").expect(NOT_A_SKETCH);
        client.send("PFDEBUG", "FOO", "text").expect(NOT_A_SKETCH);
        client.send("PFDEBUG", "ENCODING", "none").expect(error("ERR The specified key does not exist"));
    }

    @WireTest
    void corruptOpcodesAreFound(TestClient client) {
        client.send("PFADD", "k", "a", "b", "c");
        client.send("APPEND", "k", "hello");
        client.send("PFCOUNT", "k").expect(error("INVALIDOBJ Corrupted HLL object detected"));
        client.send("PFADD", "cut", "a", "b", "c");
        String whole = text(client.send("GET", "cut"));
        client.send("SET", "cut", whole.substring(0, whole.length() - 2));
        client.send("PFCOUNT", "cut").expect(error("INVALIDOBJ Corrupted HLL object detected"));
    }

    @WireTest
    void aSketchKeepsItsDeadline(TestClient client) {
        client.send("PFADD", "k", "a");
        client.send("EXPIRE", "k", "1000");
        client.send("PFADD", "k", "b");
        client.send("PFMERGE", "k", "none");
        assertThat(((WireReply.Int) client.send("TTL", "k")).value()).isBetween(900L, 1000L);
    }

    /** Through sparse opcodes of all kinds, splits and joins, into the dense form, and by a merge. */
    @WireTest
    void theBytesAreTheOriginals(TestClient client) {
        Random random = new Random(42);
        int sum = 0;
        List<String> digests = new ArrayList<>();
        for (int size : new int[]{1, 3, 10, 40, 150, 500, 900, 1500, 4000, 20_000}) {
            while (sum < size) {
                client.send("PFADD", "k", Long.toHexString(random.nextLong()), "e" + random.nextInt(100_000));
                sum += 2;
            }
            digests.add(digest(client.send("GET", "k")));
            client.send("PFCOUNT", "k");
            client.send("PFMERGE", "to" + size % 2, "k");
            digests.add(digest(client.send("GET", "to" + size % 2)));
        }
        assertThat(digests).containsExactly(DIGESTS);
    }

    private static final String[] DIGESTS = {
            "f9a3bd11", "f9a3bd11", "a52c5c1e", "b125e751", "3a913af1",
            "fde089e2", "31999037", "2035b3ea", "efd8b31a", "7a4914a3",
            "6d72299d", "618c3361", "ba87fbdb", "1430204e", "dd80b327",
            "ac891f77", "00d7f270", "db956b00", "a57ed43b", "0a2c6dcc"};

    private static String text(WireReply reply) {
        return ((WireReply.Bulk) reply).text();
    }

    private static String digest(WireReply reply) {
        byte[] bytes = text(reply).getBytes(StandardCharsets.ISO_8859_1);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
