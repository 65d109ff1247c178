package dev.cistern.control;

/** EC2's answer when it says no: code and words of the wire. The status is 400 always. */
public final class NetworkFault extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final String code;
    private final String message;

    public NetworkFault(String code, String message) {
        super(message, null, false, false);
        this.code = code;
        this.message = message;
    }

    public String code() {
        return code;
    }

    @Override
    public String getMessage() {
        return message;
    }
}
