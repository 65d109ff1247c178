package dev.cistern.gateway.wire;

import dev.cistern.control.Caller;
import dev.cistern.gateway.RecordingService;
import dev.cistern.gateway.http.HttpLimits;
import dev.cistern.gateway.http.HttpServer;
import dev.cistern.gateway.http.WebAnswer;
import dev.cistern.gateway.http.WebHandler;
import dev.cistern.gateway.http.WebRequest;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudformation.CloudFormationClient;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.sns.SnsClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Random requests and responses of every operation through the real SDK client, HTTP and the codec: what comes out must be
 * what went in. Three services, because the codec must not know which one it serves.
 */
final class QueryFuzz {

    private static final int ROUNDS = 3 * Integer.getInteger("cistern.effort", 1);

    @Test
    void elastiCacheIsWhole() throws Exception {
        ServiceRules rules = ServiceRules.load("elasticache");
        assertThat(rules.operations()).hasSize(75);
        try (Loop<ElastiCacheClient> loop = new Loop<>(
                ElastiCacheClient.class, ElastiCacheClient.builder(), rules, "2015-02-02")) {
            assertThat(loop.fuzz(System.nanoTime())).isEqualTo(75);
        }
    }

    @Test
    void theServicesToComeAreWhole() throws Exception {
        try (Loop<SnsClient> loop = new Loop<>(SnsClient.class, SnsClient.builder(), null, "2010-03-31")) {
            assertThat(loop.fuzz(System.nanoTime())).isGreaterThan(40);
        }
        try (Loop<CloudFormationClient> loop = new Loop<>(
                CloudFormationClient.class, CloudFormationClient.builder(), null, "2010-05-15")) {
            assertThat(loop.fuzz(System.nanoTime())).isGreaterThan(80);
        }
    }

    /** Seeds that once failed, or that are worth keeping. */
    @ParameterizedTest
    @ValueSource(longs = {1, 42})
    void knownSeedsAreWhole(long seed) throws Exception {
        try (Loop<ElastiCacheClient> loop = new Loop<>(
                ElastiCacheClient.class, ElastiCacheClient.builder(), ServiceRules.load("elasticache"), "2015-02-02")) {
            assertThat(loop.fuzz(seed)).isEqualTo(75);
        }
    }

    /** A service, a server for it, and a real client of that server. */
    private static final class Loop<C extends AwsClient> implements WebHandler, AutoCloseable {

        private final List<Method> operations;
        private final ServiceRules rules;
        private final RecordingService<C> service;
        private final QueryService<C> query;
        private final HttpServer server;
        private final C client;

        <B extends AwsClientBuilder<B, C>> Loop(Class<C> api, B builder, @Nullable ServiceRules known, String version) {
            this.operations = Arrays.stream(api.getMethods()).filter(Operation::isCall).toList();
            this.rules = known != null
                    ? known
                    : ServiceRules.ofNames(
                            operations.stream().map(Loop::name).toList());
            this.service = new RecordingService<>(api);
            this.query = new QueryService<>("test", api, rules, version, "http://example.com/doc/",
                    caller -> service.client());
            this.server = HttpServer.start("127.0.0.1", 0, HttpLimits.DEFAULT, this, InstantSource.system());
            this.client = builder
                    .endpointOverride(URI.create("http://127.0.0.1:" + server.port()))
                    .region(Region.US_EAST_1)
                    .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
                    .build();
        }

        int fuzz(long seed) throws Exception {
            for (Method operation : operations) {
                for (int round = 0; round < ROUNDS; round++) {
                    long roundSeed = seed + round;
                    check(operation, new RandomShapes(new SplittableRandom(roundSeed)), roundSeed);
                }
            }
            return operations.size();
        }

        private void check(Method operation, RandomShapes shapes, long seed) throws Exception {
            MemberRules rule = Objects.requireNonNull(rules.operations().get(name(operation)));
            Object request = shapes.build(builder(operation.getParameterTypes()[0]), rule);
            Object response = shapes.build(builder(operation.getReturnType()), new MemberRules());
            service.reply(r -> response);
            Object answered = operation.invoke(client, request);
            String what = name(operation) + " with seed " + seed;
            assertThat(service.lastRequest().equalsBySdkFields(request))
                    .as("%s: sent %s, arrived %s", what, request, service.lastRequest()).isTrue();
            assertThat(((SdkPojo) response).equalsBySdkFields(answered))
                    .as("%s: answered %s, arrived %s", what, response, answered).isTrue();
        }

        private static SdkPojo builder(Class<?> shape) throws ReflectiveOperationException {
            return (SdkPojo) shape.getMethod("builder").invoke(null);
        }

        private static String name(Method operation) {
            return operation.getParameterTypes()[0].getSimpleName().replaceFirst("Request$", "");
        }

        @Override
        public WebAnswer handle(WebRequest request) {
            FormParameters parameters = FormParameters.parse(new String(request.body(), StandardCharsets.UTF_8));
            WireService.Answer answer = query.answer(parameters, Caller.DEFAULT, "request-1");
            return WebAnswer.of(answer.status(), "text/xml", answer.xml(), Map.of());
        }

        @Override
        public WebAnswer refuse(int status, String reason) {
            return WebAnswer.text(status, reason);
        }

        @Override
        public void close() {
            client.close();
            server.close();
        }
    }
}
