package dev.cistern.gateway;

import dev.cistern.control.Caller;
import dev.cistern.gateway.http.ListenException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.protocols.core.ExceptionMetadata;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteUserResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReplicationGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupResponse;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** The gateway as clients see it: the real SDK over loopback, and plain HTTP beside it. */
final class GatewayTest {

    private final RecordingService<ElastiCacheClient> service = new RecordingService<>(ElastiCacheClient.class);
    private final AtomicReference<Caller> caller = new AtomicReference<>();
    private Gateway gateway;
    private ElastiCacheClient client;

    @BeforeEach
    void start() {
        gateway = Gateway.start(GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0).withVersion("1.2.3"), who -> {
            caller.set(who);
            return service.client();
        });
        client = TestClients.of(gateway);
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.close();
    }

    @Test
    void aTypedAnswerArrives() {
        service.reply(request -> DescribeReplicationGroupsResponse.builder()
                .replicationGroups(List.of(ReplicationGroup.builder()
                        .replicationGroupId("köln").description("<a & b>").build()))
                .build());
        assertThat(client.describeReplicationGroups().replicationGroups())
                .singleElement()
                .satisfies(
                        group -> assertThat(group.replicationGroupId() + group.description()).isEqualTo("köln<a & b>"));
    }

    /** All 76, as the SDK itself knows their codes and statuses. */
    @ParameterizedTest
    @MethodSource("modelledFaults")
    void everyFaultArrivesTyped(ExceptionMetadata fault) {
        AwsServiceException.Builder builder = (AwsServiceException.Builder) fault.exceptionBuilderSupplier().get();
        AwsServiceException thrown = builder
                .statusCode(fault.httpStatusCode())
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode(fault.errorCode()).errorMessage("why: <" + fault.errorCode() + ">").build())
                .build();
        service.reply(request -> {
            throw thrown;
        });
        assertThatThrownBy(() -> client.deleteUser(request -> request.userId("u")))
                .isExactlyInstanceOf(thrown.getClass())
                .isInstanceOfSatisfying(AwsServiceException.class, arrived -> {
                    assertThat(arrived.statusCode()).isEqualTo(fault.httpStatusCode());
                    assertThat(arrived.awsErrorDetails().errorCode()).isEqualTo(fault.errorCode());
                    assertThat(arrived.awsErrorDetails().errorMessage()).isEqualTo("why: <" + fault.errorCode() + ">");
                    assertThat(arrived.requestId()).hasSize(36);
                });
    }

    static Stream<ExceptionMetadata> modelledFaults() throws ReflectiveOperationException {
        try (ElastiCacheClient any = TestClients.of("http://127.0.0.1:1", "k", "s", Region.US_EAST_1, request -> {})) {
            Object factory = field(any, "protocolFactory");
            @SuppressWarnings("unchecked")
            List<ExceptionMetadata> faults = (List<ExceptionMetadata>) field(factory, "modeledExceptions");
            assertThat(faults).hasSize(76);
            return faults.stream();
        }
    }

    private static Object field(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    @Test
    void whatIsNotOfferedSaysSo() {
        try (Gateway bare = start(new ElastiCacheClient() {
            @Override
            public String serviceName() {
                return SERVICE_NAME;
            }

            @Override
            public void close() {}
        });
                ElastiCacheClient bareClient = TestClients.of(bare)) {
            var refused = catchThrowableOfType(ElastiCacheException.class, () -> bareClient.describeSnapshots());
            assertThat(refused.statusCode()).isEqualTo(501);
            assertThat(refused.awsErrorDetails().errorCode()).isEqualTo("NotImplemented");
            assertThat(refused.awsErrorDetails().errorMessage())
                    .isEqualTo("Cistern does not offer DescribeSnapshots yet.");
        }
    }

    @Test
    void aDefectSaysNothingOfItself() {
        service.reply(request -> {
            throw new UnsupportedOperationException("password hunter2");
        });
        var failure = catchThrowableOfType(ElastiCacheException.class, () -> client.describeUsers(request -> {}));
        assertThat(failure.statusCode()).isEqualTo(500);
        assertThat(failure.awsErrorDetails().errorCode()).isEqualTo("InternalFailure");
        assertThat(failure.getMessage()).doesNotContain("hunter2");
    }

    @Test
    void requiredMembersAndEnumsAreChecked() {
        service.reply(request -> {
            throw new AssertionError("must not be called");
        });
        assertThatThrownBy(() -> client.createReplicationGroup(
                CreateReplicationGroupRequest.builder().replicationGroupId("a").build()))
                .hasMessageContaining(
                        "The parameter ReplicationGroupDescription must be provided and must not be null.")
                .hasMessageContaining("Status Code: 400");
        assertThatThrownBy(() -> client.createReplicationGroup(CreateReplicationGroupRequest.builder()
                .replicationGroupId("a").replicationGroupDescription("").build()))
                .hasMessageContaining(
                        "The parameter ReplicationGroupDescription must be provided and must not be blank.");
        assertThatThrownBy(() -> client.modifyReplicationGroup(ModifyReplicationGroupRequest.builder()
                .replicationGroupId("a").clusterMode("sideways").build()))
                .hasMessageContaining(
                        "Invalid value 'sideways' for ClusterMode. Valid values are: enabled, disabled, compatible");
    }

    @Test
    void enumsAreTakenInAnyCase() {
        service.reply(request -> ModifyReplicationGroupResponse.builder().build());
        client.modifyReplicationGroup(request -> request.replicationGroupId("a").clusterMode("Compatible"));
        assertThat(((ModifyReplicationGroupRequest) service.lastRequest()).clusterModeAsString())
                .isEqualTo("compatible");
    }

    @Test
    void theCallerIsReadFromTheCredential() {
        service.reply(request -> DeleteUserResponse.builder().build());
        client.deleteUser(request -> request.userId("u"));
        assertThat(caller.get()).isEqualTo(new Caller(Caller.DEFAULT_ACCOUNT, "us-east-1"));
        try (ElastiCacheClient other = TestClients.of(gateway.url(), "123456789012", "x", Region.EU_CENTRAL_1,
                request -> {})) {
            other.deleteUser(request -> request.userId("u"));
            assertThat(caller.get()).isEqualTo(new Caller("123456789012", "eu-central-1"));
        }
    }

    @Test
    void openModeNeedsNoSignature() throws Exception {
        service.reply(request -> DeleteUserResponse.builder().build());
        HttpResponse<String> answer = post("Action=DELETEUSER&Version=2015-02-02&UserId=u&Surprise=ignored");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-amzn-requestid")).isPresent();
        assertThat(answer.body())
                .startsWith(
                        "<DeleteUserResponse xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\"><DeleteUserResult>")
                .endsWith("</RequestId></ResponseMetadata></DeleteUserResponse>");
        assertThat(caller.get()).isEqualTo(Caller.DEFAULT);
    }

    @Test
    void commonMistakesGetAwsCodes() throws Exception {
        assertThat(post("").body()).contains("<Code>MissingAction</Code>");
        assertThat(post("Action=Fly&Version=2015-02-02").body())
                .contains("<Code>InvalidAction</Code><Message>Could not find operation Fly for version 2015-02-02<");
        assertThat(post("Action=DescribeUsers").body()).contains("for version NO_VERSION_SPECIFIED<");
        assertThat(post("Action=DescribeUsers&Version=2015-02-02&MaxRecords=many").body())
                .contains(
                        "<Type>Sender</Type><Code>MalformedInput</Code><Message>Invalid integer value at MaxRecords<");
        assertThat(post("Action=DescribeUsers&Version=2015-02-02&Filters.member.x.Name=a").body())
                .contains("<Code>MalformedInput</Code>");
        assertThat(post("Action=%ZZ").body()).contains("<Code>MalformedQueryString</Code>");
        assertThat(post("Action=DescribeUsers&Action=DeleteUser").body()).contains("<Code>MalformedQueryString</Code>");
    }

    @Test
    void anUnsignedGetCallsNothing() throws Exception {
        HttpResponse<String> answer = get("/?Action=DeleteUser&Version=2015-02-02&UserId=u");
        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("<Code>MissingAuthenticationToken</Code>");
    }

    @Test
    void healthAndFrontPage() throws Exception {
        assertThat(get("/health").body()).isEqualTo("{\"status\":\"ok\",\"version\":\"1.2.3\"}\n");
        assertThat(get("/").body()).contains("Cistern 1.2.3").contains("export AWS_ENDPOINT_URL=" + gateway.url());
        assertThat(get("/elsewhere").statusCode()).isEqualTo(404);
        HttpRequest delete = HttpRequest.newBuilder(URI.create(gateway.url())).DELETE().build();
        assertThat(HttpClient.newHttpClient().send(delete, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(405);
    }

    @Test
    void aTakenPortIsNamed() {
        GatewayOptions same = GatewayOptions.DEFAULT.withAddress("127.0.0.1", gateway.port());
        assertThatThrownBy(() -> Gateway.start(same, who -> service.client()))
                .isInstanceOfSatisfying(ListenException.class, refused -> assertThat(refused.portInUse()).isTrue())
                .hasMessage("another program is already listening on 127.0.0.1:" + gateway.port());
    }

    @Test
    void closingLetsARunningRequestEnd() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        service.reply(request -> {
            entered.countDown();
            try {
                released.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
            return DeleteUserResponse.builder().userId("late").build();
        });
        var answer = CompletableFuture.supplyAsync(() -> client.deleteUser(request -> request.userId("u")),
                Thread::startVirtualThread);
        entered.await();
        var closing = CompletableFuture.runAsync(gateway::close, Thread::startVirtualThread);
        awaitRefusal();
        released.countDown();
        assertThat(answer.get().userId()).isEqualTo("late");
        closing.get();
    }

    /** Until no new connection gets an answer; the request that runs holds the closing open. */
    private void awaitRefusal() throws Exception {
        while (true) {
            try {
                get("/health");
            } catch (IOException refused) {
                return;
            }
        }
    }

    private Gateway start(ElastiCacheClient behind) {
        return Gateway.start(GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0), who -> behind);
    }

    private HttpResponse<String> post(String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(gateway.url() + "/"))
                .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(gateway.url() + path)).build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }
}
