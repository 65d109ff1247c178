package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Bytes that no client should send, to the three parsers: a corpus of what is known to have broken servers, answered as
 * the original does, and mutations of good requests, after which the node is as it was. A connection that is neither
 * answered nor closed fails by its time limit, a parser's own exception by its reply.
 */
final class MalformedInputTest {
    private static final int ROUNDS = 1_500 * Integer.getInteger("cistern.effort", 1);
    private static final int LOOK_EVERY = 100;
    private static final int PATIENCE_MILLIS = 30_000;
    private static final int MOST_MUTATIONS = 6;

    /** Lines and data of the text protocol; each is sent alone, and then the connection ends. */
    private static final List<String> TEXT = List.of(
            "\n", "\r\n", " \r\n", "\r\r\n", "\0\r\n", "\0\0\0\0\n", "get\r\n", "get \r\n", "get  \r\n", "get \0\r\n",
            "get a\0b\r\n", "gets\r\n", "get " + "k".repeat(251) + "\r\n", "get a " + "k".repeat(251) + " b\r\n",
            "get " + "a ".repeat(3000) + "\r\n", "GET a\r\n", "Get a\r\n", "get\ta\r\n", "set\r\n", "set a\r\n",
            "set a 0 0\r\n", "set a 0 0 \r\n", "set a 0 0 -1\r\n", "set a 0 0 -1 noreply\r\n", "set a 0 0 x\r\n",
            "set a 0 0 1x\r\nx\r\n", "set a -1 0 1\r\nx\r\n", "set a 4294967296 0 1\r\nx\r\n", "set a 0 x 1\r\nx\r\n",
            "set a 0 0 99999999999999999999\r\n", "set a 0 0 2147483647\r\n", "set a 0 0 2147483648\r\n",
            "set a 0 0 1\r\nxy\r\n", "set a 0 0 1\r\nxyz\r\nmn\r\n", "set a 0 0 2\r\nx\r\n\r\nmn\r\n",
            "set a 0 0 0\r\n\r\n",
            "set a 0 0 1 noreply extra\r\nx\r\n", "set " + "k".repeat(251) + " 0 0 1\r\nx\r\nmn\r\n",
            "set " + "k".repeat(250) + " 0 0 1\r\nx\r\n", "cas a 0 0 1\r\nx\r\n", "cas a 0 0 1 x\r\ny\r\n",
            "cas a 0 0 1 -1\r\ny\r\n", "cas a 0 0 1 18446744073709551616\r\ny\r\n", "append a 0 0 1\r\n",
            "incr\r\n", "incr a\r\n", "incr a x\r\n", "incr a -1\r\n", "incr a 18446744073709551616\r\n",
            "incr " + "k".repeat(251) + " 1\r\n", "decr a 1 1 1\r\n", "delete\r\n", "delete a 5\r\n",
            "delete a 0 0 0\r\n", "touch a\r\n", "touch a x\r\n", "gat\r\n", "gat x a\r\n", "gat 10\r\n",
            "flush_all x\r\n", "flush_all 1 2 3\r\n", "verbosity\r\n", "verbosity x\r\n", "cache_memlimit 1\r\n",
            "cache_memlimit x\r\n", "lru_crawler\r\n", "lru_crawler x\r\n", "lru_crawler metadump 99\r\n",
            "lru_crawler crawl 0\r\n", "slabs\r\n", "slabs reassign x y\r\n", "slabs reassign 1\r\n", "lru\r\n",
            "lru tune 1 2 3 4 5\r\n", "watch nothing\r\n", "stats nothing\r\n", "stats detail\r\n",
            "stats cachedump\r\n", "stats cachedump x y\r\n", "stats cachedump 64 0\r\n", "quit a b\r\n", "a\r\n",
            "abcdefghijklmnopqrstuvwxyz\r\n", "x".repeat(2047) + "\r\n", "x".repeat(3000),
            "x".repeat(3000) + "\r\nmn\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n",
            "\u0016\u0003\u0001\u0002\0\u0001\0", "SSH-2.0-a\r\n", "*1\r\n$4\r\nPING\r\n", "get \u00ff\u00fe\r\n",
            "no\rreturn\r\n", "get a\rb\r\n");

    private static final List<String> META = List.of(
            "mn x\r\n", "mg\r\n", "mg \r\n", "mg a b c d\r\n", "mg a !\r\n", "mg a v v\r\n", "mg a Tx\r\n",
            "mg a N\r\n",
            "mg a O" + "x".repeat(33) + "\r\n", "mg a k O" + "x".repeat(32) + "\r\n",
            "mg " + "k".repeat(251) + " v\r\n",
            "mg =\u00ff b v\r\n", "mg Zm9 b k v\r\n", "mg Zm9v b k v\r\n", "mg a T99999999999999999999\r\n", "ms\r\n",
            "ms a\r\n", "ms a x\r\n", "ms a -1\r\n", "ms a 1 MX\r\nx\r\n", "ms a 1 M\r\nx\r\n", "ms a 1 ME MA\r\nx\r\n",
            "ms a 1 F4294967296\r\nx\r\n", "ms a 1 Cx\r\nx\r\n", "ms a 1\r\nxyz\r\nmn\r\n",
            "ms " + "k".repeat(251) + " 1\r\nx\r\nmn\r\n", "ms a 1 O" + "x".repeat(40) + "\r\nx\r\nmn\r\n", "md\r\n",
            "md a !\r\n", "md a Cx\r\n", "ma\r\n", "ma a Dx\r\n", "ma a MX\r\n", "ma a N1 Jx\r\n", "me\r\n", "mx a\r\n",
            "m\r\n", "mgg a\r\n");

    /** Requests of the binary protocol: opcode, then lengths that fit or do not. */
    private static final List<byte[]> BINARY = binary();

    private static final List<String> GOOD = List.of(
            "set k1 5 100 3\r\nabc\r\nget k1\r\ngets k1 k2 k3\r\n", "cas k1 0 0 3 7\r\nxyz\r\nincr n 5\r\ndecr n 1\r\n",
            "set n 0 0 2\r\n10\r\nincr n 1 noreply\r\ntouch n 50\r\ngat 10 n k1\r\ndelete k1 noreply\r\n",
            "append k1 0 0 1\r\n+\r\nprepend k1 0 0 1\r\n-\r\nreplace k1 1 1 1\r\nr\r\nadd k9 0 0 1\r\na\r\n",
            "stats\r\nstats items\r\nstats slabs\r\nstats settings\r\nversion\r\nverbosity 1\r\n",
            "lru_crawler metadump all\r\nlru mode flat\r\nslabs automove 1\r\nstats conns\r\nwatch fetchers mutations\r\n",
            "config set cluster 0 5\r\nhello\r\nconfig get cluster\r\nconfig delete cluster\r\n",
            "mg k1 t f v c s h l k q O1\r\nmn\r\n", "ms k1 3 c F7 T100 MS I\r\nabc\r\nms k2 2 ME\r\nxy\r\n",
            "mg k1 s v N30 R30 E5\r\nmd k1 I T30 C5\r\nma n N0 J13 D7 t v MI\r\nma n MD q\r\nme k1\r\n",
            "ms Zm9v 3 b k\r\nabc\r\nmg Zm9v b k v\r\nmg k1 v Oabcdef q\r\nmn\r\n",
            "flush_all 100\r\nflush_all noreply\r\n");

    private static List<byte[]> binary() {
        List<byte[]> frames = new ArrayList<>();
        for (int opcode = 0; opcode < 0x28; opcode++) {
            frames.add(frame(opcode, 3, 0, 3, "key"));
            frames.add(frame(opcode, 3, 8, 12, "\0\0\0\1\0\0\0\0key+"));
            frames.add(frame(opcode, 3, 20, 23, "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0key"));
            frames.add(frame(opcode, 0, 4, 4, "\0\0\0\0"));
            frames.add(frame(opcode, 0, 0, 0, ""));
        }
        return frames;
    }

    /** The header's lengths are what they are told to be, whatever the body has. */
    private static byte[] frame(int opcode, int keyLength, int extrasLength, int bodyLength, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(24 + bytes.length).put((byte) 0x80).put((byte) opcode).putShort((short) keyLength)
                .put((byte) extrasLength).put((byte) 0).putShort((short) 0).putInt(bodyLength).putInt(7).putLong(0)
                .put(bytes).array();
    }

    @Test
    void theCorpusIsAnsweredAsByTheOriginal() {
        Assumptions.assumeTrue(MemcachedServer.original().isPresent(), "memcached is not installed");
        List<String> differences = new ArrayList<>();
        try (MemcachedServer ours = Maker.CISTERN.start();
                MemcachedServer original = Maker.ORIGINAL.start()) {
            for (List<String> corpus : List.of(TEXT, META)) {
                for (String input : corpus) {
                    String expected = answer(original, bytes(input));
                    String actual = answer(ours, bytes(input));
                    if (!actual.equals(expected)) {
                        differences.add("%s: expected %s but was %s".formatted(shown(input), shown(expected),
                                shown(actual)));
                    }
                }
            }
        }
        assertThat(differences).isEmpty();
    }

    @DisplayName("Memcached specifics: mutated requests")
    @Test
    void mutationsDoNoHarm() {
        List<byte[]> seeds = new ArrayList<>(BINARY);
        for (List<String> texts : List.of(GOOD, GOOD, GOOD, GOOD, GOOD, GOOD, GOOD, GOOD, TEXT, META)) {
            texts.forEach(text -> seeds.add(bytes(text)));
        }
        long heldBefore = Memory.heldBytes(MemoryTag.SESSION);
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        try (MemcachedServer server = Maker.CISTERN.start("max_item_size", "8192", "slab_chunk_max", "8192")) {
            for (int round = 0; round < ROUNDS; round++) {
                byte[] input = mutated(seeds, random);
                assertThat(answer(server, input)).as("seed %d, round %d: %s", seed, round,
                        Arrays.toString(input)).doesNotContain("SERVER_ERROR internal error");
                if (round % LOOK_EVERY == 0) {
                    try (Wire wire = server.connect()) {
                        wire.play("> ms sane 2\n> ok\n< HD\n> mn\n< MN\n");
                    }
                }
            }
        }
        assertThat(Memory.heldBytes(MemoryTag.SESSION)).as("seed %d", seed).isEqualTo(heldBefore);
    }

    private static byte[] mutated(List<byte[]> seeds, SplittableRandom random) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        byte[] first = seeds.get(random.nextInt(seeds.size()));
        joined.writeBytes(first);
        for (int more = random.nextInt(3); more > 0; more--) {
            byte[] other = seeds.get(random.nextInt(seeds.size()));
            // A connection speaks one protocol: the other one's bytes are worth trying, but not each time.
            if ((other[0] & 0x80) == (first[0] & 0x80) || random.nextInt(4) == 0) {
                joined.writeBytes(other);
            }
        }
        byte[] input = joined.toByteArray();
        for (int count = random.nextInt(MOST_MUTATIONS); count > 0 && input.length > 0; count--) {
            input = mutatedOnce(input, random);
        }
        return input;
    }

    private static byte[] mutatedOnce(byte[] input, SplittableRandom random) {
        int at = random.nextInt(input.length);
        int end = Math.min(input.length, at + 1 + random.nextInt(8));
        switch (random.nextInt(7)) {
            case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> input[at] = (byte) random.nextInt();
            case 2 -> input[at] = (byte) " \r\n\0-90k\u00ff\u0080".charAt(random.nextInt(10));
            case 3 -> {
                return spliced(input, at, end, new byte[0]);
            }
            case 4 -> {
                return spliced(input, at, at, Arrays.copyOfRange(input, at, end));
            }
            case 5 -> {
                String[] words = {"4294967295", "-1", "18446744073709551615", "2147483647", "99999999999999999999", " ",
                        "\r\n", "noreply", "k".repeat(251), "\0"};
                return spliced(input, at, random.nextBoolean() ? at : end, bytes(words[random.nextInt(words.length)]));
            }
            default -> {
                return Arrays.copyOf(input, at);
            }
        }
        return input;
    }

    /** {@code input} with other bytes from one place to another. */
    private static byte[] spliced(byte[] input, int from, int to, byte[] others) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(input, 0, from);
        bytes.writeBytes(others);
        bytes.write(input, to, input.length - to);
        return bytes.toByteArray();
    }

    /** All that comes back when these bytes are all that is sent. */
    private static String answer(MemcachedServer server, byte[] input) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                socket.getOutputStream().write(input);
                socket.shutdownOutput();
                socket.getInputStream().transferTo(answer);
            } catch (java.net.SocketTimeoutException e) {
                throw new AssertionError("no end of the answer to " + Arrays.toString(input), e);
            } catch (IOException e) {
                // Closed with bytes of ours unread: that is an answer too.
            }
            return answer.toString(StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String shown(String text) {
        String shown = text.replace("\r", "\\r").replace("\n", "\\n").replace("\0", "\\0");
        return "'" + (shown.length() > 120 ? shown.substring(0, 120) + "..." : shown) + "'";
    }
}
