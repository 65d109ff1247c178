package dev.cistern.gateway;

import dev.cistern.control.Caller;
import dev.cistern.gateway.audit.AuditEntry;
import dev.cistern.gateway.ec2.Ec2Service;
import dev.cistern.gateway.http.HostCheck;
import dev.cistern.gateway.http.WebAnswer;
import dev.cistern.gateway.http.WebHandler;
import dev.cistern.gateway.http.WebRequest;
import dev.cistern.gateway.sign.Identity;
import dev.cistern.gateway.sign.Role;
import dev.cistern.gateway.sign.SignatureVerifier;
import dev.cistern.gateway.wire.FormParameters;
import dev.cistern.gateway.wire.QueryService;
import dev.cistern.gateway.wire.ServiceRules;
import dev.cistern.gateway.wire.WireFault;
import dev.cistern.gateway.wire.WireService;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/**
 * What is behind which path: the AWS API at {@code /}, a word about this server, its health, and what it is doing.
 *
 * <p>Decides by method, path and parameters alone; the checks before that are in {@link #handle}, in order. Immutable;
 * runs on the request's virtual thread.
 */
final class AwsFront implements WebHandler {

    private static final int OK = 200;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int MISDIRECTED = 421;
    private static final int INTERNAL = 500;
    private static final int MAX_ECHO = 128;

    private final GatewayOptions options;
    private final Backend backend;
    private final HostCheck hostCheck;
    private final SignatureVerifier verifier;
    /** The first one answers whoever names none. */
    private final List<WireService> services;

    AwsFront(GatewayOptions options, Backend backend) {
        this.options = options;
        this.backend = backend;
        this.hostCheck = new HostCheck(options.hostNames(),
                options.hostNames().isEmpty() && !isLoopback(options.host()));
        this.services = List.of(elastiCache(backend), new Ec2Service(backend::network));
        this.verifier = new SignatureVerifier(services.stream().map(WireService::name).toList(), options.keys(),
                options.regions(), options.fallback(), options.clock());
    }

    private static WireService elastiCache(Backend backend) {
        return new QueryService<>("elasticache", ElastiCacheClient.class, ServiceRules.load("elasticache"),
                "2015-02-02", "http://elasticache.amazonaws.com/doc/2015-02-02/", backend::elastiCache);
    }

    @Override
    public WebAnswer handle(WebRequest request) {
        if (!hostCheck.accepts(request)) {
            return WebAnswer.text(MISDIRECTED,
                    "This server answers neither for that host name nor to other sites' pages.\n");
        }
        return switch (request.rawPath()) {
            case "/" -> root(request);
            case "/status" -> isRead(request) ? told(request, backend::status) : methodNotAllowed();
            case "/doors" -> isRead(request) ? told(request, backend::doors) : methodNotAllowed();
            case "/ca.pem" -> isRead(request) ? authority() : methodNotAllowed();
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
        Call call = new Call(request, post, newRequestId());
        call.service = named(verifier.claimedService(request));
        WireService.Answer answer;
        try {
            answer = answer(call);
        } catch (WireFault fault) {
            answer = call.service.answer(fault, call.requestId);
        }
        options.audit().record(call.entry(options, answer));
        return answer(answer, call.requestId);
    }

    /** What is known of a call so far. */
    private final class Call {

        private final WebRequest request;
        private final boolean post;
        private final String requestId;
        private WireService service = services.getFirst();
        private @Nullable Identity identity;
        private @Nullable FormParameters parameters;

        Call(WebRequest request, boolean post, String requestId) {
            this.request = request;
            this.post = post;
            this.requestId = requestId;
        }

        AuditEntry entry(GatewayOptions known, WireService.Answer answer) {
            Identity who = identity;
            Caller caller = who == null ? new Caller("", "") : who.caller();
            String action = parameters == null ? null : parameters.get("Action");
            return new AuditEntry(known.clock().instant(), requestId, request.source(),
                    who == null ? verifier.claimedKey(request) : who.keyId(), who == null ? "" : who.name(),
                    caller.account(), caller.region(), service.name(),
                    action == null ? "" : service.actionNamed(action),
                    who == null || parameters == null ? null : parameters.asMap(), answer.status(), answer.code());
        }
    }

    private WireService.Answer answer(Call call) {
        Identity identity = verifier.verify(call.request);
        call.identity = identity;
        String body = call.post ? new String(call.request.body(), StandardCharsets.UTF_8) : "";
        FormParameters parameters = FormParameters.parse(call.request.rawQuery(), body);
        call.parameters = parameters;
        if (identity.service() == null) {
            call.service = ofVersion(parameters.get("Version"));
        }
        if (!call.post && parameters.get("X-Amz-Signature") == null) {
            // Else any picture on any page could call: a browser follows its address without asking.
            throw new WireFault("MissingAuthenticationToken", FORBIDDEN, "Request is missing Authentication Token");
        }
        requireAllowed(identity, call.service, parameters);
        return call.service.answer(parameters, identity.caller(), call.requestId);
    }

    private static void requireAllowed(Identity identity, WireService service, FormParameters parameters) {
        String said = parameters.get("Action");
        String action = said == null ? "" : service.actionNamed(said);
        if (!identity.role().allows(action, parameters.asMap().keySet())) {
            String name = service.name() + ":" + (action.length() > MAX_ECHO ? action.substring(0, MAX_ECHO) : action);
            throw new WireFault("AccessDenied", FORBIDDEN,
                    "User: arn:aws:iam::" + identity.caller().account() + ":user/"
                            + identity.name() + " is not authorized to perform: " + name + " because the role "
                            + identity.role().text() + " does not allow the " + name + " action");
        }
    }

    private WireService named(@Nullable String service) {
        return services.stream().filter(each -> each.name().equals(service)).findFirst().orElse(services.getFirst());
    }

    private WireService ofVersion(@Nullable String version) {
        return services.stream().filter(each -> each.version().equals(version)).findFirst()
                .orElse(services.getFirst());
    }

    private WebAnswer fault(WireFault fault, String requestId) {
        return answer(services.getFirst().answer(fault, requestId), requestId);
    }

    private static WebAnswer answer(WireService.Answer answer, String requestId) {
        return WebAnswer.of(answer.status(), "text/xml", answer.xml(), Map.of("x-amzn-RequestId", requestId));
    }

    /** What an operator is told is for those alone who may call the API. */
    private WebAnswer told(WebRequest request, Supplier<String> json) {
        try {
            if (verifier.verify(request).role() == Role.CLIENT) {
                return WebAnswer.text(FORBIDDEN, "The key's role does not allow to ask.\n");
            }
            return WebAnswer.json(OK, json.get());
        } catch (WireFault fault) {
            return WebAnswer.text(FORBIDDEN, fault.getMessage() + "\n");
        }
    }

    /** No secret: it is what clients need before they can trust anything. */
    private WebAnswer authority() {
        String pem = backend.authority();
        return pem.isEmpty()
                ? WebAnswer.text(NOT_FOUND, "Nothing is encrypted here.\n")
                : WebAnswer.of(OK, "application/x-pem-file", pem, Map.of());
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
