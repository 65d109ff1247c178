package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One run of redis-benchmark against one server, and what it and the kernel say about it; of a load of ours where that
 * cannot send what is wanted.
 *
 * <p>The long form of its report is read instead of --csv, which has no p99.9: a percentile here is the first one listed
 * at or above the wanted (its list halves the distance to 100 % step by step, so for 99.9 that is 99.902).
 */
final class LoadRun {

    private static final Pattern THROUGHPUT = Pattern.compile("throughput summary: ([0-9.]+) requests per second");
    private static final Pattern PERCENTILE = Pattern.compile("([0-9.]+)% <= ([0-9.]+) milliseconds \\(cumulative");
    /** The exact list ends where the coarse one begins. */
    private static final String COARSE_LIST = "Cumulative distribution of latencies";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Plan plan;
    private final Path output;

    LoadRun(Plan plan, Path folder) {
        this.plan = plan;
        this.output = folder.resolve("redis-benchmark.out");
    }

    Sample of(RunningPeer server, Cell cell, long requests) throws IOException, InterruptedException {
        if (cell.workload().isScripted()) {
            return ScriptedLoad.run(server, cell, plan, requests, PATIENCE);
        }
        ProcessUsage usage = server.usage();
        long before = usage.cpuMicros();
        String report = run(commandLine(server, cell, requests));
        long cpuMicros = usage.cpuMicros() - before;
        return parse(report, (double) cpuMicros / requests);
    }

    private List<String> commandLine(RunningPeer server, Cell cell, long requests) {
        List<String> words = new ArrayList<>(List.of("redis-benchmark", "-h", "127.0.0.1",
                "-p", Integer.toString(server.port()), "-n", Long.toString(requests),
                "-P", Integer.toString(cell.pipeline()), "-c", Integer.toString(plan.connections()),
                "-r", Integer.toString(cell.workload().range(plan.keys())), "--precision", "3"));
        Encryption encryption = server.peer().encryption();
        if (encryption != null) {
            words.addAll(encryption.client());
        }
        if (cell.valueBytes() > 0) {
            words.addAll(List.of("-d", Integer.toString(cell.valueBytes())));
        }
        if (cell.workload().words().isEmpty()) {
            words.addAll(List.of("-t", cell.workload().option()));
        } else {
            words.addAll(cell.workload().words());
        }
        return words;
    }

    private String run(List<String> commandLine) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(commandLine)
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException("no end after " + PATIENCE.toSeconds() + " s: " + String.join(" ", commandLine));
            }
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.ISO_8859_1);
        if (process.exitValue() != 0) {
            throw new IOException(String.join(" ", commandLine) + " failed: " + text.strip());
        }
        return text;
    }

    static Sample parse(String report, double cpuMicrosPerOperation) throws IOException {
        Matcher throughput = THROUGHPUT.matcher(report);
        int coarse = report.indexOf(COARSE_LIST);
        if (!throughput.find() || coarse < 0) {
            throw new IOException("no report of redis-benchmark 6.2 or newer: " + report);
        }
        String exact = report.substring(0, coarse);
        return new Sample(Double.parseDouble(throughput.group(1)), cpuMicrosPerOperation,
                percentile(exact, 50), percentile(exact, 99), percentile(exact, 99.9));
    }

    private static double percentile(String list, double wanted) throws IOException {
        Matcher line = PERCENTILE.matcher(list);
        while (line.find()) {
            if (Double.parseDouble(line.group(1)) >= wanted) {
                return Double.parseDouble(line.group(2));
            }
        }
        throw new IOException("no percentile " + wanted + " in: " + list);
    }
}
