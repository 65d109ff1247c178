package dev.cistern.gateway;

import dev.cistern.control.Caller;
import dev.cistern.gateway.http.HostCheck;
import dev.cistern.gateway.http.WebAnswer;
import dev.cistern.gateway.http.WebHandler;
import dev.cistern.gateway.http.WebRequest;
import dev.cistern.gateway.sign.SignatureVerifier;
import dev.cistern.gateway.wire.FormParameters;
import dev.cistern.gateway.wire.QueryService;
import dev.cistern.gateway.wire.ServiceRules;
import dev.cistern.gateway.wire.WireFault;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/**
 * What is behind which path: the AWS API at {@code /}, a word about this server, its health, and what it is doing.
 *
 * <p>Decides by method, path and parameters alone; the checks before that are in {@link #handle}, in order. Immutable;
 * runs on the request's virtual thread.
 */
final class AwsFront implements WebHandler {

    private static final String SERVICE = "elasticache";
    private static final String API_VERSION = "2015-02-02";
    private static final String NAMESPACE = "http://elasticache.amazonaws.com/doc/2015-02-02/";

    private static final int OK = 200;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int MISDIRECTED = 421;
    private static final int INTERNAL = 500;

    private final GatewayOptions options;
    private final Function<Caller, ElastiCacheClient> elastiCache;
    private final Supplier<String> status;
    private final HostCheck hostCheck;
    private final SignatureVerifier verifier;
    private final QueryService query = new QueryService(
            ElastiCacheClient.class, ServiceRules.load(SERVICE), API_VERSION, NAMESPACE);

    AwsFront(GatewayOptions options, Function<Caller, ElastiCacheClient> elastiCache, Supplier<String> status) {
        this.options = options;
        this.elastiCache = elastiCache;
        this.status = status;
        this.hostCheck = new HostCheck(options.hostNames(),
                options.hostNames().isEmpty() && !isLoopback(options.host()));
        this.verifier = new SignatureVerifier(
                SERVICE, options.keys(), options.regions(), options.fallback(), options.clock());
    }

    @Override
    public WebAnswer handle(WebRequest request) {
        if (!hostCheck.accepts(request)) {
            return WebAnswer.text(MISDIRECTED,
                    "This server answers neither for that host name nor to other sites' pages.\n");
        }
        return switch (request.rawPath()) {
            case "/" -> root(request);
            case "/status" -> isRead(request) ? status(request) : methodNotAllowed();
            case "/health" -> isRead(request) ? health() : methodNotAllowed();
            default -> WebAnswer.text(NOT_FOUND, "There is nothing here; the AWS API is at /.\n");
        };
    }

    @Override
    public WebAnswer refuse(int status, String reason) {
        String code = status < INTERNAL
                ? "MalformedInput"
                : status == INTERNAL ? "InternalFailure" : "ServiceUnavailable";
        return fault(new WireFault(code, status, reason), newRequestId());
    }

    private WebAnswer root(WebRequest request) {
        boolean post = request.method().equals("POST");
        if (!post && !isRead(request)) {
            return methodNotAllowed();
        }
        return post || !request.rawQuery().isEmpty() ? api(request, post) : about(request);
    }

    private WebAnswer api(WebRequest request, boolean post) {
        String requestId = newRequestId();
        try {
            Caller caller = verifier.verify(request);
            String body = post ? new String(request.body(), StandardCharsets.UTF_8) : "";
            FormParameters parameters = FormParameters.parse(request.rawQuery(), body);
            if (!post && parameters.get("X-Amz-Signature") == null) {
                // Else any picture on any page could call: a browser follows its address without asking.
                throw new WireFault("MissingAuthenticationToken", FORBIDDEN, "Request is missing Authentication Token");
            }
            return answer(query.answer(parameters, () -> elastiCache.apply(caller), requestId), requestId);
        } catch (WireFault fault) {
            return fault(fault, requestId);
        }
    }

    private WebAnswer fault(WireFault fault, String requestId) {
        return answer(query.answer(fault, requestId), requestId);
    }

    private static WebAnswer answer(QueryService.Answer answer, String requestId) {
        return WebAnswer.of(answer.status(), "text/xml", answer.xml(), Map.of("x-amzn-RequestId", requestId));
    }

    /** What an operator is told is for those alone who may call the API. */
    private WebAnswer status(WebRequest request) {
        try {
            verifier.verify(request);
            return WebAnswer.json(OK, status.get());
        } catch (WireFault fault) {
            return WebAnswer.text(FORBIDDEN, fault.getMessage() + "\n");
        }
    }

    private WebAnswer health() {
        return WebAnswer.json(OK,
                "{\"status\":\"ok\",\"version\":\"" + options.version().replaceAll("[\"\\\\]", "") + "\"}\n");
    }

    private WebAnswer about(WebRequest request) {
        String url = "http://" + request.header("host");
        return WebAnswer.text(OK, """
                Cistern %s: an Amazon ElastiCache of your own.

                This is the API. Point the AWS CLI or any AWS SDK here:

                  export AWS_ENDPOINT_URL=%s
                  aws elasticache describe-replication-groups
                """.formatted(options.version(), url));
    }

    private static boolean isRead(WebRequest request) {
        return request.method().equals("GET") || request.method().equals("HEAD");
    }

    private static WebAnswer methodNotAllowed() {
        return WebAnswer.of(METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "",
                Map.of("Allow", "GET, HEAD"));
    }

    private static String newRequestId() {
        return UUID.randomUUID().toString();
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }
}
