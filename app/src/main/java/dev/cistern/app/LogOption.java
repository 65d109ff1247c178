package dev.cistern.app;

import picocli.CommandLine.Option;

/** How much a running service tells on the terminal. */
final class LogOption {

    @Option(names = {"-v", "--verbose"}, description = "Logs details, with stack traces.")
    private boolean verbose;

    void start() {
        ConsoleLog.start(verbose);
    }
}
