package dev.cistern.app;

/**
 * Something about the machine keeps a command from working, and the user can mend it. The message says what is wrong,
 * the remedy what to do; both are shown without a stack trace and end the process with
 * {@link ExitCode#BAD_ENVIRONMENT}.
 */
final class EnvironmentException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String remedy;

    EnvironmentException(String message, String remedy) {
        super(message);
        this.remedy = remedy;
    }

    String remedy() {
        return remedy;
    }
}
