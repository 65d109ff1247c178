package dev.cistern.toolkit;

import java.util.Arrays;

/** Pearson's measure of how far a histogram is from a flat one. */
final class ChiSquare {

    /** The 0.999 quantile for 40 bins, which is 39 degrees of freedom. */
    static final double ONCE_IN_A_THOUSAND_OF_40 = 72.05;

    private ChiSquare() {}

    static double of(int[] counts) {
        double fair = Arrays.stream(counts).sum() / (double) counts.length;
        return Arrays.stream(counts).mapToDouble(count -> (count - fair) * (count - fair) / fair).sum();
    }
}
