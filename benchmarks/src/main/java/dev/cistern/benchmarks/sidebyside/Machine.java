package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What a reader must know of the machine to judge figures; without its name. */
public final class Machine {

    private Machine() {}

    public static String describe() {
        return Runtime.getRuntime().availableProcessors() + " CPUs (" + after("/proc/cpuinfo", "model name") + "), "
                + memory() + ", Linux " + System.getProperty("os.version") + ", JDK " + Runtime.version()
                + ", load average before the start " + load();
    }

    /** The first line that a program prints about its version, or that it is absent. */
    static String version(String... commandLine) {
        try {
            Process process = new ProcessBuilder(commandLine).redirectErrorStream(true).start();
            try {
                process.waitFor(5, TimeUnit.SECONDS);
                String text = new String(process.getInputStream().readNBytes(200), StandardCharsets.UTF_8);
                return text.lines().findFirst().orElse("unknown").strip();
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            return commandLine[0] + " is not installed";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }

    private static String memory() {
        String kilobytes = after("/proc/meminfo", "MemTotal").replaceAll("\\D", "");
        return kilobytes.isEmpty() ? "memory unknown" : Long.parseLong(kilobytes) / 1_000_000 + " GB of memory";
    }

    private static String load() {
        String text = read("/proc/loadavg");
        return text.isEmpty() ? "unknown" : text.substring(0, text.indexOf(' '));
    }

    private static String after(String file, String label) {
        return read(file).lines().filter(line -> line.startsWith(label)).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("");
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException absent) {
            return "";
        }
    }
}
