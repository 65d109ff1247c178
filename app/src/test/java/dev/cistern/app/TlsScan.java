package dev.cistern.app;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a TLS port as a scanner does: says hello in many ways, by hand, and finds fault with what is answered.
 *
 * <pre>
 *   record      type 1 · version 2 · length 2 ·
 *   handshake     type 1 · length 3 ·
 *   hello           version 2 · random 32 · session 1+n · suites 2+2n · compressions 1+n · extensions 2+n
 * </pre>
 */
final class TlsScan {

    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int SERVER_HELLO = 2;
    private static final int RANDOM_BYTES = 32;
    private static final int DEFLATE = 1;
    private static final int HEARTBEAT = 15;
    private static final int SSL_3 = 0x0300;
    private static final int TLS_1 = 0x0301;
    private static final int TLS_1_1 = 0x0302;
    private static final int TLS_1_2 = 0x0303;
    private static final int TLS_1_3 = 0x0304;

    /** Says that the client would have liked a newer version: a sign of somebody in between. */
    private static final int FALLBACK = 0x5600;

    /** Ephemeral keys of elliptic curves, and encryption that authenticates. */
    private static final Set<Integer> STRONG = Set.of(0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9);
    private static final Set<Integer> STRONG_1_3 = Set.of(0x1301, 0x1302, 0x1303);

    /** All numbers that suites of TLS 1.2 and before ever had. */
    private static final List<Integer> WEAK = IntStream.concat(IntStream.range(0x0000, 0x00FF),
            IntStream.concat(IntStream.range(0xC001, 0xC100), IntStream.range(0xCC13, 0xCCAF)))
            .filter(suite -> !STRONG.contains(suite)).boxed().toList();

    private final int port;
    private final List<String> findings = new ArrayList<>();

    private TlsScan(int port) {
        this.port = port;
    }

    /** A server's hello. */
    private record Answer(int version, int suite, int compression, Set<Integer> extensions) {}

    /** What is wrong with the port of 127.0.0.1, whose authority the context trusts and who answers the request. */
    static List<String> findings(int port, SSLContext trusting, String request) {
        TlsScan scan = new TlsScan(port);
        try {
            scan.oldVersions();
            scan.suites();
            scan.extras();
            scan.renegotiation(trusting, request);
        } catch (IOException e) {
            throw new UncheckedIOException("port " + port, e);
        }
        return scan.findings;
    }

    private void find(boolean fault, String what) {
        if (fault) {
            findings.add("port " + port + ": " + what);
        }
    }

    private void oldVersions() throws IOException {
        List<Integer> everything = new ArrayList<>(WEAK);
        everything.addAll(STRONG);
        for (int version : new int[]{SSL_3, TLS_1, TLS_1_1}) {
            find(hello(version, version, everything, false) != null, "speaks version %04x".formatted(version));
        }
        find(exchange(ssl2Hello()) != null, "speaks SSL 2");
    }

    private void suites() throws IOException {
        Answer weak = hello(TLS_1_2, TLS_1_2, WEAK, false);
        find(weak != null, "takes the suite %04x".formatted(weak == null ? 0 : weak.suite));
        Answer usual = hello(TLS_1_2, TLS_1_2, List.copyOf(STRONG), false);
        find(usual == null || usual.version != TLS_1_2 || !STRONG.contains(usual.suite), "takes no good suite");
        Answer newest = hello(TLS_1_2, TLS_1_3, List.copyOf(STRONG_1_3), false);
        find(newest == null || !STRONG_1_3.contains(newest.suite), "does not speak TLS 1.3");
    }

    private void extras() throws IOException {
        Answer squeezed = hello(TLS_1_2, TLS_1_2, List.copyOf(STRONG), true);
        find(squeezed != null && squeezed.compression == DEFLATE, "compresses");
        find(squeezed != null && squeezed.extensions.contains(HEARTBEAT), "has a heartbeat");
        List<Integer> fallback = new ArrayList<>(STRONG);
        fallback.add(FALLBACK);
        find(hello(TLS_1_2, TLS_1_2, fallback, false) != null, "lets itself be talked down to TLS 1.2");
    }

    /** A client that asks for another handshake within one connection gets no further answer. */
    private void renegotiation(SSLContext trusting, String request) throws IOException {
        try (SSLSocket socket = (SSLSocket) trusting.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.setEnabledProtocols(new String[]{"TLSv1.2"});
            find(!answers(socket, request), "does not answer " + request.strip());
            try {
                socket.startHandshake();
                find(answers(socket, request), "lets clients renegotiate");
            } catch (IOException refused) {
                return;
            }
        }
    }

    private static boolean answers(SSLSocket socket, String request) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(request.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        return socket.getInputStream().read(new byte[1024]) > 0;
    }

    private @Nullable Answer hello(int version, int newest, List<Integer> suites, boolean squeezed) throws IOException {
        return exchange(record(hello(version, suites, squeezed, extensions(newest, squeezed))));
    }

    /** The server's hello; null if it answers anything else or nothing. */
    private @Nullable Answer exchange(byte[] said) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(said);
            socket.shutdownOutput();
            return answer(socket.getInputStream());
        }
    }

    private static @Nullable Answer answer(InputStream socket) {
        try {
            DataInputStream in = new DataInputStream(socket);
            if (in.readUnsignedByte() != HANDSHAKE) {
                return null;
            }
            in.skipNBytes(4);
            if (in.readUnsignedByte() != SERVER_HELLO) {
                return null;
            }
            in.skipNBytes(3);
            int version = in.readUnsignedShort();
            in.skipNBytes(RANDOM_BYTES);
            in.skipNBytes(in.readUnsignedByte());
            int suite = in.readUnsignedShort();
            int compression = in.readUnsignedByte();
            return new Answer(version, suite, compression, extensions(in));
        } catch (IOException ended) {
            return null;
        }
    }

    private static Set<Integer> extensions(DataInputStream in) throws IOException {
        Set<Integer> numbers = new TreeSet<>();
        for (int left = in.readUnsignedShort(); left > 0;) {
            numbers.add(in.readUnsignedShort());
            int length = in.readUnsignedShort();
            in.skipNBytes(length);
            left -= 4 + length;
        }
        return numbers;
    }

    // --- bytes ---

    /** Fields one after the other. */
    private static final class Bytes {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(bytes);

        Bytes shorts(int... values) throws IOException {
            for (int value : values) {
                out.writeShort(value);
            }
            return this;
        }

        Bytes bytes(int... values) throws IOException {
            for (int value : values) {
                out.writeByte(value);
            }
            return this;
        }

        /** Their length in so many bytes, and they. */
        Bytes counted(int lengthBytes, byte[] value) throws IOException {
            for (int i = lengthBytes - 1; i >= 0; i--) {
                out.writeByte(value.length >> (8 * i));
            }
            out.write(value);
            return this;
        }

        byte[] get() {
            return bytes.toByteArray();
        }
    }

    private static byte[] record(byte[] hello) throws IOException {
        byte[] handshake = new Bytes().bytes(CLIENT_HELLO).counted(3, hello).get();
        return new Bytes().bytes(HANDSHAKE).shorts(TLS_1).counted(2, handshake).get();
    }

    private static byte[] hello(int version, List<Integer> suites, boolean squeezed, byte[] extensions)
            throws IOException {
        Bytes hello = new Bytes().shorts(version);
        hello.bytes(IntStream.range(0, RANDOM_BYTES).toArray()).counted(1, new byte[0]);
        hello.counted(2, new Bytes().shorts(suites.stream().mapToInt(Integer::intValue).toArray()).get());
        hello.counted(1, squeezed ? new byte[]{DEFLATE, 0} : new byte[]{0});
        return version == SSL_3 ? hello.get() : hello.counted(2, extensions).get();
    }

    private static byte[] extensions(int newest, boolean squeezed) throws IOException {
        Bytes all = new Bytes();
        // Groups, points, signatures: what is usual.
        all.shorts(10).counted(2, new Bytes().counted(2, new Bytes().shorts(29, 23, 24).get()).get());
        all.shorts(11).counted(2, new byte[]{1, 0});
        all.shorts(13).counted(2, new Bytes().counted(2, new Bytes().shorts(0x0403, 0x0503, 0x0603, 0x0804, 0x0805,
                0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201).get()).get());
        if (squeezed) {
            all.shorts(HEARTBEAT).counted(2, new byte[]{1});
        }
        if (newest == TLS_1_3) {
            all.shorts(43).counted(2, new Bytes().counted(1, new Bytes().shorts(TLS_1_3).get()).get());
            // No key: the server asks for one, in a hello.
            all.shorts(51).counted(2, new byte[]{0, 0});
        }
        return all.get();
    }

    /** Of 1995: two bytes of length, kind, version, and lengths of suites (three bytes each), session and challenge. */
    private static byte[] ssl2Hello() throws IOException {
        byte[] hello = new Bytes().bytes(CLIENT_HELLO).shorts(2, 6, 0, 16).bytes(1, 0, 0x80, 7, 0, 0xC0)
                .bytes(IntStream.range(0, 16).toArray()).get();
        return new Bytes().shorts(0x8000 | hello.length).bytes(IntStream.range(0, hello.length).map(i -> hello[i])
                .toArray()).get();
    }
}
