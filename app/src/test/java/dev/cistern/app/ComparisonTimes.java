package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.acl.Users;
import dev.cistern.engine.network.EventLoops;
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
 * <p>Without the network, whose noise is a thousand times larger. The slowest tenth of each kind, which others' work made
 * slow, is left out.
 */
final class ComparisonTimes {

    private static final int ROUNDS = 10_000;
    private static final int WARM_UP = 20_000;
    private static final double KEPT = 0.9;
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
            }
            Map<String, Runnable[]> pairs = new LinkedHashMap<>();
            pairs.put("login: a user and nobody", logins(users, "ann", "wrong", "bob", "wrong"));
            pairs.put("login: a user with two passwords and nobody", logins(users, "two", "wrong", "bob", "wrong"));
            pairs.put("login: a right beginning and a wrong one",
                    logins(users, "ann", PASSWORD + "x", "ann", "x" + PASSWORD));
            pairs.put("signature: last letter wrong and first one", signatures());
            pairs.put("the same twice", logins(users, "ann", "wrong", "ann", "wrong"));
            pairs.forEach((what, pair) -> {
                measure(pair, WARM_UP);
                System.out.printf("%s: t = %.2f%n", what, measure(pair, ROUNDS));
            });
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

    private static double measure(Runnable[] pair, int rounds) {
        SplittableRandom random = new SplittableRandom(Long.getLong("cistern.seed", 1));
        long[][] nanos = new long[2][rounds];
        int[] counts = new int[2];
        while (counts[0] < rounds || counts[1] < rounds) {
            int kind = random.nextInt(2);
            if (counts[kind] < rounds) {
                long start = System.nanoTime();
                pair[kind].run();
                nanos[kind][counts[kind]] = System.nanoTime() - start;
                counts[kind]++;
            }
        }
        double[] first = meanAndVariance(nanos[0]);
        double[] second = meanAndVariance(nanos[1]);
        return (first[0] - second[0]) / Math.sqrt((first[1] + second[1]) / (rounds * KEPT));
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
