package dev.cistern.app;

/**
 * How the process ends, told to the shell. The numbers above 250 are those of the AWS CLI, so that one script can treat
 * both programs alike; they are part of the command line's contract and never change. {@link Cistern} lists them in the
 * help text.
 */
final class ExitCode {

    static final int OK = 0;
    /** The command line itself is wrong: unknown option, missing or unreadable value. */
    static final int BAD_SYNTAX = 252;
    /** The machine is not as needed: port taken, folder not writable, state in use. */
    static final int BAD_ENVIRONMENT = 253;
    /** Anything else that went wrong; a defect of ours, as a rule. */
    static final int OTHER = 255;

    private ExitCode() {}
}
