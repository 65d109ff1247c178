package dev.cistern.engine.dispatch;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How many errors clients got, by the error's first word. Any thread. */
public final class ErrorStatistics {
    /** A script may invent error codes: beyond this many kinds they are only counted together. */
    private static final int MAX_KINDS = 128;

    private final ConcurrentHashMap<String, LongAdder> byCode = new ConcurrentHashMap<>();
    private final LongAdder total = new LongAdder();

    public void count(String code) {
        total.increment();
        LongAdder counter = byCode.get(code);
        if (counter == null && byCode.size() < MAX_KINDS) {
            counter = byCode.computeIfAbsent(code, _ -> new LongAdder());
        }
        if (counter != null) {
            counter.increment();
        }
    }

    public long total() {
        return total.sum();
    }

    public Map<String, Long> byCode() {
        Map<String, Long> sums = new TreeMap<>();
        byCode.forEach((code, counter) -> sums.put(code, counter.sum()));
        return sums;
    }

    public void reset() {
        byCode.clear();
        total.reset();
    }
}
