package dev.cistern.benchmarks.sidebyside;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What is to be measured, and how long it may take.
 *
 * @param warmUp     how long each server is loaded before the first cell
 * @param cellWarmUp how long it is loaded before each cell
 * @param perRun     how long one run of the slowest server shall last; the count of requests follows from it
 * @param memoryKeys keys of the memory trial, 0 for none
 * @param atMost     after this the cells still to come are left out, and the report says so
 */
record Plan(List<Workload> tests, List<Integer> valueBytes, List<Integer> pipelines, int rounds, int connections,
        int keys, Duration warmUp, Duration cellWarmUp, Duration perRun, int memoryKeys, Duration atMost) {

    /** Above it the client's buffers alone would fill a small machine: MSET of 16 KB values in pipelines of 64. */
    private static final long MAX_BYTES_IN_FLIGHT = 256L << 20;

    /** The cells, grouped by value size because each size needs its own filling of the servers. */
    List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (int size : valueBytes) {
            tests.stream().filter(Workload::isSized).forEach(test -> addPipelines(cells, test, size));
        }
        tests.stream().filter(test -> !test.isSized()).forEach(test -> addPipelines(cells, test, 0));
        return cells;
    }

    private void addPipelines(List<Cell> cells, Workload test, int size) {
        for (int pipeline : pipelines) {
            Cell cell = new Cell(test, size, pipeline);
            if (cell.bytesInFlight(connections) <= MAX_BYTES_IN_FLIGHT) {
                cells.add(cell);
            }
        }
    }

    /** A guess before anything is measured, for the user who decides whether to wait. */
    Duration guess(int peers) {
        Duration speed = perRun.multipliedBy(rounds + 1L).plus(cellWarmUp).multipliedBy((long) cells().size() * peers)
                .plus(warmUp.multipliedBy(peers));
        // A million keys take a few seconds to load and to settle, for two shapes of entry.
        return speed.plusSeconds((long) peers * 2 * (5 + memoryKeys / 100_000)).plusSeconds(10);
    }
}
