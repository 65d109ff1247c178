package dev.cistern.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/** Programs of others that are installed on this machine, or are not. */
final class Programs {

    private Programs() {}

    /** Whether the program is there and ends well. */
    static boolean works(String... commandLine) throws InterruptedException {
        try {
            return process(List.of(commandLine)).redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
                    .waitFor() == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    /** What the program prints; it must end well. */
    static String run(String... commandLine) throws IOException, InterruptedException {
        return run(List.of(commandLine));
    }

    static String run(List<String> commandLine) throws IOException, InterruptedException {
        Process process = process(commandLine).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(String.join(" ", commandLine) + ": " + output).isZero();
        return output;
    }

    /** What the program prints, however it ends. */
    static String said(List<String> commandLine) throws IOException, InterruptedException {
        Process process = process(commandLine).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }

    /** With credentials that mean nothing. */
    private static ProcessBuilder process(List<String> commandLine) {
        ProcessBuilder builder = new ProcessBuilder(commandLine).redirectErrorStream(true);
        builder.environment().put("AWS_ACCESS_KEY_ID", "any");
        builder.environment().put("AWS_SECRET_ACCESS_KEY", "any");
        builder.environment().put("AWS_DEFAULT_REGION", "us-east-1");
        builder.environment().put("AWS_PAGER", "");
        return builder;
    }
}
