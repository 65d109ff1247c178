package dev.cistern.engine.dispatch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Spikes by event name, while latency-monitor-threshold asks for them. Any thread; samples are rare. */
public final class LatencyMonitor {
    private static final int MAX_SAMPLES = 160;

    private final Map<String, Series> byEvent = new TreeMap<>();

    /** The worst of one second. */
    public record Sample(long unixSeconds, long millis) {}

    /** What is known of one event. */
    public record Summary(String event, Sample latest, long maxMillis) {}

    private static final class Series {
        final Deque<Sample> samples = new ArrayDeque<>();
        long maxMillis;
    }

    /** Notes a spike. Spikes of the same second are one sample: the longest. */
    public synchronized void add(String event, long unixSeconds, long millis) {
        Series series = byEvent.computeIfAbsent(event, _ -> new Series());
        series.maxMillis = Math.max(series.maxMillis, millis);
        Sample last = series.samples.peekLast();
        if (last != null && last.unixSeconds() == unixSeconds) {
            series.samples.removeLast();
            series.samples.addLast(new Sample(unixSeconds, Math.max(millis, last.millis())));
            return;
        }
        series.samples.addLast(new Sample(unixSeconds, millis));
        if (series.samples.size() > MAX_SAMPLES) {
            series.samples.removeFirst();
        }
    }

    public synchronized List<Sample> history(String event) {
        Series series = byEvent.get(event);
        return series == null ? List.of() : List.copyOf(series.samples);
    }

    public synchronized List<Summary> latest() {
        List<Summary> summaries = new ArrayList<>();
        byEvent.forEach((event, series) -> {
            @Nullable
            Sample last = series.samples.peekLast();
            if (last != null) {
                summaries.add(new Summary(event, last, series.maxMillis));
            }
        });
        return summaries;
    }

    /** Forgets one event; answers whether it was known. */
    public synchronized boolean reset(String event) {
        return byEvent.remove(event) != null;
    }

    /** Forgets all; answers how many there were. */
    public synchronized int resetAll() {
        int count = byEvent.size();
        byEvent.clear();
        return count;
    }
}
