package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.Sample.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The figures as Markdown: one table for each question, a row for each cell, the ratio of each server to the reference.
 * It leaves nothing out, and counts the rows in which the first server loses.
 */
final class Report {

    private final String subject;
    private final String reference;
    private final List<String> peers;
    private final StringBuilder text = new StringBuilder();

    /**
     * @param subject   the server whose losses are counted
     * @param reference the server that the ratios are taken to; may be the only one
     */
    Report(String subject, String reference, List<String> peers) {
        this.subject = subject;
        this.reference = reference;
        this.peers = peers;
    }

    void paragraph(String line) {
        text.append(line).append("\n\n");
    }

    void speed(Map<?, Map<String, List<Sample>>> results) {
        if (results.isEmpty()) {
            return;
        }
        table("Server CPU per operation, microseconds (less is better)", results, Sample::cpuMicrosPerOperation,
                "%.2f", true);
        table("Operations per second (more is better)", results, Sample::operationsPerSecond, "%,.0f", false);
        latencies(results);
    }

    private void table(String title, Map<?, Map<String, List<Sample>>> results, ToDoubleFunction<Sample> figure,
            String format, boolean lessIsBetter) {
        heading(title);
        List<String> others = peers.stream().filter(peer -> !peer.equals(reference)).toList();
        header(others);
        int lost = 0;
        for (Map.Entry<?, Map<String, List<Sample>>> row : results.entrySet()) {
            List<Sample> theirs = row.getValue().getOrDefault(reference, List.of());
            List<String> columns = new ArrayList<>(List.of(row.getKey().toString()));
            for (String peer : peers) {
                columns.add(shown(Spread.of(row.getValue().getOrDefault(peer, List.of()), figure), format));
            }
            for (String peer : others) {
                Spread ratio = Spread.ofRatios(row.getValue().getOrDefault(peer, List.of()), theirs, figure);
                columns.add(shown(ratio, "%.2f"));
                lost += peer.equals(subject) && (lessIsBetter ? ratio.median() > 1 : ratio.median() < 1) ? 1 : 0;
            }
            row(columns);
        }
        text.append('\n');
        if (others.contains(subject)) {
            paragraph(subject + " loses against " + reference + " in " + lost + " of " + results.size() + " rows.");
        }
    }

    private void header(List<String> others) {
        List<String> titles = new ArrayList<>(List.of("cell"));
        titles.addAll(peers);
        others.forEach(peer -> titles.add(peer + " / " + reference));
        headerRow(titles);
    }

    private void latencies(Map<?, Map<String, List<Sample>>> results) {
        heading("Latency seen by the client at full load, milliseconds: p50 / p99 / p99.9 (medians of the rounds)");
        List<String> titles = new ArrayList<>(List.of("cell"));
        titles.addAll(peers);
        headerRow(titles);
        results.forEach((cell, samples) -> {
            List<String> columns = new ArrayList<>(List.of(cell.toString()));
            for (String peer : peers) {
                List<Sample> of = samples.getOrDefault(peer, List.of());
                columns.add(String.format(Locale.ROOT, "%.2f / %.2f / %.2f", Spread.of(of, Sample::p50Millis).median(),
                        Spread.of(of, Sample::p99Millis).median(), Spread.of(of, Sample::p999Millis).median()));
            }
            row(columns);
        });
        text.append('\n');
    }

    void memory(List<MemoryTrial> trials) {
        if (trials.isEmpty()) {
            return;
        }
        heading("Memory: resident bytes per element, keys and members of 16 bytes");
        headerRow(List.of("data", "server", "elements", "bytes per element", "of " + reference + "'s", "at the start",
                "loaded",
                "after FLUSHALL and purge", "of the start"));
        for (MemoryTrial trial : trials) {
            row(List.of(trial.shape().title(), trial.peer(),
                    String.format(Locale.ROOT, "%,d", trial.shape().elements()),
                    String.format(Locale.ROOT, "%.1f", trial.bytesPerElement()), ofReference(trials, trial),
                    megabytes(trial.startBytes()),
                    megabytes(trial.loadedBytes()), megabytes(trial.emptiedBytes()),
                    String.format(Locale.ROOT, "%.2f", trial.emptiedOverStart())));
        }
        text.append('\n');
    }

    private String ofReference(List<MemoryTrial> trials, MemoryTrial trial) {
        return trials.stream().filter(other -> other.peer().equals(reference) && other.shape().equals(trial.shape()))
                .findFirst().map(other -> String.format(Locale.ROOT, "%.2f",
                        trial.bytesPerElement() / other.bytesPerElement()))
                .orElse("");
    }

    private void heading(String title) {
        text.append("### ").append(title).append("\n\n");
    }

    private void headerRow(List<String> titles) {
        row(titles);
        text.append("|---|").append("---:|".repeat(titles.size() - 1)).append('\n');
    }

    private void row(List<String> columns) {
        text.append("| ").append(String.join(" | ", columns)).append(" |\n");
    }

    /** "0.52 (0.49–0.55)": the median and the whole range. */
    private static String shown(Spread spread, String format) {
        return String.format(Locale.ROOT, format + " (" + format + "–" + format + ")", spread.median(), spread.least(),
                spread.most());
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
