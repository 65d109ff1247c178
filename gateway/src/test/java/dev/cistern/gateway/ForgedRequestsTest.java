package dev.cistern.gateway;

import dev.cistern.control.Caller;
import dev.cistern.gateway.http.HttpLimits;
import dev.cistern.gateway.http.HttpServer;
import dev.cistern.gateway.http.WebAnswer;
import dev.cistern.gateway.http.WebHandler;
import dev.cistern.gateway.http.WebRequest;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.AccessKeys;
import dev.cistern.gateway.sign.Role;
import dev.cistern.gateway.sign.SignatureVerifier;
import dev.cistern.gateway.sign.SignedRequest;
import dev.cistern.gateway.wire.FormParameters;
import dev.cistern.gateway.wire.WireFault;
import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * SigV4 bypass: what real clients signed, with one thing about it changed, is never accepted.
 *
 * <p>A mutant that says the same as its original is none: an escape's digit in the other case, a header that was not
 * signed. What came unchanged must be accepted, or nothing would be shown.
 */
final class ForgedRequestsTest implements WebHandler {

    private static final int MUTANTS = 10_000;
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%&=;/+-._~";

    private final List<WebRequest> caught = new CopyOnWriteArrayList<>();
    private final HttpServer server = HttpServer.start("127.0.0.1", 0, HttpLimits.DEFAULT, this,
            InstantSource.system());
    private final Instant now = Instant.now();
    private final SignatureVerifier verifier = new SignatureVerifier(List.of("elasticache"),
            AccessKeys.of(new AccessKey("test", TestClients.KEY, TestClients.SECRET, null, Role.ADMIN),
                    new AccessKey("other", "AKIDOTHER", "another-secret", null, Role.ADMIN)),
            Set.of("us-east-1"), Caller.DEFAULT, InstantSource.fixed(now));

    @TempDir
    private Path home;

    @AfterEach
    void stop() {
        server.close();
    }

    @Override
    public WebAnswer handle(WebRequest request) {
        caught.add(request);
        return refuse(400, "caught");
    }

    @Override
    public WebAnswer refuse(int status, String reason) {
        return WebAnswer.text(status, reason);
    }

    @DisplayName("SigV4 bypass: SDK")
    @Test
    void noMutantOfWhatTheSdkSendsIsAccepted() {
        String url = "http://127.0.0.1:" + server.port();
        try (ElastiCacheClient client = TestClients.of(url, TestClients.KEY, TestClients.SECRET, Region.US_EAST_1,
                request -> {})) {
            assertThrows(ElastiCacheException.class, () -> client.describeReplicationGroups());
            assertThrows(ElastiCacheException.class, () -> client.deleteUser(r -> r.userId("ann")));
            assertThrows(ElastiCacheException.class, () -> client.createReplicationGroup(r -> r
                    .replicationGroupId("zisterne").replicationGroupDescription("Köln & 水槽 <1>").authToken("a=b&c")));
        }
        mutate();
    }

    @DisplayName("SigV4 bypass: CLI")
    @Test
    void noMutantOfWhatTheAwsCliSendsIsAccepted() throws Exception {
        assumeInstalled("aws");
        run("aws", "elasticache", "describe-replication-groups", "--max-items", "5");
        run("aws", "elasticache", "delete-user", "--user-id", "ann");
        mutate();
    }

    @DisplayName("SigV4 bypass: presigned")
    @Test
    void noMutantOfAPresignedAddressIsAccepted() throws Exception {
        assumeInstalled("python3");
        assumeTrue(run("python3", "-c", "import boto3") == 0, "python3 has no boto3");
        run("python3", "-c", """
                import boto3, os, urllib.request
                client = boto3.client('elasticache', endpoint_url=os.environ['AWS_ENDPOINT_URL'])
                url = client.generate_presigned_url('delete_user', Params=dict(UserId='a b/ü'), HttpMethod='GET')
                try: urllib.request.urlopen(url)
                except Exception: pass
                """);
        mutate();
    }

    private static void assumeInstalled(String program) {
        assumeTrue(Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))), program + " is not installed");
    }

    private void mutate() {
        List<Replay> originals = caught.stream().map(ForgedRequestsTest::replay).toList();
        assertThat(originals).isNotEmpty().allSatisfy(each -> assertThat(verifier.verify(each).keyId())
                .isEqualTo(TestClients.KEY));
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        int made = 0;
        while (made < MUTANTS) {
            Replay original = originals.get(random.nextInt(originals.size()));
            Replay mutant = mutant(original, originals, random);
            if (!isSame(original, mutant)) {
                made++;
                assertThrows(WireFault.class, () -> verifier.verify(mutant), () -> "seed " + seed + ": " + mutant);
            }
        }
    }

    /** The same request with one thing changed. */
    private static Replay mutant(Replay original, List<Replay> all, SplittableRandom random) {
        List<String> names = new ArrayList<>(original.headers.keySet());
        String name = names.get(random.nextInt(names.size()));
        return switch (random.nextInt(10)) {
            case 0 -> original.method(random.nextBoolean() ? "PUT" : mutate(original.method, random));
            case 1 -> original.path(mutate(original.rawPath, random));
            case 2 -> original.query(mutate(original.rawQuery, random));
            case 3 -> original.query(original.rawQuery + (original.rawQuery.isEmpty() ? "" : "&") + "Marker=x");
            case 4, 5 -> original.body(mutate(new String(original.body, StandardCharsets.ISO_8859_1), random)
                    .getBytes(StandardCharsets.ISO_8859_1));
            case 6 -> original.body(all.get(random.nextInt(all.size())).body);
            case 7 -> original.header(name, List.of());
            case 8 -> {
                List<String> twice = new ArrayList<>(original.headers(name));
                twice.add(twice.getFirst());
                yield original.header(name, twice);
            }
            default -> original.header(name, List.of(mutate(original.headers(name).getFirst(), random)));
        };
    }

    private static String mutate(String text, SplittableRandom random) {
        char letter = LETTERS.charAt(random.nextInt(LETTERS.length()));
        int at = text.isEmpty() ? 0 : random.nextInt(text.length());
        return switch (random.nextInt(3)) {
            case 0 -> text.substring(0, at) + letter + text.substring(at);
            case 1 -> text.isEmpty() ? text : text.substring(0, at) + text.substring(at + 1);
            default -> text.isEmpty() ? "" : text.substring(0, at) + letter + text.substring(at + 1);
        };
    }

    /** Whether the mutant says the same, in everything that was signed. */
    private static boolean isSame(Replay one, Replay two) {
        return one.method.equals(two.method) && path(one).equals(path(two)) && isSameQuery(one, two)
                && Arrays.equals(one.body, two.body)
                && one.signed().stream().allMatch(name -> meaning(one, name).equals(meaning(two, name)))
                && authorization(one).equals(authorization(two));
    }

    /** Empty segments and those of one dot are none. */
    private static List<String> path(Replay request) {
        return Stream.of(request.rawPath.split("/", -1)).filter(step -> !step.isEmpty() && !step.equals(".")).toList();
    }

    private static boolean isSameQuery(Replay one, Replay two) {
        try {
            return FormParameters.parse(one.rawQuery).asMap().equals(FormParameters.parse(two.rawQuery).asMap());
        } catch (WireFault malformed) {
            return false;
        }
    }

    /** Blanks in a row are one, and those at the ends are none. */
    private static String meaning(Replay request, String name) {
        return String.join(",",
                request.headers(name).stream().map(value -> value.strip().replaceAll(" +", " ")).toList());
    }

    /** Blanks around its commas are none. */
    private static List<String> authorization(Replay request) {
        return request.headers("authorization").stream().map(value -> value.replaceAll(" *, *", ",")).toList();
    }

    private static Replay replay(WebRequest request) {
        Map<String, List<String>> headers = new TreeMap<>();
        Replay bare = new Replay(request.method(), request.rawPath(), request.rawQuery(), headers, request.body());
        headers.put("authorization", request.headers("authorization"));
        bare.signed().forEach(name -> headers.put(name, request.headers(name)));
        headers.values().removeIf(List::isEmpty);
        return bare;
    }

    @SuppressWarnings("ArrayRecordComponent") // sent as it is, and never compared
    private record Replay(String method, String rawPath, String rawQuery, Map<String, List<String>> headers,
            byte[] body)
            implements
                SignedRequest {

        @Override
        public List<String> headers(String name) {
            return headers.getOrDefault(name, List.of());
        }

        List<String> signed() {
            String said = headers.containsKey("authorization") && !headers("authorization").isEmpty()
                    ? headers("authorization").getFirst().replaceAll(".*SignedHeaders=([^,]*).*", "$1")
                    : "host";
            return List.of(said.split(";", -1));
        }

        Replay method(String value) {
            return new Replay(value, rawPath, rawQuery, headers, body);
        }

        Replay path(String value) {
            return new Replay(method, value, rawQuery, headers, body);
        }

        Replay query(String value) {
            return new Replay(method, rawPath, value, headers, body);
        }

        Replay body(byte[] value) {
            return new Replay(method, rawPath, rawQuery, headers, value);
        }

        Replay header(String name, List<String> values) {
            Map<String, List<String>> changed = new TreeMap<>(headers);
            changed.put(name, values);
            return new Replay(method, rawPath, rawQuery, changed, body);
        }

        @Override
        public String toString() {
            return method + " " + rawPath + "?" + rawQuery + " " + headers + " "
                    + new String(body, StandardCharsets.UTF_8);
        }
    }

    private int run(String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(Map.of("AWS_ACCESS_KEY_ID", TestClients.KEY, "AWS_SECRET_ACCESS_KEY",
                TestClients.SECRET, "AWS_DEFAULT_REGION", "us-east-1", "AWS_ENDPOINT_URL",
                URI.create("http://127.0.0.1:" + server.port()).toString(), "AWS_CONFIG_FILE",
                home.resolve("config").toString(), "AWS_SHARED_CREDENTIALS_FILE",
                home.resolve("credentials").toString(), "AWS_PAGER", "", "NO_PROXY", "127.0.0.1", "AWS_MAX_ATTEMPTS",
                "1"));
        builder.environment().remove("AWS_SESSION_TOKEN");
        builder.environment().remove("AWS_PROFILE");
        Process process = builder.start();
        process.getOutputStream().close();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("%s ends", List.of(command)).isTrue();
        return process.exitValue();
    }
}
