package dev.cistern.gateway.wire;

/**
 * An answer that the gateway itself gives, in AWS's form: code, HTTP status, message.
 *
 * <p>Not for what the control plane refuses: that arrives as the SDK's own exception. Carries no stack trace, because a
 * client's mistake is no defect of ours. The codes and statuses are those of AWS's list of common errors; messages of
 * members are ElastiCache's.
 */
public final class WireFault extends RuntimeException {

    private static final long serialVersionUID = 1;

    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int NOT_IMPLEMENTED = 501;
    private static final int INTERNAL = 500;
    private static final int UNAVAILABLE = 503;
    private static final int ECHO_LIMIT = 128;

    private final String code;
    private final int status;
    private final String message;

    public WireFault(String code, int status, String message) {
        super(message, null, false, false);
        this.code = code;
        this.status = status;
        this.message = message;
    }

    public String code() {
        return code;
    }

    public int status() {
        return status;
    }

    @Override
    public String getMessage() {
        return message;
    }

    public static WireFault missingAction() {
        return new WireFault("MissingAction", BAD_REQUEST, "Missing Action");
    }

    public static WireFault invalidAction(String action, String version) {
        return new WireFault("InvalidAction", BAD_REQUEST,
                "Could not find operation " + echo(action) + " for version " + echo(version));
    }

    public static WireFault notOffered(String operation) {
        return new WireFault("NotImplemented", NOT_IMPLEMENTED,
                "Cistern does not offer " + operation + " yet.");
    }

    public static WireFault malformedInput(String message) {
        return new WireFault("MalformedInput", BAD_REQUEST, message);
    }

    public static WireFault malformedQueryString() {
        return new WireFault("MalformedQueryString", NOT_FOUND, "The query string contains a syntax error.");
    }

    public static WireFault missingMember(String path) {
        return new WireFault("InvalidParameterValue", BAD_REQUEST,
                "The parameter " + echo(path) + " must be provided and must not be null.");
    }

    public static WireFault blankMember(String path) {
        return new WireFault("InvalidParameterValue", BAD_REQUEST,
                "The parameter " + echo(path) + " must be provided and must not be blank.");
    }

    public static WireFault invalidValue(String path, String value, String wanted) {
        return new WireFault("InvalidParameterValue", BAD_REQUEST,
                "Invalid value '" + echo(value) + "' for " + echo(path) + ". Valid values are: " + wanted);
    }

    public static WireFault internalFailure() {
        return new WireFault("InternalFailure", INTERNAL,
                "The request processing has failed because of an unknown error, exception or failure.");
    }

    public static WireFault unavailable(String why) {
        return new WireFault("ServiceUnavailable", UNAVAILABLE, why);
    }

    /** A client's own words, short enough for a message. */
    private static String echo(String words) {
        return words.length() <= ECHO_LIMIT ? words : words.substring(0, ECHO_LIMIT) + "...";
    }
}
