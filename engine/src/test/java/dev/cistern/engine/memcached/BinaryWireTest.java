package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The binary protocol, on us and on the original; authentication by SASL, which Debian's has no users for, on us. */
final class BinaryWireTest {
    private static final int HEADER_BYTES = 24;

    /** A reply, its unique number left out where it is not asked for. */
    private record Packet(int opcode, int status, int opaque, long unique, String extras, String key, String value) {

        String text() {
            return "%02x %04x %d %s[%s]%s".formatted(opcode, status, opaque, key.isEmpty() ? "" : key + " ",
                    extras, value);
        }
    }

    private static byte[] request(int opcode, int opaque, long unique, byte[] extras, String key, String value) {
        byte[] keyBytes = key.getBytes(StandardCharsets.ISO_8859_1);
        byte[] valueBytes = value.getBytes(StandardCharsets.ISO_8859_1);
        int body = extras.length + keyBytes.length + valueBytes.length;
        return ByteBuffer.allocate(HEADER_BYTES + body).put((byte) 0x80).put((byte) opcode)
                .putShort((short) keyBytes.length).put((byte) extras.length).put((byte) 0).putShort((short) 0)
                .putInt(body).putInt(opaque).putLong(unique).put(extras).put(keyBytes).put(valueBytes).array();
    }

    private static byte[] storing(int flags, int exptime) {
        return ByteBuffer.allocate(8).putInt(flags).putInt(exptime).array();
    }

    private static byte[] summing(long delta, long initial, int exptime) {
        return ByteBuffer.allocate(20).putLong(delta).putLong(initial).putInt(exptime).array();
    }

    private static byte[] seconds(int exptime) {
        return ByteBuffer.allocate(4).putInt(exptime).array();
    }

    private static final byte[] NONE = {};

    private static Packet read(Wire wire) {
        byte[] bytes = wire.read(HEADER_BYTES);
        assertThat(bytes).as("a whole header").hasSize(HEADER_BYTES);
        ByteBuffer header = ByteBuffer.wrap(bytes);
        assertThat(header.get() & 0xFF).isEqualTo(0x81);
        int opcode = header.get() & 0xFF;
        int keyLength = header.getShort() & 0xFFFF;
        int extrasLength = header.get() & 0xFF;
        assertThat(header.get()).isZero();
        int status = header.getShort() & 0xFFFF;
        int bodyLength = header.getInt();
        int opaque = header.getInt();
        long unique = header.getLong();
        String extras = HexFormat.of().formatHex(wire.read(extrasLength));
        String key = new String(wire.read(keyLength), StandardCharsets.ISO_8859_1);
        String value = new String(wire.read(bodyLength - extrasLength - keyLength), StandardCharsets.ISO_8859_1);
        return new Packet(opcode, status, opaque, unique, extras, key, value);
    }

    private static String exchange(Wire wire, byte[] request) {
        wire.send(request);
        return read(wire).text();
    }

    @Both
    void storingAndGetting(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            assertThat(exchange(wire, request(0x01, 1, 0, storing(5, 0), "a", "xyz"))).isEqualTo("01 0000 1 []");
            assertThat(exchange(wire, request(0x00, 2, 0, NONE, "a", ""))).isEqualTo("00 0000 2 [00000005]xyz");
            assertThat(exchange(wire, request(0x0c, 3, 0, NONE, "a", ""))).isEqualTo("0c 0000 3 a [00000005]xyz");
            assertThat(exchange(wire, request(0x00, 4, 0, NONE, "b", ""))).isEqualTo("00 0001 4 []Not found");
            assertThat(exchange(wire, request(0x0c, 5, 0, NONE, "b", ""))).isEqualTo("0c 0001 5 b []");
            assertThat(exchange(wire, request(0x02, 6, 0, storing(0, 0), "a", "no")))
                    .isEqualTo("02 0002 6 []Data exists for key.");
            assertThat(exchange(wire, request(0x03, 7, 0, storing(0, 0), "b", "no")))
                    .isEqualTo("03 0001 7 []Not found");
            assertThat(exchange(wire, request(0x0e, 8, 0, NONE, "a", "+"))).isEqualTo("0e 0000 8 []");
            assertThat(exchange(wire, request(0x0f, 9, 0, NONE, "a", "-"))).isEqualTo("0f 0000 9 []");
            assertThat(exchange(wire, request(0x0e, 10, 0, NONE, "b", "+"))).isEqualTo("0e 0005 10 []Not stored.");
            assertThat(exchange(wire, request(0x00, 11, 0, NONE, "a", ""))).isEqualTo("00 0000 11 [00000005]-xyz+");
            assertThat(exchange(wire, request(0x1d, 12, 0, seconds(100), "a", "")))
                    .isEqualTo("1d 0000 12 [00000005]-xyz+");
            assertThat(exchange(wire, request(0x23, 13, 0, seconds(100), "a", "")))
                    .isEqualTo("23 0000 13 a [00000005]-xyz+");
            assertThat(exchange(wire, request(0x1c, 14, 0, seconds(0), "a", ""))).isEqualTo("1c 0000 14 [00000005]");
            assertThat(exchange(wire, request(0x1c, 15, 0, seconds(0), "b", ""))).isEqualTo("1c 0001 15 []Not found");
            assertThat(exchange(wire, request(0x04, 16, 0, NONE, "a", ""))).isEqualTo("04 0000 16 []");
            assertThat(exchange(wire, request(0x04, 17, 0, NONE, "a", ""))).isEqualTo("04 0001 17 []Not found");
        }
    }

    @Both
    void uniqueNumbers(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            wire.send(request(0x01, 1, 0, storing(0, 0), "a", "1"));
            long unique = read(wire).unique;
            assertThat(unique).isNotZero();
            wire.send(request(0x00, 1, 0, NONE, "a", ""));
            assertThat(read(wire).unique).isEqualTo(unique);
            assertThat(exchange(wire, request(0x01, 2, unique + 9999, storing(0, 0), "a", "2")))
                    .isEqualTo("01 0002 2 []Data exists for key.");
            assertThat(exchange(wire, request(0x01, 3, 77, storing(0, 0), "missing", "2")))
                    .isEqualTo("01 0001 3 []Not found");
            assertThat(exchange(wire, request(0x01, 4, unique, storing(0, 0), "a", "2"))).isEqualTo("01 0000 4 []");
            assertThat(exchange(wire, request(0x04, 5, unique, NONE, "a", "")))
                    .isEqualTo("04 0002 5 []Data exists for key.");
            assertThat(exchange(wire, request(0x0e, 6, unique, NONE, "a", "x")))
                    .isEqualTo("0e 0002 6 []Data exists for key.");
        }
    }

    @Both
    void sums(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            assertThat(exchange(wire, request(0x05, 1, 0, summing(1, 10, -1), "n", "")))
                    .isEqualTo("05 0001 1 []Not found");
            wire.send(request(0x05, 2, 0, summing(1, 10, 0), "n", ""));
            assertThat(ByteBuffer.wrap(read(wire).value.getBytes(StandardCharsets.ISO_8859_1)).getLong()).isEqualTo(10);
            wire.send(request(0x05, 3, 0, summing(5, 10, 0), "n", ""));
            assertThat(ByteBuffer.wrap(read(wire).value.getBytes(StandardCharsets.ISO_8859_1)).getLong()).isEqualTo(15);
            wire.send(request(0x06, 4, 0, summing(50, 10, 0), "n", ""));
            assertThat(ByteBuffer.wrap(read(wire).value.getBytes(StandardCharsets.ISO_8859_1)).getLong()).isEqualTo(0);
            exchange(wire, request(0x01, 5, 0, storing(0, 0), "t", "text"));
            assertThat(exchange(wire, request(0x05, 6, 0, summing(1, 1, 0), "t", "")))
                    .isEqualTo("05 0006 6 []Non-numeric server-side value for incr or decr");
        }
    }

    @Both
    void quietOnes(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            wire.send(request(0x11, 1, 0, storing(0, 0), "a", "x"));
            wire.send(request(0x12, 2, 0, storing(0, 0), "a", "x"));
            wire.send(request(0x13, 3, 0, storing(0, 0), "b", "x"));
            wire.send(request(0x09, 4, 0, NONE, "b", ""));
            wire.send(request(0x09, 5, 0, NONE, "a", ""));
            wire.send(request(0x0d, 6, 0, NONE, "a", ""));
            wire.send(request(0x15, 7, 0, summing(1, 1, 0), "n", ""));
            wire.send(request(0x16, 8, 0, summing(1, 1, 0), "n", ""));
            wire.send(request(0x19, 9, 0, NONE, "a", "y"));
            wire.send(request(0x1a, 10, 0, NONE, "a", "w"));
            wire.send(request(0x1e, 11, 0, seconds(0), "a", ""));
            wire.send(request(0x24, 12, 0, seconds(0), "b", ""));
            wire.send(request(0x14, 13, 0, NONE, "a", ""));
            wire.send(request(0x14, 14, 0, NONE, "a", ""));
            wire.send(request(0x18, 15, 0, NONE, "", ""));
            wire.send(request(0x0a, 16, 0, NONE, "", ""));
            assertThat(read(wire).text()).isEqualTo("12 0002 2 []Data exists for key.");
            assertThat(read(wire).text()).isEqualTo("13 0001 3 []Not found");
            assertThat(read(wire).text()).isEqualTo("09 0000 5 [00000000]x");
            assertThat(read(wire).text()).isEqualTo("0d 0000 6 a [00000000]x");
            assertThat(read(wire).text()).isEqualTo("1e 0000 11 [00000000]wxy");
            assertThat(read(wire).text()).isEqualTo("14 0001 14 []Not found");
            assertThat(read(wire).text()).isEqualTo("0a 0000 16 []");
            wire.send(request(0x17, 17, 0, NONE, "", ""));
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Both
    void refusals(Maker maker) {
        try (MemcachedServer server = maker.start()) {
            try (Wire wire = server.connect()) {
                assertThat(exchange(wire, request(0x1b, 1, 0, NONE, "", ""))).isEqualTo("1b 0081 1 []Unknown command");
                assertThat(exchange(wire, request(0x20, 2, 0, NONE, "", ""))).isEqualTo("20 0081 2 []Unknown command");
                exchange(wire, request(0x01, 3, 0, storing(0, 0), "a", "old"));
                assertThat(exchange(wire, request(0x01, 4, 0, storing(0, 0), "a", "v".repeat(1 << 20))))
                        .isEqualTo("01 0003 4 []Too large.");
                assertThat(exchange(wire, request(0x00, 5, 0, NONE, "a", ""))).isEqualTo("00 0001 5 []Not found");
                assertThat(exchange(wire, request(0x10, 6, 0, NONE, "nonsense", "")))
                        .isEqualTo("10 0001 6 []Not found");
                assertThat(exchange(wire, request(0x07, 7, 0, NONE, "", ""))).isEqualTo("07 0000 7 []");
                assertThat(wire.isClosed()).isTrue();
            }
            byte[][] fatal = {request(0x00, 1, 0, NONE, "", ""), request(0x00, 1, 0, seconds(1), "a", ""),
                    request(0x01, 1, 0, NONE, "a", "x"), request(0x0a, 1, 0, NONE, "a", ""),
                    request(0x00, 1, 0, NONE, "k".repeat(251), "")};
            for (byte[] request : fatal) {
                try (Wire wire = server.connect()) {
                    assertThat(exchange(wire, request)).endsWith(" 0004 1 []Invalid arguments");
                    assertThat(wire.isClosed()).isTrue();
                }
            }
        }
    }

    @Both
    void statistics(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            exchange(wire, request(0x01, 3, 0, storing(0, 0), "a", "old"));
            for (String page : new String[]{"", "settings", "items", "slabs"}) {
                wire.send(request(0x10, 7, 0, NONE, page, ""));
                int count = 0;
                for (Packet packet = read(wire); !packet.key.isEmpty(); packet = read(wire)) {
                    assertThat(packet.opaque).isEqualTo(7);
                    count++;
                }
                assertThat(count).as(page).isGreaterThan(10);
            }
            wire.send(request(0x0a, 8, 0, NONE, "", ""));
            assertThat(read(wire).text()).isEqualTo("0a 0000 8 []");
        }
    }

    @Test
    void sasl(@TempDir Path folder) throws java.io.IOException {
        Path file = Files.writeString(folder.resolve("users"), "alice:secret\n");
        try (MemcachedServer server = Maker.CISTERN.start("sasl", "1", "auth_file", file.toString())) {
            try (Wire wire = server.connect()) {
                assertThat(exchange(wire, request(0x00, 1, 0, NONE, "a", ""))).isEqualTo("00 0020 1 []Auth failure.");
                assertThat(wire.isClosed()).isTrue();
            }
            try (Wire wire = server.connect()) {
                assertThat(exchange(wire, request(0x20, 1, 0, NONE, "", ""))).isEqualTo("20 0000 1 []PLAIN");
                assertThat(exchange(wire, request(0x21, 2, 0, NONE, "PLAIN", "\0alice\0wrong")))
                        .isEqualTo("21 0020 2 []Auth failure.");
                assertThat(exchange(wire, request(0x21, 3, 0, NONE, "CRAM-MD5", "")))
                        .isEqualTo("21 0020 3 []Auth failure.");
                assertThat(exchange(wire, request(0x21, 4, 0, NONE, "PLAIN", "\0alice\0secret")))
                        .isEqualTo("21 0000 4 []Authenticated");
                assertThat(exchange(wire, request(0x00, 5, 0, NONE, "a", ""))).isEqualTo("00 0001 5 []Not found");
            }
            try (Wire wire = server.connect()) {
                wire.send("get a\r\n");
                assertThat(wire.isClosed()).isTrue();
            }
        }
    }

    @Test
    void autoDiscovery() {
        try (MemcachedServer server = Maker.CISTERN.start();
                Wire wire = server.connect();
                Wire text = server.connect()) {
            String nodes = "2\na.example|10.0.0.1|11211 b.example||11211\n";
            assertThat(exchange(wire, request(0x60, 1, 0, NONE, "cluster", ""))).isEqualTo("60 0001 1 []Not found");
            text.play("""
                    > config get cluster
                    < END
                    > config delete cluster
                    < NOT_FOUND
                    > get AmazonElastiCache:cluster
                    < END
                    """);
            text.send("config set cluster 0 " + nodes.length() + "\r\n" + nodes + "\r\n");
            assertThat(text.line()).isEqualTo("STORED");
            assertThat(exchange(wire, request(0x60, 2, 0, NONE, "cluster", "")))
                    .isEqualTo("60 0000 2 [00000000]" + nodes);
            text.send("config get cluster\r\n");
            String expected = "CONFIG cluster 0 " + nodes.length() + "\r\n" + nodes + "\r\nEND\r\n";
            assertThat(new String(text.read(expected.length()), StandardCharsets.ISO_8859_1)).isEqualTo(expected);
            text.send("get AmazonElastiCache:cluster\r\n");
            expected = "VALUE AmazonElastiCache:cluster 0 " + nodes.length() + "\r\n" + nodes + "\r\nEND\r\n";
            assertThat(new String(text.read(expected.length()), StandardCharsets.ISO_8859_1)).isEqualTo(expected);
            text.play("""
                    > flush_all
                    < OK
                    > config set cluster 0 70000
                    > %s
                    < SERVER_ERROR object too large for cache
                    > config delete cluster
                    < DELETED
                    > config get cluster
                    < END
                    > config set cluster 0 x
                    < CLIENT_ERROR bad command line format
                    """.formatted("x".repeat(70_000)));
            assertThat(exchange(wire, request(0x64, 3, 0, storing(7, 0), "cluster", nodes))).isEqualTo("64 0000 3 []");
            assertThat(exchange(wire, request(0x60, 4, 0, NONE, "cluster", "")))
                    .isEqualTo("60 0000 4 [00000007]" + nodes);
            assertThat(exchange(wire, request(0x66, 5, 0, NONE, "cluster", ""))).isEqualTo("66 0000 5 []");
            assertThat(exchange(wire, request(0x66, 6, 0, NONE, "cluster", ""))).isEqualTo("66 0001 6 []Not found");
        }
    }
}
