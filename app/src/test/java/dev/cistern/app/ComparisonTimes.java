package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.acl.Users;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.AccessKeys;
import dev.cistern.gateway.sign.RequestSigner;
import dev.cistern.gateway.sign.Role;
import dev.cistern.gateway.sign.SignatureVerifier;
import dev.cistern.gateway.sign.SignedRequest;
import dev.cistern.gateway.wire.WireFault;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import redis.clients.jedis.Jedis;

/**
 * Says whether the time that a refusal takes tells anything about a secret: Welch's t of thousands of timings of two kinds,
 * taken in turn at random. Below 4.5 nobody can tell them apart. A program and no test, for a busy machine has a say in it.
 *
 * <p>Without the network first, whose noise is a thousand times larger, and then as a stranger measures it, through the
 * wire. The slowest tenth of each kind, which others' work made slow, is left out.
 */
final class ComparisonTimes {

    private static final int ROUNDS = 20_000;
    private static final int WARM_UP = 20_000;
    private static final double KEPT = 0.9;
    /** Users beside those that are tried: as many as a large group has. */
    private static final int OTHERS = 100;
    private static final String WRONG = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    private static final String PASSWORD = "correct-horse-battery-staple";
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final URI ADDRESS = URI.create("http://127.0.0.1:8379/?Action=DescribeUsers&Version=2015-02-02");

    private ComparisonTimes() {}

    public static void main(String... ignored) throws Exception {
        try (EventLoops loops = EventLoops.start();
                CacheNode node = CacheNode.start(NodeOptions.onPort("n", 0), loops)) {
            Users users = node.node().users();
            try (Jedis jedis = new Jedis("127.0.0.1", node.port())) {
                jedis.aclSetUser("ann", "on", ">" + PASSWORD, "+@all");
                jedis.aclSetUser("two", "on", ">" + PASSWORD, ">another-" + PASSWORD, "+@all");
                jedis.aclSetUser("off", "off", ">" + PASSWORD, "+@all");
                jedis.aclSetUser("any", "off", "nopass", "+@all");
                for (int i = 0; i < OTHERS; i++) {
                    jedis.aclSetUser("user-" + i, "on", ">" + PASSWORD + i, "+@all");
                }
            }
            Map<String, Runnable[]> pairs = new LinkedHashMap<>();
            pairs.put("login: a user and nobody", logins(users, "ann", "wrong", "bob", "wrong"));
            pairs.put("login: a user with two passwords and nobody", logins(users, "two", "wrong", "bob", "wrong"));
            pairs.put("login: a disabled user and nobody", logins(users, "off", PASSWORD, "bob", PASSWORD));
            pairs.put("login: a disabled user without a password and nobody",
                    logins(users, "any", PASSWORD, "bob", PASSWORD));
            // As far apart are any two names, for each has its place in memory.
            pairs.put("login: nobody and nobody else", logins(users, "bob", "wrong", "eve", "wrong"));
            pairs.put("login: a right beginning and a wrong one",
                    logins(users, "ann", PASSWORD + "x", "ann", "x" + PASSWORD));
            pairs.put("signature: last letter wrong and first one", signatures());
            pairs.put("the same twice", logins(users, "ann", "wrong", "ann", "wrong"));
            pairs.forEach((what, pair) -> report(what, pair, () -> {}));
            try (TestClient client = new TestClient(node.port())) {
                byte[] rightOne = TestClient.encode("AUTH", "ann", PASSWORD);
                // Who is wrong five times on end has to wait.
                Runnable right = () -> answer(client, rightOne, "+OK\r\n");
                report("through the wire: a user and nobody", refused(client, "ann", "bob"), right);
                report("through the wire: a disabled user and nobody", refused(client, "off", "bob"), right);
                report("through the wire: the same twice", refused(client, "ann", "ann"), right);
            }
        }
    }

    private static void report(String what, Runnable[] pair, Runnable after) {
        measure(pair, after, WARM_UP);
        System.out.printf("%s: %s%n", what, measure(pair, after, ROUNDS));
    }

    private static Runnable[] refused(TestClient client, String name, String otherName) {
        return new Runnable[]{refused(client, name), refused(client, otherName)};
    }

    private static Runnable refused(TestClient client, String name) {
        byte[] wrong = TestClient.encode("AUTH", name, "wrong");
        return () -> answer(client, wrong, WRONG);
    }

    private static void answer(TestClient client, byte[] request, String expected) {
        client.raw(request);
        if (!client.readBytes(expected.length()).equals(expected)) {
            throw new IllegalStateException("it was answered otherwise");
        }
    }

    private static Runnable[] logins(Users users, String name, String password, String otherName, String other) {
        return new Runnable[]{login(users, name, password), login(users, otherName, other)};
    }

    private static Runnable login(Users users, String name, String password) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        return () -> {
            if (users.authenticate(name, bytes) != null) {
                throw new IllegalStateException("it was let in");
            }
        };
    }

    private static Runnable[] signatures() {
        AccessKey key = new AccessKey("k", "CSTNKEY", "a-secret-of-nobody", null, Role.ADMIN);
        SignatureVerifier verifier = new SignatureVerifier(List.of("elasticache"), AccessKeys.of(key), Set.of(),
                Caller.DEFAULT, InstantSource.fixed(NOW));
        Map<String, String> headers = new RequestSigner(key, "us-east-1").sign(ADDRESS, NOW);
        String right = Objects.requireNonNull(headers.get("Authorization"));
        int first = right.indexOf("Signature=") + "Signature=".length();
        return new Runnable[]{refusal(verifier, headers, bent(right, right.length() - 1)),
                refusal(verifier, headers, bent(right, first))};
    }

    private static String bent(String text, int at) {
        return text.substring(0, at) + (text.charAt(at) == '0' ? '1' : '0') + text.substring(at + 1);
    }

    private static Runnable refusal(SignatureVerifier verifier, Map<String, String> headers, String authorization) {
        Get request = new Get(Objects.requireNonNull(headers.get("X-Amz-Date")), authorization);
        return () -> {
            try {
                verifier.verify(request);
            } catch (WireFault refused) {
                return;
            }
            throw new IllegalStateException("it was accepted");
        };
    }

    private record Get(String date, String authorization) implements SignedRequest {

        @Override
        public String method() {
            return "GET";
        }

        @Override
        public String rawPath() {
            return ADDRESS.getRawPath();
        }

        @Override
        public String rawQuery() {
            return ADDRESS.getRawQuery();
        }

        @Override
        public List<String> headers(String name) {
            return switch (name) {
                case "host" -> List.of(ADDRESS.getRawAuthority());
                case "x-amz-date" -> List.of(date);
                case "authorization" -> List.of(authorization);
                default -> List.of();
            };
        }

        @Override
        public byte[] body() {
            return new byte[0];
        }
    }

    /** What came of timing both kinds: by how many nanoseconds their means differ, and Welch's t. */
    private record Difference(double nanos, double t) {

        @Override
        public String toString() {
            return "%.1f ns, t = %.2f".formatted(nanos, t);
        }
    }

    /** Times both in turn, either first by chance. */
    private static Difference measure(Runnable[] pair, Runnable after, int rounds) {
        SplittableRandom random = new SplittableRandom(Long.getLong("cistern.seed", 1));
        long[][] nanos = new long[2][rounds];
        for (int round = 0; round < rounds; round++) {
            int first = random.nextInt(2);
            for (int kind : new int[]{first, 1 - first}) {
                long start = System.nanoTime();
                pair[kind].run();
                nanos[kind][round] = System.nanoTime() - start;
            }
            after.run();
        }
        double[] first = meanAndVariance(nanos[0]);
        double[] second = meanAndVariance(nanos[1]);
        double difference = first[0] - second[0];
        return new Difference(difference, difference / Math.sqrt((first[1] + second[1]) / (rounds * KEPT)));
    }

    private static double[] meanAndVariance(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        long[] kept = Arrays.copyOf(sorted, (int) (sorted.length * KEPT));
        double mean = Arrays.stream(kept).average().orElse(0);
        double squares = Arrays.stream(kept).mapToDouble(value -> (value - mean) * (value - mean)).sum();
        return new double[]{mean, squares / (kept.length - 1)};
    }
}
