package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The speed half of the bench: all servers run at once, and each cell is measured in rounds that go from one server to
 * the next, so that a slow minute of the machine hits all of them. Only one server has work at any time.
 */
final class Comparison {

    /** Of the first look at a cell, from which the count of requests follows. */
    private static final long FIRST_REQUESTS = 20_000;
    /** Runs short enough for the first look to mean little are looked at again. */
    private static final int MOST_GROWTH = 20;

    private final Plan plan;
    private final List<RunningPeer> servers;
    private final LoadRun load;
    private final Consumer<String> progress;
    private final long deadlineNanos;
    private final List<Cell> leftOut = new ArrayList<>();

    Comparison(Plan plan, List<RunningPeer> servers, Path folder, Consumer<String> progress) {
        this.plan = plan;
        this.servers = servers;
        this.load = new LoadRun(plan, folder);
        this.progress = progress;
        this.deadlineNanos = System.nanoTime() + plan.atMost().toNanos();
    }

    /** Cells in the plan's order; each with the samples of every server, one a round. */
    Map<Cell, Map<String, List<Sample>>> run() throws IOException, InterruptedException {
        Map<Cell, Map<String, List<Sample>>> results = new LinkedHashMap<>();
        List<Cell> cells = plan.cells();
        int filledWith = -1;
        for (Cell cell : cells) {
            if (System.nanoTime() > deadlineNanos) {
                leftOut.add(cell);
                continue;
            }
            if (cell.valueBytes() != filledWith) {
                fillAll(cell.valueBytes());
                filledWith = cell.valueBytes();
            }
            progress.accept("[" + (cells.indexOf(cell) + 1) + "/" + cells.size() + "] " + cell);
            results.put(cell, measure(cell));
        }
        return results;
    }

    /** What the time did not suffice for. */
    List<Cell> leftOut() {
        return leftOut;
    }

    /** Every key there once, so that a GET finds a value of the cell's size and a SET overwrites one. */
    private void fillAll(int valueBytes) throws IOException {
        for (RunningPeer server : servers) {
            try (Loader loader = Loader.connect(server)) {
                loader.empty();
                if (valueBytes > 0) {
                    loader.fill("key:", plan.keys(), valueBytes);
                }
            }
        }
    }

    private Map<String, List<Sample>> measure(Cell cell) throws IOException, InterruptedException {
        long requests = warmUp(cell);
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        for (int round = 0; round < plan.rounds(); round++) {
            for (RunningPeer server : servers) {
                samples.computeIfAbsent(server.peer().name(), _ -> new ArrayList<>())
                        .add(load.of(server, cell, requests));
            }
        }
        return samples;
    }

    /** Every server gets the cell's load for about one run's time; the slowest decides how many requests that is. */
    private long warmUp(Cell cell) throws IOException, InterruptedException {
        long requests = 0;
        for (RunningPeer server : servers) {
            long wanted = FIRST_REQUESTS;
            long sent;
            do {
                sent = wanted;
                double rate = load.of(server, cell, sent).operationsPerSecond();
                wanted = Math.min((long) (rate * seconds(plan.perRun())), sent * MOST_GROWTH);
            } while (wanted > sent * 3 / 2);
            requests = requests == 0 ? sent : Math.min(requests, sent);
        }
        return requests;
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
