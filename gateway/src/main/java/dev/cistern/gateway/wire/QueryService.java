package dev.cistern.gateway.wire;

import dev.cistern.control.Caller;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkPojo;

/**
 * One AWS service behind the query protocol: parameters in, XML out, whatever happens in between.
 *
 * <p>Three kinds of "no" stay apart here: the client's mistake ({@link WireFault}), the service's fault (the SDK's
 * exception with code and status), and our defect (anything else: logged under the request id, answered as
 * InternalFailure without a word of what it was). Safe for many threads.
 */
public final class QueryService<C> implements WireService {

    private static final Logger LOG = LoggerFactory.getLogger(QueryService.class);
    private static final String NO_VERSION = "NO_VERSION_SPECIFIED";
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;

    private final String name;
    private final Class<C> api;
    private final ServiceRules rules;
    private final String version;
    private final String namespace;
    private final Function<Caller, C> service;
    private final Map<String, Operation> operations = new ConcurrentHashMap<>();

    /**
     * @param name       the name that credentials are scoped to
     * @param api        the SDK's client interface, which the service implements
     * @param version    the API version that every request states
     * @param namespace  of the answers
     * @param service    the service for one caller; asked for only when needed
     */
    public QueryService(String name, Class<C> api, ServiceRules rules, String version, String namespace,
            Function<Caller, C> service) {
        this.name = name;
        this.api = api;
        this.rules = rules;
        this.version = version;
        this.namespace = namespace;
        this.service = service;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public String actionNamed(String said) {
        return rules.operations().containsKey(said) ? rules.operations().tailMap(said).firstKey() : said;
    }

    @Override
    public Answer answer(FormParameters parameters, Caller caller, String requestId) {
        String action = "no operation";
        try {
            Operation operation = operation(parameters.get("Action"), parameters.get("Version"));
            action = operation.name();
            Object request = operation.request(ParameterTree.of(parameters));
            SdkPojo response = operation.call(service.apply(caller), request);
            return new Answer(OK, QueryXml.response(operation.name(), namespace, response, requestId), "");
        } catch (WireFault fault) {
            return answer(fault, requestId);
        } catch (AwsServiceException fault) {
            return answer(faultOf(fault, action, requestId), requestId);
        } catch (Throwable defect) {
            LOG.error("Request {} ({}) failed: {}", requestId, action, Defect.describe(defect));
            LOG.debug("Request {} in full", requestId, defect);
            return answer(WireFault.internalFailure(), requestId);
        }
    }

    @Override
    public Answer answer(WireFault fault, String requestId) {
        return new Answer(fault.status(), QueryXml.fault(namespace, fault, requestId), fault.code());
    }

    private Operation operation(@Nullable String action, @Nullable String wantedVersion) {
        if (action == null || action.isEmpty()) {
            throw WireFault.missingAction();
        }
        MemberRules operationRules = rules.operations().get(action);
        if (operationRules == null || !version.equals(wantedVersion)) {
            throw WireFault.invalidAction(action, wantedVersion == null ? NO_VERSION : wantedVersion);
        }
        return operations.computeIfAbsent(actionNamed(action), n -> Operation.find(api, n, operationRules));
    }

    private static WireFault faultOf(AwsServiceException fault, String action, String requestId) {
        AwsErrorDetails details = fault.awsErrorDetails();
        if (details == null || details.errorCode() == null) {
            LOG.error("Request {} ({}) failed: a fault without a code: {}", requestId, action, Defect.describe(fault));
            return WireFault.internalFailure();
        }
        int status = fault.statusCode() == 0 ? BAD_REQUEST : fault.statusCode();
        String message = details.errorMessage();
        return new WireFault(details.errorCode(), status, message == null ? "" : message);
    }
}
