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
    /** From part to part of a warm-up: the rate of a first short part may mean little. */
    private static final int MOST_GROWTH = 20;
    private static final int LEAST_PARTS = 3;
    private static final int SUBSCRIBERS = 50;
    private static final int WARM_UP_BYTES = 64;

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
        warmUpAll();
        Cell last = null;
        for (Cell cell : cells) {
            if (System.nanoTime() > deadlineNanos) {
                leftOut.add(cell);
                continue;
            }
            if (last == null || !cell.hasDataOf(last)) {
                fillAll(cell);
            }
            last = cell;
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
    private void fillAll(Cell cell) throws IOException {
        for (RunningPeer server : servers) {
            try (Loader loader = Loader.connect(server)) {
                loader.empty();
                loader.fill(cell.workload().dataSet(), plan.keys(), cell.valueBytes());
            }
        }
    }

    private Map<String, List<Sample>> measure(Cell cell) throws IOException, InterruptedException {
        List<Subscribers> audience = audience(cell);
        try {
            return rounds(cell, warmUp(cell));
        } finally {
            for (Subscribers subscribers : audience) {
                subscribers.close();
            }
        }
    }

    private List<Subscribers> audience(Cell cell) throws IOException {
        List<Subscribers> audience = new ArrayList<>();
        if (cell.workload() == Workload.PUBLISH) {
            for (RunningPeer server : servers) {
                audience.add(Subscribers.open(server, Workload.CHANNEL, SUBSCRIBERS));
            }
        }
        return audience;
    }

    private Map<String, List<Sample>> rounds(Cell cell, long requests) throws IOException, InterruptedException {
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        for (int round = 0; round < plan.rounds(); round++) {
            for (RunningPeer server : servers) {
                samples.computeIfAbsent(server.peer().name(), _ -> new ArrayList<>())
                        .add(load.of(server, cell, requests));
            }
        }
        return samples;
    }

    /**
     * Every server gets the cell's load for the time that the plan says, in at least three parts: a JVM compiles what a
     * command needs anew while it is first sent in numbers. The slowest server's best part decides how many requests a
     * run has. The best, because a hiccup of the machine would make the runs too short for the kernel's clock ticks.
     */
    private long warmUp(Cell cell) throws IOException, InterruptedException {
        double requests = Double.MAX_VALUE;
        for (RunningPeer server : servers) {
            double fastest = 0;
            double elapsed = 0;
            long sent = FIRST_REQUESTS;
            for (int part = 0; part < LEAST_PARTS || elapsed < seconds(plan.cellWarmUp()); part++) {
                double rate = load.of(server, cell, sent).operationsPerSecond();
                elapsed += sent / rate;
                fastest = Math.max(fastest, rate);
                sent = (long) Math.max(1, Math.min(fastest * seconds(plan.perRun()), (double) sent * MOST_GROWTH));
            }
            requests = Math.min(requests, fastest * seconds(plan.perRun()));
        }
        return Math.max(1, (long) requests);
    }

    /** Before the first cell: some load for every server alike, because a JVM compiles its code while it works. */
    private void warmUpAll() throws IOException, InterruptedException {
        progress.accept("warming up");
        fillAll(new Cell(Workload.GET, WARM_UP_BYTES, 1));
        for (RunningPeer server : servers) {
            long end = System.nanoTime() + plan.warmUp().toNanos();
            while (System.nanoTime() < end) {
                for (int pipeline : plan.pipelines()) {
                    load.of(server, new Cell(Workload.GET, WARM_UP_BYTES, pipeline), FIRST_REQUESTS);
                    load.of(server, new Cell(Workload.SET, WARM_UP_BYTES, pipeline), FIRST_REQUESTS);
                }
            }
        }
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
