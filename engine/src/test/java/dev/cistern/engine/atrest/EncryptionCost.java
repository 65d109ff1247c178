package dev.cistern.engine.atrest;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What encryption at rest costs: SAVE, and SET with the append-only file, on a node with a key and one without, turn and
 * turn about. Not a test: {@code main [megabytes] [rounds]}; prints medians and their ratio.
 */
final class EncryptionCost {
    private static final int VALUE_BYTES = 1000;
    private static final int PIPELINE = 100;
    private static final int SETS = 20_000;

    private EncryptionCost() {}

    public static void main(String[] arguments) throws IOException {
        int megabytes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 64;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 9;
        Path folder = Files.createTempDirectory("encryption-cost");
        KeyStoreFile store = new KeyStoreFile(folder.resolve("keys"));
        var _ = store.create("us-east-1", "000000000000", false, "", 0);
        String[] key = {"at-rest-key-file", store.path().toString()};
        try (TestServer plain = node(folder.resolve("plain"));
                TestServer sealed = node(folder.resolve("sealed"), key)) {
            for (TestServer server : List.of(plain, sealed)) {
                sets(server, megabytes * 1000);
            }
            compare("SAVE of " + megabytes + " MB, ms", plain, sealed, rounds, EncryptionCost::save);
        }
        for (String policy : List.of("everysec", "always")) {
            String[] log = {"appendonly", "yes", "appendfsync", policy, "auto-aof-rewrite-percentage", "0"};
            try (TestServer plain = node(folder.resolve("plain-" + policy), log);
                    TestServer sealed = node(folder.resolve("sealed-" + policy),
                            Stream.concat(Stream.of(log), Stream.of(key)).toArray(String[]::new))) {
                compare(SETS + " SETs, appendfsync " + policy + ", ms", plain, sealed, rounds,
                        server -> sets(server, SETS));
            }
        }
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted((a, b) -> b.compareTo(a)).forEach(path -> path.toFile().delete());
        }
    }

    private static TestServer node(Path folder, String... more) throws IOException {
        return TestServer.cistern(Stream.concat(Stream.of("dir", Files.createDirectory(folder).toString()),
                Stream.of(more)).toArray(String[]::new));
    }

    private interface Work {
        void on(TestServer server) throws IOException;
    }

    private static void compare(String title, TestServer plain, TestServer sealed, int rounds, Work work)
            throws IOException {
        List<Double> without = new ArrayList<>();
        List<Double> with = new ArrayList<>();
        work.on(plain);
        work.on(sealed);
        for (int round = 0; round < rounds; round++) {
            without.add(millis(plain, work));
            with.add(millis(sealed, work));
        }
        System.out.printf("%-40s plain %8.1f   encrypted %8.1f   ratio %.2f%n", title, median(without), median(with),
                median(with) / median(without));
    }

    private static double millis(TestServer server, Work work) throws IOException {
        long begun = System.nanoTime();
        work.on(server);
        return (System.nanoTime() - begun) / 1e6;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static void save(TestServer server) {
        try (TestClient client = server.connect()) {
            client.send("SAVE");
        }
    }

    /** Values that nothing compresses, in pipelines. */
    private static void sets(TestServer server, int count) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        byte[] value = new byte[VALUE_BYTES];
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            byte[] request = new byte[0];
            for (int i = 0; i < count; i++) {
                random.nextBytes(value);
                byte[] head = "*3\r\n$3\r\nSET\r\n$12\r\n%012d\r\n$%d\r\n".formatted(i, VALUE_BYTES)
                        .getBytes(StandardCharsets.US_ASCII);
                int at = request.length;
                request = Arrays.copyOf(request, at + head.length + VALUE_BYTES + 2);
                System.arraycopy(head, 0, request, at, head.length);
                System.arraycopy(value, 0, request, at + head.length, VALUE_BYTES);
                request[request.length - 2] = '\r';
                request[request.length - 1] = '\n';
                if (i % PIPELINE == PIPELINE - 1) {
                    out.write(request);
                    in.readNBytes("+OK\r\n".length() * PIPELINE);
                    request = new byte[0];
                }
            }
        }
    }
}
