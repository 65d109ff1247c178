package dev.cistern.benchmarks.sidebyside;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** What one run of one server gave. Latencies are the client's, in milliseconds. */
record Sample(double operationsPerSecond, double cpuMicrosPerOperation, double p50Millis, double p99Millis,
        double p999Millis) {

    /** The middle of some runs and how far they lay apart: with few runs the whole range says more than a deviation. */
    record Spread(double median, double least, double most) {

        static Spread of(List<Sample> samples, ToDoubleFunction<Sample> figure) {
            return of(samples.stream().mapToDouble(figure).toArray());
        }

        static Spread of(double... figures) {
            double[] sorted = figures.clone();
            java.util.Arrays.sort(sorted);
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Spread(median, sorted[0], sorted[sorted.length - 1]);
        }

        /** Ours over theirs, run by run: neighbours in time share the machine's mood, so it cancels out. */
        static Spread ofRatios(List<Sample> ours, List<Sample> theirs, ToDoubleFunction<Sample> figure) {
            double[] ratios = new double[Math.min(ours.size(), theirs.size())];
            for (int i = 0; i < ratios.length; i++) {
                ratios[i] = figure.applyAsDouble(ours.get(i)) / figure.applyAsDouble(theirs.get(i));
            }
            return of(ratios);
        }
    }
}
