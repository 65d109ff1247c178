package dev.cistern.gateway.sign;

import dev.cistern.control.Caller;
import dev.cistern.gateway.sign.AccessKeys.AccessKey;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
            new AccessKey("AKID", "secret/+=", "210987654321"), new AccessKey("123456789012", "other", null));
    private static final int MUTANTS = 5_000 * Integer.getInteger("cistern.effort", 1);

    @Test
    void whatTheSdkSignsIsAccepted() {
        assertThat(strict(NOW).verify(signed("AKID", "secret/+=", "eu-west-1", "elasticache", "Action=A")))
                .isEqualTo(new Caller("210987654321", "eu-west-1"));
        assertThat(strict(NOW).verify(signed("123456789012", "other", "us-east-1", "elasticache", "")))
                .isEqualTo(new Caller("123456789012", "us-east-1"));
    }

    @Test
    void whatTheSdkPresignsIsAccepted() {
        assertThat(strict(NOW.plusSeconds(3599)).verify(presigned("Action=DescribeUsers&Filter=a%20b%2F%C3%BC&Empty=")))
                .isEqualTo(new Caller("210987654321", "us-east-1"));
    }

    /** The examples get-vanilla, get-vanilla-query-order-key-case and post-x-www-form-urlencoded of AWS's test suite. */
    @Test
    void awsOwnExamplesAreAccepted() {
        SignatureVerifier verifier = new SignatureVerifier("service",
                AccessKeys.of(new AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null)),
                Set.of(), FALLBACK, InstantSource.fixed(Instant.parse("2015-08-30T12:36:00Z")));
        verifier.verify(example("GET", "", "", "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
        verifier.verify(example("GET", "Param2=value2&Param1=value1", "", "host;x-amz-date",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
        verifier.verify(example("POST", "", "Param1=value1", "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
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
        assertThat(strict(NOW, "us-east-1").verify(good).region()).isEqualTo("us-east-1");
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
        SignatureVerifier open = new SignatureVerifier("elasticache", null, Set.of(), FALLBACK,
                InstantSource.fixed(NOW));
        assertThat(open.verify(signed("210987654321", "any", "eu-west-1", "elasticache", "")))
                .isEqualTo(new Caller("210987654321", "eu-west-1"));
        assertThat(open.verify(request("POST", "/", "", Map.of("authorization", "nonsense"), ""))).isEqualTo(FALLBACK);
        assertThat(open.verify(request("POST", "/", "", Map.of(), ""))).isEqualTo(FALLBACK);
        assertThat(open.verify(signed("k", "s", "../../etc", "elasticache", "")).region()).isEqualTo("us-east-1");
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
                """);
        AccessKeys keys = AccessKeys.read(file);
        assertThat(keys.find("AKID")).isEqualTo(new AccessKey("AKID", "se=cret", null));
        assertThat(keys.find("two")).isEqualTo(new AccessKey("two", "s", "210987654321"));
        assertThat(String.valueOf(keys.find("AKID"))).doesNotContain("se=cret");
        Files.writeString(file, "[half]\naws_access_key_id = AKID\n");
        assertThatThrownBy(() -> AccessKeys.read(file)).hasMessageContaining("[half]");
        assertThatThrownBy(() -> new AccessKey("id", " ", null)).isInstanceOf(IllegalArgumentException.class);
    }

    private static SignatureVerifier strict(Instant now, String... regions) {
        return new SignatureVerifier("elasticache", KEYS, Set.of(regions), FALLBACK, InstantSource.fixed(now));
    }

    private static void refused(SignatureVerifier verifier, SignedRequest request, String code, int status) {
        assertThatThrownBy(() -> verifier.verify(request)).isInstanceOfSatisfying(WireFault.class, fault -> {
            assertThat(fault.code()).isEqualTo(code);
            assertThat(fault.status()).isEqualTo(status);
        });
    }

    private record Request(String method, String rawPath, String rawQuery, Map<String, String> fields, String text)
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

    private static Request example(String method, String query, String body, String signedHeaders, String signature) {
        return request(method, "/", query, Map.of(
                "host", "example.amazonaws.com",
                "x-amz-date", "20150830T123600Z",
                "content-type", "application/x-www-form-urlencoded",
                "authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                        + "SignedHeaders=" + signedHeaders + ", Signature=" + signature),
                body);
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
