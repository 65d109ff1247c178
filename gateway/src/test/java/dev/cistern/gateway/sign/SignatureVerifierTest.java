package dev.cistern.gateway.sign;

import dev.cistern.control.Caller;
import dev.cistern.gateway.wire.FormParameters;
import dev.cistern.gateway.wire.WireFault;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Requests signed by the SDK's signer, whole and tampered with, and the examples that AWS publishes. */
final class SignatureVerifierTest {

    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final Caller FALLBACK = new Caller("000000000000", "us-east-1");
    private static final AccessKeys KEYS = AccessKeys.of(
            key("AKID", "secret/+=", "210987654321"), key("123456789012", "other", null));
    private static final int MUTANTS = 5_000 * Integer.getInteger("cistern.effort", 1);

    @Test
    void whatTheSdkSignsIsAccepted() {
        assertThat(strict(NOW).verify(signed("AKID", "secret/+=", "eu-west-1", "elasticache", "Action=A")).caller())
                .isEqualTo(new Caller("210987654321", "eu-west-1"));
        assertThat(strict(NOW).verify(signed("123456789012", "other", "us-east-1", "elasticache", "")).caller())
                .isEqualTo(new Caller("123456789012", "us-east-1"));
    }

    @Test
    void whatTheSdkPresignsIsAccepted() {
        assertThat(strict(NOW.plusSeconds(3599)).verify(presigned("Action=DescribeUsers&Filter=a%20b%2F%C3%BC&Empty="))
                .caller())
                .isEqualTo(new Caller("210987654321", "us-east-1"));
    }

    /** The examples of AWS's public test suite that can come over HTTP, by their names there. */
    @ParameterizedTest(name = "{0}")
    @MethodSource
    void awsOwnExamplesAreAccepted(String name, Request example) {
        SignatureVerifier verifier = new SignatureVerifier(List.of("service"),
                AccessKeys.of(key("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null)),
                Set.of(), FALLBACK, InstantSource.fixed(Instant.parse("2015-08-30T12:36:00Z")));
        assertThat(verifier.verify(example).keyId()).isEqualTo("AKIDEXAMPLE");
    }

    static Stream<Arguments> awsOwnExamplesAreAccepted() {
        String vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        String post = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        String letters = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        return Stream.of(
                example("get-vanilla", "GET", "/", "", "", "", vanilla),
                example("get-vanilla-query", "GET", "/", "", "", "", vanilla),
                example("get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", "", "",
                        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
                example("get-vanilla-empty-query-key", "GET", "/", "Param1=value1", "", "",
                        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
                example("get-vanilla-query-unreserved", "GET", "/", letters + "=" + letters, "", "",
                        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
                example("get-vanilla-utf8-query", "GET", "/", "\u1234=bar", "", "",
                        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
                example("get-utf8", "GET", "/\u1234", "", "", "",
                        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
                example("get-unreserved", "GET", "/" + letters, "", "", "",
                        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
                example("get-slash", "GET", "//", "", "", "", vanilla),
                example("get-slash-dot-slash", "GET", "/./", "", "", "", vanilla),
                example("get-relative", "GET", "/example/..", "", "", "", vanilla),
                example("get-relative-relative", "GET", "/example1/example2/../..", "", "", "", vanilla),
                example("get-slash-pointless-dot", "GET", "/./example", "", "", "",
                        "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
                example("get-slashes", "GET", "//example//", "", "", "",
                        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
                example("get-space", "GET", "/example space/", "", "", "",
                        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
                example("get-header-value-trim", "GET", "/", "", "my-header1= value1|my-header2= \"a   b   c\"", "",
                        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
                example("get-header-key-duplicate", "GET", "/", "", "my-header1=value2,value2,value1", "",
                        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
                example("get-header-value-order", "GET", "/", "", "my-header1=value4,value1,value3,value2", "",
                        "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
                example("post-vanilla", "POST", "/", "", "", "", post),
                example("post-vanilla-query", "POST", "/", "Param1=value1", "", "",
                        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
                example("post-header-key-case", "POST", "/", "", "", "", post),
                example("post-header-key-sort", "POST", "/", "", "my-header1=value1", "",
                        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
                example("post-header-value-case", "POST", "/", "", "my-header1=VALUE1", "",
                        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
                example("post-x-www-form-urlencoded", "POST", "/", "",
                        "content-type=application/x-www-form-urlencoded", "Param1=value1",
                        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
                example("post-x-www-form-urlencoded-parameters", "POST", "/", "",
                        "content-type=application/x-www-form-urlencoded; charset=utf8", "Param1=value1",
                        "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"));
    }

    private static Arguments example(String name, String method, String path, String query, String headers,
            String body, String signature) {
        Map<String, String> all = new TreeMap<>(Map.of("host", "example.amazonaws.com", "x-amz-date",
                "20150830T123600Z"));
        for (String header : headers.isEmpty() ? new String[0] : headers.split("\\|", -1)) {
            int equals = header.indexOf('=');
            all.put(header.substring(0, equals), header.substring(equals + 1));
        }
        String signed = String.join(";", all.keySet());
        all.put("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=" + signed + ", Signature=" + signature);
        return Arguments.of(name, request(method, path, query, all, body));
    }

    @Test
    void awsCodesForWhatIsWrong() {
        SignedRequest good = signed("AKID", "secret/+=", "us-east-1", "elasticache", "Action=A");
        refused(strict(NOW), signed("AKID", "wrong", "us-east-1", "elasticache", ""), "SignatureDoesNotMatch", 403);
        refused(strict(NOW), signed("NOBODY", "secret", "us-east-1", "elasticache", ""), "InvalidClientTokenId", 403);
        refused(strict(NOW), signed("AKID", "secret/+=", "us-east-1", "sns", ""), "SignatureDoesNotMatch", 403);
        refused(strict(NOW, "eu-west-1"), good, "SignatureDoesNotMatch", 403);
        refused(strict(NOW.plus(Duration.ofMinutes(15)).plusSeconds(1)), good, "RequestExpired", 400);
        refused(strict(NOW.minus(Duration.ofMinutes(15)).minusSeconds(1)), good, "RequestExpired", 400);
        refused(strict(NOW.plusSeconds(3601)), presigned("Action=A"), "RequestExpired", 400);
        refused(strict(NOW), with(good, "authorization", null), "MissingAuthenticationToken", 403);
        refused(strict(NOW), with(good, "authorization", "Bearer x"), "IncompleteSignature", 400);
        refused(strict(NOW), with(good, "authorization", "AWS4-HMAC-SHA256 Credential=AKID"), "IncompleteSignature",
                400);
        refused(strict(NOW), with(good, "x-amz-date", null), "IncompleteSignature", 400);
        assertThat(strict(NOW, "us-east-1").verify(good).caller().region()).isEqualTo("us-east-1");
    }

    @Test
    void anUnsignedHostOrAnotherDayIsRefused() {
        SignedRequest good = signed("AKID", "secret/+=", "us-east-1", "elasticache", "");
        String header = good.headers("authorization").getFirst();
        refused(strict(NOW), with(good, "authorization", header.replace("host;", "")), "SignatureDoesNotMatch", 403);
        refused(strict(NOW), with(good, "authorization", header.replace("/20261121/", "/20261120/")),
                "SignatureDoesNotMatch", 403);
    }

    /** A claim about the body is worth nothing: the body itself is hashed. */
    @Test
    void anUnsignedPayloadIsRefused() {
        SignedRequest good = signed("AKID", "secret/+=", "us-east-1", "elasticache", "Action=A");
        refused(strict(NOW), with(good, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "SignatureDoesNotMatch", 403);
    }

    @Test
    void noMutantIsAccepted() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        SignedRequest header = signed("AKID", "secret/+=", "us-east-1", "elasticache", "Action=DeleteUser&UserId=a");
        SignedRequest query = presigned("Action=DeleteUser&UserId=a");
        SignatureVerifier verifier = strict(NOW);
        for (int i = 0; i < MUTANTS; i++) {
            SignedRequest original = random.nextBoolean() ? header : query;
            SignedRequest mutant = mutant(original, random);
            if (!isSame(original, mutant)) {
                assertThatThrownBy(() -> verifier.verify(mutant)).as("seed %d: %s", seed, mutant)
                        .isInstanceOf(WireFault.class);
            }
        }
        verifier.verify(header);
        verifier.verify(query);
    }

    @Test
    void openModeBelievesEveryoneAndNeverFails() {
        SignatureVerifier open = new SignatureVerifier(List.of("elasticache", "ec2"), null, Set.of(), FALLBACK,
                InstantSource.fixed(NOW));
        assertThat(open.verify(signed("210987654321", "any", "eu-west-1", "elasticache", "")).caller())
                .isEqualTo(new Caller("210987654321", "eu-west-1"));
        assertThat(open.verify(request("POST", "/", "", Map.of("authorization", "nonsense"), "")).caller())
                .isEqualTo(FALLBACK);
        assertThat(open.verify(request("POST", "/", "", Map.of(), "")).caller()).isEqualTo(FALLBACK);
        assertThat(open.verify(signed("k", "s", "../../etc", "elasticache", "")).caller().region())
                .isEqualTo("us-east-1");
    }

    @Test
    void keysAreReadFromACredentialsFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("credentials"), """
                # shared with the tools
                [default]
                aws_access_key_id = AKID
                aws_secret_access_key=se=cret
                region = us-east-1

                [second]
                AWS_ACCESS_KEY_ID = two
                aws_secret_access_key = s
                aws_account_id = 210987654321
                role = viewer
                """);
        AccessKeys keys = new KeyFile(file).read();
        assertThat(keys.find("AKID")).isEqualTo(new AccessKey("default", "AKID", "se=cret", null, Role.ADMIN));
        assertThat(keys.find("two")).isEqualTo(new AccessKey("second", "two", "s", "210987654321", Role.VIEWER));
        assertThat(String.valueOf(keys.find("AKID"))).doesNotContain("se=cret");
        Files.writeString(file, "[half]\naws_access_key_id = AKID\n");
        assertThatThrownBy(() -> new KeyFile(file).read()).hasMessageContaining("[half]");
        assertThatThrownBy(() -> key("id", " ", null)).isInstanceOf(IllegalArgumentException.class);
    }

    /** What our own commands sign is what we accept. */
    @Test
    void whatOurOwnSignerSignsIsAccepted() {
        URI address = URI.create("http://127.0.0.1:8379/status?b=2&a=%2F");
        Map<String, String> headers = new TreeMap<>(Map.of("host", "127.0.0.1:8379"));
        new RequestSigner(key("AKID", "secret/+=", null), "eu-west-1").sign(address, NOW)
                .forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
        assertThat(strict(NOW).verify(request("GET", "/status", "b=2&a=%2F", headers, "")).caller().region())
                .isEqualTo("eu-west-1");
        refused(strict(NOW), request("GET", "/status", "b=2&a=%2E", headers, ""), "SignatureDoesNotMatch", 403);
    }

    @Test
    void aSignatureIsForOneServiceOfThoseThatThereAre() {
        assertThat(strict(NOW).verify(signed("AKID", "secret/+=", "us-east-1", "ec2", "")).service()).isEqualTo("ec2");
        refused(strict(NOW), signed("AKID", "secret/+=", "us-east-1", "s3", ""), "SignatureDoesNotMatch", 403);
    }

    private static AccessKey key(String id, String secret, @Nullable String account) {
        return new AccessKey("key", id, secret, account, Role.ADMIN);
    }

    private static SignatureVerifier strict(Instant now, String... regions) {
        return new SignatureVerifier(List.of("elasticache", "ec2"), KEYS, Set.of(regions), FALLBACK,
                InstantSource.fixed(now));
    }

    private static void refused(SignatureVerifier verifier, SignedRequest request, String code, int status) {
        assertThatThrownBy(() -> verifier.verify(request)).isInstanceOfSatisfying(WireFault.class, fault -> {
            assertThat(fault.code()).isEqualTo(code);
            assertThat(fault.status()).isEqualTo(status);
        });
    }

    record Request(String method, String rawPath, String rawQuery, Map<String, String> fields, String text)
            implements
                SignedRequest {

        @Override
        public List<String> headers(String name) {
            String value = fields.get(name);
            return value == null ? List.of() : List.of(value);
        }

        @Override
        public byte[] body() {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    private static Request request(String method, String path, String query, Map<String, String> headers, String body) {
        return new Request(method, path, query, new TreeMap<>(headers), body);
    }

    private static Request with(SignedRequest original, String header, @Nullable String value) {
        Request request = (Request) original;
        Map<String, String> headers = new TreeMap<>(request.fields());
        if (value == null) {
            headers.remove(header);
        } else {
            headers.put(header, value);
        }
        return request(request.method(), request.rawPath(), request.rawQuery(), headers, request.text());
    }

    private static Request signed(String key, String secret, String region, String service, String body) {
        SdkHttpRequest request = SdkHttpRequest.builder()
                .method(SdkHttpMethod.POST).uri(URI.create("http://127.0.0.1:8379/"))
                .putHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8").build();
        SdkHttpRequest done = AwsV4HttpSigner.create().sign(sign -> sign
                .identity(AwsCredentialsIdentity.create(key, secret))
                .request(request)
                .payload(ContentStreamProvider.fromUtf8String(body))
                .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, service)
                .putProperty(HttpSigner.SIGNING_CLOCK, Clock.fixed(NOW, ZoneOffset.UTC))).request();
        return wire(done, body);
    }

    private static Request presigned(String query) {
        SdkHttpRequest request = SdkHttpRequest.builder()
                .method(SdkHttpMethod.GET).uri(URI.create("http://127.0.0.1:8379/?" + query)).build();
        SdkHttpRequest done = AwsV4HttpSigner.create().sign(sign -> sign
                .identity(AwsCredentialsIdentity.create("AKID", "secret/+="))
                .request(request)
                .putProperty(AwsV4HttpSigner.REGION_NAME, "us-east-1")
                .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, "elasticache")
                .putProperty(AwsV4FamilyHttpSigner.AUTH_LOCATION, AwsV4FamilyHttpSigner.AuthLocation.QUERY_STRING)
                .putProperty(AwsV4FamilyHttpSigner.EXPIRATION_DURATION, Duration.ofHours(1))
                .putProperty(HttpSigner.SIGNING_CLOCK, Clock.fixed(NOW, ZoneOffset.UTC))).request();
        return wire(done, "");
    }

    private static Request wire(SdkHttpRequest request, String body) {
        Map<String, String> headers = new TreeMap<>();
        request.forEachHeader((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
        return request(request.method().name(), request.encodedPath(), request.encodedQueryParameters().orElse(""),
                headers, body);
    }

    /** The same request with one character of one signed part changed. */
    private static Request mutant(SignedRequest original, SplittableRandom random) {
        Request request = (Request) original;
        return switch (random.nextInt(5)) {
            case 0 -> request(mutate(request.method(), random), request.rawPath(), request.rawQuery(), request.fields(),
                    request.text());
            case 1 -> request(request.method(), request.rawPath() + letter(random), request.rawQuery(),
                    request.fields(), request.text());
            case 2 -> request(request.method(), request.rawPath(), mutate(request.rawQuery(), random), request.fields(),
                    request.text());
            case 3 -> request(request.method(), request.rawPath(), request.rawQuery(), request.fields(),
                    mutate(request.text(), random));
            default -> {
                List<String> names = new ArrayList<>(request.fields().keySet());
                String name = names.get(random.nextInt(names.size()));
                yield with(request, name, mutate(String.valueOf(request.fields().get(name)), random));
            }
        };
    }

    private static String mutate(String text, SplittableRandom random) {
        if (text.isEmpty()) {
            return String.valueOf(letter(random));
        }
        int at = random.nextInt(text.length());
        // A separator of the Authorization header may change without changing what it says.
        char changed = text.charAt(at) == ' ' ? ' ' : letter(random);
        return text.substring(0, at) + changed + text.substring(at + 1);
    }

    private static char letter(SplittableRandom random) {
        return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".charAt(random.nextInt(62));
    }

    /** The same character again, the other case of an escape's digit, or a header that was never signed. */
    private static boolean isSame(SignedRequest original, SignedRequest mutant) {
        Request one = (Request) original;
        Request two = (Request) mutant;
        if (!one.rawQuery().equals(two.rawQuery())) {
            try {
                return FormParameters.parse(one.rawQuery()).asMap()
                        .equals(FormParameters.parse(two.rawQuery()).asMap());
            } catch (WireFault malformed) {
                return false;
            }
        }
        return one.equals(two) || isUnsigned(one, two);
    }

    private static boolean isUnsigned(Request one, Request two) {
        String said = one.fields().getOrDefault("authorization", "SignedHeaders=host,");
        String names = said.replaceAll(".*SignedHeaders=([^,]*).*", "$1") + ";authorization";
        return one.equals(request(two.method(), two.rawPath(), two.rawQuery(), one.fields(), two.text()))
                && one.fields().keySet().stream()
                        .filter(name -> List.of(names.split(";", -1)).contains(name))
                        .allMatch(name -> one.headers(name).equals(two.headers(name)));
    }
}
