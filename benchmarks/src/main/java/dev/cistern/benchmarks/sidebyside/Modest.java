package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Work on a thread to which the kernel gives a processor only when nobody else wants it. A client that works without pause
 * would otherwise take the processor from the server and from the probe on a machine with two, and the probe would see that.
 */
final class Modest {

    private static final String LEAST_PRIORITY = "19";

    private Modest() {}

    /** What may fail as everything does that asks a server. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    static void run(Work work) throws IOException, InterruptedException {
        FutureTask<Void> task = new FutureTask<>(() -> {
            yieldToOthers();
            work.run();
            return null;
        });
        Thread.ofPlatform().name("modest").start(task);
        try {
            task.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case InterruptedException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    /** By the kernel's number of this thread; where there is none (not on Linux) all stays as it is. */
    private static void yieldToOthers() throws IOException, InterruptedException {
        Path self = Path.of("/proc/thread-self");
        if (Files.exists(self)) {
            String number = Files.readSymbolicLink(self).getFileName().toString();
            new ProcessBuilder("renice", "-n", LEAST_PRIORITY, "-p", number)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        }
    }
}
